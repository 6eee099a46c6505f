"""Windows that slide over the last axes of images, in any number of dimensions, and the rows of convolution.

Windows are read tap by tap: one place in the window at a time, for all windows at once, as plain slices of the image.
A convolution is `to_columns` (every window laid out as a column), one product of matrices, and the way back. The
product is a sum over three arrays at once, so that its three rows are each other's derivatives.
"""

from __future__ import annotations

import itertools
import math
import operator
from functools import lru_cache
from typing import Any

import numpy as np

from groundup.named import Named
from groundup.ops.contract import contraction
from groundup.ops.row import name_rows
from groundup.ops.view import view


class Line(Named):
    """The windows along one axis: window i starts at i * step - before, and its `size` elements lie dilation apart."""

    __slots__ = ()

    size: int
    step: int
    dilation: int
    before: int
    results: int


Lines = tuple[Line, ...]
Tap = tuple[slice, slice]
Key = tuple[Any, ...]


def along(axis: int, part: Any) -> Any:
    """The key of a part of one axis."""
    return (*(slice(None),) * axis, part)


def last(key: Key) -> Any:
    """The key of parts of the last axes."""
    return (..., *key)


@lru_cache(maxsize=1024)
def taps(line: Line, length: int) -> tuple[Tap, ...]:
    """For each place in the window: which windows have it inside an axis of that length, and where it lies there."""
    found = []
    for place in range(line.size):
        first = place * line.dilation - line.before
        low = max(0, -(first // line.step))
        high = max(low, min(line.results, (length - 1 - first) // line.step + 1))
        start = low * line.step + first
        read = slice(start, start + (high - low - 1) * line.step + 1, line.step) if high > low else slice(0, 0)
        found.append((slice(low, high), read))
    return tuple(found)


@lru_cache(maxsize=128)
def all_taps(where: Lines, image: tuple[int, ...]) -> tuple[tuple[Key, Key, tuple[int, ...]], ...]:
    """The taps of all axes together, in reading order: which windows, where in the image, which place in the window."""
    lines = [taps(line, length) for line, length in zip(where, image, strict=True)]
    places = itertools.product(*(range(line.size) for line in where))
    found = zip(itertools.product(*lines), places, strict=True)
    return tuple(
        (tuple(into for into, _ in slices), tuple(read for _, read in slices), place) for slices, place in found
    )


# Columns


class Layout(Named):
    """How a batch of images becomes columns: in one order in memory, within a border, read as windows."""

    __slots__ = ()

    order: tuple[int, ...]  # of the axes of the images, a batch axis first among them
    laid: tuple[int, ...]  # their shape in that order
    bordered: tuple[int, ...] | None  # the same with a border of zeros; None if there is none
    inside: Key
    windows: tuple[int, ...]  # the shape of the windows, the places in a window before the windows' own axes
    strides: tuple[int, ...]  # counted in elements
    columns: tuple[int, ...]


@lru_cache(maxsize=512)
def _layout(where: Lines, shape: tuple[int, ...], groups: int, batch_last: bool) -> Layout:
    rank = len(where)
    batch, channels, *image = shape if len(shape) == rank + 2 else (1, *shape)
    ends = [(at.results - 1) * at.step + at.dilation * (at.size - 1) + 1 for at in where]
    lengths = [max(at.before + n, end) for at, n, end in zip(where, image, ends, strict=True)]
    within = [slice(at.before, at.before + n) for at, n in zip(where, image, strict=True)]
    sizes, counts = [line.size for line in where], [line.results for line in where]
    steps = list(itertools.accumulate([batch if batch_last else 1, *reversed(lengths)], operator.mul))[::-1]
    places = [step * line.dilation for step, line in zip(steps[1:], where, strict=True)]
    moves = [step * line.step for step, line in zip(steps[1:], where, strict=True)]
    everything = slice(None)
    if batch_last:
        order = (*range(1, rank + 2), 0)
        laid, bordered = (channels, *image, batch), (channels, *lengths, batch)
        inside = (everything, *within)
        windows, strides = (channels, *sizes, *counts, batch), (steps[0], *places, *moves, 1)
    else:
        order = tuple(range(rank + 2))
        laid, bordered, inside = (
            (batch, channels, *image),
            (batch, channels, *lengths),
            (everything, everything, *within),
        )
        windows, strides = (batch, channels, *sizes, *counts), (steps[0] * channels, steps[0], *places, *moves)
    outer, last = (1, batch) if batch_last else (batch, 1)
    columns = (outer, groups, channels // groups * math.prod(sizes), math.prod(counts) * last)
    border = bordered if lengths != image else None
    return Layout(order, laid, border, inside, windows, strides, columns)


def _to_columns(x: np.ndarray, where: Lines, groups: int, batch_last: bool) -> np.ndarray:
    layout = _layout(where, x.shape, groups, batch_last)
    laid = x if x.ndim == len(layout.order) else x[None]
    if batch_last:
        laid = laid.transpose(layout.order)
    if layout.bordered is None:
        laid = np.ascontiguousarray(laid)
    else:
        inner, laid = laid, np.zeros(layout.bordered, x.dtype)
        laid[layout.inside] = inner
    strides = tuple([step * x.itemsize for step in layout.strides])
    return np.ndarray(layout.windows, x.dtype, laid, 0, strides).reshape(layout.columns)


def _from_columns(
    columns: np.ndarray, where: Lines, groups: int, batch_last: bool, size: tuple[int, ...]
) -> np.ndarray:
    """The adjoint of `_to_columns`: every element added to the place that it was, or would have been, read from."""
    layout = _layout(where, size, groups, batch_last)
    parts, out = columns.reshape(layout.windows), np.zeros(layout.laid, columns.dtype)
    lead = (slice(None),) if batch_last else (slice(None), slice(None))
    for into, read, place in all_taps(where, size[-len(where) :]):
        target = out[lead + read]
        target += parts[lead + place + into]
    if batch_last:
        out = np.ascontiguousarray(out.transpose(_inverse(layout.order)))
    return out.reshape(size)


def _inverse(dims: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(map(dims.index, range(len(dims))))


def _relaid(x: np.ndarray, size: tuple[int, ...], dims: tuple[int, ...]) -> np.ndarray:
    """`x` taken as of that size, its axes in the order `dims` also in memory."""
    return x.reshape(size).transpose(dims).copy()


to_columns = view(
    lambda m, x, *, where, groups, batch_last: _to_columns(x, where, groups, batch_last),
    lambda m, g, where, groups, batch_last, shape: m.from_columns(
        g, where=where, groups=groups, batch_last=batch_last, size=shape
    ),
)
from_columns = view(
    lambda m, x, *, where, groups, batch_last, size: _from_columns(x, where, groups, batch_last, size),
    lambda m, g, where, groups, batch_last: m.to_columns(g, where=where, groups=groups, batch_last=batch_last),
)
relaid = view(
    lambda m, x, *, size, dims: _relaid(x, size, dims),
    lambda m, g, dims, shape: m.reshape(m.permute(g, dims=_inverse(dims)), size=shape),
)


# The product of weights and columns: <g, weight @ columns>, which is linear in each of the three


def _grouped(weight: np.ndarray, groups: int) -> np.ndarray:
    """The weight as one matrix for each group."""
    return weight.reshape(groups, weight.shape[0] // groups, -1)


def _correlate(columns: np.ndarray, weight: np.ndarray, bias: tuple[np.ndarray, ...]) -> np.ndarray:
    out = np.asarray(_grouped(weight, columns.shape[1]) @ columns)
    for each in bias:
        out += each.reshape(columns.shape[1], -1, 1)
    return out


def _correlate_weight(columns: np.ndarray, products: np.ndarray, size: tuple[int, ...]) -> np.ndarray:
    if len(columns) == 0:
        return np.zeros(size, columns.dtype)
    turned = columns.swapaxes(2, 3)
    total = np.asarray(products[0] @ turned[0])
    for one, other in zip(products[1:], turned[1:], strict=True):
        total += one @ other
    return total.reshape(size)


correlate = contraction(
    lambda m, columns, weight, *bias: _correlate(columns, weight, bias),
    lambda m, g, weight: m.correlate_back(g, weight),
    lambda m, g, columns, shape: m.correlate_weight(columns, g, size=shape),
    each=lambda m, g, shape: m.reshape(m.sum(g, dim=(0, 3), keepdim=False), size=shape),
    label="ConvolutionBackward0",
)
correlate_back = contraction(
    lambda m, products, weight: _grouped(weight, products.shape[1]).swapaxes(1, 2) @ products,
    lambda m, g, weight: m.correlate(g, weight),
    lambda m, g, products, shape: m.correlate_weight(g, products, size=shape),
)
correlate_weight = contraction(
    lambda m, columns, products, *, size: _correlate_weight(columns, products, size),
    lambda m, g, products: m.correlate_back(products, g),
    lambda m, g, columns: m.correlate(columns, g),
)

ROWS = name_rows(globals(), sharing=frozenset({"to_columns"}))
