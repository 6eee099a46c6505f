"""PyTorch's samples as ours: tensors with the same layout in memory, types, sizes and devices by name."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

import groundup

NOT_HERE = (torch.complex32, torch.complex64, torch.complex128, torch.uint16, torch.uint32, torch.uint64)


class NotHere(Exception):
    """The sample uses something that this library leaves out on purpose: complex numbers, sparse layouts."""


def array_of(tensor: torch.Tensor) -> np.ndarray:
    """The values in memory of their own, with the strides and the offset that the tensor has in PyTorch."""
    if tensor.layout is not torch.strided or tensor.is_quantized:
        raise NotHere(f"a tensor of layout {tensor.layout}")
    if tensor.dtype in NOT_HERE:
        raise NotHere(str(tensor.dtype))
    flat = tensor.detach()
    if flat._is_zerotensor():  # a gradient of nothing, without memory
        flat = flat.clone()
    if tensor.dtype is torch.bfloat16:
        return groundup.from_numpy(flat.float().numpy().copy()).to(groundup.bfloat16)._array
    if flat.numel() == 0:
        return flat.numpy().copy()
    span = 1 + sum((size - 1) * step for size, step in zip(flat.shape, flat.stride()))
    memory = flat.as_strided((span,), (1,)).numpy().copy()
    strides = [step * memory.itemsize for step in flat.stride()]
    return np.lib.stride_tricks.as_strided(memory, tuple(flat.shape), strides)


class Converter:
    """Turns the arguments of one call into fresh ones, for PyTorch and for groundup; one tensor stays one tensor."""

    def __init__(self, ours: bool) -> None:
        self.ours = ours
        self.made: dict[int, Any] = {}
        self.kept: list[Any] = []  # so that no id is used twice
        self.leaves: list[Any] = []

    def __call__(self, value: Any) -> Any:
        """The same value for the library of this converter."""
        if isinstance(value, torch.Tensor):
            return self._tensor(value)
        if isinstance(value, (torch.Size, tuple)):
            items = [self(each) for each in value]
            return type(value)(*items) if hasattr(value, "_fields") else tuple(items)
        if isinstance(value, list):
            return [self(each) for each in value]
        if isinstance(value, dict):
            return {name: self(each) for name, each in value.items()}
        if isinstance(value, slice):
            return slice(self(value.start), self(value.stop), self(value.step))
        return self._plain(value) if self.ours else value

    def _plain(self, value: Any) -> Any:
        if isinstance(value, torch.dtype):
            if value in NOT_HERE:
                raise NotHere(str(value))
            return getattr(groundup, str(value).removeprefix("torch."))
        if isinstance(value, (torch.layout, torch.memory_format)):
            name = str(value).removeprefix("torch.")
            if value is torch.channels_last or value is torch.channels_last_3d or not hasattr(groundup, name):
                raise NotHere(str(value))
            return getattr(groundup, name)
        if isinstance(value, torch.device):
            return groundup.device(str(value))
        if isinstance(value, complex):
            raise NotHere("complex numbers")
        return value

    def _tensor(self, value: torch.Tensor) -> Any:
        if id(value) not in self.made:
            self.kept.append(value)
            if self.ours:
                made = groundup.from_numpy(array_of(value))
            else:
                made = value.detach().clone() if value.layout is torch.strided else value.detach()
            if value.requires_grad:
                made.requires_grad_()
                self.leaves.append(made)
            self.made[id(value)] = made
        return self.made[id(value)]


def leaves_of(value: Any, tensor_type: type) -> list[Any]:
    """The tensors and numbers in a result, in order."""
    if isinstance(value, tensor_type):
        return [value]
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, (tuple, list)):
        return [leaf for each in value for leaf in leaves_of(each, tensor_type)]
    return [value]
