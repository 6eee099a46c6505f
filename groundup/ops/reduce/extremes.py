"""Extremes and where they are, the median of all elements, and the questions whether any or all are true."""

from __future__ import annotations

from typing import Any

import numpy as np

from groundup.ops.reduce.family import has_nan, reduction, spread

amax = reduction(
    lambda m, x, *, dim, keepdim: np.maximum.reduce(x, axis=dim, keepdims=keepdim),
    lambda m, g, x, y, shape, dim, keepdim: _to_equals(m, g, x, y, shape, dim, keepdim),
)
amin = reduction(
    lambda m, x, *, dim, keepdim: np.minimum.reduce(x, axis=dim, keepdims=keepdim),
    lambda m, g, x, y, shape, dim, keepdim: _to_equals(m, g, x, y, shape, dim, keepdim),
)
median = reduction(
    lambda m, x, *, skip: _median(x.reshape(-1), skip),
    lambda m, g, x, y, shape: _to_equals(m, g, x, y, shape, tuple(range(len(shape))), False),
    label=lambda skip, **_: f"{'Nanmedian' if skip else 'Median'}Backward0",
)
argmax = reduction(lambda m, x, *, dim, keepdim: x.argmax(dim, keepdims=keepdim))
argmin = reduction(lambda m, x, *, dim, keepdim: x.argmin(dim, keepdims=keepdim))
any_ = reduction(lambda m, x, *, dim, keepdim: np.logical_or.reduce(x, axis=dim, keepdims=keepdim))
all_ = reduction(lambda m, x, *, dim, keepdim: np.logical_and.reduce(x, axis=dim, keepdims=keepdim))


def _to_equals(m: Any, g: Any, x: Any, y: Any, shape: tuple[int, ...], dim: tuple[int, ...], keepdim: bool) -> Any:
    """Share the gradient equally among the elements that equal the result (all nans, if it is nan)."""
    at = spread(m, y, shape, dim, keepdim)
    hit = (x == at) | ((x != x) & (at != at))
    shares = m.sum(m.cast(hit, to=g.dtype), dim=dim, keepdim=True)
    return m.where(hit, spread(m, g, shape, dim, keepdim) / shares, 0)


def _median(x: np.ndarray, skip: bool) -> Any:
    """The lower of the middle elements; nan if there is one among them, unless they are skipped."""
    if has_nan(x):
        if not skip:
            return np.full((), np.nan, x.dtype)
        x = x[x == x]
    if not x.size:
        return np.full((), np.nan, x.dtype)
    middle = (x.size - 1) // 2
    return np.partition(x, middle)[middle]
