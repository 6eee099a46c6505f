"""Exponentials, logarithms, roots, and the functions of angles."""

from __future__ import annotations

from math import pi
from typing import Any

import numpy as np

from groundup import dtypes
from groundup.autograd.apply import apply
from groundup.autograd.tape import TensorBase, shown_as
from groundup.functions.elementwise.choosing import clamp
from groundup.ops import elementwise as rows

__all__ = [
    "acos",
    "acosh",
    "arccos",
    "arccosh",
    "arcsin",
    "arcsinh",
    "arctan",
    "arctan2",
    "arctanh",
    "asin",
    "asinh",
    "atan",
    "atan2",
    "atanh",
    "cos",
    "cosh",
    "deg2rad",
    "exp",
    "exp2",
    "expm1",
    "hypot",
    "log",
    "log1p",
    "log2",
    "log10",
    "logaddexp",
    "logaddexp2",
    "logit",
    "rad2deg",
    "rsqrt",
    "sin",
    "sinc",
    "sinh",
    "sqrt",
    "tan",
    "tanh",
    "xlogy",
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


def exp2(input: Tensor) -> Tensor:
    """2 ** input."""
    return apply(rows.exp2, input)


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


def tan(input: Tensor) -> Tensor:
    """The tangent."""
    return apply(rows.tan, input)


def asin(input: Tensor) -> Tensor:
    """The angle between -pi/2 and pi/2 whose sine is input; nan outside of [-1, 1]."""
    return apply(rows.asin, input)


def acos(input: Tensor) -> Tensor:
    """The angle between 0 and pi whose cosine is input; nan outside of [-1, 1]."""
    return apply(rows.acos, input)


def atan(input: Tensor) -> Tensor:
    """The angle between -pi/2 and pi/2 whose tangent is input."""
    return apply(rows.atan, input)


def atan2(input: Tensor, other: Tensor) -> Tensor:
    """The angle of the point (other, input), between -pi and pi.

    >>> import groundup
    >>> groundup.atan2(groundup.tensor([1.0, -1.0]), groundup.tensor([-1.0, -1.0]))
    tensor([ 2.3562, -2.3562])
    """
    return apply(rows.atan2, input, other)


def sinc(input: Tensor) -> Tensor:
    """sin(pi * input) / (pi * input), and 1 at 0."""
    return apply(rows.sinc, input)


def sinh(input: Tensor) -> Tensor:
    """The hyperbolic sine."""
    return apply(rows.sinh, input)


def cosh(input: Tensor) -> Tensor:
    """The hyperbolic cosine."""
    return apply(rows.cosh, input)


def tanh(input: Tensor) -> Tensor:
    """The hyperbolic tangent."""
    return apply(rows.tanh, input)


def asinh(input: Tensor) -> Tensor:
    """The number whose hyperbolic sine is input."""
    return apply(rows.asinh, input)


def acosh(input: Tensor) -> Tensor:
    """The number whose hyperbolic cosine is input; nan below 1."""
    return apply(rows.acosh, input)


def atanh(input: Tensor) -> Tensor:
    """The number whose hyperbolic tangent is input; nan outside of [-1, 1]."""
    return apply(rows.atanh, input)


def hypot(input: Tensor, other: Tensor) -> Tensor:
    """sqrt(input**2 + other**2), without overflow on the way."""
    return apply(rows.hypot, input, other)


def logaddexp(input: Tensor, other: Tensor) -> Tensor:
    """log(exp(input) + exp(other)), without overflow on the way.

    >>> import groundup
    >>> groundup.logaddexp(groundup.tensor([-1000.0]), groundup.tensor([-1000.0]))
    tensor([-999.3068])
    """
    return apply(rows.logaddexp, input, other)


def logaddexp2(input: Tensor, other: Tensor) -> Tensor:
    """log2(2**input + 2**other), without overflow on the way."""
    return apply(rows.logaddexp2, input, other)


def logit(input: Tensor, eps: float | None = None) -> Tensor:
    """log(p / (1 - p)), the inverse of the sigmoid; `eps` first bounds p to [eps, 1 - eps].

    >>> import groundup
    >>> groundup.logit(groundup.tensor([0.5, 0.9]))
    tensor([0.0000, 2.1972])
    """
    return apply(rows.logit, input if eps is None else clamp(input, eps, 1 - eps))


def xlogy(input: Tensor | Number, other: Tensor | Number) -> Tensor:
    """input * log(other), and 0 where input is 0 and other is not nan.

    >>> import groundup
    >>> groundup.xlogy(groundup.tensor([0.0, 1.0]), groundup.tensor([0.0, 2.0]))
    tensor([0.0000, 0.6931])
    """
    return apply(rows.xlogy, *both_arrays(input, other))


def both_arrays(input: Tensor | Number, other: Tensor | Number) -> tuple[Any, Any]:
    """Two operands, a number among them as an array in the type of the result, for rows that take its logarithm."""
    kind = next((each._array.dtype for each in (input, other) if isinstance(each, TensorBase)), dtypes.FLOAT64)
    if kind.kind not in dtypes.REAL:
        kind = dtypes.default_float()
    first, second = (each if isinstance(each, TensorBase) else np.asarray(each, kind) for each in (input, other))
    return first, second


def deg2rad(input: Tensor) -> Tensor:
    """Degrees as radians."""
    return shown_as(apply(rows.mul, input, pi / 180), "Deg2RadBackward0")


def rad2deg(input: Tensor) -> Tensor:
    """Radians as degrees."""
    return shown_as(apply(rows.mul, input, 180 / pi), "Rad2DegBackward0")


# Other names for the same functions
arcsin = asin
arccos = acos
arctan = atan
arctan2 = atan2
arcsinh = asinh
arccosh = acosh
arctanh = atanh
