"""The in-place forms of the products that are added to a tensor: each writes its result into the tensor's memory."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from groundup.autograd.tape import TensorBase
from groundup.functions.contract import added

Method = Callable[..., Any]


def _copying(function: Callable[..., Any]) -> Method:
    """The in-place method of a function: its result, copied in. Returns the tensor itself."""

    def method(self: Any, first: Any, second: Any, *, beta: float = 1, alpha: float = 1) -> Any:
        return self.copy_(function(self, first, second, beta=beta, alpha=alpha))

    name = f"{function.__name__}_"
    method.__name__, method.__qualname__ = name, f"Tensor.{name}"
    method.__doc__ = f"self = {function.__name__}(self, first, second), with the same settings."
    return method


class ContractInPlace(TensorBase):
    """The methods that add a product to the tensor."""

    __slots__ = ()

    addmm_ = _copying(added.addmm)
    addmv_ = _copying(added.addmv)
    addr_ = _copying(added.addr)
    addbmm_ = _copying(added.addbmm)
    baddbmm_ = _copying(added.baddbmm)
