"""Parts of a tensor along one axis: a range, one element, pieces, sliding windows."""

from __future__ import annotations

import builtins
from collections.abc import Sequence
from typing import Any

import numpy as np

from groundup.autograd.apply import apply
from groundup.autograd.tape import shown_as
from groundup.functions.axes import one_axis
from groundup.ops import view as rows

__all__ = ["chunk", "narrow", "select", "split", "unbind"]

Tensor = Any


def narrow(input: Tensor, dim: int, start: int, length: int) -> Tensor:
    """`length` elements along `dim`, from `start`."""
    shape = input._array.shape
    axis = one_axis(dim, len(shape))
    first = start + shape[axis] if start < 0 else start
    if length < 0 or not 0 <= first <= shape[axis] - length:
        raise RuntimeError(f"start ({start}) + length ({length}) exceeds dimension size ({shape[axis]}).")
    return apply(rows.slice_, input, key=(slice(None),) * axis + (slice(first, first + length),))


def select(input: Tensor, dim: int, index: int) -> Tensor:
    """One element along `dim`, without that axis."""
    shape = input._array.shape
    if not shape:
        raise IndexError("select() cannot be applied to a 0-dim tensor.")
    axis = one_axis(dim, len(shape))
    if not -shape[axis] <= index < shape[axis]:
        raise IndexError(f"select(): index {index} out of range for tensor of size {list(shape)} at dimension {axis}")
    return apply(rows.slice_, input, key=(slice(None),) * axis + (int(index),))


def unbind(input: Tensor, dim: int = 0) -> tuple[Tensor, ...]:
    """The slices along `dim`, without that axis."""
    axis = one_axis(dim, input._array.ndim)
    return tuple(shown_as(select(input, axis, i), "UnbindBackward0") for i in builtins.range(input._array.shape[axis]))


def split(input: Tensor, split_size_or_sections: int | Sequence[int], dim: int = 0) -> tuple[Tensor, ...]:
    """Pieces along `dim` of one size (the last may be smaller), or of the sizes given."""
    axis = one_axis(dim, input._array.ndim)
    size = input._array.shape[axis]
    name = "SplitBackward0" if isinstance(split_size_or_sections, int) else "SplitWithSizesBackward0"
    if isinstance(split_size_or_sections, int):
        step = split_size_or_sections
        if step <= 0:
            raise RuntimeError(f"split expects split_size be non-negative, but got split_size={step}")
        lengths = [builtins.min(step, size - i) for i in builtins.range(0, size, step)] or [0]
    else:
        lengths = list(split_size_or_sections)
        if builtins.sum(lengths) != size:
            raise RuntimeError(
                f"split_with_sizes expects split_sizes to sum exactly to {size} (input tensor's size at dimension "
                f"{axis}), but got split_sizes={lengths}"
            )
    starts = np.cumsum([0, *lengths[:-1]]).tolist()
    pieces = (narrow(input, axis, start, length) for start, length in zip(starts, lengths, strict=True))
    return tuple(shown_as(piece, name) for piece in pieces)


def chunk(input: Tensor, chunks: int, dim: int = 0) -> tuple[Tensor, ...]:
    """At most `chunks` pieces of equal size along `dim`, the last possibly smaller."""
    if chunks <= 0:
        raise RuntimeError(f"chunk expects `chunks` to be greater than 0, got: {chunks}")
    size = input._array.shape[one_axis(dim, input._array.ndim)]
    return split(input, builtins.max(1, -(-size // chunks)), dim)


def unfold(input: Tensor, dimension: int, size: int, step: int) -> Tensor:
    """All windows of `size` along `dimension`, `step` apart, as a view with the window in a new last axis.

    >>> import groundup
    >>> groundup.arange(5).unfold(0, 3, 1)
    tensor([[0, 1, 2],
            [1, 2, 3],
            [2, 3, 4]])
    """
    axis = one_axis(dimension, input._array.ndim)
    have = input._array.shape[axis] if input._array.ndim else 1
    if size > have:
        raise RuntimeError(f"maximum size for tensor at dimension {axis} is {have} but size is {size}")
    if step <= 0:
        raise RuntimeError(f"step is {step} but must be > 0")
    return windows(input, (axis,), (size,), (step,), (1,))


def windows(
    input: Tensor,
    dims: Sequence[int],
    sizes: Sequence[int],
    steps: Sequence[int],
    dilations: Sequence[int],
) -> Tensor:
    """`unfold` along several axes at once, with dilation: the view that convolution and pooling work on."""
    shape = input._array.shape
    found = tuple(one_axis(dim, len(shape)) for dim in dims)
    for dim, size, dilation in zip(found, sizes, dilations, strict=True):
        if dilation * (size - 1) + 1 > shape[dim]:
            raise RuntimeError(
                f"a window of {size} elements, {dilation} apart, does not fit into dimension {dim} of shape {shape}"
            )
    return apply(rows.windows, input, dims=found, sizes=tuple(sizes), steps=tuple(steps), dilations=tuple(dilations))
