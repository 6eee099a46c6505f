"""What operations are timed on: arrays that are made for a number of elements, the same ones for every library."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

Array = np.ndarray
Inputs = Callable[[int], list[Any]]


def sides(n: int) -> tuple[int, int]:
    """The shape of a matrix of n elements, as square as it gets."""
    rows = next(rows for rows in range(math.isqrt(n), 0, -1) if n % rows == 0)
    return rows, n // rows


def vectors(count: int) -> Inputs:
    return lambda n: [_rng(k).standard_normal(n, np.float32) for k in range(count)]


def short_vectors(count: int) -> Inputs:
    """Vectors of at most 500 elements, for operations whose result has as many elements as all pairs."""
    return lambda n: vectors(count)(min(n, 500))


def positive(count: int) -> Inputs:
    return lambda n: [_rng(k).random(n, np.float32) + np.float32(0.5) for k in range(count)]


def distinct(n: int) -> list[Array]:
    """One vector in which no number occurs twice: the order of equal ones is nobody's promise."""
    return [_rng(0).permutation(n).astype(np.float32)]


def matrices(count: int) -> Inputs:
    return lambda n: [_rng(k).standard_normal(sides(n), np.float32) for k in range(count)]


def with_row(n: int) -> list[Array]:
    return [*matrices(1)(n), *vectors(1)(sides(n)[1])]


def with_column(n: int) -> list[Array]:
    return [*matrices(1)(n), *(v[:, None] for v in vectors(1)(sides(n)[0]))]


def squares(n: int) -> list[Array]:
    """Two square matrices; a million elements would be a long product, so the side stays within 512."""
    side = min(512, math.isqrt(n))
    return [_rng(k).standard_normal((side, side), np.float32) for k in range(2)]


def definite(n: int) -> list[Array]:
    """A symmetric positive definite matrix of a side up to 128, far from singular."""
    side = min(128, math.isqrt(n))
    x = _rng(0).standard_normal((side, side), np.float32)
    return [x @ x.T / np.float32(side) + np.eye(side, dtype=np.float32)]


def batches(n: int) -> list[Array]:
    side = 2 if n < 100 else 64
    return [_rng(k).standard_normal((max(2, n // 8192), side, side), np.float32) for k in range(2)]


def matrix_and_vector(n: int) -> list[Array]:
    return [*matrices(1)(n), *vectors(1)(sides(n)[1])]


def layer(n: int) -> list[Array]:
    """A batch, the weight and the bias of a dense layer."""
    batch, n_in, n_out = (2, 5, 3) if n < 100 else (256, 1024, 256)
    shapes = ((batch, n_in), (n_out, n_in), (n_out,))
    return [_rng(k).standard_normal(shape, np.float32) for k, shape in enumerate(shapes)]


def images(n: int) -> list[Array]:
    """Images, and the weight and the bias of a 3x3 convolution."""
    shapes = ((1, 1, 4, 4), (2, 1, 3, 3), (2,)) if n < 100 else ((32, 16, 32, 32), (32, 16, 3, 3), (32,))
    return [_rng(k).standard_normal(shape, np.float32) for k, shape in enumerate(shapes)]


def scores(n: int) -> list[Array]:
    """A matrix of scores, and the index of the right class for each row."""
    (matrix,) = matrices(1)(n)
    return [matrix, _rng(7).integers(0, matrix.shape[1], matrix.shape[0])]


def with_positions(n: int) -> list[Array]:
    """A matrix, and positions in its columns of the same shape."""
    (matrix,) = matrices(1)(n)
    return [matrix, _rng(7).integers(0, matrix.shape[1], matrix.shape)]


def with_rows(n: int) -> list[Array]:
    """A matrix, and row numbers, as many as it has rows."""
    (matrix,) = matrices(1)(n)
    return [matrix, _rng(7).integers(0, matrix.shape[0], matrix.shape[0])]


def integers(count: int) -> Inputs:
    return lambda n: [_rng(k).integers(0, 100, n) for k in range(count)]


def masks(count: int) -> Inputs:
    return lambda n: [_rng(k).random(n) < 0.5 for k in range(count)]


def probabilities(n: int) -> list[Array]:
    """Predicted probabilities, away from 0 and 1, and targets of 0 and 1."""
    return [_rng(0).uniform(0.1, 0.9, n).astype(np.float32), _rng(1).integers(0, 2, n).astype(np.float32)]


def logits(n: int) -> list[Array]:
    """Scores, and targets of 0 and 1."""
    return [*vectors(1)(n), _rng(1).integers(0, 2, n).astype(np.float32)]


def layer_and_bias_first(n: int) -> list[Array]:
    """The bias, the batch and the transposed weight of a dense layer."""
    x, w, b = layer(n)
    return [b, x, np.ascontiguousarray(w.T)]


def with_mask(count: int) -> Inputs:
    return lambda n: [_rng(7).random(n) < 0.5, *vectors(count)(n)]


def only_the_number(n: int) -> list[int]:
    return [n]


def _rng(seed: int) -> np.random.Generator:
    return np.random.default_rng(seed)
