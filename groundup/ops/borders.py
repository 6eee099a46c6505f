"""Borders that repeat the elements beside them: mirrored, continued, or from the other end; and their adjoint.

A border is filled axis by axis from what is there already, so that the corners need no formula of their own. The
adjoint adds each border back onto what it was filled from, in the reverse order.
"""

from __future__ import annotations

import numpy as np

Widths = tuple[tuple[int, int], ...]
Key = tuple[slice, ...]


def _copies(widths: Widths, shape: tuple[int, ...], mode: str) -> list[tuple[int, Key, Key]]:
    """For each border its axis, its place in the whole, and the place that it is copied from."""
    found = []
    for axis, ((before, after), size) in enumerate(zip(widths, shape, strict=True)):
        if before == after == 0:
            continue
        end = before + size
        if mode == "reflect":
            last = end - 2 - after
            sources = slice(2 * before, before, -1), slice(end - 2, last if last >= 0 else None, -1)
        elif mode == "replicate":
            sources = slice(before, before + 1), slice(end - 1, end)
        else:
            sources = slice(size, end), slice(before, before + after)
        whole = (slice(None),) * axis
        if before:
            found.append((axis, (*whole, slice(before)), (*whole, sources[0])))
        if after:
            found.append((axis, (*whole, slice(end, end + after)), (*whole, sources[1])))
    return found


def _inside(widths: Widths, shape: tuple[int, ...]) -> Key:
    return tuple([slice(before, before + size) for (before, _), size in zip(widths, shape, strict=True)])


def border_array(x: np.ndarray, widths: Widths, mode: str) -> np.ndarray:
    """`x` with a border that repeats its elements."""
    out = np.empty([before + size + after for (before, after), size in zip(widths, x.shape, strict=True)], x.dtype)
    out[_inside(widths, x.shape)] = x
    for _, border, source in _copies(widths, x.shape, mode):
        out[border] = out[source]
    return out


def border_added(g: np.ndarray, widths: Widths, mode: str) -> np.ndarray:
    """The adjoint of `border_array`: every border added to the elements that it repeats."""
    shape = tuple(size - before - after for (before, after), size in zip(widths, g.shape, strict=True))
    out = g.copy()
    for axis, border, source in reversed(_copies(widths, shape, mode)):
        out[source] += out[border].sum(axis=axis, keepdims=True) if mode == "replicate" else out[border]
    return out[_inside(widths, shape)]
