"""Sums, means and deviations, and the product."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from groundup.dtypes import is_half
from groundup.ops.reduce.family import count, full, reduction, shifted, spread, total

_FEW = 8192  # elements, up to which `add.reduce` is as quick as BLAS
_ROWS = 1024  # that are added up one after the other
_LONG = 128  # elements of a long row


def unbroadcast(x: np.ndarray, size: tuple[int, ...]) -> np.ndarray:
    """Sum away what broadcasting repeated: the adjoint of expand, and the one place where it happens."""
    extra = x.ndim - len(size)
    axes = tuple(axis for axis in range(x.ndim) if axis < extra or (size[axis - extra] == 1 and x.shape[axis] != 1))
    if axes == (0,) and x.ndim == 2 and x.dtype.char in "fd":
        return column_sum(x).reshape(size)
    return sum_array(x, axes, False).reshape(size)


sum_ = reduction(
    lambda m, x, *, dim, keepdim: sum_array(x, dim, keepdim),
    lambda m, g, shape, dim, keepdim: spread(m, g, shape, dim, keepdim),
    label=full("Sum"),
)
mean = reduction(
    lambda m, x, *, dim, keepdim: _mean(x, dim, keepdim),
    lambda m, g, shape, dim, keepdim: spread(m, g / max(count(shape, dim), 1), shape, dim, keepdim),
    label=full("Mean"),
)
sum_to = reduction(
    lambda m, x, *, size: unbroadcast(x, size),
    lambda m, g, shape: m.expand(g, size=shape),
    label="SumBackward1",
)
var = reduction(
    lambda m, x, *, dim, keepdim, correction: _var(x, dim, keepdim, correction),
    lambda m, g, x, shape, dim, keepdim, correction: (
        spread(m, g * _var_scale(shape, dim, correction), shape, dim, keepdim) * (x - m.mean(x, dim=dim, keepdim=True))
    ),
)
std = reduction(
    lambda m, x, *, dim, keepdim, correction: np.sqrt(_var(x, dim, keepdim, correction)),
    lambda m, g, x, y, shape, dim, keepdim, correction: (
        spread(m, _std_slope(m, g, y, count(shape, dim) - correction), shape, dim, keepdim)
        * (x - m.mean(x, dim=dim, keepdim=True))
    ),
)
prod = reduction(
    lambda m, x, *, dim, keepdim: np.multiply.reduce(x, axis=dim, keepdims=keepdim, dtype=x.dtype),
    lambda m, g, x, shape, dim, keepdim: spread(m, g, shape, dim, keepdim) * _others(m, x, shape, dim),
    label=full("Prod"),
    judge="finite differences and PyTorch, with and without zeros among the factors",
)


def sum_array(x: np.ndarray, dim: tuple[int, ...], keepdim: bool) -> np.ndarray:
    """The sum over `dim`, along the leading axes of a large array by BLAS."""
    if is_half(x.dtype):  # added up in single precision, as in PyTorch
        return total(x, axis=dim, keepdims=keepdim, dtype=np.float32).astype(x.dtype)
    if x.size > _FEW and 0 < len(dim) < x.ndim and dim[-1] == len(dim) - 1 and x.dtype.char in "fd":
        if x.flags.c_contiguous:
            found = column_sum(x.reshape(count(x.shape, dim), -1))
            return found.reshape((1,) * len(dim) * keepdim + x.shape[len(dim) :])
    return total(x, axis=dim, keepdims=keepdim, dtype=x.dtype)  # NumPy would add small integers up in large ones


def column_sum(x: np.ndarray) -> np.ndarray:
    """The sums of the columns of a matrix. In blocks of rows, since row after row the error grows with their number.

    As products with ones: BLAS adds up short rows many times faster than `add.reduce`, which is good with long ones.
    """
    n = len(x)
    if n <= _ROWS:
        return np.ones(n, x.dtype) @ x
    blocks = n // _ROWS
    split = x[: blocks * _ROWS].reshape(blocks, _ROWS, -1)
    sums = (np.ones((1, _ROWS), x.dtype) @ split)[:, 0] if x.shape[1] < _LONG else np.add.reduce(split, axis=1)
    found = column_sum(sums)
    return found + np.ones(n % _ROWS, x.dtype) @ x[blocks * _ROWS :] if n % _ROWS else found


def _mean(x: np.ndarray, dim: tuple[int, ...], keepdim: bool) -> np.ndarray:
    n = x.size if len(dim) == x.ndim else count(x.shape, dim)
    return sum_array(x, dim, keepdim) / n


def _var(x: np.ndarray, dim: tuple[int, ...], keepdim: bool, correction: float) -> np.ndarray:
    centred = x - _mean(x, dim, True)
    squares = sum_array(centred * centred, dim, keepdim)
    return squares / x.dtype.type(max(0, count(x.shape, dim) - correction))


def _var_scale(shape: tuple[int, ...], dim: tuple[int, ...], correction: float) -> float:
    left = count(shape, dim) - correction
    return 2 / left if left else math.inf


def _std_slope(m: Any, g: Any, y: Any, left: float) -> Any:
    """g / (y left); 0 where nothing deviates, as PyTorch chooses."""
    return m.where(y == 0, 0, g / (y * left))


def _others(m: Any, x: Any, shape: tuple[int, ...], dim: tuple[int, ...]) -> Any:
    """For each element the product of the others: of those before it and those behind it, so that zeros are no case."""
    if len(dim) == 1:
        return _before(m, x, dim[0]) * m.flip(_before(m, m.flip(x, dims=dim), dim[0]), dims=dim)
    flat = m.reshape(x, size=(math.prod(shape),))
    return m.reshape(_others(m, flat, (math.prod(shape),), (0,)), size=shape)


def _before(m: Any, x: Any, dim: int) -> Any:
    return m.cumprod(shifted(m, x, dim, 1, 1), dim=dim)
