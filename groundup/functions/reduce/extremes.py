"""The largest and the smallest, and where they are."""

from __future__ import annotations

from typing import Any

import numpy as np

from groundup.autograd.apply import apply
from groundup.autograd.tape import TensorBase, constant, shown_as
from groundup.functions.axes import Dim, axes, one_axis
from groundup.functions.reduce.checks import check_not_empty
from groundup.functions.reduce.results import aminmax_result, max_result, min_result, selected
from groundup.ops import elementwise
from groundup.ops import reduce as rows
from groundup.ops.row import Row

__all__ = ["amax", "amin", "aminmax", "argmax", "argmin", "max", "min"]

Tensor = Any


def amax(input: Tensor, dim: Dim = (), keepdim: bool = False) -> Tensor:
    """The maximum over `dim`; elements that tie share the gradient."""
    return _extreme(rows.amax, input, dim, keepdim)


def amin(input: Tensor, dim: Dim = (), keepdim: bool = False) -> Tensor:
    """The minimum over `dim`; elements that tie share the gradient."""
    return _extreme(rows.amin, input, dim, keepdim)


def _extreme(row: Row, input: Tensor, dim: Dim, keepdim: bool) -> Tensor:
    dims = axes(dim, input._array.ndim)
    if not input._array.size:
        if dim is None or dim == ():
            raise _nothing(row.name)
        check_not_empty(input, dims, row.name)
    return apply(row, input, dim=dims, keepdim=keepdim)


def _nothing(name: str) -> RuntimeError:
    return RuntimeError(
        f"{name}(): Expected reduction dim to be specified for input.numel() == 0. "
        "Specify the reduction dim with the 'dim' argument."
    )


def aminmax(input: Tensor, *, dim: int | None = None, keepdim: bool = False) -> aminmax_result:
    """The smallest and the largest element, of everything or along `dim`.

    >>> import groundup
    >>> groundup.aminmax(groundup.tensor([3, 1, 2])).max
    tensor(3)
    """
    if dim is None and not input._array.size:
        raise RuntimeError(
            "aminmax(): cannot compute aminmax over an empty dimension as the operation has no identity."
        )
    dims = axes(dim, input._array.ndim)
    check_not_empty(input, dims, "aminmax")
    low, high = (apply(row, input, dim=dims, keepdim=keepdim) for row in (rows.amin, rows.amax))
    return aminmax_result(*(shown_as(each, "AminmaxBackward0") for each in (low, high)))


def max(input: Tensor, dim: Any = None, keepdim: bool = False) -> Any:
    """The largest element; along `dim` as (values, indices); with another tensor the larger of each pair.

    >>> import groundup
    >>> groundup.max(groundup.tensor([[1.0, 5.0], [7.0, 2.0]]), dim=1).indices
    tensor([1, 0])
    """
    return _outermost(input, dim, keepdim, elementwise.maximum, amax, argmax, max_result, "max")


def min(input: Tensor, dim: Any = None, keepdim: bool = False) -> Any:
    """The smallest element; along `dim` as (values, indices); with another tensor the smaller of each pair."""
    return _outermost(input, dim, keepdim, elementwise.minimum, amin, argmin, min_result, "min")


def _outermost(
    input: Tensor, dim: Any, keepdim: bool, pair: Any, whole: Any, position: Any, result: Any, name: str
) -> Any:
    if isinstance(dim, TensorBase):
        return apply(pair, input, dim)
    if dim is None:
        if input._array.size == 0:
            raise _nothing(name)
        return shown_as(whole(input), f"{name.capitalize()}Backward1")
    return selected(input, dim, keepdim, position(input, dim, keepdim=True), result, name.capitalize())


def argmax(input: Tensor, dim: int | None = None, keepdim: bool = False) -> Tensor:
    """The position of the largest element (the first of equals), in the flattened tensor or along `dim`."""
    return _position(rows.argmax, input, dim, keepdim)


def argmin(input: Tensor, dim: int | None = None, keepdim: bool = False) -> Tensor:
    """The position of the smallest element (the first of equals), in the flattened tensor or along `dim`."""
    return _position(rows.argmin, input, dim, keepdim)


def _position(row: Row, input: Tensor, dim: int | None, keepdim: bool) -> Tensor:
    if dim is None:
        if input._array.size == 0:
            raise IndexError(f"{row.name}(): Expected reduction dim to be specified for input.numel() == 0.")
        return apply(row, input, dim=None, keepdim=keepdim)
    axis = one_axis(dim, input._array.ndim)
    if input._array.ndim == 0:
        return constant(np.zeros((), np.int64))
    check_not_empty(input, (axis,), row.name)
    return apply(row, input, dim=axis, keepdim=keepdim)
