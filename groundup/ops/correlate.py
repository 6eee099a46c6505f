"""Correlation of images with filters as blocks of one matrix product each: what convolution computes.

The windows of the image are a view, in the order (channel, window row, window column, then the three axes of
places). A block of places is copied out as columns that fit the cache, and the product of the filters with them goes
to BLAS; the columns of all windows together, many times the image, never exist. The rows `correlate`,
`correlate_image` and `correlate_filters` of the contract family stand on this.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from groundup.ops.view import window_array

BLOCK = 1 << 17  # elements of columns at a time: half a megabyte of float32, which a core's second cache holds


class Windows(NamedTuple):
    """How windows lie in an image: along which axes, how far apart, how dilated; and how its channels are split."""

    dims: tuple[int, ...]
    steps: tuple[int, ...]
    dilations: tuple[int, ...]
    groups: int

    def of(self, x: np.ndarray, sizes: tuple[int, ...]) -> np.ndarray:
        """The view of all windows: (channel, window row, window column, place, place, place)."""
        return window_array(x, self.dims, sizes, self.steps, self.dilations).transpose(0, 4, 5, 1, 2, 3)


def _blocks(windows: np.ndarray) -> Iterator[tuple[slice, slice]]:
    """Slices of the first axis of places, and of all places in a row, of at most `BLOCK` elements of columns."""
    places, others = windows.shape[3], windows.shape[4] * windows.shape[5]
    step = max(1, BLOCK // max(1, others * int(np.prod(windows.shape[:3]))))
    for start in range(0, places, step):
        stop = min(start + step, places)
        yield slice(start, stop), slice(start * others, stop * others)


def _columns(windows: np.ndarray, block: slice, groups: int) -> np.ndarray:
    """One block of the windows, copied: (group, element of the window, place)."""
    part = windows[:, :, :, block]
    elements = part.shape[0] * part.shape[1] * part.shape[2]
    return part.reshape(groups, elements // groups, part.size // max(1, elements))


def _split(x: np.ndarray, groups: int) -> np.ndarray:
    """Filters, or what they give, as (group, filter, the rest in one)."""
    return x.reshape(groups, x.shape[0] // groups, x.size // max(1, x.shape[0]))


def correlate(x: np.ndarray, filters: np.ndarray, where: Windows) -> np.ndarray:
    """The products of the filters (O, C / groups, h, w) with all windows of `x`: (O, place, place, place)."""
    windows = where.of(x, filters.shape[2:])
    out = np.empty((len(filters), *windows.shape[3:]), x.dtype)
    rows, products = _split(filters, where.groups), _split(out, where.groups)
    for block, places in _blocks(windows):
        np.matmul(rows, _columns(windows, block, where.groups), out=products[:, :, places])
    return out


def correlate_image(g: np.ndarray, filters: np.ndarray, size: tuple[int, ...], where: Windows) -> np.ndarray:
    """The adjoint of `correlate` for the image: each product's `g` sent back through the filters to its window."""
    out = np.zeros(size, g.dtype)
    windows = where.of(out, filters.shape[2:])
    columns = np.ascontiguousarray(_split(filters, where.groups).transpose(0, 2, 1))
    values = _split(np.ascontiguousarray(g), where.groups)
    for block, places in _blocks(windows):
        target = windows[:, :, :, block]
        parts = (columns @ values[:, :, places]).reshape(target.shape)
        for row, column in np.ndindex(*filters.shape[2:]):
            target[:, row, column] += parts[:, row, column]
    return out


def correlate_filters(g: np.ndarray, x: np.ndarray, sizes: tuple[int, ...], where: Windows) -> np.ndarray:
    """The adjoint of `correlate` for the filters: the sum over all places of `g` times the window there."""
    windows = where.of(x, sizes)
    values = _split(np.ascontiguousarray(g), where.groups)
    out: Any = np.zeros((*values.shape[:2], int(np.prod(windows.shape[:3])) // where.groups), g.dtype)
    for block, places in _blocks(windows):
        out += values[:, :, places] @ _columns(windows, block, where.groups).transpose(0, 2, 1)
    return out.reshape(len(g), len(x) // where.groups, *sizes)
