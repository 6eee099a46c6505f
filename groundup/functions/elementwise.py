"""Elementwise functions: one value of the result for one of each argument, after broadcasting.

Each applies one row of `ops.elementwise`, where its formula and derivative stand. All follow ``torch``'s functions
of the same name: integers become the default floating type where the result is a real number, and shapes that do
not broadcast raise RuntimeError with the shapes laid out.
"""

from __future__ import annotations

from typing import Any

from groundup import dtypes
from groundup.autograd.apply import apply
from groundup.autograd.settle import holdable
from groundup.autograd.tape import TensorBase, shown_as, wrap
from groundup.ops import elementwise as rows
from groundup.ops.row import Row
from groundup.ops.view import clone

Tensor = Any  # the class stands above this module; `groundup.tensor` gives the functions as its methods
Number = float | int | bool


def add(input: Tensor, other: Tensor | Number, *, alpha: Number = 1) -> Tensor:
    """input + alpha * other.

    >>> import groundup
    >>> groundup.add(groundup.tensor([1.0, 2.0]), 10)
    tensor([11., 12.])
    """
    return apply(rows.add, input, other if alpha == 1 else other * alpha)


def sub(input: Tensor, other: Tensor | Number, *, alpha: Number = 1) -> Tensor:
    """input - alpha * other."""
    return apply(rows.sub, input, other if alpha == 1 else other * alpha)


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
    if rounding_mode == "floor":
        return floor_divide(input, other)
    if rounding_mode == "trunc":
        quotient = trunc(apply(rows.div, input, other))
        found = dtypes.result_of([e._array if isinstance(e, TensorBase) else e for e in (input, other)])
        return apply(rows.cast, quotient, to=found)
    raise RuntimeError(f"div expected rounding_mode to be one of None, 'trunc', or 'floor' but found '{rounding_mode}'")


def neg(input: Tensor) -> Tensor:
    """-input."""
    if input._array.dtype == dtypes.BOOL:
        raise RuntimeError(
            "Negation, the `-` operator, on a bool tensor is not supported. If you are trying to invert a mask, use "
            "the `~` or `logical_not()` operator instead."
        )
    return apply(rows.neg, input)


def pow(input: Tensor, exponent: Tensor | Number) -> Tensor:
    """input ** exponent. An integer tensor keeps its type under an integer exponent, which must not be negative.

    >>> import groundup
    >>> groundup.pow(groundup.tensor([1.0, 2.0, 3.0]), 2)
    tensor([1., 4., 9.])
    """
    if isinstance(exponent, int) and exponent < 0 and input._array.dtype.kind != "f":
        raise RuntimeError("Integers to negative integer powers are not allowed.\n  Convert first: x.float() ** -1")
    power = apply(rows.pow_, input, exponent)
    return shown_as(power, "PowBackward1") if isinstance(exponent, TensorBase) else power


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
    return apply(rows.remainder, input, other)


def abs(input: Tensor) -> Tensor:
    """The absolute value; its derivative at 0 is 0."""
    return apply(rows.abs_, input)


def sign(input: Tensor) -> Tensor:
    """-1, 0 or 1; 0 for nan."""
    return apply(rows.sign, input) if input._array.dtype != dtypes.BOOL else apply(clone, input)


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


def tanh(input: Tensor) -> Tensor:
    """The hyperbolic tangent."""
    return apply(rows.tanh, input)


def sigmoid(input: Tensor) -> Tensor:
    """1 / (1 + exp(-input))."""
    return apply(rows.sigmoid, input)


def logsigmoid(input: Tensor) -> Tensor:
    """log(sigmoid(input)) = min(input, 0) - log(1 + exp(-|input|)), without overflow."""
    return apply(rows.log_sigmoid, input)


def softplus(input: Tensor, beta: float = 1.0, threshold: float = 20.0) -> Tensor:
    """log(1 + exp(beta * input)) / beta; the input itself where beta * input exceeds `threshold`."""
    return apply(rows.softplus, input, beta, threshold)


def erf(input: Tensor) -> Tensor:
    """The error function, 2 / sqrt(pi) times the integral of exp(-t*t) from 0 to input."""
    return apply(rows.erf, input)


def relu(input: Tensor) -> Tensor:
    """max(input, 0); its derivative at 0 is 0.

    >>> import groundup
    >>> groundup.relu(groundup.tensor([-1.0, 2.0]))
    tensor([0., 2.])
    """
    return apply(rows.relu, input)


def leaky_relu(input: Tensor, negative_slope: float = 0.01) -> Tensor:
    """input where it is positive, negative_slope * input elsewhere."""
    return apply(rows.leaky_relu, input, negative_slope)


def gelu(input: Tensor, *, approximate: str = "none") -> Tensor:
    """input * P(a standard normal <= input); `approximate="tanh"` is the older formula by tanh.

    Hendrycks & Gimpel (2016), *Gaussian Error Linear Units*.
    """
    if approximate == "none":
        return apply(rows.gelu, input)
    if approximate == "tanh":
        return apply(rows.gelu_tanh, input)
    raise RuntimeError(f"approximate argument must be either none or tanh.\n  It is {approximate!r}.")


def maximum(input: Tensor, other: Tensor) -> Tensor:
    """The larger of each pair, nan if one is nan; a tie shares the gradient."""
    return apply(rows.maximum, input, other)


def minimum(input: Tensor, other: Tensor) -> Tensor:
    """The smaller of each pair, nan if one is nan; a tie shares the gradient."""
    return apply(rows.minimum, input, other)


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
    if isinstance(condition, TensorBase) and condition._array.dtype != dtypes.BOOL:
        raise RuntimeError(
            "where expected condition to be a boolean tensor, but got a tensor with dtype "
            f"{dtypes.OF_NUMPY[condition._array.dtype].legacy}\n"
            "  Write a comparison, such as x > 0, or condition.bool()."
        )
    return apply(rows.where, condition, input, other)


def lerp(input: Tensor, end: Tensor, weight: Tensor | Number) -> Tensor:
    """input + weight * (end - input)."""
    return apply(rows.lerp, input, end, weight)


def addcmul(input: Tensor, tensor1: Tensor, tensor2: Tensor, *, value: Number = 1) -> Tensor:
    """input + value * tensor1 * tensor2."""
    return apply(rows.addcmul, input, tensor1, tensor2, value)


def addcdiv(input: Tensor, tensor1: Tensor, tensor2: Tensor, *, value: Number = 1) -> Tensor:
    """input + value * tensor1 / tensor2."""
    return apply(rows.addcdiv, input, tensor1, tensor2, value)


def _whole(row: Row, input: Tensor) -> Tensor:
    """A rounding of floating numbers; integers are whole already."""
    return apply(row, input) if input._array.dtype.kind == "f" else apply(clone, input)


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


def masked_fill(input: Tensor, mask: Tensor, value: Tensor | Number) -> Tensor:
    """value where the mask holds, input elsewhere, in the type of the input.

    >>> import groundup
    >>> x = groundup.tensor([1.0, 2.0])
    >>> x.masked_fill(x > 1, 0)
    tensor([1., 0.])
    """
    if mask._array.dtype != dtypes.BOOL:
        found = dtypes.OF_NUMPY[mask._array.dtype].legacy.lower()
        raise RuntimeError(
            f"masked_fill_ only supports boolean masks, but got mask with dtype {found}\n"
            "  Write a comparison, such as x > 0, or mask.bool()."
        )
    if not isinstance(value, TensorBase):
        value = wrap(input._array.dtype.type(holdable(value, input._array.dtype)))
    elif value._array.ndim:
        raise RuntimeError(
            "masked_fill_ only supports a 0-dimensional value tensor, but got tensor with "
            f"{value._array.ndim} dimension(s)."
        )
    elif value._array.dtype != input._array.dtype:
        value = apply(rows.cast, value, to=input._array.dtype)
    return shown_as(apply(rows.where, mask, value, input), "MaskedFillBackward0")
