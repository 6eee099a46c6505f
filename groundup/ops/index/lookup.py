"""Where values are: in a sorted sequence, among others, and which of them are not 0. No derivative."""

from __future__ import annotations

from typing import Any

import numpy as np

from groundup.ops.index.family import indexing

searchsorted = indexing(
    lambda m, sequence, values, *, right, out_int32: _searched(sequence, values, right, out_int32),
)
isin = indexing(
    lambda m, elements, tested, *, assume_unique, invert: np.isin(
        elements, tested, assume_unique=assume_unique, invert=invert
    )
)
nonzero_static = indexing(lambda m, x, *, size, fill: _nonzero(x, size, fill))
unraveled = indexing(lambda m, index, *, sizes: _unraveled(index, sizes))


def _searched(sequence: np.ndarray, values: np.ndarray, right: bool, out_int32: bool) -> np.ndarray:
    """Where each value belongs in the sequence, or in that of its row: before its equals, or behind them."""
    where: Any = "right" if right else "left"
    if sequence.ndim == 1:
        found = np.asarray(np.searchsorted(sequence, values, where))
    else:
        found = np.empty(values.shape, np.int64)
        for row in np.ndindex(sequence.shape[:-1]):
            found[row] = np.searchsorted(sequence[row], values[row], where)
    return found.astype(np.int32 if out_int32 else np.int64, copy=False)


def _nonzero(x: np.ndarray, size: int, fill: int) -> np.ndarray:
    """The places of the first `size` elements that are not 0, a row for each, and rows of `fill` where none is left."""
    found = np.nonzero(x if x.ndim else x.reshape(1))
    out = np.full((size, x.ndim), fill, np.int64)
    for axis in range(x.ndim):
        places = found[axis][:size]
        out[: len(places), axis] = places
    return out


def _unraveled(index: np.ndarray, sizes: tuple[int, ...]) -> np.ndarray:
    """Positions among flattened elements as positions along each axis, which come first."""
    out = np.empty((len(sizes), *index.shape), index.dtype)
    for axis in reversed(range(len(sizes))):
        size = sizes[axis]
        index, out[axis] = np.divmod(index, size) if size else (index, index)
    return out
