"""Python floats: the reading of a single neuron."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from groundup.ops import special


def _ieee(function: Callable[..., float], *fallback: tuple[Callable[..., bool], float]) -> Callable[..., float]:
    """`function`, answering as IEEE arithmetic does where Python's `math` raises."""

    def wrapped(*values: float) -> float:
        try:
            return Float(function(*values))
        except (ValueError, OverflowError, ZeroDivisionError):
            for applies, answer in fallback:
                if applies(*values):
                    return Float(answer)
            return Float(math.nan)

    return wrapped


class Float(float):
    """A Python float whose division and power follow IEEE: 1 / 0 is inf, 0 / 0 is nan, (-8) ** 0.5 is nan."""

    __slots__ = ()

    def __truediv__(self, other: float) -> Float:
        if float(other) == 0:
            if float(self) == 0 or math.isnan(self):
                return Float(math.nan)
            return Float(math.copysign(math.inf, self) * math.copysign(1.0, other))
        return Float(float(self) / float(other))

    def __rtruediv__(self, other: float) -> Float:
        return Float(other).__truediv__(float(self))


def _keeping(operator: str) -> Callable[..., Any]:
    """The float operator of that name, giving a `Float` again."""
    plain = getattr(float, operator)

    def method(self: Float, *other: float) -> Any:
        found = plain(float(self), *(float(each) for each in other))
        return Float(found) if isinstance(found, float) else found

    return method


for _operator in ("add", "radd", "sub", "rsub", "mul", "rmul", "neg", "pos", "abs"):
    setattr(Float, f"__{_operator}__", _keeping(f"__{_operator}__"))


def _rounding(function: Callable[[float], float]) -> staticmethod[[float], float]:
    """A rounding that leaves inf and nan as they are, where Python has no integer for them."""
    return staticmethod(lambda x: Float(math.copysign(function(x), x)) if math.isfinite(x) else x)


def _power(x: float, p: float) -> Float:
    """x ** p; where Python raises, inf or nan with the sign that IEEE arithmetic gives."""
    try:
        return Float(math.pow(x, p))
    except (ValueError, OverflowError):
        if x < 0 and p != math.floor(p):
            return Float(math.nan)
        odd = p % 2 == 1
        return Float(math.copysign(math.inf, x) if odd else math.inf)


def _by_array(function: Callable[..., Any]) -> staticmethod[..., float]:
    """A special function that Python does not have, by the one for arrays."""

    def on_floats(*values: float) -> float:
        with np.errstate(all="ignore"):
            return Float(function(*(np.float64(value) for value in values)))

    return staticmethod(on_floats)


class FloatMath:
    """Python floats, for the single neuron; arguments should be `Float` where a division by zero may occur."""

    abs = abs
    floor, ceil = _rounding(math.floor), _rounding(math.ceil)
    trunc, round = _rounding(math.trunc), _rounding(round)
    exp = staticmethod(_ieee(math.exp, (lambda x: x > 0, math.inf)))
    expm1 = staticmethod(_ieee(math.expm1, (lambda x: x > 0, math.inf)))
    log = staticmethod(_ieee(math.log, (lambda x: x == 0, -math.inf)))
    log1p = staticmethod(_ieee(math.log1p, (lambda x: x == -1, -math.inf)))
    log2 = staticmethod(_ieee(math.log2, (lambda x: x == 0, -math.inf)))
    log10 = staticmethod(_ieee(math.log10, (lambda x: x == 0, -math.inf)))
    sqrt = staticmethod(_ieee(math.sqrt))
    exp2 = staticmethod(_ieee(math.exp2, (lambda x: x > 0, math.inf)))
    sin, cos, tan = staticmethod(_ieee(math.sin)), staticmethod(_ieee(math.cos)), staticmethod(_ieee(math.tan))
    asin, acos, atan = staticmethod(_ieee(math.asin)), staticmethod(_ieee(math.acos)), staticmethod(_ieee(math.atan))
    atan2, hypot = staticmethod(_ieee(math.atan2)), staticmethod(_ieee(math.hypot))
    sinh = staticmethod(_ieee(math.sinh, (lambda x: x > 0, math.inf), (lambda x: x < 0, -math.inf)))
    cosh = staticmethod(_ieee(math.cosh, (lambda x: True, math.inf)))
    asinh, acosh = staticmethod(_ieee(math.asinh)), staticmethod(_ieee(math.acosh))
    atanh = staticmethod(_ieee(math.atanh, (lambda x: x == 1, math.inf), (lambda x: x == -1, -math.inf)))
    tanh, erf, erfc = staticmethod(_ieee(math.tanh)), staticmethod(_ieee(math.erf)), staticmethod(_ieee(math.erfc))
    lgamma = staticmethod(_ieee(math.lgamma, (lambda x: True, math.inf)))
    erfcx, erfinv, ndtri = _by_array(special.erfcx), _by_array(special.erfinv), _by_array(special.ndtri)
    digamma, zeta = _by_array(special.digamma), _by_array(special.zeta)
    fmod, copysign, nextafter = (
        staticmethod(_ieee(math.fmod)),
        staticmethod(_ieee(math.copysign)),
        staticmethod(_ieee(math.nextafter)),
    )
    gcd, lcm = math.gcd, math.lcm
    pow = staticmethod(_power)
    isinf, isfinite = math.isinf, math.isfinite
    exponent = staticmethod(lambda x: math.frexp(x)[1])

    @staticmethod
    def sign(x: float) -> float:
        """-1, 0 or 1; 0 for nan."""
        return Float((x > 0) - (x < 0))

    @staticmethod
    def maximum(a: float, b: float) -> float:
        """The larger; nan if either is nan."""
        return a if a != a or a > b else b

    @staticmethod
    def minimum(a: float, b: float) -> float:
        """The smaller; nan if either is nan."""
        return a if a != a or a < b else b

    @staticmethod
    def fmax(a: float, b: float) -> float:
        """The larger; of a number and nan the number."""
        return a if b != b or a >= b else b

    @staticmethod
    def fmin(a: float, b: float) -> float:
        """The smaller; of a number and nan the number."""
        return a if b != b or a <= b else b

    @staticmethod
    def logaddexp(a: float, b: float) -> float:
        """log(exp(a) + exp(b))."""
        return Float(a) if a == b and math.isinf(a) else max(a, b) + FloatMath.log1p(FloatMath.exp(-abs(a - b)))

    @staticmethod
    def logaddexp2(a: float, b: float) -> float:
        """log2(2**a + 2**b)."""
        if a == b and math.isinf(a):
            return Float(a)
        return max(a, b) + FloatMath.log1p(FloatMath.exp2(-abs(a - b))) / math.log(2)

    @staticmethod
    def signbit(x: float) -> bool:
        """Whether the sign is minus, also that of -0."""
        return math.copysign(1.0, x) < 0

    @staticmethod
    def bitwise_left_shift(a: int, b: int) -> int:
        """a times 2**b."""
        return a << b if b >= 0 else 0

    @staticmethod
    def bitwise_right_shift(a: int, b: int) -> int:
        """The floor of a / 2**b."""
        return a >> b if b >= 0 else -(a < 0)

    @staticmethod
    def where(condition: bool, a: float, b: float) -> float:
        """`a` if the condition holds, else `b`."""
        return a if condition else b

    @staticmethod
    def floor_divide(a: float, b: float) -> float:
        """The floor of the quotient."""
        return Float(float(a) // float(b)) if b else Float(a) / b

    @staticmethod
    def remainder(a: float, b: float) -> float:
        """What the floored quotient leaves, with the sign of `b`."""
        return Float(float(a) % float(b)) if b else Float(math.nan)

    @staticmethod
    def cast(x: float, to: Any) -> float:
        """A Python number has no narrower types: itself."""
        return x

    @staticmethod
    def logical_and(a: float, b: float) -> bool:
        """Both non-zero."""
        return bool(a) and bool(b)

    @staticmethod
    def logical_or(a: float, b: float) -> bool:
        """Either non-zero."""
        return bool(a) or bool(b)

    @staticmethod
    def logical_xor(a: float, b: float) -> bool:
        """Exactly one non-zero."""
        return bool(a) != bool(b)

    @staticmethod
    def logical_not(x: float) -> bool:
        """Zero."""
        return not x
