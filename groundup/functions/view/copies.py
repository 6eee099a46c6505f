"""Copies: in the order of the indices or of the memory, and several times over."""

from __future__ import annotations

import builtins
from typing import Any

import numpy as np

from groundup.autograd.apply import apply
from groundup.autograd.tape import TensorBase, constant, shown_as, wrap
from groundup.functions.axes import one_axis, sizes
from groundup.functions.creation.filled import channels_last_order
from groundup.functions.creation.placing import contiguous_format, preserve_format
from groundup.ops import index as index_rows
from groundup.ops import view as rows
from groundup.ops.index.masks import places_of

__all__ = ["clone", "repeat_interleave", "tile"]

Tensor = Any


def clone(input: Tensor, *, memory_format: Any = None) -> Tensor:
    """A copy with memory of its own, through which gradients flow."""
    if memory_format in (None, preserve_format, contiguous_format):
        return apply(rows.clone, input)
    return in_format(input, memory_format)


def in_format(input: Tensor, memory_format: Any) -> Tensor:
    """A copy whose axes lie in memory in the order that the format names."""
    order = tuple(channels_last_order(memory_format, input._array.ndim))
    back = tuple([order.index(axis) for axis in builtins.range(len(order))])
    laid_out = apply(rows.clone, apply(rows.permute, input, dims=order))
    return shown_as(apply(rows.permute, laid_out, dims=back), "CloneBackward0")


def contiguous(input: Tensor, memory_format: Any = None) -> Tensor:
    """The tensor itself if its elements lie in order in memory, else a copy."""
    if memory_format in (None, contiguous_format):
        return input if input._array.flags.c_contiguous else apply(rows.clone, input)
    if memory_format is preserve_format:
        raise RuntimeError("preserve memory format is unsupported by the contiguous operator")
    order = tuple(channels_last_order(memory_format, input._array.ndim))
    return input if input._array.transpose(order).flags.c_contiguous else in_format(input, memory_format)


def repeat(input: Tensor, *times: Any, repeats: Any = None) -> Tensor:
    """The tensor copied so many times along each axis; more numbers than axes add axes in front."""
    found = sizes(times if repeats is None else (repeats,))
    if len(found) < input._array.ndim:
        raise RuntimeError("Number of dimensions of repeat dims can not be smaller than number of dimensions of tensor")
    for each in found:
        if each < 0:
            raise RuntimeError(f"Trying to create tensor with negative dimension {each}: {list(found)}")
    return apply(rows.repeat, input, times=found)


def tile(input: Tensor, *times: Any, dims: Any = None) -> Tensor:
    """`repeat`, with the axes that are not named in front repeated once.

    >>> import groundup
    >>> groundup.tile(groundup.tensor([[1, 2]]), (2,))
    tensor([[1, 2, 1, 2]])
    """
    found = sizes(times if dims is None else (dims,))
    return repeat(input, (1,) * (input._array.ndim - len(found)) + found)


def _places(repeats: Any, size: int, output_size: int | None) -> Tensor:
    """The index of each of `size` elements, as often as `repeats` says."""
    counts = repeats._array if isinstance(repeats, TensorBase) else np.asarray(repeats, dtype=np.int64)
    if counts.ndim > 1:
        raise RuntimeError("repeat_interleave only accept 1D vector as repeat")
    if counts.dtype.kind != "i":
        raise RuntimeError("repeats has to be Long or Int tensor")
    if counts.size not in (1, size):
        raise RuntimeError(
            f"repeats must have the same size as input along dim, but got repeats.size(0) = {counts.size} and "
            f"input.size(dim) = {size}"
        )
    if isinstance(repeats, TensorBase) and output_size is None:
        # Behind no row, and so refused by the compiler: the numbers say what shape the result has.
        return wrap(places_of(counts, size, None))
    counted = repeats if isinstance(repeats, TensorBase) else constant(counts)
    return apply(index_rows.repeated_places, counted, size=size, total=output_size)


def repeat_interleave(
    input: Tensor, repeats: Any = None, dim: int | None = None, *, output_size: int | None = None
) -> Tensor:
    """Each element, or each slice along `dim`, repeated in its place: so many times, or each its own number of times.

    Of one argument, the numbers of times: the index of each, as often as it says.

    >>> import groundup
    >>> groundup.repeat_interleave(groundup.tensor([1, 2]), groundup.tensor([3, 1]))
    tensor([1, 1, 1, 2])
    """
    if repeats is None:
        return _places(input, input._array.size, output_size)
    if dim is None:
        input, dim = apply(rows.flatten, input, size=(input._array.size,)), 0
    axis = one_axis(dim, input._array.ndim)
    if not input._array.ndim:
        input = apply(rows.reshape, input, size=(1,))
    shape = input._array.shape
    if not isinstance(repeats, (TensorBase, tuple, list)):
        if repeats < 0:
            raise RuntimeError("Repeats must be non-negative")
        return apply(rows.repeat_each, input, times=int(repeats), dim=axis)
    places = _places(repeats, shape[axis], output_size)
    found = apply(index_rows.index, input, places, pattern=(slice(None),) * axis + (index_rows.ARRAY,))
    return shown_as(found, "IndexSelectBackward0")
