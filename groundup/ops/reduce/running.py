"""What runs along one axis: running sums, products, sums of exponentials and extremes.

The derivative of a running product is a recurrence that runs back, and so are those of the recurrence itself: no
division, so that zeros are no special case.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from groundup.ops.reduce.family import reduction, shifted

_SHORT = 1024  # elements, up to which a running sum in single precision is as good as PyTorch's
_WIDE = 64  # lines side by side, from which a step of all of them costs no more than its elements

cumsum = reduction(
    lambda m, x, *, dim: _running_sum(x, dim),
    lambda m, g, dim: m.flip(m.cumsum(m.flip(g, dims=(dim,)), dim=dim), dims=(dim,)),
)
cumprod = reduction(
    lambda m, x, *, dim: np.multiply.accumulate(x, axis=dim, dtype=x.dtype),
    lambda m, g, x, dim: m.cumprod(shifted(m, x, dim, 1, 1), dim=dim) * _back(m, g, x, dim),
)
logcumsumexp = reduction(
    lambda m, x, *, dim: np.logaddexp.accumulate(x, axis=dim),
    lambda m, g, x, y, dim: _logcumsumexp_grad(m, g, x, y, dim),
)
recurrence = reduction(
    lambda m, a, b, *, dim: _recurrence(a, b, dim),
    lambda m, g, b, dim: _back(m, g, b, dim),
    lambda m, g, b, y, dim: _back(m, g, b, dim) * shifted(m, y, dim, 1, 0),
)
argcummax = reduction(lambda m, x, *, dim: _last_reached(x, np.maximum.accumulate(x, axis=dim), dim))
argcummin = reduction(lambda m, x, *, dim: _last_reached(x, np.minimum.accumulate(x, axis=dim), dim))


def _running_sum(x: np.ndarray, dim: int) -> np.ndarray:
    """Running sums, added up in double precision as in PyTorch: their error would grow with the length."""
    if x.dtype.kind != "f" or x.shape[dim] <= _SHORT:
        return np.add.accumulate(x, axis=dim, dtype=x.dtype)
    return np.add.accumulate(x, axis=dim, dtype=np.float64).astype(x.dtype, copy=False)


def _back(m: Any, g: Any, b: Any, dim: int) -> Any:
    """r[i] = g[i] + b[i + 1] r[i + 1], from the end: the adjoint of `recurrence`."""
    turned = m.flip(shifted(m, b, dim, -1, 0), dims=(dim,))
    return m.flip(m.recurrence(m.flip(g, dims=(dim,)), turned, dim=dim), dims=(dim,))


def _logcumsumexp_grad(m: Any, g: Any, x: Any, y: Any, dim: int) -> Any:
    """The sum over j >= i of g[j] exp(x[i] - y[j]), by steps of exp(y[j - 1] - y[j]), which is at most 1."""
    finite = m.where(m.abs(y) == np.inf, 0, y)  # what is infinite has no share, whatever the step
    steps = m.exp(m.minimum(shifted(m, finite, dim, 1, 0) - finite, 0))
    return _back(m, g, steps, dim) * m.exp(x - m.where(y == -np.inf, 0, y))


def _recurrence(a: np.ndarray, b: np.ndarray, dim: int) -> np.ndarray:
    """s[i] = a[i] + b[i] s[i - 1]: step by step where many lines lie side by side, else by doubling the reach."""
    s, factors = np.moveaxis(a, dim, 0).copy(), np.moveaxis(b, dim, 0)
    n = len(s)
    if s.size >= _WIDE * n:
        for i in range(1, n):
            s[i] += factors[i] * s[i - 1]
    else:
        factors, reach = factors.copy(), 1
        while reach < n:
            s[reach:] += factors[reach:] * s[:-reach]
            factors[reach:] *= factors[:-reach].copy()
            reach *= 2
    return np.moveaxis(s, 0, dim)


def _last_reached(x: np.ndarray, running: np.ndarray, dim: int) -> np.ndarray:
    """Where each running extreme was reached last; a nan stays until the next one."""
    places = np.arange(x.shape[dim]).reshape([-1 if axis == dim else 1 for axis in range(x.ndim)])
    return np.maximum.accumulate(np.where((x == running) | (x != x), places, 0), axis=dim)
