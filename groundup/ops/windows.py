"""Windows that slide over the last axes of images, in any number of dimensions, and the rows of convolution.

Windows are read tap by tap: one place in the window at a time, for all windows at once, as plain slices of the image.
A convolution is `to_columns` (every window laid out as a column), one product of matrices, and the way back. The
product is a sum over three arrays at once, so that its three rows are each other's derivatives.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from groundup.ops.contract import contraction
from groundup.ops.row import name_rows
from groundup.ops.view import view


class Line(NamedTuple):
    """The windows along one axis: window i starts at i * step - before, and its `size` elements lie dilation apart."""

    size: int
    step: int
    dilation: int
    before: int
    count: int


Lines = tuple[Line, ...]
Tap = tuple[slice, slice]


@lru_cache(maxsize=1024)
def taps(line: Line, length: int) -> tuple[Tap, ...]:
    """For each place in the window: which windows have it inside an axis of that length, and where it lies there."""
    found = []
    for place in range(line.size):
        first = place * line.dilation - line.before
        low = max(0, -(first // line.step))
        high = max(low, min(line.count, (length - 1 - first) // line.step + 1))
        start = low * line.step + first
        read = slice(start, start + (high - low - 1) * line.step + 1, line.step) if high > low else slice(0, 0)
        found.append((slice(low, high), read))
    return tuple(found)


def all_taps(where: Lines, image: tuple[int, ...]) -> Iterator[tuple[tuple[Tap, ...], tuple[int, ...]]]:
    """The taps of all axes together, in reading order, with the place in the window."""
    lines = [taps(line, length) for line, length in zip(where, image, strict=True)]
    places = itertools.product(*(range(line.size) for line in where))
    return zip(itertools.product(*lines), places, strict=True)


# Columns


def _borders(where: Lines, image: tuple[int, ...]) -> tuple[tuple[int, int], ...]:
    """How much the windows reach beyond the image, before and after; never less than 0."""
    return tuple(
        (at.before, max(0, (at.count - 1) * at.step + at.dilation * (at.size - 1) + 1 - at.before - length))
        for at, length in zip(where, image, strict=True)
    )


def _bordered(x: np.ndarray, widths: tuple[tuple[int, int], ...]) -> np.ndarray:
    """A copy, in order in memory, with zeros around it."""
    out = np.zeros([n + before + after for n, (before, after) in zip(x.shape, widths, strict=True)], x.dtype)
    out[tuple([slice(before, before + n) for n, (before, _) in zip(x.shape, widths, strict=True)])] = x
    return out


def _window_view(x: np.ndarray, where: Lines, first: int) -> np.ndarray:
    """The windows of an array without gaps as a view: the axes from `first` count them, new last axes run inside."""
    shape, strides = list(x.shape), list(x.strides)
    inner = []
    for axis, line in enumerate(where, first):
        shape[axis] = line.count
        inner.append(strides[axis] * line.dilation)
        strides[axis] *= line.step
    return np.ndarray((*shape, *(line.size for line in where)), x.dtype, x, 0, (*strides, *inner))


def _to_columns(x: np.ndarray, where: Lines, groups: int, batch_last: bool) -> np.ndarray:
    rank = len(where)
    if x.ndim == rank + 1:
        x = x[None]
    batch, channels, *image = x.shape
    axes, inner = tuple(range(rank)), tuple(range(rank + 2, 2 * rank + 2))
    widths = _borders(where, tuple(image))
    if batch_last:
        x = _bordered(x.transpose(1, *(axis + 2 for axis in axes), 0), ((0, 0), *widths, (0, 0)))
        columns = _window_view(x, where, 1).transpose(0, *inner, *(axis + 1 for axis in axes), rank + 1)
        outer, last = 1, batch
    else:
        x = _bordered(x, ((0, 0), (0, 0), *widths)) if any(map(any, widths)) else np.ascontiguousarray(x)
        columns = _window_view(x, where, 2).transpose(0, 1, *inner, *(axis + 2 for axis in axes))
        outer, last = batch, 1
    rows = channels // groups * math.prod([line.size for line in where])
    return columns.reshape(outer, groups, rows, math.prod([line.count for line in where]) * last)


def _from_columns(columns: np.ndarray, where: Lines, batch_last: bool, size: tuple[int, ...]) -> np.ndarray:
    """The adjoint of `_to_columns`: every element added to the place that it was, or would have been, read from."""
    rank = len(where)
    image = size[-rank:]
    batch, channels = (1, size[0]) if len(size) == rank + 1 else size[:2]
    sizes, counts = [line.size for line in where], [line.count for line in where]
    lead = (slice(None),) if batch_last else (slice(None), slice(None))
    if batch_last:
        parts = columns.reshape(channels, *sizes, *counts, batch)
        out = np.zeros((channels, *image, batch), columns.dtype)
    else:
        parts = columns.reshape(batch, channels, *sizes, *counts)
        out = np.zeros((batch, channels, *image), columns.dtype)
    for slices, place in all_taps(where, image):
        into, read = zip(*slices, strict=True)
        out[(*lead, *read)] += parts[(*lead, *place, *into)]
    if batch_last:
        out = np.ascontiguousarray(out.transpose(rank + 1, *range(rank + 1)))
    return out.reshape(size)


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
    lambda m, x, *, where, groups, batch_last, size: _from_columns(x, where, batch_last, size),
    lambda m, g, where, groups, batch_last: m.to_columns(g, where=where, groups=groups, batch_last=batch_last),
)
relaid = view(
    lambda m, x, *, size, dims: _relaid(x, size, dims),
    lambda m, g, dims, shape: m.reshape(m.permute(g, dims=tuple(map(dims.index, range(len(dims))))), size=shape),
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

_ROWS = name_rows(globals())
LAYOUTS = {name: row for name, row in _ROWS.items() if row.family == "view"}
PRODUCTS = {name: row for name, row in _ROWS.items() if row.family == "contract"}
SHARING = frozenset({"to_columns"})
