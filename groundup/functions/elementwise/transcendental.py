"""Exponentials, logarithms, roots, and the functions of angles."""

from __future__ import annotations

from typing import Any

from groundup.autograd.apply import apply
from groundup.ops import elementwise as rows

__all__ = [
    "cos",
    "exp",
    "expm1",
    "log",
    "log1p",
    "log2",
    "log10",
    "rsqrt",
    "sin",
    "sqrt",
]

Tensor = Any  # the class stands above this module; `groundup.tensor` gives the functions as its methods
Number = float | int | bool


def exp(input: Tensor) -> Tensor:
    """e ** input.

    >>> import groundup
    >>> groundup.exp(groundup.tensor([0.0, 1.0]))
    tensor([1.0000, 2.7183])
    """
    return apply(rows.exp, input)


def expm1(input: Tensor) -> Tensor:
    """e ** input - 1, exact also near 0."""
    return apply(rows.expm1, input)


def log(input: Tensor) -> Tensor:
    """The natural logarithm; -inf at 0, nan below."""
    return apply(rows.log, input)


def log1p(input: Tensor) -> Tensor:
    """log(1 + input), exact also near 0."""
    return apply(rows.log1p, input)


def log2(input: Tensor) -> Tensor:
    """The logarithm to base 2."""
    return apply(rows.log2, input)


def log10(input: Tensor) -> Tensor:
    """The logarithm to base 10."""
    return apply(rows.log10, input)


def sqrt(input: Tensor) -> Tensor:
    """The square root; nan below 0."""
    return apply(rows.sqrt, input)


def rsqrt(input: Tensor) -> Tensor:
    """1 / sqrt(input)."""
    return apply(rows.rsqrt, input)


def sin(input: Tensor) -> Tensor:
    """The sine."""
    return apply(rows.sin, input)


def cos(input: Tensor) -> Tensor:
    """The cosine."""
    return apply(rows.cos, input)
