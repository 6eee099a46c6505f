"""The functions of the standard that move elements without changing them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from groundup.array_api.array import Array, operands, tensor_of
from groundup.array_api.data_types import ALL
from groundup.functions import view

__all__ = [
    "broadcast_arrays",
    "broadcast_to",
    "concat",
    "expand_dims",
    "flip",
    "moveaxis",
    "permute_dims",
    "repeat",
    "reshape",
    "roll",
    "squeeze",
    "stack",
    "tile",
    "unstack",
]

Axis = int | tuple[int, ...] | None


def as_axes(axis: Axis, ndim: int) -> tuple[int, ...]:
    """The axes of an argument `axis`, where None stands for all."""
    if axis is None:
        return tuple(range(ndim))
    return tuple(axis) if isinstance(axis, Sequence) else (axis,)


def broadcast_arrays(*arrays: Array) -> list[Array]:
    """The arrays, each expanded to the shape that they have together."""
    return [Array(part) for part in view.broadcast_tensors(*(tensor_of(x, "broadcast_arrays") for x in arrays))]


def broadcast_to(x: Array, /, shape: tuple[int, ...]) -> Array:
    """The array, expanded to a shape."""
    return Array(view.broadcast_to(tensor_of(x, "broadcast_to"), tuple(shape)))


def concat(arrays: Sequence[Array], /, *, axis: int | None = 0) -> Array:
    """The arrays, one after the other along an axis; along one line without any."""
    tensors = operands("concat", ALL, *arrays)
    if axis is None:
        return Array(view.cat([tensor.reshape(-1) for tensor in tensors]))
    return Array(view.cat(tensors, axis))


def stack(arrays: Sequence[Array], /, *, axis: int = 0) -> Array:
    """The arrays, one after the other along a new axis."""
    return Array(view.stack(operands("stack", ALL, *arrays), axis))


def unstack(x: Array, /, *, axis: int = 0) -> tuple[Array, ...]:
    """The parts along an axis, which goes."""
    return tuple(Array(part) for part in view.unbind(tensor_of(x, "unstack"), axis))


def expand_dims(x: Array, /, axis: int) -> Array:
    """The array with a new axis of length one."""
    return Array(view.unsqueeze(tensor_of(x, "expand_dims"), axis))


def squeeze(x: Array, /, axis: int | tuple[int, ...]) -> Array:
    """The array without some of its axes of length one."""
    found = tensor_of(x, "squeeze")
    axes = as_axes(axis, x.ndim)
    long = [each for each in axes if -x.ndim <= each < x.ndim and x.shape[each] != 1]
    if long:
        raise ValueError(f"squeeze: axis {long[0]} has length {x.shape[long[0]]}, not 1 (the shape is {x.shape})")
    return Array(view.squeeze(found, axes))


def reshape(x: Array, /, shape: tuple[int, ...], *, copy: Any = None) -> Array:
    """The elements in another shape, where -1 stands for the size that is left."""
    found = tensor_of(x, "reshape")
    sizes = tuple(shape) if isinstance(shape, Sequence) else (shape,)
    if copy:
        return Array(found.clone().reshape(sizes))
    if copy is None:
        return Array(found.reshape(sizes))
    try:
        return Array(found.view(sizes))
    except RuntimeError as error:
        raise ValueError(f"reshape: copy=False, and the shape {sizes} needs a copy\n{error}") from None


def permute_dims(x: Array, /, axes: tuple[int, ...]) -> Array:
    """The array with its axes in another order."""
    return Array(view.permute(tensor_of(x, "permute_dims"), tuple(axes)))


def moveaxis(x: Array, source: int | tuple[int, ...], destination: int | tuple[int, ...], /) -> Array:
    """The array with some of its axes at other places."""
    return Array(view.movedim(tensor_of(x, "moveaxis"), source, destination))


def flip(x: Array, /, *, axis: Axis = None) -> Array:
    """The array read backwards along some axes, or all."""
    return Array(view.flip(tensor_of(x, "flip"), as_axes(axis, x.ndim)))


def roll(x: Array, /, shift: int | tuple[int, ...], *, axis: Axis = None) -> Array:
    """The array moved along some axes, with what leaves it at one end coming back at the other."""
    found = tensor_of(x, "roll")
    shifts = as_axes(shift, 0)
    if axis is None:
        return Array(view.roll(found.reshape(-1), sum(shifts), 0).reshape(x.shape))
    axes = as_axes(axis, x.ndim)
    return Array(view.roll(found, shifts * len(axes) if len(shifts) == 1 else shifts, axes))


def repeat(x: Array, repeats: int | Array, /, *, axis: int | None = None) -> Array:
    """Each element, or each part along an axis, several times in a row."""
    found = tensor_of(x, "repeat")
    times = repeats.tensor if isinstance(repeats, Array) else repeats
    return Array(view.repeat_interleave(found, times, axis))


def tile(x: Array, repetitions: tuple[int, ...], /) -> Array:
    """The whole array several times along each axis."""
    return Array(view.tile(tensor_of(x, "tile"), tuple(repetitions)))
