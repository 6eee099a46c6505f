"""Shapes: the same elements, in the same order, under other axes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from groundup import dtypes
from groundup.autograd.apply import apply
from groundup.functions.axes import Dim, axes, inferred, one_axis, sizes
from groundup.ops import view as rows

__all__ = [
    "atleast_1d",
    "atleast_2d",
    "atleast_3d",
    "flatten",
    "ravel",
    "reshape",
    "squeeze",
    "unflatten",
    "unsqueeze",
]

Tensor = Any


def reshape(input: Tensor, *sizes_given: Any, shape: Any = None) -> Tensor:
    """The elements in the same order in another shape, one size of which may be -1; a view where possible.

    >>> import groundup
    >>> groundup.reshape(groundup.arange(6), (2, -1))
    tensor([[0, 1, 2],
            [3, 4, 5]])
    """
    size = sizes(sizes_given if shape is None else (shape,))
    for each in size:
        if each < 0:
            size = inferred(size, input._array.size, input._array.shape)
            break
    return apply(rows.reshape, input, size=size)


def view(input: Tensor, *shape: Any, dtype: Any = None, size: Any = None) -> Tensor:
    """As `reshape`, but never a copy: raises RuntimeError where strides cannot express it.

    With a dtype, the same bytes read as that type.

    >>> import groundup
    >>> groundup.tensor([1.0, -2.0]).view(groundup.int32)
    tensor([ 1065353216, -1073741824], dtype=groundup.int32)
    """
    if dtype is not None or (len(shape) == 1 and isinstance(shape[0], dtypes.dtype)):
        return _reinterpreted(input, shape[0] if dtype is None else dtype)
    result = reshape(input, *shape, shape=size)
    if result._view is None and input._array.size:
        raise RuntimeError(
            "view size is not compatible with input tensor's size and stride (at least one dimension spans across two "
            "contiguous subspaces). Use .reshape(...) instead."
        )
    return result


def _reinterpreted(input: Tensor, dtype: dtypes.dtype) -> Tensor:
    """The same bytes as another type; the last axis grows or shrinks with the size of an element."""
    array, wide, narrow = input._array, dtype.itemsize, input._array.itemsize
    if dtype.numpy == array.dtype:
        return apply(rows.alias, input)
    if wide != narrow:
        names = f"view {dtypes.OF_NUMPY[array.dtype].legacy} as {dtype.legacy} (different element sizes)"
        if not array.ndim:
            raise RuntimeError(f"self.dim() cannot be 0 to {names}")
        if array.strides[-1] != narrow and array.shape[-1] != 1:
            raise RuntimeError(
                f"self.stride(-1) must be 1 to {names}, but got {array.strides[-1] // narrow}\n"
                "  Write x.contiguous().view(...), or convert the values with .to(...)."
            )
        if array.shape[-1] * narrow % wide:
            raise RuntimeError(
                f"self.size(-1) must be divisible by {wide // narrow} to {names}, but got {array.shape[-1]}"
            )
    return apply(rows.reinterpret, input, to=dtype.numpy)


def view_as(input: Tensor, other: Tensor) -> Tensor:
    """`view` in the shape of `other`."""
    return view(input, other._array.shape)


def reshape_as(input: Tensor, other: Tensor) -> Tensor:
    """`reshape` in the shape of `other`."""
    return reshape(input, other._array.shape)


def flatten(input: Tensor, start_dim: int = 0, end_dim: int = -1) -> Tensor:
    """The axes from `start_dim` to `end_dim` run together into one."""
    shape = input._array.shape
    if start_dim == 0 and end_dim == -1:
        return apply(rows.flatten, input, size=(input._array.size,))
    first, last = one_axis(start_dim, len(shape)), one_axis(end_dim, len(shape))
    if first > last:
        raise RuntimeError("flatten() has invalid args: start_dim cannot come after end_dim")
    if not shape:
        return apply(rows.flatten, input, size=(1,))
    merged = math.prod(shape[first : last + 1])
    return apply(rows.flatten, input, size=(*shape[:first], merged, *shape[last + 1 :]))


def ravel(input: Tensor) -> Tensor:
    """All elements along one axis, in order; a view where possible."""
    return apply(rows.reshape, input, size=(input._array.size,))


def unflatten(input: Tensor, dim: int, sizes: Sequence[int]) -> Tensor:
    """One axis split into several, one size of which may be -1."""
    shape = input._array.shape
    if not shape:
        raise RuntimeError("unflatten got an unexpected error:\nDimension specified as 0 but tensor has no dimensions")
    axis = one_axis(dim, len(shape))
    if not sizes:
        raise RuntimeError("unflatten: sizes must be non-empty")
    try:
        inner = inferred(tuple(sizes), shape[axis], (shape[axis],))
    except RuntimeError:
        raise RuntimeError(
            f"unflatten: Provided sizes {list(sizes)} don't multiply up to the size of dim {axis} ({shape[axis]}) "
            "in the input tensor"
        ) from None
    return apply(rows.reshape, input, size=(*shape[:axis], *inner, *shape[axis + 1 :]))


def squeeze(input: Tensor, dim: Dim = None) -> Tensor:
    """Without the axes of size 1, or without those in `dim` that have size 1.

    Name the axis: `squeeze(-1)` keeps a batch of one a batch.
    """
    shape = input._array.shape
    if dim is None:
        return apply(rows.squeeze, input, size=tuple([n for n in shape if n != 1]), dims=None)
    chosen = axes(dim, len(shape)) if dim != () else ()
    size = tuple([n for axis, n in enumerate(shape) if n != 1 or axis not in chosen])
    return apply(rows.squeeze, input, size=size, dims=chosen if shape else (0,))


def unsqueeze(input: Tensor, dim: int) -> Tensor:
    """With a new axis of size 1 at `dim`."""
    shape = input._array.shape
    axis = one_axis(dim, len(shape) + 1)
    return apply(rows.unsqueeze, input, size=(*shape[:axis], 1, *shape[axis:]))


def _each(tensors: tuple[Any, ...], function: Any) -> Any:
    """The function of one tensor, or of each of several, given one by one or in one sequence."""
    if len(tensors) == 1 and not isinstance(tensors[0], (tuple, list)):
        return function(tensors[0])
    several = tensors[0] if len(tensors) == 1 else tensors
    return tuple(function(each) for each in several)


def atleast_1d(*tensors: Any) -> Any:
    """With at least one axis: a number becomes a vector of one. Of several tensors, a tuple."""
    return _each(tensors, lambda x: reshape(x, (1,)) if x._array.ndim == 0 else x)


def atleast_2d(*tensors: Any) -> Any:
    """With at least two axes: a vector becomes a matrix of one row. Of several tensors, a tuple."""
    return _each(tensors, lambda x: reshape(x, (1, -1)) if x._array.ndim < 2 else x)


def _three(input: Tensor) -> Tensor:
    shape = input._array.shape
    if len(shape) > 2:
        return input
    return reshape(input, (1, -1, 1)) if len(shape) < 2 else unsqueeze(input, -1)


def atleast_3d(*tensors: Any) -> Any:
    """With at least three axes: a vector lies along the middle one. Of several tensors, a tuple.

    >>> import groundup
    >>> groundup.atleast_3d(groundup.ones(2)).shape, groundup.atleast_3d(groundup.ones(2, 3)).shape
    (groundup.Size([1, 2, 1]), groundup.Size([2, 3, 1]))
    """
    return _each(tensors, _three)
