"""Where values lie: a buffer, an offset and strides, so that a view is only another way to go through a buffer.

No view is defined here a second time: the row's own function is applied to an array of the same strides whose
elements nobody looks at, and the strides of what comes back are read off.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from groundup.compile.graph import Statement

Shape = tuple[int, ...]


@dataclass(eq=False, slots=True)
class Buffer:
    """A run of elements of one type that the kernels are given the address of."""

    dtype: np.dtype[Any]
    size: int
    kind: str  # input, constant, temporary, output
    name: str = ""
    slot: int = -1  # its place in the table of addresses
    constant: np.ndarray | None = None


@dataclass(frozen=True, slots=True)
class Layout:
    """How a value of `shape` lies in a buffer; offset and strides count elements."""

    buffer: Buffer
    shape: Shape
    strides: Shape
    offset: int = 0

    @property
    def contiguous(self) -> bool:
        """Whether it is the whole buffer, in order."""
        return not self.offset and math.prod(self.shape) == self.buffer.size and self.in_order

    @property
    def in_order(self) -> bool:
        """Whether its elements follow each other."""
        return all(n == 1 or s == t for n, s, t in zip(self.shape, self.strides, steps(self.shape), strict=True))

    def over(self, shape: Shape) -> Shape | None:
        """Its strides when it is broadcast to `shape`; None if it does not broadcast to it."""
        lead = len(shape) - len(self.shape)
        if lead < 0:
            return None
        found = [0] * lead
        for have, want, stride in zip(self.shape, shape[lead:], self.strides, strict=True):
            if have != want and have != 1:
                return None
            found.append(stride if have == want and want != 1 else 0)
        return tuple(found)


def seen(layout: Layout, array: np.ndarray) -> np.ndarray:
    """The value that lies so in the memory of a contiguous array."""
    if layout.contiguous:
        return array if array.shape == layout.shape else array.reshape(layout.shape)
    size = array.itemsize
    return np.ndarray(layout.shape, array.dtype, array, layout.offset * size, [s * size for s in layout.strides])


def steps(shape: Shape) -> Shape:
    """The strides of a contiguous array."""
    found = [1] * len(shape)
    for i in range(len(shape) - 2, -1, -1):
        found[i] = found[i + 1] * shape[i + 1]
    return tuple(found)


def restrided(shape: Shape, strides: Shape, to: Shape) -> Shape | None:
    """The strides with which the same elements are gone through in the shape `to`, or None if no strides do it."""
    if shape == to:
        return tuple(0 if n == 1 else stride for n, stride in zip(shape, strides, strict=True))
    axes = [(n, s) for n, s in zip(shape, strides, strict=True) if n != 1]
    found: list[int] = []
    for size in reversed(to):
        if size == 1:
            found.append(0)
            continue
        have, stride = axes.pop() if axes else (0, 0)
        while have and have < size and size % have == 0 and axes and axes[-1][1] == stride * have:
            have *= axes.pop()[0]
        if not have or have % size:
            return None
        found.append(stride)
        if have > size:
            axes.append((have // size, stride * size))
    return None if axes else tuple(reversed(found))


def blank(layout: Layout) -> np.ndarray:
    """An array of that layout whose elements mean nothing."""
    memory = np.empty(max(layout.buffer.size, 1), layout.buffer.dtype)
    size = memory.itemsize
    return np.ndarray(layout.shape, memory.dtype, memory, layout.offset * size, [s * size for s in layout.strides])


def viewed(statement: Statement, base: Layout) -> Layout | None:
    """The layout of a view; None if the row copies here, or makes another type of the elements."""
    source = blank(base)
    found = statement.row.eager(source, **statement.params)
    if found.dtype != source.dtype or not _lies_in(found, source):
        return None
    return _layout_of(found, base.buffer, source, base.offset)


def _lies_in(found: np.ndarray, source: np.ndarray) -> bool:
    return found.size > 0 and bool(np.may_share_memory(found, source))


def _layout_of(found: np.ndarray, buffer: Buffer, source: np.ndarray, offset: int) -> Layout:
    size = found.itemsize
    moved = found.__array_interface__["data"][0] - source.__array_interface__["data"][0]
    strides = tuple(0 if n == 1 else s // size for n, s in zip(found.shape, found.strides, strict=True))
    return Layout(buffer, found.shape, strides, offset + moved // size)
