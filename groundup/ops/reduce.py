"""The reduce family: a function over some axes, whose derivative spreads the gradient back over them.

`dim` is always a tuple of non-negative axes here (or one axis, for rows that keep the shape); the public functions
settle what the user wrote. `spread` is the one way back: the gradient takes its lost axes again and is expanded.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from groundup.ops.row import Formula, Row, name_rows

_HALF = np.dtype("float16")
_FEW = 8192  # elements, up to which `add.reduce` is as quick as BLAS
_ROWS = 1024  # that are added up one after the other
_LONG = 128  # elements of a long row

total: Callable[..., Any] = np.add.reduce  # NumPy's types only know a keepdims that is written out


def reduction(
    forward: Formula,
    *grads: Formula | None,
    label: str | Callable[..., str] | None = None,
    judge: str | None = None,
) -> Row:
    """A row that reduces or runs along axes."""
    return Row("reduce", forward, grads, label=label, judge=judge)


def spread(m: Any, g: Any, shape: tuple[int, ...], dim: tuple[int, ...], keepdim: bool) -> Any:
    """The gradient of a reduction of `shape` over `dim`, expanded back to `shape` without a copy."""
    if not keepdim and dim and len(dim) < len(shape):
        g = m.reshape(g, size=tuple(1 if axis in dim else size for axis, size in enumerate(shape)))
    return m.expand(g, size=shape)


def count(shape: tuple[int, ...], dim: tuple[int, ...]) -> int:
    """How many elements a reduction of `shape` over `dim` puts into one."""
    return math.prod(shape[axis] for axis in dim)


def unbroadcast(x: np.ndarray, size: tuple[int, ...]) -> np.ndarray:
    """Sum away what broadcasting repeated: the adjoint of expand, and the one place where it happens."""
    extra = x.ndim - len(size)
    axes = tuple(axis for axis in range(x.ndim) if axis < extra or (size[axis - extra] == 1 and x.shape[axis] != 1))
    if axes == (0,) and x.ndim == 2 and x.dtype.char in "fd":
        return column_sum(x).reshape(size)
    return _sum(x, axes, False).reshape(size)


def _full(name: str) -> Callable[..., str]:
    """PyTorch counts the reduction of everything and the one over chosen axes as two functions."""
    return lambda dim, keepdim, rank, **_: f"{name}Backward{0 if len(dim) == rank and not keepdim else 1}"


sum_ = reduction(
    lambda m, x, *, dim, keepdim: _sum(x, dim, keepdim),
    lambda m, g, shape, dim, keepdim: spread(m, g, shape, dim, keepdim),
    label=_full("Sum"),
)
mean = reduction(
    lambda m, x, *, dim, keepdim: _mean(x, dim, keepdim),
    lambda m, g, shape, dim, keepdim: spread(m, g / max(count(shape, dim), 1), shape, dim, keepdim),
    label=_full("Mean"),
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
    lambda m, x, *, dim, keepdim: np.multiply.reduce(x, axis=dim, keepdims=keepdim),
    lambda m, g, x, shape, dim, keepdim: spread(m, g, shape, dim, keepdim) * _others(m, x, shape, dim),
    label=_full("Prod"),
    judge="finite differences and PyTorch, with and without zeros among the factors",
)
amax = reduction(
    lambda m, x, *, dim, keepdim: np.maximum.reduce(x, axis=dim, keepdims=keepdim),
    lambda m, g, x, y, shape, dim, keepdim: _to_extremes(m, g, x, y, shape, dim, keepdim),
)
amin = reduction(
    lambda m, x, *, dim, keepdim: np.minimum.reduce(x, axis=dim, keepdims=keepdim),
    lambda m, g, x, y, shape, dim, keepdim: _to_extremes(m, g, x, y, shape, dim, keepdim),
)
norm = reduction(
    lambda m, x, *, dim, keepdim, p: _norm(x, dim, keepdim, p),
    lambda m, g, x, y, shape, dim, keepdim, p: _along(
        m, x, spread(m, g, shape, dim, keepdim), spread(m, y, shape, dim, keepdim), p
    ),
    label="LinalgVectorNormBackward0",
)
logsumexp = reduction(
    lambda m, x, *, dim, keepdim: _logsumexp(x, dim, keepdim),
    lambda m, g, x, y, shape, dim, keepdim: (
        spread(m, g, shape, dim, keepdim) * m.exp(x - spread(m, y, shape, dim, keepdim))
    ),
)
softmax = reduction(
    lambda m, x, *, dim: _softmax(x, dim),
    lambda m, g, y, dim: y * (g - m.sum(g * y, dim=(dim,), keepdim=True)),
)
log_softmax = reduction(
    lambda m, x, *, dim: _log_softmax(x, dim),
    lambda m, g, y, dim: g - m.exp(y) * m.sum(g, dim=(dim,), keepdim=True),
)
cumsum = reduction(
    lambda m, x, *, dim: _running(x, dim),
    lambda m, g, dim: m.flip(m.cumsum(m.flip(g, dims=(dim,)), dim=dim), dims=(dim,)),
)
argmax = reduction(lambda m, x, *, dim, keepdim: x.argmax(dim, keepdims=keepdim))
argmin = reduction(lambda m, x, *, dim, keepdim: x.argmin(dim, keepdims=keepdim))
any_ = reduction(lambda m, x, *, dim, keepdim: np.logical_or.reduce(x, axis=dim, keepdims=keepdim))
all_ = reduction(lambda m, x, *, dim, keepdim: np.logical_and.reduce(x, axis=dim, keepdims=keepdim))
argsort = reduction(lambda m, x, *, dim, descending: _argsort(x, dim, descending))
argtop = reduction(lambda m, x, *, dim, k, largest: _argtop(x, dim, k, largest))


def _sum(x: np.ndarray, dim: tuple[int, ...], keepdim: bool) -> np.ndarray:
    if x.dtype is _HALF:  # added up in single precision, as in PyTorch
        return total(x, axis=dim, keepdims=keepdim, dtype=np.float32).astype(_HALF)
    if x.size > _FEW and 0 < len(dim) < x.ndim and dim[-1] == len(dim) - 1 and x.dtype.char in "fd":
        if x.flags.c_contiguous:
            found = column_sum(x.reshape(count(x.shape, dim), -1))
            return found.reshape((1,) * len(dim) * keepdim + x.shape[len(dim) :])
    return total(x, axis=dim, keepdims=keepdim)


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
    if x.dtype is _HALF:  # neither the sum nor the count need fit into half precision
        return _mean(x.astype(np.float32), dim, keepdim).astype(_HALF)
    return _sum(x, dim, keepdim) / x.dtype.type(count(x.shape, dim))


def _var(x: np.ndarray, dim: tuple[int, ...], keepdim: bool, correction: float) -> np.ndarray:
    if x.dtype is _HALF:
        return _var(x.astype(np.float32), dim, keepdim, correction).astype(_HALF)
    centred = x - _mean(x, dim, True)
    squares = _sum(centred * centred, dim, keepdim)
    return squares / x.dtype.type(max(0, count(x.shape, dim) - correction))


def _var_scale(shape: tuple[int, ...], dim: tuple[int, ...], correction: float) -> float:
    left = count(shape, dim) - correction
    return 2 / left if left else math.inf


def _running(x: np.ndarray, dim: int) -> np.ndarray:
    """Running sums, added up in double precision as in PyTorch: their error would grow with the length."""
    if x.dtype.kind != "f" or x.shape[dim] <= _ROWS:
        return np.add.accumulate(x, axis=dim)
    return np.add.accumulate(x, axis=dim, dtype=np.float64).astype(x.dtype, copy=False)


def _std_slope(m: Any, g: Any, y: Any, left: float) -> Any:
    """g / (y left); 0 where nothing deviates, as PyTorch chooses."""
    return m.where(y == 0, 0, g / (y * left))


def _others(m: Any, x: Any, shape: tuple[int, ...], dim: tuple[int, ...]) -> Any:
    """For each element the product of the others along `dim`: a quotient, or by leaving it out if there are zeros."""
    if not m.any(x == 0, dim=tuple(range(len(shape))), keepdim=False):
        return m.prod(x, dim=dim, keepdim=True) / x
    order = (*(axis for axis in range(len(shape)) if axis not in dim), *dim)
    n = count(shape, dim)
    lines = m.reshape(m.permute(x, dims=order), size=(math.prod(shape) // n, 1, n))
    without = m.where(np.eye(n, dtype=bool), 1, m.expand(lines, size=(lines.shape[0], n, n)))
    found = m.reshape(m.prod(without, dim=(2,), keepdim=False), size=tuple(shape[axis] for axis in order))
    return m.permute(found, dims=tuple(order.index(axis) for axis in range(len(shape))))


def _to_extremes(m: Any, g: Any, x: Any, y: Any, shape: tuple[int, ...], dim: tuple[int, ...], keepdim: bool) -> Any:
    """Share the gradient equally among the elements that reach the extreme (all nans, if it is nan)."""
    at = spread(m, y, shape, dim, keepdim)
    hit = (x == at) | ((x != x) & (at != at))
    shares = m.sum(m.cast(hit, to=g.dtype), dim=dim, keepdim=True)
    return m.where(hit, spread(m, g, shape, dim, keepdim) / shares, 0)


def _norm(x: np.ndarray, dim: tuple[int, ...], keepdim: bool, p: float) -> np.ndarray:
    if p == 2:
        return np.sqrt(_sum(x * x, dim, keepdim))
    return _sum(np.abs(x) ** p, dim, keepdim) ** (1 / p)


def _along(m: Any, x: Any, g: Any, y: Any, p: float) -> Any:
    """g sign(x) (|x| / y) ** (p - 1); 0 where the norm is 0, as PyTorch chooses."""
    if p == 2:
        return m.where(y == 0, 0, g * (x / y))
    return m.where(x == 0, 0, g * m.sign(x) * m.pow(m.abs(x) / y, p - 1))


def _top(x: np.ndarray, dim: int | tuple[int, ...]) -> np.ndarray:
    """The maximum along `dim`, 0 where it is infinite or of nothing, so that subtracting it never makes a nan."""
    top = np.maximum.reduce(x, axis=dim, keepdims=True, initial=-np.inf)
    finite = np.isfinite(top)
    return top if finite.all() else np.where(finite, top, 0)


def _logsumexp(x: np.ndarray, dim: tuple[int, ...], keepdim: bool) -> np.ndarray:
    top = _top(x, dim)
    found = np.log(_sum(np.exp(x - top), dim, True)) + top
    return found if keepdim else np.squeeze(found, axis=dim)


def _softmax(x: np.ndarray, dim: int) -> np.ndarray:
    powers = x - np.maximum.reduce(x, axis=dim, keepdims=True)
    np.exp(powers, out=powers)
    powers /= total(powers, axis=dim, keepdims=True)
    return powers


def _log_softmax(x: np.ndarray, dim: int) -> np.ndarray:
    shifted = x - np.maximum.reduce(x, axis=dim, keepdims=True)
    shifted -= np.log(total(np.exp(shifted), axis=dim, keepdims=True))
    return shifted


def _argsort(x: np.ndarray, dim: int, descending: bool) -> np.ndarray:
    """Stable in both directions; nan counts as the largest."""
    if not descending:
        return np.argsort(x, axis=dim, kind="stable")
    back = np.flip(np.argsort(np.flip(x, dim), axis=dim, kind="stable"), dim)
    return x.shape[dim] - 1 - back


def _argtop(x: np.ndarray, dim: int, k: int, largest: bool) -> np.ndarray:
    """Where the `k` largest (or smallest) are, in their order; equals in the order of their places; nan is largest."""
    n = x.shape[dim]
    if n <= 256 or not 0 < k < n // 4:  # short enough, or most of it, to sort
        return np.take(_argsort(x, dim, largest), range(k), axis=dim)
    apart = np.argpartition(x, n - k if largest else k - 1, axis=dim)
    found = np.sort(np.take(apart, range(n - k, n) if largest else range(k), axis=dim), axis=dim)
    order = _argsort(np.take_along_axis(x, found, dim), dim, largest)
    return np.take_along_axis(found, order, dim)


ROWS = name_rows(globals())
