"""Sorting, and the largest few."""

from __future__ import annotations

from typing import Any

import numpy as np

from groundup.autograd.apply import apply
from groundup.autograd.tape import constant, shown_as
from groundup.functions.axes import one_axis
from groundup.functions.reduce.results import sort_result, topk_result, values_at
from groundup.ops import reduce as rows

__all__ = ["argsort", "msort", "sort", "topk"]

Tensor = Any


def argsort(input: Tensor, dim: int = -1, descending: bool = False, *, stable: bool = False) -> Tensor:
    """The indices that sort along `dim` (always stably)."""
    axis = one_axis(dim, input._array.ndim)
    if input._array.ndim == 0:
        return constant(np.zeros((), np.int64))
    return apply(rows.argsort, input, dim=axis, descending=descending)


def sort(input: Tensor, dim: int = -1, descending: bool = False, *, stable: bool = False) -> sort_result:
    """The elements in order along `dim`, and where each was; always stable, nan last."""
    indices = argsort(input, dim, descending)
    values = values_at(input, dim, indices)
    return sort_result(shown_as(values, "SortBackward0"), indices)


def msort(input: Tensor) -> Tensor:
    """The elements in order along the first axis."""
    return sort(input, 0).values


def topk(input: Tensor, k: int, dim: int = -1, largest: bool = True, sorted: bool = True) -> topk_result:
    """The `k` largest (or smallest) elements along `dim`, in order, and where each was.

    >>> import groundup
    >>> groundup.topk(groundup.tensor([3.0, 9.0, 5.0]), 2).values
    tensor([9., 5.])
    """
    axis = one_axis(dim, input._array.ndim)
    size = input._array.shape[axis] if input._array.ndim else 1
    if not 0 <= k <= size:
        raise RuntimeError(f"selected index k out of range\n  k is {k}, and dimension {dim} has {size} elements.")
    if not input._array.ndim:
        return topk_result(*sort(input))
    indices = apply(rows.argtop, input, dim=axis, k=k, largest=largest)
    return topk_result(shown_as(values_at(input, dim, indices), "TopkBackward0"), indices)
