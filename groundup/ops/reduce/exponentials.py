"""Sums of exponentials: logsumexp and the two softmaxes, which never overflow."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from groundup.ops.reduce.family import reduction, spread, total
from groundup.ops.reduce.sums import sum_array

_BLOCK = 65536  # elements of an array at a time
_FEW = 8192  # elements, up to which `add.reduce` is as quick as BLAS

logsumexp = reduction(
    lambda m, x, *, dim, keepdim: _logsumexp(x, dim, keepdim),
    lambda m, g, x, y, shape, dim, keepdim: (
        spread(m, g, shape, dim, keepdim) * m.exp(x - spread(m, y, shape, dim, keepdim))
    ),
)
softmax = reduction(
    lambda m, x, *, dim: _softmax(x, dim),
    lambda m, g, y, dim: m.softmax_back(g, y, dim=dim),
)
softmax_back = reduction(
    lambda m, v, p, *, dim: _softmax_back(v, p, dim),
    lambda m, g, p, dim: m.softmax_back(g, p, dim=dim),
    lambda m, g, v, p, dim: (
        g * (v - m.sum(v * p, dim=(dim,), keepdim=True)) - v * m.sum(g * p, dim=(dim,), keepdim=True)
    ),
)
log_softmax = reduction(
    lambda m, x, *, dim: _log_softmax(x, dim),
    lambda m, g, y, dim: m.log_softmax_back(g, y, dim=dim),
)
log_softmax_back = reduction(
    lambda m, v, q, *, dim: _log_softmax_back(v, q, dim),
    lambda m, g, q, dim: g - m.sum(g * m.exp(q), dim=(dim,), keepdim=True),
    lambda m, g, v, q, dim: -g * m.exp(q) * m.sum(v, dim=(dim,), keepdim=True),
)


def _top(x: np.ndarray, dim: int | tuple[int, ...]) -> np.ndarray:
    """The maximum along `dim`, 0 where it is infinite or of nothing, so that subtracting it never makes a nan."""
    top = np.maximum.reduce(x, axis=dim, keepdims=True, initial=-np.inf)
    finite = np.isfinite(top)
    return top if finite.all() else np.where(finite, top, 0)


def _logsumexp(x: np.ndarray, dim: tuple[int, ...], keepdim: bool) -> np.ndarray:
    top = _top(x, dim)
    found = np.log(sum_array(np.exp(x - top), dim, True)) + top
    return found if keepdim else np.squeeze(found, axis=dim)


def _by_rows(kernel: Callable[..., None]) -> Callable[..., np.ndarray]:
    """`kernel(out, *arrays, dim)` over blocks of rows, if `dim` is the last of large arrays; else over all at once."""

    def over(*arrays: Any) -> np.ndarray:
        *arrays_in, dim = arrays
        x = arrays_in[0]
        out = np.empty(x.shape, x.dtype)
        if x.size <= _BLOCK or dim != x.ndim - 1 or x.ndim == 1:
            kernel(out, *arrays_in, dim)
            return out
        target, *sources = (each.reshape(-1, x.shape[-1]) for each in (out, *arrays_in))
        step = max(1, _BLOCK // x.shape[-1])
        for start in range(0, len(target), step):
            part = slice(start, start + step)
            kernel(target[part], *(each[part] for each in sources), 1)
        return out

    return over


def _along(x: np.ndarray, dim: int) -> np.ndarray:
    """The sum along `dim`, which is kept; of large arrays as a product with ones, which BLAS adds up faster."""
    if x.size > _FEW and dim == x.ndim - 1 and x.dtype.char in "fd":
        return x @ np.ones((x.shape[-1], 1), x.dtype)
    return total(x, axis=dim, keepdims=True)


def _along_both(a: np.ndarray, b: np.ndarray, dim: int) -> np.ndarray:
    """The sum of a b along `dim`, which is kept."""
    return np.vecdot(a, b)[..., None] if dim == a.ndim - 1 else total(a * b, axis=dim, keepdims=True)


@_by_rows
def _softmax(out: np.ndarray, x: np.ndarray, dim: int) -> None:
    np.subtract(x, np.maximum.reduce(x, axis=dim, keepdims=True), out=out)
    np.exp(out, out=out)
    out /= _along(out, dim)


@_by_rows
def _softmax_back(out: np.ndarray, v: np.ndarray, p: np.ndarray, dim: int) -> None:
    """p (v - sum(v p))."""
    np.subtract(v, _along_both(v, p, dim), out=out)
    out *= p


@_by_rows
def _log_softmax(out: np.ndarray, x: np.ndarray, dim: int) -> None:
    np.subtract(x, np.maximum.reduce(x, axis=dim, keepdims=True), out=out)
    out -= np.log(_along(np.exp(out), dim))


@_by_rows
def _log_softmax_back(out: np.ndarray, v: np.ndarray, q: np.ndarray, dim: int) -> None:
    """v - exp(q) sum(v)."""
    np.exp(q, out=out)
    out *= _along(v, dim)
    np.subtract(v, out, out=out)
