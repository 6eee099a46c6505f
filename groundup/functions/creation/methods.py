"""The methods of a tensor that make new ones of its type, `new_zeros` and the like, or draw by what it holds."""

from __future__ import annotations

from typing import Any

from groundup.autograd.tape import TensorBase
from groundup.functions.creation import distributions, filled
from groundup.functions.creation.data import tensor
from groundup.functions.creation.placing import kind_like


class CreationMethods(TensorBase):
    """What can be called on a tensor to make another one of its type, unless another is given."""

    __slots__ = ()

    bernoulli = distributions.bernoulli
    multinomial = distributions.multinomial

    def new_tensor(self, data: Any, *, dtype: Any = None, device: Any = None, requires_grad: bool = False) -> Any:
        """A tensor of the data."""
        return tensor(data, dtype=kind_like(self, dtype), device=device, requires_grad=requires_grad)

    def new_zeros(
        self,
        *shape: Any,
        size: Any = None,
        dtype: Any = None,
        device: Any = None,
        requires_grad: bool = False,
        layout: Any = None,
        pin_memory: bool = False,
    ) -> Any:
        """Zeros."""
        return filled.zeros(
            *shape,
            size=size,
            dtype=kind_like(self, dtype),
            device=device,
            requires_grad=requires_grad,
            layout=layout,
            pin_memory=pin_memory,
        )

    def new_ones(
        self,
        *shape: Any,
        size: Any = None,
        dtype: Any = None,
        device: Any = None,
        requires_grad: bool = False,
        layout: Any = None,
        pin_memory: bool = False,
    ) -> Any:
        """Ones."""
        return filled.ones(
            *shape,
            size=size,
            dtype=kind_like(self, dtype),
            device=device,
            requires_grad=requires_grad,
            layout=layout,
            pin_memory=pin_memory,
        )

    def new_empty(
        self,
        *shape: Any,
        size: Any = None,
        dtype: Any = None,
        device: Any = None,
        requires_grad: bool = False,
        layout: Any = None,
        pin_memory: bool = False,
    ) -> Any:
        """Uninitialised memory."""
        return filled.empty(
            *shape,
            size=size,
            dtype=kind_like(self, dtype),
            device=device,
            requires_grad=requires_grad,
            layout=layout,
            pin_memory=pin_memory,
        )

    def new_empty_strided(
        self,
        size: Any,
        stride: Any,
        dtype: Any = None,
        device: Any = None,
        requires_grad: bool = False,
        layout: Any = None,
        pin_memory: bool = False,
    ) -> Any:
        """Uninitialised memory with those steps between the elements along each axis."""
        return filled.empty_strided(
            size,
            stride,
            dtype=kind_like(self, dtype),
            device=device,
            requires_grad=requires_grad,
            layout=layout,
            pin_memory=pin_memory,
        )

    def new_full(
        self,
        size: Any,
        fill_value: Any,
        *,
        dtype: Any = None,
        device: Any = None,
        requires_grad: bool = False,
        layout: Any = None,
        pin_memory: bool = False,
    ) -> Any:
        """One value."""
        return filled.full(
            size,
            fill_value,
            dtype=kind_like(self, dtype),
            device=device,
            requires_grad=requires_grad,
            layout=layout,
            pin_memory=pin_memory,
        )
