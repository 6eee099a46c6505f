"""Max pooling: each window is read at its first maximum."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from groundup.ops.index.family import indexing
from groundup.ops.moves import window_array
from groundup.ops.select import kept


def _taps(x: np.ndarray, where: tuple[tuple[int, ...], ...]) -> list[np.ndarray]:
    """For each place in a window, in reading order, the view of what all windows of `x` have there."""
    windows = window_array(x, *where)
    return [windows[(..., *place)] for place in np.ndindex(*where[1])]


def _max_windows(x: np.ndarray, *where: tuple[int, ...]) -> np.ndarray:
    first, *rest = _taps(x, where)
    out = first.copy()
    for tap in rest:
        np.maximum(out, tap, out=out)
    return out


def _winners(x: np.ndarray, top: np.ndarray, where: tuple[tuple[int, ...], ...]) -> Iterator[np.ndarray]:
    """For each place in a window, which windows have their maximum `top` there first."""
    taken = np.zeros(top.shape, bool)
    nans = x.dtype.kind == "f" and bool(np.isnan(top).any())
    for tap in _taps(x, where):
        hit = (tap == top) | (tap != tap) if nans else tap == top
        np.greater(hit, taken, out=hit)  # hit, and not taken before
        taken |= hit
        yield hit


def _max_spread(v: np.ndarray, x: np.ndarray, top: np.ndarray, *where: tuple[int, ...]) -> np.ndarray:
    _, sizes, steps, dilations = where
    apart = all(d * (n - 1) < step for n, step, d in zip(sizes, steps, dilations, strict=True))
    out = np.zeros(x.shape, v.dtype)
    for tap, hit in zip(_taps(out, where), _winners(x, top, where), strict=True):
        if apart:  # each place is in one window at most, so there is nothing to add to
            kept(hit, v, out=tap)
        else:
            tap += kept(hit, v)
    return out


def _max_pick(v: np.ndarray, x: np.ndarray, top: np.ndarray, *where: tuple[int, ...]) -> np.ndarray:
    out = np.zeros(top.shape, v.dtype)
    for tap, hit in zip(_taps(v, where), _winners(x, top, where), strict=True):
        out += kept(hit, tap)
    return out


# Spread and pick are that reading's two directions, with the image `x` and its maxima `top` only saying where.
max_windows = indexing(
    lambda m, x, *, dims, sizes, steps, dilations: _max_windows(x, dims, sizes, steps, dilations),
    lambda m, g, x, y, dims, sizes, steps, dilations: m.max_spread(
        g, x, y, dims=dims, sizes=sizes, steps=steps, dilations=dilations
    ),
    label="MaxPool2DWithIndicesBackward0",
)

max_spread = indexing(
    lambda m, v, x, top, *, dims, sizes, steps, dilations: _max_spread(v, x, top, dims, sizes, steps, dilations),
    lambda m, g, x, top, dims, sizes, steps, dilations: m.max_pick(
        g, x, top, dims=dims, sizes=sizes, steps=steps, dilations=dilations
    ),
)

max_pick = indexing(
    lambda m, v, x, top, *, dims, sizes, steps, dilations: _max_pick(v, x, top, dims, sizes, steps, dilations),
    lambda m, g, x, top, dims, sizes, steps, dilations: m.max_spread(
        g, x, top, dims=dims, sizes=sizes, steps=steps, dilations=dilations
    ),
)
