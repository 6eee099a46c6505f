"""The contract family's distances between points: lengths of differences, and Euclidean ones by a matrix product."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from groundup.ops.contract import contraction
from groundup.ops.row import name_rows


def _length(x: np.ndarray, p: float) -> np.ndarray:
    """The p-norm over the last axis, 0 for the number of elements that are not 0."""
    if p == 0:
        return np.count_nonzero(x, axis=-1).astype(x.dtype)
    if p == 1:
        return np.add.reduce(np.abs(x), axis=-1)
    if p == 2:
        return np.sqrt(np.add.reduce(x * x, axis=-1))
    if p == math.inf:
        return np.maximum.reduce(np.abs(x), axis=-1, initial=0)
    return np.add.reduce(np.abs(x) ** p, axis=-1) ** (1 / p)


def _length_grad(m: Any, g: Any, x: Any, y: Any, p: float) -> Any:
    """g sign(x) (|x| / y)^(p - 1), and 0 where x is 0; for the largest difference, g for each that reaches it."""
    if p == 0:
        return m.sign(x) * 0
    size = (*y.shape, 1)
    g, y = m.reshape(g, size=size), m.reshape(y, size=size)
    if p == 1:
        return g * m.sign(x)
    if p == 2:
        return g * (x / m.where(y == 0, 1, y))
    if p == math.inf:
        return m.where(m.abs(x) == y, g * m.sign(x), 0)
    ratio = m.abs(m.where(x == 0, 1, x)) / m.where(y == 0, 1, y)
    return m.where(x == 0, 0, g * m.sign(x) * m.pow(ratio, p - 1))


def _euclidean(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """sqrt(|a|^2 - 2 a b + |b|^2); rounding makes less than nothing of the smallest squares."""
    squares = a @ b.swapaxes(-1, -2)
    squares *= -2
    squares += np.add.reduce(a * a, axis=-1)[..., :, None]
    squares += np.add.reduce(b * b, axis=-1)[..., None, :]
    np.maximum(squares, 0, out=squares)
    return np.sqrt(squares, out=squares)


def _euclidean_grad(m: Any, g: Any, a: Any, b: Any, y: Any) -> Any:
    """The sum over j of g (a_i - b_j) / y, where points that coincide have no say."""
    shares = m.where(y == 0, 0, g / m.where(y == 0, 1, y))
    return a * m.sum(shares, dim=(y.ndim - 1,), keepdim=True) - shares @ b


length = contraction(
    lambda m, x, *, p: _length(x, p),
    lambda m, g, x, y, p: _length_grad(m, g, x, y, p),
    label="CdistBackward0",
)
euclidean = contraction(
    lambda m, a, b: _euclidean(a, b),
    lambda m, g, a, b, y: _euclidean_grad(m, g, a, b, y),
    lambda m, g, a, b, y: _euclidean_grad(m, _turned(m, g), b, a, _turned(m, y)),
    label="EuclideanDistBackward0",
)


def _turned(m: Any, x: Any) -> Any:
    return m.transpose(x, dim0=x.ndim - 2, dim1=x.ndim - 1)


ROWS = name_rows(globals())
