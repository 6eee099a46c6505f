"""Changing the dtype of a whole network in place.

The parameters stay the same objects, so that an optimiser that holds them goes on working.
``Module.to``, ``float``, ``double`` and ``half`` stand on this.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from groundup import dtypes
from groundup.functions import creation
from groundup.tensor import Tensor

if TYPE_CHECKING:
    from groundup.nn.module import Module

M = TypeVar("M", bound="Module")


def wanted_dtype(args: tuple[Any, ...], device: Any, dtype: Any) -> dtypes.dtype | None:
    """Reads the arguments of ``Module.to``; None if they ask for no change of dtype."""
    for argument in args:
        if isinstance(argument, Tensor):
            dtype = argument.dtype
        elif isinstance(argument, dtypes.dtype):
            dtype = argument
        elif isinstance(argument, bool):  # PyTorch's third positional argument, non_blocking
            continue
        else:
            creation.device(argument)  # which refuses every device but the CPU
    if device is not None:
        creation.device(device)
    if dtype is None:
        return None
    if not isinstance(dtype, dtypes.dtype):
        raise TypeError(f"dtype must be a groundup.dtype such as groundup.float32, not {dtype!r}")
    if not dtype.is_floating_point:
        raise TypeError(f"nn.Module.to only accepts floating point dtypes, but got desired dtype={dtype!r}")
    return dtype


def cast_floating(module: M, dtype: dtypes.dtype) -> M:
    """Casts every floating-point parameter, its gradient and every floating-point buffer, in place."""
    for parameter in module.parameters():
        if parameter.is_floating_point():
            parameter.data = parameter.data.to(dtype)
            if parameter.grad is not None:
                # Taken off first: a gradient must have the dtype of its tensor.
                grad, parameter.grad = parameter.grad, None
                parameter.grad = grad.to(dtype)
    for buffer in module.buffers():
        if buffer.is_floating_point():
            buffer.data = buffer.data.to(dtype)
    return module


def order_memory(module: Module, memory_format: Any) -> None:
    """Lays parameters and buffers with as many axes as the format has out in its order, in place."""
    rank = 5 if memory_format is creation.channels_last_3d else 4
    for tensor in (*module.parameters(), *module.buffers()):
        if tensor.dim() == rank:
            tensor.data = tensor.data.contiguous(memory_format=memory_format)
