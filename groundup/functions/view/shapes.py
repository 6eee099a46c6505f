"""Shapes: the same elements under other axes, in order; and axes that repeat one element without a copy."""

from __future__ import annotations

import builtins
import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from groundup import dtypes
from groundup.autograd.apply import apply
from groundup.functions.axes import Dim, axes, inferred, one_axis, sizes
from groundup.ops import view as rows

__all__ = ["broadcast_tensors", "broadcast_to", "flatten", "reshape", "squeeze", "unflatten", "unsqueeze"]

Tensor = Any


def reshape(input: Tensor, *shape: Any) -> Tensor:
    """The elements in the same order in another shape, one size of which may be -1; a view where possible.

    >>> import groundup
    >>> groundup.reshape(groundup.arange(6), (2, -1))
    tensor([[0, 1, 2],
            [3, 4, 5]])
    """
    size = sizes(shape)
    for each in size:
        if each < 0:
            size = inferred(size, input._array.size, input._array.shape)
            break
    return apply(rows.reshape, input, size=size)


def view(input: Tensor, *shape: Any) -> Tensor:
    """As `reshape`, but never a copy: raises RuntimeError where strides cannot express it; a dtype converts by name."""
    if len(shape) == 1 and isinstance(shape[0], dtypes.dtype):
        raise RuntimeError("view(dtype) reinterprets bytes, which groundup does not do; convert with .to(dtype)")
    result = reshape(input, *shape)
    if result._view is None and input._array.size:
        raise RuntimeError(
            "view size is not compatible with input tensor's size and stride (at least one dimension spans across two "
            "contiguous subspaces). Use .reshape(...) instead."
        )
    return result


def view_as(input: Tensor, other: Tensor) -> Tensor:
    """`view` in the shape of `other`."""
    return view(input, other._array.shape)


def reshape_as(input: Tensor, other: Tensor) -> Tensor:
    """`reshape` in the shape of `other`."""
    return reshape(input, other._array.shape)


def flatten(input: Tensor, start_dim: int = 0, end_dim: int = -1) -> Tensor:
    """The axes from `start_dim` to `end_dim` run together into one."""
    shape = input._array.shape
    first, last = one_axis(start_dim, len(shape)), one_axis(end_dim, len(shape))
    if first > last:
        raise RuntimeError("flatten() has invalid args: start_dim cannot come after end_dim")
    if not shape:
        return apply(rows.flatten, input, size=(1,))
    merged = math.prod(shape[first : last + 1])
    return apply(rows.flatten, input, size=(*shape[:first], merged, *shape[last + 1 :]))


def unflatten(input: Tensor, dim: int, sizes: Sequence[int]) -> Tensor:
    """One axis split into several, one size of which may be -1."""
    shape = input._array.shape
    axis = one_axis(dim, len(shape))
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
    chosen = builtins.range(len(shape)) if dim is None else axes(dim, len(shape))
    size = tuple(n for axis, n in enumerate(shape) if n != 1 or axis not in chosen)
    return apply(rows.squeeze, input, size=size, dims=None if dim is None else tuple(chosen) if shape else (0,))


def unsqueeze(input: Tensor, dim: int) -> Tensor:
    """With a new axis of size 1 at `dim`."""
    shape = input._array.shape
    axis = one_axis(dim, len(shape) + 1)
    return apply(rows.unsqueeze, input, size=(*shape[:axis], 1, *shape[axis:]))


def expand(input: Tensor, *size: Any) -> Tensor:
    """Broadcast to `size` with stride 0 and no copy; -1 keeps a size.

    >>> import groundup
    >>> groundup.tensor([1, 2]).expand(3, 2).stride()
    (0, 1)
    """
    shape, wanted = input._array.shape, sizes(size)
    lead = len(wanted) - len(shape)
    if lead >= 0:
        for axis in builtins.range(lead):
            if wanted[axis] < 0:
                raise RuntimeError(
                    f"The expanded size of the tensor ({wanted[axis]}) isn't allowed in a leading, non-existing "
                    f"dimension {axis}"
                )
        wanted = tuple(shape[i - lead] if n == -1 else n for i, n in enumerate(wanted))
    return apply(rows.expand, input, size=wanted)


def expand_as(input: Tensor, other: Tensor) -> Tensor:
    """`expand` to the shape of `other`."""
    return expand(input, other._array.shape)


def broadcast_to(input: Tensor, size: Sequence[int]) -> Tensor:
    """`expand` to `size`."""
    return expand(input, size)


def broadcast_tensors(*tensors: Tensor) -> tuple[Tensor, ...]:
    """All tensors expanded to the shape that they broadcast to."""
    from groundup.errors import broadcast_error

    shapes = [each._array.shape for each in tensors]
    problem = broadcast_error("broadcast_tensors", shapes)
    if problem is not None:
        raise problem
    size = np.broadcast_shapes(*shapes)
    return tuple(apply(rows.expand, each, size=size) for each in tensors)
