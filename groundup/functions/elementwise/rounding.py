"""Rounding to whole numbers; the slope is zero wherever there is one."""

from __future__ import annotations

from typing import Any

from groundup import dtypes
from groundup.autograd.apply import apply
from groundup.autograd.tape import shown_as
from groundup.ops import elementwise as rows
from groundup.ops.row import Row
from groundup.ops.view import clone

__all__ = [
    "ceil",
    "fix",
    "floor",
    "frac",
    "round",
    "trunc",
]

Tensor = Any  # the class stands above this module; `groundup.tensor` gives the functions as its methods


def _whole(row: Row, input: Tensor) -> Tensor:
    """A rounding of floating numbers; integers are whole already."""
    return apply(row, input) if input._array.dtype.kind in dtypes.REAL else apply(clone, input)


def floor(input: Tensor) -> Tensor:
    """The largest whole number not above."""
    return _whole(rows.floor, input)


def ceil(input: Tensor) -> Tensor:
    """The smallest whole number not below."""
    return _whole(rows.ceil, input)


def round(input: Tensor, *, decimals: int = 0) -> Tensor:
    """The nearest whole number (ties to even), or the nearest with so many `decimals`."""
    if decimals == 0:
        return _whole(rows.round_, input)
    scale = 10.0**decimals
    return apply(rows.div, apply(rows.round_, apply(rows.mul, input, scale)), scale)


def trunc(input: Tensor) -> Tensor:
    """The whole part, towards 0."""
    return _whole(rows.trunc, input)


def frac(input: Tensor) -> Tensor:
    """The part behind the point, input - trunc(input), with the sign of input."""
    kind = input._array.dtype
    if kind.kind not in dtypes.REAL:
        raise NotImplementedError(
            f"\"frac_cpu\" not implemented for '{dtypes.OF_NUMPY[kind].legacy}'\n"
            "  Whole numbers have nothing behind the point."
        )
    return shown_as(apply(rows.sub, input, apply(rows.trunc, input)), "FracBackward0")


fix = trunc  # another name for the same function
