"""The in-place forms of what runs along an axis: each writes its result into the tensor's memory."""

from __future__ import annotations

from typing import Any

from groundup.autograd.tape import TensorBase
from groundup.functions.norms import renorm
from groundup.functions.reduce import running


def _kept(tensor: Any) -> Any:
    """What a derivative needs of the tensor: in memory of its own, since the result takes its place."""
    return tensor.clone() if tensor.requires_grad else tensor


class ReduceInPlace(TensorBase):
    """The methods that keep the shape while they sum up."""

    __slots__ = ()

    def cumsum_(self: Any, dim: int, *, dtype: Any = None) -> Any:
        """self = cumsum(self, dim)."""
        return self.copy_(running.cumsum(self, dim, dtype=dtype))

    def cumprod_(self: Any, dim: int, *, dtype: Any = None) -> Any:
        """self = cumprod(self, dim)."""
        return self.copy_(running.cumprod(_kept(self), dim, dtype=dtype))

    def renorm_(self: Any, p: float, dim: int, maxnorm: float) -> Any:
        """self = renorm(self, p, dim, maxnorm)."""
        return self.copy_(renorm(_kept(self), p, dim, maxnorm))
