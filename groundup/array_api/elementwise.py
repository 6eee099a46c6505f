"""The elementwise functions of the standard: each is one of groundup's, for the types that the standard defines it for.

They stand in a table; where the standard asks for something else than PyTorch (`sign` of nan, `clip` in the type of
its argument), the function is written out below it.
"""

from __future__ import annotations

from typing import Any

from groundup.array_api.array import Array, binary, operand, operands, unary
from groundup.array_api.array import floor_divide as quotient
from groundup.array_api.data_types import (
    ALL,
    BOOLEAN,
    FLOATING,
    INTEGRAL,
    INTEGRAL_OR_BOOLEAN,
    NUMERIC,
)
from groundup.functions import creation
from groundup.functions import elementwise as t
from groundup.tensor import Tensor

__all__ = [
    "abs",
    "acos",
    "acosh",
    "add",
    "asin",
    "asinh",
    "atan",
    "atan2",
    "atanh",
    "bitwise_and",
    "bitwise_invert",
    "bitwise_left_shift",
    "bitwise_or",
    "bitwise_right_shift",
    "bitwise_xor",
    "ceil",
    "clip",
    "conj",
    "copysign",
    "cos",
    "cosh",
    "divide",
    "equal",
    "exp",
    "expm1",
    "floor",
    "floor_divide",
    "greater",
    "greater_equal",
    "hypot",
    "imag",
    "isfinite",
    "isinf",
    "isnan",
    "less",
    "less_equal",
    "log",
    "log1p",
    "log2",
    "log10",
    "logaddexp",
    "logical_and",
    "logical_not",
    "logical_or",
    "logical_xor",
    "maximum",
    "minimum",
    "multiply",
    "negative",
    "nextafter",
    "not_equal",
    "positive",
    "pow",
    "real",
    "reciprocal",
    "remainder",
    "round",
    "sign",
    "signbit",
    "sin",
    "sinh",
    "sqrt",
    "square",
    "subtract",
    "tan",
    "tanh",
    "trunc",
]

# Arithmetic
add = binary("add", NUMERIC, t.add)
subtract = binary("subtract", NUMERIC, t.sub)
multiply = binary("multiply", NUMERIC, t.mul)
divide = binary("divide", FLOATING, t.div)
floor_divide = binary("floor_divide", NUMERIC, quotient)
remainder = binary("remainder", NUMERIC, t.remainder)
pow = binary("pow", NUMERIC, t.pow)
negative = unary("negative", NUMERIC, t.neg)
positive = unary("positive", NUMERIC, Tensor.clone)
abs = unary("abs", NUMERIC, t.abs)
square = unary("square", NUMERIC, t.square)
reciprocal = unary("reciprocal", FLOATING, t.reciprocal)
copysign = binary("copysign", FLOATING, t.copysign)
nextafter = binary("nextafter", FLOATING, t.nextafter)
hypot = binary("hypot", FLOATING, t.hypot)
maximum = binary("maximum", NUMERIC, t.maximum)
minimum = binary("minimum", NUMERIC, t.minimum)

# Exponents and angles
exp = unary("exp", FLOATING, t.exp)
expm1 = unary("expm1", FLOATING, t.expm1)
log = unary("log", FLOATING, t.log)
log1p = unary("log1p", FLOATING, t.log1p)
log2 = unary("log2", FLOATING, t.log2)
log10 = unary("log10", FLOATING, t.log10)
logaddexp = binary("logaddexp", FLOATING, t.logaddexp)
sqrt = unary("sqrt", FLOATING, t.sqrt)
sin = unary("sin", FLOATING, t.sin)
cos = unary("cos", FLOATING, t.cos)
tan = unary("tan", FLOATING, t.tan)
asin = unary("asin", FLOATING, t.asin)
acos = unary("acos", FLOATING, t.acos)
atan = unary("atan", FLOATING, t.atan)
atan2 = binary("atan2", FLOATING, t.atan2)
sinh = unary("sinh", FLOATING, t.sinh)
cosh = unary("cosh", FLOATING, t.cosh)
tanh = unary("tanh", FLOATING, t.tanh)
asinh = unary("asinh", FLOATING, t.asinh)
acosh = unary("acosh", FLOATING, t.acosh)
atanh = unary("atanh", FLOATING, t.atanh)

# Whole numbers
floor = unary("floor", NUMERIC, t.floor)
ceil = unary("ceil", NUMERIC, t.ceil)
round = unary("round", NUMERIC, t.round)
trunc = unary("trunc", NUMERIC, t.trunc)
bitwise_and = binary("bitwise_and", INTEGRAL_OR_BOOLEAN, t.bitwise_and)
bitwise_or = binary("bitwise_or", INTEGRAL_OR_BOOLEAN, t.bitwise_or)
bitwise_xor = binary("bitwise_xor", INTEGRAL_OR_BOOLEAN, t.bitwise_xor)
bitwise_invert = unary("bitwise_invert", INTEGRAL_OR_BOOLEAN, t.bitwise_not)
bitwise_left_shift = binary("bitwise_left_shift", INTEGRAL, t.bitwise_left_shift)
bitwise_right_shift = binary("bitwise_right_shift", INTEGRAL, t.bitwise_right_shift)

# Questions
equal = binary("equal", ALL, t.eq)
not_equal = binary("not_equal", ALL, t.ne)
less = binary("less", NUMERIC, t.lt)
less_equal = binary("less_equal", NUMERIC, t.le)
greater = binary("greater", NUMERIC, t.gt)
greater_equal = binary("greater_equal", NUMERIC, t.ge)
isfinite = unary("isfinite", NUMERIC, t.isfinite)
isinf = unary("isinf", NUMERIC, t.isinf)
isnan = unary("isnan", NUMERIC, t.isnan)
signbit = unary("signbit", FLOATING, t.signbit)
logical_and = binary("logical_and", BOOLEAN, t.logical_and)
logical_or = binary("logical_or", BOOLEAN, t.logical_or)
logical_xor = binary("logical_xor", BOOLEAN, t.logical_xor)
logical_not = unary("logical_not", BOOLEAN, t.logical_not)

# Of complex numbers, which there are none of: a real number is its own real part and conjugate.
conj = unary("conj", NUMERIC, Tensor.clone)
real = unary("real", NUMERIC, Tensor.clone)
imag = unary("imag", NUMERIC, creation.zeros_like)


def sign(x: Array, /) -> Array:
    """-1, 0 or 1, or nan for nan (where PyTorch's is 0)."""
    tensor = operand("sign", NUMERIC, x)
    found = t.sign(tensor)
    return Array(t.where(t.isnan(tensor), tensor, found) if tensor.dtype in FLOATING else found)


def clip(x: Array, /, min: Any = None, max: Any = None) -> Array:
    """Each element, no less than `min` and no more than `max`, in the type of `x`."""
    found = operand("clip", NUMERIC, x)
    if min is not None:
        found = t.maximum(*operands("clip", NUMERIC, Array(found), min))
    if max is not None:
        found = t.minimum(*operands("clip", NUMERIC, Array(found), max))
    return Array(found.to(x.dtype).clone() if found is x.tensor else found.to(x.dtype))
