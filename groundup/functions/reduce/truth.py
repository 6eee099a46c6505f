"""Whether any or all elements are true, and how many are not 0."""

from __future__ import annotations

from typing import Any

import numpy as np

from groundup.autograd.apply import apply
from groundup.functions.axes import Dim, axes
from groundup.functions.reduce.sums import sum
from groundup.ops import elementwise
from groundup.ops import reduce as rows
from groundup.ops.row import Row

__all__ = ["all", "any", "count_nonzero"]

Tensor = Any


def any(input: Tensor, dim: Dim = None, keepdim: bool = False) -> Tensor:
    """Whether some element is non-zero."""
    return _truth(rows.any_, input, dim, keepdim)


def all(input: Tensor, dim: Dim = None, keepdim: bool = False) -> Tensor:
    """Whether every element is non-zero."""
    return _truth(rows.all_, input, dim, keepdim)


def _truth(row: Row, input: Tensor, dim: Dim, keepdim: bool) -> Tensor:
    """Bools, but uint8 of uint8, as in PyTorch."""
    found = apply(row, input, dim=axes(dim, input._array.ndim), keepdim=keepdim)
    return apply(elementwise.cast, found, to=np.dtype(np.uint8)) if input._array.dtype.char == "B" else found


def count_nonzero(input: Tensor, dim: Dim = None) -> Tensor:
    """How many elements are not 0."""
    return sum(input != 0, dim)
