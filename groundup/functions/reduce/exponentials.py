"""Sums of exponentials: logsumexp and the two softmaxes."""

from __future__ import annotations

from typing import Any

from groundup import dtypes
from groundup.autograd.apply import apply
from groundup.functions.axes import Dim, axes, one_axis
from groundup.functions.reduce.checks import implemented_for_floats, is_real, typed
from groundup.functions.view import clone, squeeze, unsqueeze
from groundup.ops import reduce as rows
from groundup.ops.row import Row

__all__ = ["log_softmax", "logsumexp", "softmax"]

Tensor = Any


def logsumexp(input: Tensor, dim: Dim, keepdim: bool = False) -> Tensor:
    """log of the sum of exp(input) over `dim`, without overflow."""
    if not is_real(input):
        input = typed(input, dtypes.get_default_dtype())
    return apply(rows.logsumexp, input, dim=axes(dim, input._array.ndim), keepdim=keepdim)


def softmax(input: Tensor, dim: int, dtype: Any = None) -> Tensor:
    """exp(input) divided by its sum along `dim`.

    >>> import groundup
    >>> groundup.softmax(groundup.tensor([0.0, 0.0]), dim=0)
    tensor([0.5000, 0.5000])
    """
    return _softmax(rows.softmax, input, dim, dtype)


def log_softmax(input: Tensor, dim: int, dtype: Any = None) -> Tensor:
    """log(softmax(input)) along `dim`, computed without taking the logarithm of a small number."""
    return _softmax(rows.log_softmax, input, dim, dtype)


def _softmax(row: Row, input: Tensor, dim: int, dtype: Any) -> Tensor:
    input = typed(input, dtype)
    rank = input._array.ndim
    axis = one_axis(dim, rank)
    last = "lastdim_" if axis >= rank - 1 else ""
    implemented_for_floats(input, f"{row.name}_{last}kernel_impl", row.name)
    if rank == 0:
        return squeeze(apply(row, unsqueeze(input, 0), dim=axis), 0)
    return apply(row, input, dim=axis) if input._array.size else clone(input)
