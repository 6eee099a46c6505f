"""Arithmetic, and several operations of it at once."""

from __future__ import annotations

from typing import Any

from groundup import dtypes
from groundup.autograd.apply import apply
from groundup.autograd.tape import TensorBase, shown_as
from groundup.functions.elementwise.rounding import trunc
from groundup.named import Result
from groundup.ops import elementwise as rows
from groundup.ops.view import clone

__all__ = [
    "abs",
    "absolute",
    "add",
    "addcdiv",
    "addcmul",
    "copysign",
    "div",
    "divide",
    "float_power",
    "floor_divide",
    "fmod",
    "frexp",
    "gcd",
    "lcm",
    "ldexp",
    "lerp",
    "mul",
    "multiply",
    "neg",
    "negative",
    "nextafter",
    "positive",
    "pow",
    "reciprocal",
    "remainder",
    "rsub",
    "sgn",
    "sign",
    "square",
    "sub",
    "subtract",
    "true_divide",
]

Tensor = Any  # the class stands above this module; `groundup.tensor` gives the functions as its methods
Number = float | int | bool


def scaled(other: Tensor | Number, alpha: Number) -> Tensor | Number:
    """alpha * other, as `add` and `sub` take it."""
    return apply(rows.mul, other, alpha) if isinstance(other, TensorBase) else other * alpha


def add(input: Tensor, other: Tensor | Number, *, alpha: Number = 1) -> Tensor:
    """input + alpha * other.

    >>> import groundup
    >>> groundup.add(groundup.tensor([1.0, 2.0]), 10)
    tensor([11., 12.])
    """
    return apply(rows.add, input, other if type(alpha) is int and alpha == 1 else scaled(other, alpha))


def sub(input: Tensor, other: Tensor | Number, *, alpha: Number = 1) -> Tensor:
    """input - alpha * other."""
    return apply(rows.sub, input, other if type(alpha) is int and alpha == 1 else scaled(other, alpha))


def mul(input: Tensor, other: Tensor | Number) -> Tensor:
    """input * other."""
    return apply(rows.mul, input, other)


def div(input: Tensor, other: Tensor | Number, *, rounding_mode: str | None = None) -> Tensor:
    """input / other as real numbers; `rounding_mode` 'floor' or 'trunc' rounds the quotient.

    >>> import groundup
    >>> groundup.div(groundup.tensor([7, -7]), 2, rounding_mode="floor")
    tensor([ 3, -4])
    """
    if rounding_mode is None:
        return apply(rows.div, input, other)
    name = "DivBackward1" if isinstance(other, TensorBase) else "DivBackward2"
    if rounding_mode == "floor":
        return shown_as(apply(rows.div_floor, input, other), name)
    if rounding_mode == "trunc":
        quotient = trunc(apply(rows.div, input, other))
        found = dtypes.result_of([e._array if isinstance(e, TensorBase) else e for e in (input, other)])
        return shown_as(quotient if quotient._array.dtype == found else apply(rows.cast, quotient, to=found), name)
    raise RuntimeError(f"div expected rounding_mode to be one of None, 'trunc', or 'floor' but found '{rounding_mode}'")


def neg(input: Tensor) -> Tensor:
    """-input."""
    if dtypes.is_bool(input._array):
        raise RuntimeError(
            "Negation, the `-` operator, on a bool tensor is not supported. If you are trying to invert a mask, use "
            "the `~` or `logical_not()` operator instead."
        )
    return apply(rows.neg, input)


def pow(input: Tensor | Number, exponent: Tensor | Number) -> Tensor:
    """input ** exponent. Integers keep their type under an integer exponent, which must not be a negative number.

    >>> import groundup
    >>> groundup.pow(groundup.tensor([1.0, 2.0, 3.0]), 2)
    tensor([1., 4., 9.])
    """
    check_power(input, exponent)
    power = apply(rows.pow_, input, exponent)
    if not isinstance(exponent, TensorBase):
        return power
    return shown_as(power, "PowBackward1" if isinstance(input, TensorBase) else "PowBackward2")


def check_power(input: Tensor, exponent: Tensor | Number) -> None:
    """Refuse an integer tensor to a negative whole number: its type cannot hold the fraction."""
    negative = isinstance(exponent, int) and exponent < 0 and isinstance(input, TensorBase)
    if negative and input._array.dtype.kind not in dtypes.REAL:
        raise RuntimeError("Integers to negative integer powers are not allowed.\n  Convert first: x.float() ** -1")


def square(input: Tensor) -> Tensor:
    """input * input; bools count as integers."""
    if input._array.dtype == dtypes.BOOL:
        input = apply(rows.cast, input, to=dtypes.INT64)
    return apply(rows.square, input)


def reciprocal(input: Tensor) -> Tensor:
    """1 / input."""
    return apply(rows.reciprocal, input)


def floor_divide(input: Tensor, other: Tensor | Number) -> Tensor:
    """The floor of input / other."""
    return apply(rows.floor_divide, input, other)


def remainder(input: Tensor, other: Tensor | Number) -> Tensor:
    """input - other * floor(input / other): Python's `%`, with the sign of `other`."""
    return shown_as(apply(rows.remainder, input, other), f"RemainderBackward{int(isinstance(other, TensorBase))}")


def fmod(input: Tensor, other: Tensor | Number) -> Tensor:
    """input - other * trunc(input / other): C's remainder, with the sign of `input`.

    >>> import groundup
    >>> groundup.fmod(groundup.tensor([-3.0, 3.0]), 2)
    tensor([-1.,  1.])
    """
    return shown_as(apply(rows.fmod, input, other), f"FmodBackward{int(isinstance(other, TensorBase))}")


def abs(input: Tensor) -> Tensor:
    """The absolute value; its derivative at 0 is 0."""
    return apply(rows.abs_, input)


def sign(input: Tensor) -> Tensor:
    """-1, 0 or 1; 0 for nan."""
    return apply(rows.sign, input) if input._array.dtype != dtypes.BOOL else apply(clone, input)


def sgn(input: Tensor) -> Tensor:
    """The sign: -1, 0 or 1. (In PyTorch it differs from `sign` on complex numbers alone.)"""
    return shown_as(sign(input), "SgnBackward0")


def positive(input: Tensor) -> Tensor:
    """The tensor itself, what `+x` means; bools are refused."""
    if input._array.dtype == dtypes.BOOL:
        raise RuntimeError("The `+` operator, on a bool tensor is not supported.\n  Convert it with .long() first.")
    return input


def copysign(input: Tensor, other: Tensor | Number) -> Tensor:
    """The size of input with the sign of other; -0 has a sign too."""
    return apply(rows.copysign, input, other)


def float_power(input: Tensor | Number, exponent: Tensor | Number) -> Tensor:
    """input ** exponent in float64, whatever the types.

    >>> import groundup
    >>> groundup.float_power(groundup.tensor([2, 3]), -1)
    tensor([0.5000, 0.3333], dtype=groundup.float64)
    """
    return pow(_double(input), _double(exponent))


def _double(value: Tensor | Number) -> Any:
    return apply(rows.cast, value, to=dtypes.FLOAT64) if isinstance(value, TensorBase) else float(value)


def ldexp(input: Tensor, other: Tensor) -> Tensor:
    """input * 2 ** other."""
    return shown_as(apply(rows.mul, input, pow(2.0, other)), "LdexpBackward0")


class frexp_result(Result):
    """What `frexp` gives: input = mantissa * 2 ** exponent."""

    __slots__ = ()

    mantissa: Tensor
    exponent: Tensor


def frexp(input: Tensor) -> frexp_result:
    """The mantissa, of size 0.5 up to but without 1, and the whole exponent, with input = mantissa * 2 ** exponent.

    >>> import groundup
    >>> mantissa, exponent = groundup.frexp(groundup.tensor([8.0, -3.0]))
    >>> mantissa, exponent
    (tensor([ 0.5000, -0.7500]), tensor([4, 2], dtype=groundup.int32))
    """
    kind = input._array.dtype
    if kind.kind not in dtypes.REAL:
        raise RuntimeError("torch.frexp() only supports floating-point dtypes\n  Convert it with .float().")
    exponent = apply(rows.exponent, input)
    half = apply(rows.floor_divide, exponent, 2)  # in two steps, since 2 ** -exponent itself may overflow
    for part in (half, apply(rows.sub, exponent, half)):
        input = apply(rows.mul, input, apply(rows.exp2, apply(rows.cast, apply(rows.neg, part), to=kind)))
    return frexp_result(shown_as(input, "FrexpBackward0"), exponent)


def rsub(input: Tensor, other: Tensor | Number, *, alpha: Number = 1) -> Tensor:
    """other - alpha * input."""
    taken = input if alpha == 1 else scaled(input, alpha)
    return shown_as(apply(rows.sub, other, taken), f"RsubBackward{int(not isinstance(other, TensorBase))}")


def gcd(input: Tensor, other: Tensor) -> Tensor:
    """The greatest common divisor of integers."""
    return apply(rows.gcd, input, other)


def lcm(input: Tensor, other: Tensor) -> Tensor:
    """The least common multiple of integers."""
    return apply(rows.lcm, input, other)


def nextafter(input: Tensor, other: Tensor) -> Tensor:
    """The number of the type that comes next after input on the way to other."""
    return apply(rows.nextafter, input, other)


def lerp(input: Tensor, end: Tensor, weight: Tensor | Number) -> Tensor:
    """input + weight * (end - input)."""
    return apply(rows.lerp, input, end, weight)


def addcmul(input: Tensor, tensor1: Tensor, tensor2: Tensor, *, value: Number = 1) -> Tensor:
    """input + value * tensor1 * tensor2."""
    return apply(rows.addcmul, input, tensor1, tensor2, value)


def addcdiv(input: Tensor, tensor1: Tensor, tensor2: Tensor, *, value: Number = 1) -> Tensor:
    """input + value * tensor1 / tensor2."""
    return apply(rows.addcdiv, input, tensor1, tensor2, value)


# Other names for the same functions
absolute = abs
divide = div
multiply = mul
negative = neg
subtract = sub
true_divide = div
