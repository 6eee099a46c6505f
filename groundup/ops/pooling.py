"""The rows of pooling: means and maxima of windows, read tap by tap as `windows` describes.

What the padding would supply is skipped, never stored, so that it neither counts nor wins. Means are of the reduce
family; maxima are of the index family: each is read at one winner, and its gradient goes there.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Any

import numpy as np

from groundup.ops.row import Formula, Row, name_rows
from groundup.ops.select import kept
from groundup.ops.windows import Key, Line, Lines, all_taps, along, last, taps

Counts = int | tuple[tuple[int, ...], ...]  # elements in every window, or in each along every axis


@lru_cache(maxsize=512)
def _taps_along(line: Line, length: int, axis: int) -> tuple[tuple[Key | None, Key], ...]:
    """The taps of one axis as keys: which windows (None stands for all of them), and where in the image."""
    whole = slice(0, line.results)
    return tuple((None if into == whole else along(axis, into), along(axis, read)) for into, read in taps(line, length))


def _combined(x: np.ndarray, where: Lines, combine: np.ufunc, start: float) -> np.ndarray:
    """Each window reduced by `combine`, one axis after the other; `start` is what an element outside counts."""
    for axis, line in enumerate(where, x.ndim - len(where)):
        parts = _taps_along(line, x.shape[axis], axis)
        if parts[0][0] is not None:
            out = np.full((*x.shape[:axis], line.results, *x.shape[axis + 1 :]), start, x.dtype)
        elif len(parts) > 1 and parts[1][0] is None:
            out = combine(x[parts[0][1]], x[parts[1][1]])
            parts = parts[2:]
        else:
            out = x[parts[0][1]].copy()
            parts = parts[1:]
        for into, read in parts:
            target = out if into is None else out[into]
            combine(target, x[read], out=target)
        x = out
    return x


# Means: of windows of one size, and of the regions that an image of any size divides into


@lru_cache(maxsize=256)
def _divisor(counts: Counts, kind: np.dtype[Any]) -> np.ndarray:
    """The counts of all windows, or the one that they share."""
    if not isinstance(counts, tuple):
        return np.array(counts, kind)
    sizes = np.ones((), kind)
    for each in counts:
        sizes = sizes[..., None] * np.array(each, kind)
    return sizes


def _divide(total: np.ndarray, counts: Counts, out: np.ndarray | None = None) -> np.ndarray:
    """Sums of windows divided by their counts; whole numbers are rounded towards zero."""
    divisor = _divisor(counts, total.dtype)
    if total.dtype.kind in "iu":
        return np.asarray(np.sign(total) * np.sign(divisor) * (np.abs(total) // np.abs(divisor)))
    return np.divide(total, divisor, out)


def _mean_windows(x: np.ndarray, where: Lines, counts: Counts) -> np.ndarray:
    total = _combined(x, where, np.add, 0)
    return _divide(total, counts, total)


def _share_windows(g: np.ndarray, where: Lines, counts: Counts, size: tuple[int, ...]) -> np.ndarray:
    """The adjoint of `_mean_windows`: each value, divided by its count, added to all places of its window."""
    g = _divide(g, counts)
    for axis, line in enumerate(where, g.ndim - len(where)):
        out = np.zeros((*g.shape[:axis], size[axis], *g.shape[axis + 1 :]), g.dtype)
        apart = line.dilation * (line.size - 1) < line.step
        for into, read in taps(line, size[axis]):
            if apart:  # each place is in one window at most
                out[along(axis, read)] = g[along(axis, into)]
            else:
                out[along(axis, read)] += g[along(axis, into)]
        g = out
    return g


@lru_cache(maxsize=256)
def regions(length: int, count: int) -> tuple[tuple[int, int], ...]:
    """Where the regions of an axis start and end that adaptive pooling divides it into; neighbours may overlap."""
    return tuple((i * length // count, -(-(i + 1) * length // count)) for i in range(count))


def _mean_regions(x: np.ndarray, counts: tuple[int, ...]) -> np.ndarray:
    for axis, count in enumerate(counts, x.ndim - len(counts)):
        parts = regions(x.shape[axis], count)
        out = np.empty((*x.shape[:axis], count, *x.shape[axis + 1 :]), x.dtype)
        for i, (start, end) in enumerate(parts):
            np.add.reduce(x[along(axis, slice(start, end))], axis=axis, out=out[along(axis, i)])
        x = out / _lengths(parts, out, axis)
    return x


def _share_regions(g: np.ndarray, counts: tuple[int, ...], size: tuple[int, ...]) -> np.ndarray:
    """The adjoint of `_mean_regions`."""
    for axis, count in enumerate(counts, g.ndim - len(counts)):
        parts = regions(size[axis], count)
        g = g / _lengths(parts, g, axis)
        out = np.zeros((*g.shape[:axis], size[axis], *g.shape[axis + 1 :]), g.dtype)
        for i, (start, end) in enumerate(parts):
            out[along(axis, slice(start, end))] += g[along(axis, slice(i, i + 1))]
        g = out
    return g


def _lengths(parts: tuple[tuple[int, int], ...], x: np.ndarray, axis: int) -> np.ndarray:
    """The lengths of the regions, to divide by along that axis."""
    found = np.array([end - start for start, end in parts], x.dtype)
    return found.reshape(-1, *(1,) * (x.ndim - axis - 1))


def pooling(forward: Formula, *grads: Formula, judge: str | None = None) -> Row:
    """A row that averages windows, or its adjoint."""
    return Row("reduce", forward, grads, judge=judge)


mean_windows = pooling(
    lambda m, x, *, where, counts: _mean_windows(x, where, counts),
    lambda m, g, where, counts, shape: m.share_windows(g, where=where, counts=counts, size=shape),
)
share_windows = pooling(
    lambda m, x, *, where, counts, size: _share_windows(x, where, counts, size),
    lambda m, g, where, counts: m.mean_windows(g, where=where, counts=counts),
)
mean_regions = pooling(
    lambda m, x, *, counts: _mean_regions(x, counts),
    lambda m, g, counts, shape: m.share_regions(g, counts=counts, size=shape),
    judge="finite differences and PyTorch",
)
share_regions = pooling(
    lambda m, x, *, counts, size: _share_regions(x, counts, size),
    lambda m, g, counts: m.mean_regions(g, counts=counts),
    judge="finite differences and PyTorch",
)


# Maxima of windows: each is read at one winner. `pick` and `spread` are that reading's two directions, with the image
# `x` and its maxima `top` only saying where.


def maximum(forward: Formula, *grads: Formula | None, label: Callable[..., str] | None = None) -> Row:
    """A row that reads or writes at the places of maxima."""
    return Row("index", forward, grads, dtypes="own", label=label)


def _max_windows(x: np.ndarray, where: Lines) -> np.ndarray:
    """The maximum of each window; nan wins."""
    return _combined(x, where, np.maximum, -np.inf if x.dtype.kind == "f" else np.iinfo(x.dtype).min)


def _winners(
    x: np.ndarray, top: np.ndarray, where: Lines
) -> Iterator[tuple[tuple[Any, ...], tuple[Any, ...], np.ndarray]]:
    """For each place in a window: the windows that have it, where it lies, and whether it won there.

    The first of equal maxima wins, and the last nan.
    """
    if x.dtype.kind == "f" and np.isnan(top).any():
        yield from _winners_among_nans(x, top, where)
        return
    taken = np.zeros(top.shape, bool)
    for windows, inside, _ in all_taps(where, x.shape[x.ndim - len(where) :]):
        into, read = last(windows), last(inside)
        before = taken[into]
        hit = x[read] == top[into]
        np.greater(hit, before, out=hit)  # hit, and not taken before
        before |= hit
        yield into, read, hit


def _winners_among_nans(x: np.ndarray, top: np.ndarray, where: Lines) -> Iterator[Any]:
    winner = np.full(top.shape, -1)
    found = []
    for number, (windows, inside, _) in enumerate(all_taps(where, x.shape[x.ndim - len(where) :])):
        into, read = last(windows), last(inside)
        tap, best = x[read], winner[into]
        best[((tap == top[into]) & (best < 0)) | np.isnan(tap)] = number
        found.append((into, read))
    for number, (into, read) in enumerate(found):
        yield into, read, winner[into] == number


def _max_spread(v: np.ndarray, x: np.ndarray, top: np.ndarray, where: Lines) -> np.ndarray:
    apart = all(line.dilation * (line.size - 1) < line.step for line in where)
    out = np.zeros(x.shape, v.dtype)
    for into, read, hit in _winners(x, top, where):
        if apart:  # each place is in one window at most, so there is nothing to add to
            kept(hit, v[into], out=out[read])
        else:
            out[read] += kept(hit, v[into])
    return out


def _max_pick(v: np.ndarray, x: np.ndarray, top: np.ndarray, where: Lines) -> np.ndarray:
    out = np.zeros(top.shape, v.dtype)
    for into, read, hit in _winners(x, top, where):
        out[into] += kept(hit, v[read])
    return out


def _max_places(x: np.ndarray, top: np.ndarray, where: Lines) -> np.ndarray:
    """Where each maximum lies in the image, counted along its flattened last axes."""
    image = x.shape[x.ndim - len(where) :]
    places = np.arange(math.prod(image)).reshape(image)
    out = np.zeros(top.shape, np.int64)
    for into, read, hit in _winners(x, top, where):
        out[into] += hit * places[read]
    return out


def _region_places(x: np.ndarray, counts: tuple[int, ...]) -> np.ndarray:
    """Where the maximum of each region lies in the image, counted along its flattened last axes."""
    lead = x.shape[: x.ndim - len(counts)]
    image = x.shape[x.ndim - len(counts) :]
    places = np.arange(math.prod(image)).reshape(image)
    out = np.empty((*lead, *counts), np.int64)
    lines = [enumerate(regions(length, count)) for length, count in zip(image, counts, strict=True)]
    for parts in itertools.product(*lines):
        place = tuple(i for i, _ in parts)
        region = tuple(slice(*part) for _, part in parts)
        values = x[last(region)].reshape(*lead, -1)
        out[last(place)] = places[region].ravel()[_first_maximum(values)]
    return out


def _first_maximum(values: np.ndarray) -> np.ndarray:
    """The first of equal maxima along the last axis, or the last nan, as PyTorch chooses."""
    found = values.argmax(-1)
    if values.dtype.kind == "f":
        nans = np.isnan(values)
        if nans.any():
            found = np.where(nans.any(-1), values.shape[-1] - 1 - nans[..., ::-1].argmax(-1), found)
    return found


max_windows = maximum(
    lambda m, x, *, where: _max_windows(x, where),
    lambda m, g, x, y, where: m.max_spread(g, x, y, where=where),
    label=lambda where, **_: f"MaxPool{len(where)}DWithIndicesBackward0",
)
max_spread = maximum(
    lambda m, v, x, top, *, where: _max_spread(v, x, top, where),
    lambda m, g, x, top, where: m.max_pick(g, x, top, where=where),
)
max_pick = maximum(
    lambda m, v, x, top, *, where: _max_pick(v, x, top, where),
    lambda m, g, x, top, where: m.max_spread(g, x, top, where=where),
)
max_places = maximum(lambda m, x, top, *, where: _max_places(x, top, where))
region_places = maximum(lambda m, x, *, counts: _region_places(x, counts))

ROWS = name_rows(globals())
