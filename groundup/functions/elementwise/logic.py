"""Comparisons, and the logic of bools and bits. None has a derivative."""

from __future__ import annotations

from math import inf
from typing import Any

import numpy as np

from groundup.autograd.apply import apply
from groundup.autograd.tape import constant
from groundup.ops import elementwise as rows

__all__ = [
    "bitwise_and",
    "bitwise_left_shift",
    "bitwise_not",
    "bitwise_or",
    "bitwise_right_shift",
    "bitwise_xor",
    "eq",
    "ge",
    "greater",
    "greater_equal",
    "gt",
    "isfinite",
    "isinf",
    "isnan",
    "isneginf",
    "isposinf",
    "isreal",
    "le",
    "less",
    "less_equal",
    "logical_and",
    "logical_not",
    "logical_or",
    "logical_xor",
    "lt",
    "ne",
    "not_equal",
    "signbit",
]

Tensor = Any  # the class stands above this module; `groundup.tensor` gives the functions as its methods
Number = float | int | bool


def eq(input: Tensor, other: Tensor | Number) -> Tensor:
    """input == other, as bools."""
    return apply(rows.eq, input, other)


def ne(input: Tensor, other: Tensor | Number) -> Tensor:
    """input != other, as bools."""
    return apply(rows.ne, input, other)


def lt(input: Tensor, other: Tensor | Number) -> Tensor:
    """input < other, as bools."""
    return apply(rows.lt, input, other)


def le(input: Tensor, other: Tensor | Number) -> Tensor:
    """input <= other, as bools."""
    return apply(rows.le, input, other)


def gt(input: Tensor, other: Tensor | Number) -> Tensor:
    """input > other, as bools."""
    return apply(rows.gt, input, other)


def ge(input: Tensor, other: Tensor | Number) -> Tensor:
    """input >= other, as bools."""
    return apply(rows.ge, input, other)


def isnan(input: Tensor) -> Tensor:
    """Where the value is nan."""
    return apply(rows.isnan, input)


def isinf(input: Tensor) -> Tensor:
    """Where the value is infinite."""
    return apply(rows.isinf, input)


def isfinite(input: Tensor) -> Tensor:
    """Where the value is neither infinite nor nan."""
    return apply(rows.isfinite, input)


def isposinf(input: Tensor) -> Tensor:
    """Where the value is inf."""
    return apply(rows.eq, input, inf)


def isneginf(input: Tensor) -> Tensor:
    """Where the value is -inf."""
    return apply(rows.eq, input, -inf)


def isreal(input: Tensor) -> Tensor:
    """Where the value is a real number: everywhere, as there are no complex ones here."""
    return constant(np.ones(input._array.shape, dtype=bool))


def signbit(input: Tensor) -> Tensor:
    """Where the sign is minus, also that of -0."""
    return apply(rows.signbit, input)


def logical_and(input: Tensor, other: Tensor) -> Tensor:
    """Both non-zero, as bools."""
    return apply(rows.logical_and, input, other)


def logical_or(input: Tensor, other: Tensor) -> Tensor:
    """Either non-zero, as bools."""
    return apply(rows.logical_or, input, other)


def logical_xor(input: Tensor, other: Tensor) -> Tensor:
    """Exactly one non-zero, as bools."""
    return apply(rows.logical_xor, input, other)


def logical_not(input: Tensor) -> Tensor:
    """Zero, as bools."""
    return apply(rows.logical_not, input)


def bitwise_and(input: Tensor, other: Tensor | Number) -> Tensor:
    """input & other, on integers and bools."""
    return apply(rows.bitwise_and, input, other)


def bitwise_or(input: Tensor, other: Tensor | Number) -> Tensor:
    """input | other, on integers and bools."""
    return apply(rows.bitwise_or, input, other)


def bitwise_xor(input: Tensor, other: Tensor | Number) -> Tensor:
    """input ^ other, on integers and bools."""
    return apply(rows.bitwise_xor, input, other)


def bitwise_not(input: Tensor) -> Tensor:
    """~input, on integers and bools."""
    return apply(rows.bitwise_not, input)


def bitwise_left_shift(input: Tensor | Number, other: Tensor | Number) -> Tensor:
    """input << other, on integers."""
    return apply(rows.bitwise_left_shift, input, other)


def bitwise_right_shift(input: Tensor | Number, other: Tensor | Number) -> Tensor:
    """input >> other, on integers; the sign stays."""
    return apply(rows.bitwise_right_shift, input, other)


# Other names for the same functions
not_equal = ne
less = lt
less_equal = le
greater = gt
greater_equal = ge
