"""The index family: reading and writing at positions that are data. Reading and adding-into are each other's adjoints.

A key with index arrays is a `pattern`, in which `ARRAY` marks the places of the arrays; the arrays themselves are
arguments, so that they are saved and guarded like every other value.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from groundup.ops.row import Formula, Row, name_rows
from groundup.ops.select import kept
from groundup.ops.view import window_array

ARRAY = "array"  # stands in a pattern where an index array goes


def indexing(forward: Formula, *grads: Formula | None, label: str | None = None) -> Row:
    """A row that reads or writes at positions."""
    return Row("index", forward, grads, dtypes="own", label=label)


def rebuild(pattern: tuple[Any, ...], indices: tuple[np.ndarray, ...]) -> tuple[Any, ...]:
    """The key that the user wrote: the pattern with its arrays back in place."""
    arrays = iter(indices)
    return tuple(next(arrays) if part is ARRAY else part for part in pattern)


def _added(g: np.ndarray, key: tuple[Any, ...], size: tuple[int, ...]) -> np.ndarray:
    """Zeros of `size` with `g` added at `key`, once for each time that a position occurs."""
    out = np.zeros(size, g.dtype)
    if all(k.dtype.kind == "b" for k in key if isinstance(k, np.ndarray)):
        out[key] = g  # a mask names each position once
    elif len(key) == 1 and len(size) > 1:
        add_rows(out, key[0], g)
    else:
        np.add.at(out, key, g)
    return out


def add_rows(out: np.ndarray, index: np.ndarray, rows: np.ndarray) -> None:
    """out[index] += rows, counting repeated indices: sorted by index and summed in runs, faster than `np.add.at`."""
    flat = np.where(index < 0, index + len(out), index).ravel()
    if flat.size == 0:
        return
    rows = rows.reshape(flat.size, -1)
    order = np.argsort(flat, kind="stable")
    ordered = flat[order]
    starts = np.flatnonzero(np.concatenate(([True], ordered[1:] != ordered[:-1])))
    out.reshape(len(out), -1)[ordered[starts]] += np.add.reduceat(rows[order], starts, axis=0)


def _assigned(x: np.ndarray, value: Any, key: tuple[Any, ...]) -> np.ndarray:
    out = np.array(x)
    out[key] = value
    return out


def _place(index: np.ndarray, dim: int) -> tuple[np.ndarray, ...]:
    """The open grid of positions that `index` names along `dim`."""
    rank = index.ndim
    return tuple(
        [
            index if axis == dim else np.arange(n).reshape((-1,) + (1,) * (rank - axis - 1))
            for axis, n in enumerate(index.shape)
        ]
    )


def _scattered(x: np.ndarray, index: np.ndarray, src: Any, dim: int, add: bool) -> np.ndarray:
    out = np.array(x)
    if isinstance(src, np.ndarray):
        src = src[tuple(slice(n) for n in index.shape)]
    if add:
        np.add.at(out, _place(index, dim), src)
    else:
        out[_place(index, dim)] = src
    return out


def _kept(m: Any, g: Any, index: Any, dim: int) -> Any:
    """The gradient of what a scatter left standing."""
    return m.scatter(g, index, 0, dim=dim)


def _read_back(m: Any, g: Any, index: Any, dim: int, shape: tuple[int, ...]) -> Any:
    """The gradient of scattered values: read from where they went; parts of `src` beyond `index` were not used."""
    read = m.gather(g, index, dim=dim)
    widths = tuple((0, have - used) for have, used in zip(shape, read.shape, strict=True))
    return m.pad(read, widths=widths, value=0) if any(after for _, after in widths) else read


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


class _Targets(NamedTuple):
    """The elements of an array that the class of each example names, and how much each of them counts."""

    shape: tuple[int, ...]  # of the array with its classes in the middle
    place: tuple[np.ndarray, ...]
    weight: np.ndarray | None  # None stands for ones
    ignored: np.ndarray | None

    def total(self) -> float:
        """The sum of the weights, by which a mean divides."""
        return self.place[1].size if self.weight is None else np.add.reduce(self.weight, axis=None)


def _targets(size: tuple[int, ...], target: np.ndarray, weight: Any, axis: int, ignore: int) -> _Targets:
    before, classes, after = math.prod(size[:axis]), size[axis], math.prod(size[axis + 1 :])
    lowest = np.minimum.reduce(target, axis=None, initial=0)
    ignored = None
    if lowest < 0 or ignore >= 0:  # otherwise nothing is ignored, and indexing itself finds what is too large
        ignored = target == ignore
        target = np.where(ignored, 0, target)
        lowest = np.minimum.reduce(target, axis=None, initial=0)
    if lowest < 0:
        raise _out_of_bounds(target, classes)
    try:
        counts = weight[target] if isinstance(weight, np.ndarray) else None
    except IndexError:
        raise _out_of_bounds(target, classes) from None
    if ignored is not None:
        counts = np.where(ignored, 0, 1 if counts is None else counts)
    if after == 1:
        return _Targets((before, classes), (np.arange(before), target.ravel()), counts, ignored)
    place = (np.arange(before)[:, None], target.reshape(before, after), np.arange(after))
    return _Targets((before, classes, after), place, counts, ignored)


def _out_of_bounds(target: np.ndarray, classes: int) -> IndexError:
    wrong = target[(target < 0) | (target >= classes)].flat[0]
    return IndexError(f"Target {wrong} is out of bounds.\n  There are {classes} classes: 0 to {classes - 1}.")


def _nll(x: np.ndarray, target: np.ndarray, weight: Any, axis: int, ignore: int, reduction: str) -> np.ndarray:
    found = _targets(x.shape, target, weight, axis, ignore)
    try:
        out = x.reshape(found.shape)[found.place].reshape(target.shape)
    except IndexError:
        raise _out_of_bounds(target, x.shape[axis]) from None
    np.negative(out, out=out)
    if found.weight is not None:
        out = out * found.weight.astype(out.dtype)
    if found.ignored is not None:
        out = np.where(found.ignored, 0, out)
    if reduction == "none":
        return out
    total = np.add.reduce(out, axis=None)
    if reduction == "mean":
        count = found.total()
        total = total / count if count else total * math.nan
    return np.asarray(total, x.dtype)


def _nll_back(
    g: np.ndarray, target: np.ndarray, weight: Any, axis: int, ignore: int, reduction: str, size: tuple[int, ...]
) -> np.ndarray:
    found = _targets(size, target, weight, axis, ignore)
    share = -g
    if reduction == "mean":
        count = found.total()
        share = share / count if count else share * math.nan
    if found.weight is not None:
        share = np.where(found.weight == 0, 0, share * found.weight)
    out = np.zeros(size, g.dtype)
    place = found.place
    out.reshape(found.shape)[place] = np.broadcast_to(share, target.shape).reshape(place[1].shape)
    return out


index = indexing(
    lambda m, x, *indices, pattern: x[rebuild(pattern, indices)],
    lambda m, g, rest, pattern, shape: m.index_added(g, *rest, pattern=pattern, size=shape),
)
index_added = indexing(
    lambda m, x, *indices, pattern, size: _added(x, rebuild(pattern, indices), size),
    lambda m, g, rest, pattern: m.index(g, *rest, pattern=pattern),
)
assign = indexing(
    lambda m, x, value, *indices, pattern: _assigned(x, value, rebuild(pattern, indices)),
    lambda m, g, rest, pattern: m.assign(g, 0, *rest, pattern=pattern),
    lambda m, g, rest, pattern: m.index(g, *rest, pattern=pattern),
    label="CopySlices",
)
gather = indexing(
    lambda m, x, index, *, dim: x[_place(index, dim)],
    lambda m, g, index, dim, shape: m.gather_added(g, index, dim=dim, size=shape),
)
gather_added = indexing(
    lambda m, x, index, *, dim, size: _scattered(np.zeros(size, x.dtype), index, x, dim, add=True),
    lambda m, g, index, dim: m.gather(g, index, dim=dim),
)
scatter = indexing(
    lambda m, x, index, src, *, dim: _scattered(x, index, src, dim, add=False),
    lambda m, g, index, dim: _kept(m, g, index, dim),
    None,
    lambda m, g, index, dim, shape: _read_back(m, g, index, dim, shape),
)
scatter_add = indexing(
    lambda m, x, index, src, *, dim: _scattered(x, index, src, dim, add=True),
    lambda m, g: g,
    None,
    lambda m, g, index, dim, shape: _read_back(m, g, index, dim, shape),
)
embedding = indexing(
    lambda m, weight, index: weight[index],
    lambda m, g, index, shape: m.index_added(g, index, pattern=(ARRAY,), size=shape),
)
# What cross entropy reads: the negative of the target's class of each example, weighted, and 0 where it is `ignore`.
nll = indexing(
    lambda m, x, target, weight, *, axis, ignore, reduction: _nll(x, target, weight, axis, ignore, reduction),
    lambda m, g, target, weight, shape, axis, ignore, reduction: m.nll_back(
        g, target, weight, axis=axis, ignore=ignore, reduction=reduction, size=shape
    ),
    label="NllLossBackward0",
)
nll_back = indexing(
    lambda m, v, target, weight, *, axis, ignore, reduction, size: _nll_back(
        v, target, weight, axis, ignore, reduction, size
    ),
    lambda m, g, target, weight, axis, ignore, reduction: m.nll(
        g, target, weight, axis=axis, ignore=ignore, reduction=reduction
    ),
)
# Max pooling reads each window at its first maximum; spread and pick are that reading's two directions, with the
# image `x` and its maxima `top` only saying where.
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

ROWS = name_rows(globals())
