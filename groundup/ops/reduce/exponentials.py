"""Sums of exponentials: logsumexp and the two softmaxes, which never overflow."""

from __future__ import annotations

import numpy as np

from groundup.ops.reduce.family import reduction, spread, total
from groundup.ops.reduce.sums import sum_array

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


def _top(x: np.ndarray, dim: int | tuple[int, ...]) -> np.ndarray:
    """The maximum along `dim`, 0 where it is infinite or of nothing, so that subtracting it never makes a nan."""
    top = np.maximum.reduce(x, axis=dim, keepdims=True, initial=-np.inf)
    finite = np.isfinite(top)
    return top if finite.all() else np.where(finite, top, 0)


def _logsumexp(x: np.ndarray, dim: tuple[int, ...], keepdim: bool) -> np.ndarray:
    top = _top(x, dim)
    found = np.log(sum_array(np.exp(x - top), dim, True)) + top
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
