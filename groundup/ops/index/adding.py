"""Adding at positions that may repeat: the derivative of every reading at positions stands on it.

`np.add.at` is fast on one flat index alone (2.7 ms for a million elements, 26 ms on the same positions as a grid of
two), so where there are many positions they are made flat first. Wide rows go in rounds, in which no row repeats.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

MANY = 2048  # positions, from where making them flat costs less than it saves
_WIDE = 32  # elements in a row, from where rows are better moved whole
_ROUND = 1024  # elements that a round should move on average, to be worth its calls


def place(index: np.ndarray, dim: int) -> tuple[np.ndarray, ...]:
    """The open grid of positions that `index` names along `dim`."""
    rank = index.ndim
    return tuple(
        [
            index if axis == dim else np.arange(n).reshape((-1,) + (1,) * (rank - axis - 1))
            for axis, n in enumerate(index.shape)
        ]
    )


def flat_place(index: np.ndarray, dim: int, size: tuple[int, ...]) -> np.ndarray:
    """The same positions, counted through the memory of an array of that size."""
    steps = [math.prod(size[axis + 1 :]) for axis in range(index.ndim)]
    grid = zip(place(index, dim), steps, strict=True)
    starts: Any = sum(part * step for axis, (part, step) in enumerate(grid) if axis != dim)  # of the lines along `dim`
    along = index if steps[dim] == 1 else np.multiply(index, steps[dim], dtype=np.int64)
    return (along + starts).reshape(-1)


def combine_along(out: np.ndarray, index: np.ndarray, values: Any, dim: int, how: np.ufunc = np.add) -> None:
    """out[index along dim] = how(that, values), once for each time that a position occurs; `out` is contiguous."""
    if index.size < MANY:
        how.at(out, place(index, dim), values)
        return
    values = np.broadcast_to(np.asarray(values, out.dtype), index.shape)
    how.at(out.reshape(-1), flat_place(index, dim, out.shape), values.reshape(-1))


def add_at(out: np.ndarray, key: tuple[Any, ...], values: Any) -> None:
    """out[key] += values, once for each time that a position occurs; `out` is contiguous."""
    arrays = [part for part in key if isinstance(part, np.ndarray)]
    if all(part.dtype.kind == "b" for part in arrays):
        out[key] += values  # a mask names each position once
        return
    if len(key) == 1 and out.ndim > 1:
        add_rows(out, key[0], np.broadcast_to(values, key[0].shape + out.shape[1:]))
        return
    count = max(np.size(values), max(part.size for part in arrays))
    if count < MANY or out.size > 8 * count:
        np.add.at(out, key, values)
        return
    spots = np.arange(out.size).reshape(out.shape)[key]
    values = np.broadcast_to(np.asarray(values, out.dtype), spots.shape)
    np.add.at(out.reshape(-1), spots.reshape(-1), values.reshape(-1))


def add_rows(out: np.ndarray, index: np.ndarray, rows: np.ndarray) -> None:
    """out[index] += rows, once for each time that a row occurs; `out` is contiguous."""
    if rows.size < MANY:
        np.add.at(out, index, rows)
        return
    flat = np.where(index < 0, index + len(out), index).reshape(-1)
    rows = rows.reshape(flat.size, -1).astype(out.dtype, copy=False)
    if rows.shape[1] < _WIDE or not _add_in_rounds(out.reshape(len(out), -1), flat, rows):
        spots = flat[:, None] * rows.shape[1] + np.arange(rows.shape[1])
        np.add.at(out.reshape(-1), spots.reshape(-1), rows.reshape(-1))


def _add_in_rounds(table: np.ndarray, index: np.ndarray, rows: np.ndarray) -> bool:
    """Add what occurs first, then what occurs for the second time, and so on; False if that takes too many rounds."""
    order = np.argsort(index, kind="stable")
    ordered = index[order]
    starts = np.flatnonzero(np.concatenate(([True], ordered[1:] != ordered[:-1])))
    counts = np.diff(starts, append=len(ordered))
    rounds = int(np.maximum.reduce(counts))
    if rounds * _ROUND > rows.size:
        return False
    for turn in range(rounds):
        which = starts[counts > turn] + turn
        table[ordered[which]] += rows[order[which]]
    return True
