"""The element of a given rank: median, k-th smallest; and the most frequent one."""

from __future__ import annotations

from typing import Any

import numpy as np

from groundup.autograd.apply import apply
from groundup.autograd.tape import constant
from groundup.functions.axes import one_axis
from groundup.functions.reduce.checks import check_not_empty
from groundup.functions.reduce.results import (
    kthvalue_result,
    median_result,
    mode_result,
    nanmedian_result,
    selected,
)
from groundup.ops import reduce as rows
from groundup.ops.row import Row

__all__ = ["kthvalue", "median", "mode", "nanmedian"]

Tensor = Any


def median(input: Tensor, dim: int | None = None, keepdim: bool = False) -> Any:
    """The lower of the middle elements, nan if there is one; along `dim` as (values, indices).

    >>> import groundup
    >>> groundup.median(groundup.tensor([3.0, 1.0, 2.0, 9.0]))
    tensor(2.)
    """
    return _median(input, dim, keepdim, False)


def nanmedian(input: Tensor, dim: int | None = None, keepdim: bool = False) -> Any:
    """The lower of the middle elements among those that are not nan; along `dim` as (values, indices)."""
    return _median(input, dim, keepdim, True)


def _median(input: Tensor, dim: int | None, keepdim: bool, skip: bool) -> Any:
    if dim is None:
        return apply(rows.median, input, skip=skip)
    name, result = ("nanmedian", nanmedian_result) if skip else ("median", median_result)
    indices = _places(rows.argmedian, input, dim, name, skip=skip)
    return selected(input, dim, keepdim, indices, result, name.capitalize())


def _places(row: Row, input: Tensor, dim: int, name: str, **params: Any) -> Tensor:
    """Where the row finds its elements along `dim`, which stays with size 1."""
    axis = one_axis(dim, input._array.ndim)
    if not input._array.ndim:
        return constant(np.zeros((), np.int64))
    check_not_empty(input, (axis,), name)
    return apply(row, input, dim=axis, **params)


def kthvalue(input: Tensor, k: int, dim: int = -1, keepdim: bool = False) -> kthvalue_result:
    """The `k`-th smallest element along `dim`, counted from 1, and where it is.

    >>> import groundup
    >>> groundup.kthvalue(groundup.tensor([3.0, 1.0, 2.0]), 2).values
    tensor(2.)
    """
    axis = one_axis(dim, input._array.ndim)
    size = input._array.shape[axis] if input._array.ndim else 1
    if not 1 <= k <= size:
        raise RuntimeError(
            f"kthvalue(): selected number k out of range for dimension {axis}\n"
            f"  k is {k}, and there are {size} elements."
        )
    indices = _places(rows.argkth, input, dim, "kthvalue", k=k - 1)
    return selected(input, dim, keepdim, indices, kthvalue_result, "Kthvalue")


def mode(input: Tensor, dim: int = -1, keepdim: bool = False) -> mode_result:
    """The most frequent element along `dim` (the smallest of several), and where it is last."""
    indices = _places(rows.argmode, input, dim, "mode")
    return selected(input, dim, keepdim, indices, mode_result, "Mode")
