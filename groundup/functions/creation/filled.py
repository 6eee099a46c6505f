"""Tensors of one value, of zeros and ones on a diagonal, or of whatever the memory held; new or like another tensor."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from groundup import dtypes
from groundup.autograd.settle import holdable
from groundup.autograd.tape import TensorBase
from groundup.functions.axes import sizes
from groundup.functions.creation.data import to_array
from groundup.functions.creation.placing import (
    checked,
    contiguous_format,
    empty_in_order,
    finish,
    kind_like,
    kind_of,
)

__all__ = [
    "empty",
    "empty_like",
    "empty_permuted",
    "empty_strided",
    "eye",
    "full",
    "full_like",
    "ones",
    "ones_like",
    "scalar_tensor",
    "zeros",
    "zeros_like",
]

Tensor = Any
DType = Any


def _of_one_value(shape: tuple[int, ...], kind: np.dtype[Any], value: Any) -> np.ndarray:
    """The same as `np.full`, which takes twice as long for a small array."""
    if type(value) is float and kind.kind in "iu":  # where `fill` would raise for nan
        return np.full(shape, value, kind)
    array = np.empty(shape, kind)
    array.fill(value)
    return array


def full(
    size: Sequence[int],
    fill_value: Any,
    *,
    dtype: DType = None,
    layout: Any = None,
    device: Any = None,
    requires_grad: bool = False,
    pin_memory: bool = False,
) -> Tensor:
    """A tensor of one value; its type is that of the value if none is given."""
    if isinstance(fill_value, TensorBase):
        fill_value = fill_value.item()  # type: ignore[attr-defined]
    kind = to_array(fill_value).dtype if dtype is None else dtypes.to_numpy(dtype)
    array = _of_one_value(checked((size,)), kind, holdable(fill_value, kind))
    return finish(array, requires_grad, device, layout, pin_memory)


def zeros(
    *shape: Any,
    size: Any = None,
    dtype: DType = None,
    layout: Any = None,
    device: Any = None,
    requires_grad: bool = False,
    pin_memory: bool = False,
) -> Tensor:
    """A tensor of zeros.

    >>> import groundup
    >>> groundup.zeros(2, 2)
    tensor([[0., 0.],
            [0., 0.]])
    """
    return finish(np.zeros(checked(shape, size), kind_of(dtype)), requires_grad, device, layout, pin_memory)


def ones(
    *shape: Any,
    size: Any = None,
    dtype: DType = None,
    layout: Any = None,
    device: Any = None,
    requires_grad: bool = False,
    pin_memory: bool = False,
) -> Tensor:
    """A tensor of ones."""
    return finish(_of_one_value(checked(shape, size), kind_of(dtype), 1), requires_grad, device, layout, pin_memory)


def empty(
    *shape: Any,
    size: Any = None,
    dtype: DType = None,
    layout: Any = None,
    device: Any = None,
    requires_grad: bool = False,
    pin_memory: bool = False,
    memory_format: Any = None,
) -> Tensor:
    """A tensor whose values are whatever the memory held."""
    found = checked(shape, size)
    kind = kind_of(dtype)
    if memory_format is None:
        array = np.empty(found, kind)
    else:
        array = empty_in_order(found, kind, channels_last_order(memory_format, len(found)))
    return finish(array, requires_grad, device, layout, pin_memory)


def channels_last_order(memory_format: Any, rank: int) -> Sequence[int]:
    """The axes from the outermost in memory to the innermost, in a format that names them."""
    if memory_format is contiguous_format:
        return range(rank)
    wanted = {"channels_last": 4, "channels_last_3d": 5}.get(getattr(memory_format, "_name", ""))
    if wanted is None:
        raise RuntimeError(f"unsupported memory format option {memory_format!r}")
    if rank != wanted:
        raise RuntimeError(f"required rank {wanted} tensor to use {memory_format._name} format")
    return (0, *range(2, rank), 1)


def has_order(array: np.ndarray, memory_format: Any) -> bool:
    """Whether an array lies in memory in the order of the format, without gaps."""
    fits = {"channels_last": 4, "channels_last_3d": 5}.get(getattr(memory_format, "_name", "")) == array.ndim
    return fits and array.transpose(tuple(channels_last_order(memory_format, array.ndim))).flags.c_contiguous


def empty_strided(
    size: Sequence[int],
    stride: Sequence[int],
    *,
    dtype: DType = None,
    layout: Any = None,
    device: Any = None,
    requires_grad: bool = False,
    pin_memory: bool = False,
) -> Tensor:
    """Uninitialised memory of that size, with those steps between the elements along each axis."""
    shape, steps, kind = checked((size,)), sizes((stride,)), kind_of(dtype)
    if len(shape) != len(steps):
        raise RuntimeError(
            f"mismatch in length of strides and shape\n  size has {len(shape)} numbers, stride has {len(steps)}"
        )
    if any(step < 0 for step in steps):
        raise RuntimeError(f"empty_strided: Negative strides are not supported at the moment, got strides: {steps}")
    extent = 1 + sum((n - 1) * step for n, step in zip(shape, steps)) if 0 not in shape else 0
    array = np.ndarray(shape, kind, np.empty(extent, kind), 0, tuple(step * kind.itemsize for step in steps))
    return finish(array, requires_grad, device, layout, pin_memory)


def empty_permuted(
    size: Sequence[int],
    physical_layout: Sequence[int],
    *,
    dtype: DType = None,
    layout: Any = None,
    device: Any = None,
    requires_grad: bool = False,
    pin_memory: bool = False,
) -> Tensor:
    """Uninitialised memory of that size without gaps, its axes lying in memory in the order `physical_layout`."""
    shape, order = checked((size,)), sizes((physical_layout,))
    if len(shape) != len(order):
        raise RuntimeError(
            f"Number of dimensions in size does not match the length of the physical_layout; i.e. len(size) = "
            f"{len(shape)} is not equal to len(physical_layout) = {len(order)}"
        )
    for i, axis in enumerate(order):
        if not 0 <= axis < len(shape):
            raise RuntimeError(
                f"Dimension out of range (expected to be between 0 and {len(shape) - 1}, but got {axis})"
            )
        if axis in order[:i]:
            raise RuntimeError("Duplicate dim not allowed")
    return finish(empty_in_order(shape, kind_of(dtype), order), requires_grad, device, layout, pin_memory)


def scalar_tensor(
    s: Any,
    *,
    dtype: DType = None,
    layout: Any = None,
    device: Any = None,
    requires_grad: bool = False,
    pin_memory: bool = False,
) -> Tensor:
    """One number as a tensor without dimensions, of the default floating type."""
    kind = kind_of(dtype)
    array = _of_one_value((), kind, holdable(s, kind))
    return finish(array, requires_grad, device, layout, pin_memory)


def eye(
    n: int,
    m: int | None = None,
    *,
    dtype: DType = None,
    layout: Any = None,
    device: Any = None,
    requires_grad: bool = False,
    pin_memory: bool = False,
) -> Tensor:
    """The identity matrix, n by m."""
    for name, size in (("n", n), ("m", n if m is None else m)):
        if size < 0:
            raise RuntimeError(f"{name} must be greater or equal to 0, got {size}")
    return finish(np.eye(n, m, dtype=kind_of(dtype)), requires_grad, device, layout, pin_memory)


def zeros_like(
    input: Tensor,
    *,
    dtype: DType = None,
    layout: Any = None,
    device: Any = None,
    requires_grad: bool = False,
    pin_memory: bool = False,
    memory_format: Any = None,
) -> Tensor:
    """Zeros in the shape and type of `input`."""
    return finish(np.zeros(input._array.shape, kind_like(input, dtype)), requires_grad, device, layout, pin_memory)


def ones_like(
    input: Tensor,
    *,
    dtype: DType = None,
    layout: Any = None,
    device: Any = None,
    requires_grad: bool = False,
    pin_memory: bool = False,
    memory_format: Any = None,
) -> Tensor:
    """Ones in the shape and type of `input`."""
    array = _of_one_value(input._array.shape, kind_like(input, dtype), 1)
    return finish(array, requires_grad, device, layout, pin_memory)


def empty_like(
    input: Tensor,
    *,
    dtype: DType = None,
    layout: Any = None,
    device: Any = None,
    requires_grad: bool = False,
    pin_memory: bool = False,
    memory_format: Any = None,
) -> Tensor:
    """Uninitialised memory in the shape and type of `input`."""
    return finish(np.empty(input._array.shape, kind_like(input, dtype)), requires_grad, device, layout, pin_memory)


def full_like(
    input: Tensor,
    fill_value: Any,
    *,
    dtype: DType = None,
    layout: Any = None,
    device: Any = None,
    requires_grad: bool = False,
    pin_memory: bool = False,
    memory_format: Any = None,
) -> Tensor:
    """One value in the shape and type of `input`."""
    kind = kind_like(input, dtype)
    if isinstance(fill_value, TensorBase):
        fill_value = fill_value.item()  # type: ignore[attr-defined]
    array = _of_one_value(input._array.shape, kind, holdable(fill_value, kind))
    return finish(array, requires_grad, device, layout, pin_memory)
