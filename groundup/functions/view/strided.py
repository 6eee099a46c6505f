"""Views and copies by the layout of memory: steps of the user's own choice, bytes read as another type, and changes
written through a view of a copy.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from groundup.autograd.apply import apply
from groundup.autograd.tape import shown_as, storage_of, wrap
from groundup.functions.axes import one_axis, sizes
from groundup.functions.view.copies import clone
from groundup.functions.view.diagonals import diagonal
from groundup.functions.view.parts import before, checked_index
from groundup.ops import view as rows
from groundup.ops.index import assign
from groundup.ops.strided import covers, places, steps_of

__all__ = ["as_strided", "as_strided_scatter", "diagonal_scatter", "select_scatter", "slice_scatter"]

Tensor = Any


def as_strided(input: Tensor, size: Sequence[int], stride: Sequence[int], storage_offset: int | None = None) -> Tensor:
    """A view of the memory with a size and steps of your own; `storage_offset` counts from the memory's start.

    Elements may overlap: the derivative adds up what they share. Raises RuntimeError for a view that would leave
    the memory.

    >>> import groundup
    >>> groundup.arange(5).as_strided((3, 2), (1, 2))
    tensor([[0, 2],
            [1, 3],
            [2, 4]])
    """
    shape, steps = sizes((size,)), sizes((stride,))
    if len(shape) != len(steps) or (shape and (min(shape) < 0 or min(steps) < 0)):
        raise _bad_steps(shape, steps)
    array = input._array
    offset = 0
    if storage_offset is not None:
        owns = array.base is None and array.flags.c_contiguous
        offset = storage_offset if owns else storage_offset - input.storage_offset()
    last = offset
    for n, step in zip(shape, steps):
        last += (n - 1) * step
    if 0 in shape or (0 <= offset <= last < array.size and array.flags.c_contiguous):
        return apply(rows.as_strided, input, size=shape, stride=steps, offset=offset, own=steps_of(array))
    offset += input.storage_offset()
    _check_reach(input, shape, steps, offset)
    return _of_base(input, shape, steps, offset)


def _of_base(input: Tensor, size: tuple[int, ...], stride: tuple[int, ...], offset: int) -> Tensor:
    """The view of the tensor, or of the one that it is a view of, which holds every element that is to be seen."""
    wanted = places(size, stride, offset)
    base = input
    while True:
        own, start = steps_of(base._array), base.storage_offset()
        if covers(base._array.shape, own, wanted - start):
            return apply(rows.as_strided, base, size=size, stride=stride, offset=offset - start, own=own)
        if base._view is None:
            break
        base = base._view.base
    if input.requires_grad:
        raise RuntimeError(
            "as_strided reads elements of the memory that do not belong to the tensor, and so have no gradient\n"
            "  Take the view of the tensor that holds them all, or of a .detach()."
        )
    memory = wrap(input._memory())
    memory._storage = storage_of(input)
    return apply(rows.as_strided, memory, size=size, stride=stride, offset=offset, own=(1,))


def _bad_steps(size: tuple[int, ...], stride: tuple[int, ...]) -> RuntimeError:
    if len(size) != len(stride):
        return RuntimeError(
            f"mismatch in length of strides and shape\n  size has {len(size)} numbers, stride has {len(stride)}"
        )
    if min(stride) < 0:
        return RuntimeError(
            f"as_strided: Negative strides are not supported at the moment, got strides: {list(stride)}\n"
            "  A slice with a negative step, x[::-1], is a view here."
        )
    return RuntimeError(f"Trying to create tensor with negative dimension {min(size)}: {list(size)}")


def _check_reach(input: Tensor, size: tuple[int, ...], stride: tuple[int, ...], offset: int) -> None:
    if offset < 0:
        raise RuntimeError(f"Tensor: invalid storage offset {offset}")
    item, have = input._array.itemsize, input._memory().nbytes
    need = (offset + 1 + sum((n - 1) * step for n, step in zip(size, stride))) * item
    if need > have:
        raise RuntimeError(
            f"setStorage: sizes {list(size)}, strides {list(stride)}, storage offset {offset}, and itemsize {item} "
            f"requiring a storage size of {need} are out of bounds for storage of size {have}"
        )


def _written(input: Tensor, src: Tensor, name: str, view: Callable[[Tensor], Tensor]) -> Tensor:
    """A copy of `input` with `src` written into a view of it."""
    made = clone(input)
    place = view(made)
    _check_fit(place._array.shape, src)
    place.copy_(src)
    return shown_as(made, name)


def _assigned(input: Tensor, src: Tensor, name: str, key: tuple[Any, ...]) -> Tensor:
    """A copy of `input` with `src` written at a key of slices."""
    _check_fit(input._array[key].shape, src)
    if src._array.dtype != input._array.dtype:
        src = src.to(input.dtype)
    return shown_as(apply(assign, input, src, pattern=key), name)


def _check_fit(place: tuple[int, ...], src: Tensor) -> None:
    if place != src._array.shape:
        raise RuntimeError(
            f"expected src to have a size equal to the slice of self. src size = {list(src._array.shape)}, slice size "
            f"= {list(place)}"
        )


def select_scatter(input: Tensor, src: Tensor, dim: int, index: int) -> Tensor:
    """A copy of `input` in which `src` stands where `input.select(dim, index)` was.

    >>> import groundup
    >>> groundup.zeros(2, 2).select_scatter(groundup.ones(2), 0, 0)
    tensor([[1., 1.],
            [0., 0.]])
    """
    axis = checked_index(input._array.shape, dim, index)
    return _assigned(input, src, "SelectScatterBackward0", (*before(axis), int(index)))


def slice_scatter(
    input: Tensor, src: Tensor, dim: int = 0, start: int | None = None, end: int | None = None, step: int = 1
) -> Tensor:
    """A copy of `input` in which `src` stands where the slice start:end:step along `dim` was."""
    if step <= 0:
        raise RuntimeError("slice step must be positive\n  A negative step works in brackets: x[::-1] = src.")
    axis = one_axis(dim, input._array.ndim)
    return _assigned(input, src, "SliceScatterBackward0", (*before(axis), slice(start, end, step)))


def diagonal_scatter(input: Tensor, src: Tensor, offset: int = 0, dim1: int = 0, dim2: int = 1) -> Tensor:
    """A copy of `input` in which `src` stands on the diagonal."""
    return _written(input, src, "DiagonalScatterBackward0", lambda x: diagonal(x, offset, dim1, dim2))


def as_strided_scatter(
    input: Tensor, src: Tensor, size: Sequence[int], stride: Sequence[int], storage_offset: int | None = None
) -> Tensor:
    """A copy of `input` in which `src` stands where that `as_strided` view was."""
    return _written(input, src, "AsStridedScatterBackward0", lambda x: as_strided(x, size, stride, storage_offset))
