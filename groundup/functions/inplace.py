"""The in-place methods of tensors, with PyTorch's names: the same rows, written into the tensor's own memory.

They live in a base class of `Tensor`, since they make no sense as functions. Each returns the tensor itself.
"""

from __future__ import annotations

from groundup.functions.contract.inplace import ContractInPlace
from groundup.functions.elementwise.inplace import ElementwiseInPlace
from groundup.functions.filling import Filling
from groundup.functions.index.inplace import IndexInPlace
from groundup.functions.reduce.inplace import ReduceInPlace
from groundup.functions.view.inplace import ViewInPlace


class InPlace(ElementwiseInPlace, ContractInPlace, IndexInPlace, ReduceInPlace, ViewInPlace, Filling):
    """The methods whose names end in an underscore."""

    __slots__ = ()
