"""Views by steps of the user's own choice, and their adjoint, which counts elements that are read more than once.

Sizes and steps are in elements, and the offset is from the tensor's first element; `own` are the steps of the tensor
that the view was taken of. A gradient has its shape but need not have its steps: it is read and written through a
copy of the memory that the tensor lies in.
"""

from __future__ import annotations

from typing import Any

import numpy as np


def places(size: tuple[int, ...], stride: tuple[int, ...], offset: int = 0) -> np.ndarray:
    """Where in memory each element lies."""
    found = np.full((), offset)
    for n, step in zip(size, stride, strict=True):
        found = found[..., None] + np.arange(n) * step
    return found


def covers(shape: tuple[int, ...], own: tuple[int, ...], wanted: np.ndarray) -> bool:
    """Whether every place wanted holds an element of a tensor of that shape and those steps."""
    return bool(np.isin(wanted, places(shape, own)).all())


def steps_of(x: np.ndarray) -> tuple[int, ...]:
    """The strides in elements."""
    return tuple([step // x.itemsize for step in x.strides])


def strided_array(
    x: np.ndarray, size: tuple[int, ...], stride: tuple[int, ...], offset: int, own: tuple[int, ...]
) -> np.ndarray:
    """The view; of an array that lies in memory otherwise than the tensor did, a copy of what the view would show."""
    if 0 in size:
        return np.empty(size, x.dtype)
    if steps_of(x) != own:
        return strided_picked(x, size, stride, offset, own)
    strides = tuple([step * x.itemsize for step in stride])
    if x.flags.c_contiguous:
        return np.ndarray(size, x.dtype, x, offset * x.itemsize, strides)
    index: Any = np.unravel_index(int(np.flatnonzero(places(x.shape, own) == offset)[0]), x.shape)
    return np.lib.stride_tricks.as_strided(x[(*index, ...)], size, strides)


def _own_places(shape: tuple[int, ...], own: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray, int]:
    """Where a tensor's elements lie, from the first place on; how many lie in the same one; and the first place."""
    at = places(shape, own)
    low = int(at.min())
    at -= low
    return at, np.bincount(at.ravel())[at], low


def strided_picked(
    x: np.ndarray, size: tuple[int, ...], stride: tuple[int, ...], offset: int, own: tuple[int, ...]
) -> np.ndarray:
    """What the view would show if the memory held `x`; elements of one place count in equal parts."""
    if 0 in size:
        return np.zeros(size, x.dtype)
    at, sharing, low = _own_places(x.shape, own)
    memory = np.bincount(at.ravel(), (x / sharing).ravel())
    return memory[places(size, stride, offset) - low].astype(x.dtype)


def strided_added(
    g: np.ndarray,
    size: tuple[int, ...],
    stride: tuple[int, ...],
    offset: int,
    own: tuple[int, ...],
    into: tuple[int, ...],
) -> np.ndarray:
    """The adjoint: every element of `g` added to the one that it was read from, in a tensor of the shape `into`."""
    if 0 in into or 0 in size:
        return np.zeros(into, g.dtype)
    at, sharing, low = _own_places(into, own)
    memory = np.bincount((places(size, stride, offset) - low).ravel(), g.ravel(), minlength=int(at.max()) + 1)
    return np.asarray(memory[at] / sharing).astype(g.dtype)
