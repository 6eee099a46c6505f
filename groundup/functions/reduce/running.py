"""Running sums, products, sums of exponentials and extremes: each element is a reduction of those up to it."""

from __future__ import annotations

from typing import Any

import numpy as np

from groundup.autograd.apply import apply
from groundup.autograd.tape import constant, shown_as
from groundup.functions.axes import one_axis
from groundup.functions.reduce.checks import counted, implemented_for_floats
from groundup.functions.reduce.results import cummax_result, cummin_result, values_at
from groundup.functions.view import clone
from groundup.ops import reduce as rows
from groundup.ops.row import Row

__all__ = ["cummax", "cummin", "cumprod", "cumsum", "logcumsumexp"]

Tensor = Any


def _along(row: Row, input: Tensor, dim: int) -> Tensor:
    axis = one_axis(dim, input._array.ndim)
    return apply(row, input, dim=axis) if input._array.ndim else clone(input)


def cumsum(input: Tensor, dim: int, *, dtype: Any = None) -> Tensor:
    """The running sum along `dim`."""
    return _along(rows.cumsum, counted(input, dtype), dim)


def cumprod(input: Tensor, dim: int, *, dtype: Any = None) -> Tensor:
    """The running product along `dim`; its derivative is right also where factors are 0.

    >>> import groundup
    >>> groundup.cumprod(groundup.tensor([1, 2, 3]), 0)
    tensor([1, 2, 6])
    """
    return _along(rows.cumprod, counted(input, dtype), dim)


def logcumsumexp(input: Tensor, dim: int) -> Tensor:
    """log of the running sum of exp(input) along `dim`, without overflow."""
    implemented_for_floats(input, "logcumsumexp_out_cpu", "logcumsumexp")
    return _along(rows.logcumsumexp, input, dim)


def cummax(input: Tensor, dim: int) -> cummax_result:
    """The running maximum along `dim`, and where it was reached last.

    >>> import groundup
    >>> groundup.cummax(groundup.tensor([1, 3, 2]), 0).values
    tensor([1, 3, 3])
    """
    return _running(rows.argcummax, input, dim, cummax_result, "Cummax")


def cummin(input: Tensor, dim: int) -> cummin_result:
    """The running minimum along `dim`, and where it was reached last."""
    return _running(rows.argcummin, input, dim, cummin_result, "Cummin")


def _running(row: Row, input: Tensor, dim: int, result: Any, node: str) -> Any:
    axis = one_axis(dim, input._array.ndim)
    if not input._array.ndim:
        return result(shown_as(clone(input), f"{node}Backward0"), constant(np.zeros((), np.int64)))
    indices = apply(row, input, dim=axis)
    return result(shown_as(values_at(input, axis, indices), f"{node}Backward0"), indices)
