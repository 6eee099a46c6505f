"""Which of several values: maxima and minima, bounds, `where` and masks."""

from __future__ import annotations

from math import inf
from typing import Any

from groundup import dtypes
from groundup.autograd.apply import apply
from groundup.autograd.settle import holdable
from groundup.autograd.tape import TensorBase, constant, shown_as, wrap
from groundup.autograd.watch import Symbol
from groundup.ops import elementwise as rows
from groundup.ops.view import clone

__all__ = [
    "clamp",
    "clamp_max",
    "clamp_min",
    "clip",
    "fmax",
    "fmin",
    "heaviside",
    "masked_fill",
    "maximum",
    "minimum",
    "nan_to_num",
    "where",
]

Tensor = Any  # the class stands above this module; `groundup.tensor` gives the functions as its methods
Number = float | int | bool


def maximum(input: Tensor, other: Tensor) -> Tensor:
    """The larger of each pair, nan if one is nan; a tie shares the gradient."""
    return apply(rows.maximum, input, other)


def minimum(input: Tensor, other: Tensor) -> Tensor:
    """The smaller of each pair, nan if one is nan; a tie shares the gradient."""
    return apply(rows.minimum, input, other)


def fmax(input: Tensor, other: Tensor) -> Tensor:
    """The larger of each pair; a number beside nan is taken, and at a tie the first has the gradient."""
    return apply(rows.fmax, input, other)


def fmin(input: Tensor, other: Tensor) -> Tensor:
    """The smaller of each pair; a number beside nan is taken, and at a tie the first has the gradient."""
    return apply(rows.fmin, input, other)


def clamp_min(input: Tensor, min: Tensor | Number) -> Tensor:
    """input, but at least `min`."""
    return apply(rows.clamp_min, input, min)


def clamp_max(input: Tensor, max: Tensor | Number) -> Tensor:
    """input, but at most `max`."""
    return apply(rows.clamp_max, input, max)


def clamp(input: Tensor, min: Tensor | Number | None = None, max: Tensor | Number | None = None) -> Tensor:
    """input, but at least `min` and at most `max`; `max` wins where they cross.

    >>> import groundup
    >>> groundup.clamp(groundup.tensor([-2.0, 0.5, 3.0]), 0, 1)
    tensor([0.0000, 0.5000, 1.0000])
    """
    if min is None and max is None:
        raise RuntimeError("torch.clamp: At least one of 'min' or 'max' must not be None")
    if min is not None:
        input = apply(rows.clamp_min, input, min)
    return shown_as(input if max is None else apply(rows.clamp_max, input, max), "ClampBackward1")


def where(condition: Tensor, input: Tensor | Number | None = None, other: Tensor | Number | None = None) -> Any:
    """input where the condition holds, other elsewhere; with the condition alone, the indices where it holds.

    >>> import groundup
    >>> x = groundup.tensor([-1.0, 2.0])
    >>> groundup.where(x > 0, x, 0.0)
    tensor([0., 2.])
    """
    if input is None and other is None:
        return tuple(wrap(found) for found in condition._array.nonzero())
    if isinstance(condition, TensorBase) and not dtypes.is_bool(condition._array):
        raise RuntimeError(
            "where expected condition to be a boolean tensor, but got a tensor with dtype "
            f"{dtypes.OF_NUMPY[condition._array.dtype].legacy}\n"
            "  Write a comparison, such as x > 0, or condition.bool()."
        )
    return apply(rows.where, condition, input, other)


def masked_fill(input: Tensor, mask: Tensor, value: Tensor | Number) -> Tensor:
    """value where the mask holds, input elsewhere, in the type of the input.

    >>> import groundup
    >>> x = groundup.tensor([1.0, 2.0])
    >>> x.masked_fill(x > 1, 0)
    tensor([1., 0.])
    """
    if not dtypes.is_bool(mask._array):
        found = dtypes.OF_NUMPY[mask._array.dtype].legacy.lower()
        raise RuntimeError(
            f"masked_fill_ only supports boolean masks, but got mask with dtype {found}\n"
            "  Write a comparison, such as x > 0, or mask.bool()."
        )
    if isinstance(value, Symbol):
        pass  # a number that the compiler reads anew at each call
    elif not isinstance(value, TensorBase):
        value = constant(input._array.dtype.type(holdable(value, input._array.dtype)))
    elif value._array.ndim:
        raise RuntimeError(
            "masked_fill_ only supports a 0-dimensional value tensor, but got tensor with "
            f"{value._array.ndim} dimension(s)."
        )
    elif value._array.dtype != input._array.dtype:
        value = apply(rows.cast, value, to=input._array.dtype)
    return shown_as(apply(rows.where, mask, value, input), "MaskedFillBackward0")


def heaviside(input: Tensor, values: Tensor) -> Tensor:
    """0 below 0, 1 above, and `values` at 0.

    >>> import groundup
    >>> groundup.heaviside(groundup.tensor([-2.0, 0.0, 3.0]), groundup.tensor(0.5))
    tensor([0.0000, 0.5000, 1.0000])
    """
    if input._array.dtype != values._array.dtype:
        raise RuntimeError(
            "heaviside is not yet implemented for tensors with different dtypes.\n"
            "  Convert one of them, e.g. values.to(input.dtype)."
        )
    step = apply(rows.cast, apply(rows.gt, input, 0), to=input._array.dtype)
    return apply(rows.where, apply(rows.eq, input, 0), values, step)


def nan_to_num(
    input: Tensor, nan: float | None = None, posinf: float | None = None, neginf: float | None = None
) -> Tensor:
    """input with nan replaced by 0, inf by the largest and -inf by the smallest number of its type, or as given.

    >>> import groundup
    >>> groundup.nan_to_num(groundup.tensor([groundup.nan, 1.0, groundup.inf]), posinf=9)
    tensor([0., 1., 9.])
    """
    kind = input._array.dtype
    if kind.kind not in dtypes.REAL:
        return apply(clone, input)
    largest = float(dtypes.OF_NUMPY[kind].limits.max)
    for there, given, default in (
        (apply(rows.isnan, input), nan, 0.0),
        (apply(rows.eq, input, inf), posinf, largest),
        (apply(rows.eq, input, -inf), neginf, -largest),
    ):
        input = apply(rows.where, there, default if given is None else float(given), input)
    return shown_as(input, "NanToNumBackward0")


# Other names for the same functions
clip = clamp
