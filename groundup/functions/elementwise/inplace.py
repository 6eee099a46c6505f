"""The in-place methods of the elementwise family: the same rows, written into the tensor's own memory.

Those of one row come from `_of_one` and `_of_two`; those of several rows compute the result and copy it in. Each
returns the tensor itself.
"""

from __future__ import annotations

from collections.abc import Callable
from math import pi
from typing import Any

from groundup.autograd.apply import apply
from groundup.autograd.inplace import apply_, can_store, wrong_type
from groundup.autograd.state import LOCAL
from groundup.autograd.tape import TensorBase
from groundup.functions.elementwise import arithmetic, choosing, rounding, special_functions, transcendental
from groundup.ops import elementwise as rows
from groundup.ops.row import Row
from groundup.ops.view import clone

Method = Callable[..., Any]


def _of_one(row: Row) -> Method:
    """The in-place method of a row with one argument."""

    def method(self: Any) -> Any:
        return apply_(row, self)

    return _named(method, row.name, f"self = {row.name}(self).")


def _of_two(row: Row) -> Method:
    """The in-place method of a row with two arguments."""

    def method(self: Any, other: Any) -> Any:
        return apply_(row, self, other)

    return _named(method, row.name, f"self = {row.name}(self, other).")


def _copying(function: Callable[..., Any]) -> Method:
    """The in-place method of a function made of several rows: its result, copied in."""

    def method(self: Any, *args: Any, **kwargs: Any) -> Any:
        # From a copy where a derivative may need the value that is about to be overwritten.
        before = apply(clone, self) if self.requires_grad and LOCAL.state.grad else self
        result = function(before, *args, **kwargs)
        if not can_store(result._array.dtype, self._array.dtype):
            raise wrong_type(result._array.dtype, self._array.dtype)
        return self.copy_(result)

    return _named(method, function.__name__, f"self = {function.__name__}(self, ...), with the same arguments.")


def _named(method: Method, name: str, doc: str) -> Method:
    method.__name__, method.__qualname__, method.__doc__ = f"{name}_", f"Tensor.{name}_", doc
    return method


class ElementwiseInPlace(TensorBase):
    """The elementwise methods whose names end in an underscore."""

    __slots__ = ()

    # Arithmetic

    def add_(self, other: Any, *, alpha: Any = 1) -> Any:
        """self += alpha * other."""
        return apply_(rows.add, self, other if type(alpha) is int and alpha == 1 else arithmetic.scaled(other, alpha))

    def sub_(self, other: Any, *, alpha: Any = 1) -> Any:
        """self -= alpha * other."""
        return apply_(rows.sub, self, other if type(alpha) is int and alpha == 1 else arithmetic.scaled(other, alpha))

    def div_(self, other: Any, *, rounding_mode: str | None = None) -> Any:
        """self /= other; `rounding_mode` 'floor' or 'trunc' rounds the quotient."""
        if rounding_mode is None:
            return apply_(rows.div, self, other)
        return _divided(self, other, rounding_mode=rounding_mode)

    def pow_(self, exponent: Any) -> Any:
        """self **= exponent."""
        arithmetic.check_power(self, exponent)
        return apply_(rows.pow_, self, exponent)

    subtract_ = sub_
    true_divide_ = divide_ = div_
    mul_ = multiply_ = _of_two(rows.mul)
    floor_divide_ = _of_two(rows.floor_divide)
    remainder_ = _of_two(rows.remainder)
    fmod_ = _of_two(rows.fmod)
    copysign_ = _of_two(rows.copysign)
    nextafter_ = _of_two(rows.nextafter)
    gcd_ = _of_two(rows.gcd)
    lcm_ = _of_two(rows.lcm)
    neg_ = negative_ = _of_one(rows.neg)
    abs_ = absolute_ = _of_one(rows.abs_)
    sign_ = sgn_ = _of_one(rows.sign)
    square_ = _of_one(rows.square)
    reciprocal_ = _of_one(rows.reciprocal)
    float_power_ = _copying(arithmetic.float_power)
    ldexp_ = _copying(arithmetic.ldexp)

    def lerp_(self, end: Any, weight: Any) -> Any:
        """self += weight * (end - self)."""
        return apply_(rows.lerp, self, end, weight)

    def addcmul_(self, tensor1: Any, tensor2: Any, *, value: Any = 1) -> Any:
        """self += value * tensor1 * tensor2."""
        return apply_(rows.addcmul, self, tensor1, tensor2, value)

    def addcdiv_(self, tensor1: Any, tensor2: Any, *, value: Any = 1) -> Any:
        """self += value * tensor1 / tensor2."""
        return apply_(rows.addcdiv, self, tensor1, tensor2, value)

    # Exponentials, logarithms, roots, angles
    exp_ = _of_one(rows.exp)
    exp2_ = _of_one(rows.exp2)
    expm1_ = _of_one(rows.expm1)
    log_ = _of_one(rows.log)
    log1p_ = _of_one(rows.log1p)
    log2_ = _of_one(rows.log2)
    log10_ = _of_one(rows.log10)
    sqrt_ = _of_one(rows.sqrt)
    rsqrt_ = _of_one(rows.rsqrt)
    xlogy_ = _of_two(rows.xlogy)
    hypot_ = _of_two(rows.hypot)
    sin_ = _of_one(rows.sin)
    cos_ = _of_one(rows.cos)
    tan_ = _of_one(rows.tan)
    asin_ = arcsin_ = _of_one(rows.asin)
    acos_ = arccos_ = _of_one(rows.acos)
    atan_ = arctan_ = _of_one(rows.atan)
    atan2_ = arctan2_ = _of_two(rows.atan2)
    sinc_ = _of_one(rows.sinc)
    sinh_ = _of_one(rows.sinh)
    cosh_ = _of_one(rows.cosh)
    tanh_ = _of_one(rows.tanh)
    asinh_ = arcsinh_ = _of_one(rows.asinh)
    acosh_ = arccosh_ = _of_one(rows.acosh)
    atanh_ = arctanh_ = _of_one(rows.atanh)
    logit_ = _copying(transcendental.logit)

    def deg2rad_(self) -> Any:
        """self *= pi / 180."""
        return apply_(rows.mul, self, pi / 180)

    def rad2deg_(self) -> Any:
        """self *= 180 / pi."""
        return apply_(rows.mul, self, 180 / pi)

    # Activations and special functions
    relu_ = _of_one(rows.relu)
    sigmoid_ = _of_one(rows.sigmoid)
    erf_ = _of_one(rows.erf)
    erfc_ = _of_one(rows.erfc)
    erfinv_ = _of_one(rows.erfinv)
    lgamma_ = _of_one(rows.lgamma)
    digamma_ = _of_one(rows.digamma)
    mvlgamma_ = _copying(special_functions.mvlgamma)

    def polygamma_(self, n: int) -> Any:
        """self = polygamma(n, self)."""
        return _derived(self, n)

    # Choosing
    heaviside_ = _copying(choosing.heaviside)
    nan_to_num_ = _copying(choosing.nan_to_num)

    def clamp_(self, min: Any = None, max: Any = None) -> Any:
        """self, but at least `min` and at most `max`."""
        if min is None and max is None:
            raise RuntimeError("clamp_: At least one of 'min' or 'max' must not be None")
        if min is not None:
            apply_(rows.clamp_min, self, min)
        return self if max is None else apply_(rows.clamp_max, self, max)

    clip_ = clamp_

    def clamp_min_(self, min: Any) -> Any:
        """self, but at least `min`."""
        return apply_(rows.clamp_min, self, min)

    def clamp_max_(self, max: Any) -> Any:
        """self, but at most `max`."""
        return apply_(rows.clamp_max, self, max)

    # Rounding
    floor_ = _of_one(rows.floor)
    ceil_ = _of_one(rows.ceil)
    trunc_ = fix_ = _of_one(rows.trunc)
    frac_ = _copying(rounding.frac)

    def round_(self, *, decimals: int = 0) -> Any:
        """self = round(self), to so many `decimals`."""
        return apply_(rows.round_, self) if decimals == 0 else _rounded(self, decimals=decimals)

    # Comparisons, logic, bits
    eq_ = _of_two(rows.eq)
    ne_ = not_equal_ = _of_two(rows.ne)
    lt_ = less_ = _of_two(rows.lt)
    le_ = less_equal_ = _of_two(rows.le)
    gt_ = greater_ = _of_two(rows.gt)
    ge_ = greater_equal_ = _of_two(rows.ge)
    logical_and_ = _of_two(rows.logical_and)
    logical_or_ = _of_two(rows.logical_or)
    logical_xor_ = _of_two(rows.logical_xor)
    logical_not_ = _of_one(rows.logical_not)
    bitwise_and_ = _of_two(rows.bitwise_and)
    bitwise_or_ = _of_two(rows.bitwise_or)
    bitwise_xor_ = _of_two(rows.bitwise_xor)
    bitwise_not_ = _of_one(rows.bitwise_not)
    bitwise_left_shift_ = _of_two(rows.bitwise_left_shift)
    bitwise_right_shift_ = _of_two(rows.bitwise_right_shift)


_derived = _copying(lambda self, n: special_functions.polygamma(n, self))
_divided = _copying(arithmetic.div)
_rounded = _copying(rounding.round)
