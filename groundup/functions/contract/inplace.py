"""The in-place forms of the products that are added to a tensor: each writes its result into the tensor's memory."""

from __future__ import annotations

from typing import Any

from groundup.autograd.tape import TensorBase
from groundup.functions.contract import added

Tensor = Any


class ContractInPlace(TensorBase):
    """The methods that add a product to the tensor."""

    __slots__ = ()

    def addmm_(self: Any, mat1: Tensor, mat2: Tensor, *, beta: float = 1, alpha: float = 1) -> Any:
        """self = addmm(self, mat1, mat2)."""
        return self.copy_(added.addmm(self, mat1, mat2, beta=beta, alpha=alpha))

    def addmv_(self: Any, mat: Tensor, vec: Tensor, *, beta: float = 1, alpha: float = 1) -> Any:
        """self = addmv(self, mat, vec)."""
        return self.copy_(added.addmv(self, mat, vec, beta=beta, alpha=alpha))

    def addr_(self: Any, vec1: Tensor, vec2: Tensor, *, beta: float = 1, alpha: float = 1) -> Any:
        """self = addr(self, vec1, vec2)."""
        return self.copy_(added.addr(self, vec1, vec2, beta=beta, alpha=alpha))

    def addbmm_(self: Any, batch1: Tensor, batch2: Tensor, *, beta: float = 1, alpha: float = 1) -> Any:
        """self = addbmm(self, batch1, batch2)."""
        return self.copy_(added.addbmm(self, batch1, batch2, beta=beta, alpha=alpha))

    def baddbmm_(self: Any, batch1: Tensor, batch2: Tensor, *, beta: float = 1, alpha: float = 1) -> Any:
        """self = baddbmm(self, batch1, batch2)."""
        return self.copy_(added.baddbmm(self, batch1, batch2, beta=beta, alpha=alpha))
