"""Parts of a tensor along one axis: a range, one element, sliding windows. Pieces are in `pieces`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from groundup.autograd.apply import apply
from groundup.autograd.tape import TensorBase
from groundup.functions.axes import one_axis
from groundup.ops import view as rows

__all__ = ["narrow", "select"]

Tensor = Any

# The key in front of the one that is cut: everything, along so many axes.
ALL = tuple((slice(None),) * axis for axis in range(9))


def before(axis: int) -> tuple[slice, ...]:
    """The key of everything along the axes before this one."""
    return ALL[axis] if axis < len(ALL) else (slice(None),) * axis


def narrow(input: Tensor, dim: int, start: Any, length: int) -> Tensor:
    """`length` elements along `dim`, from `start` (a number, or a tensor of one), as a view."""
    shape = input._array.shape
    if not shape:
        raise RuntimeError("narrow() cannot be applied to a 0-dim tensor.")
    if length < 0:
        raise RuntimeError("narrow(): length must be non-negative.")
    if isinstance(start, TensorBase):
        if start._array.size != 1 or start._array.ndim or start._array.dtype.kind not in "iu":
            raise RuntimeError("start must be an 0-dim integral Tensor.")
        start = int(start._array)
    axis = one_axis(dim, len(shape))
    size = shape[axis]
    if not -size <= start <= size:
        raise IndexError(f"start out of range (expected to be in range of [{-size}, {size}], but got {start})")
    first = start + size if start < 0 else start
    if first + length > size:
        raise RuntimeError(f"start ({first}) + length ({length}) exceeds dimension size ({size}).")
    return apply(rows.slice_, input, key=(*before(axis), slice(first, first + length)))


def checked_index(shape: tuple[int, ...], dim: int, index: int) -> int:
    """The axis that `dim` names, if it has an element of that index."""
    if not shape:
        raise IndexError("select() cannot be applied to a 0-dim tensor.")
    axis = dim if 0 <= dim < len(shape) else one_axis(dim, len(shape))
    if not -shape[axis] <= index < shape[axis]:
        raise IndexError(f"select(): index {index} out of range for tensor of size {list(shape)} at dimension {axis}")
    return axis


def select(input: Tensor, dim: int, index: int) -> Tensor:
    """One element along `dim`, without that axis, as a view."""
    axis = checked_index(input._array.shape, dim, index)
    return apply(rows.slice_, input, key=(*before(axis), int(index)))


def unfold(input: Tensor, dimension: int, size: int, step: int) -> Tensor:
    """All windows of `size` along `dimension`, `step` apart, as a view with the window in a new last axis.

    >>> import groundup
    >>> groundup.arange(5).unfold(0, 3, 1)
    tensor([[0, 1, 2],
            [1, 2, 3],
            [2, 3, 4]])
    """
    array = input._array
    axis = one_axis(dimension, array.ndim)
    have = array.shape[axis] if array.ndim else 1
    if size < 0:
        raise RuntimeError(f"size is {size} but must be >= 0")
    if size > have:
        raise RuntimeError(f"maximum size for tensor at dimension {axis} is {have} but size is {size}")
    if step <= 0:
        raise RuntimeError(f"step is {step} but must be > 0")
    if not array.ndim:
        return apply(rows.slice_, apply(rows.reshape, input, size=(1,)), key=(slice(size),))
    return apply(rows.windows, input, dims=(axis,), sizes=(size,), steps=(step,), dilations=(1,))


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
