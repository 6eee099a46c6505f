"""NumPy arrays: the eager reading."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from groundup.ops.select import chosen, kept


def _special(name: str) -> Any:
    """A function of the room of special functions, which is loaded when one of them is first called."""

    def call(*arguments: Any) -> Any:
        from groundup.ops import special

        return getattr(special, name)(*arguments)

    return staticmethod(call)


class ArrayMath:
    """NumPy arrays: the eager reading."""

    abs, floor, ceil, trunc, round = np.abs, np.floor, np.ceil, np.trunc, np.rint
    exp, exp2, expm1, sqrt = np.exp, np.exp2, np.expm1, np.sqrt
    log, log1p, log2, log10 = np.log, np.log1p, np.log2, np.log10
    logaddexp, logaddexp2, hypot = np.logaddexp, np.logaddexp2, np.hypot
    sin, cos, tan, asin, acos, atan, atan2 = np.sin, np.cos, np.tan, np.arcsin, np.arccos, np.arctan, np.arctan2
    sinh, cosh, tanh, asinh, acosh, atanh = np.sinh, np.cosh, np.tanh, np.arcsinh, np.arccosh, np.arctanh
    maximum, minimum, fmax, fmin = np.maximum, np.minimum, np.fmax, np.fmin
    copysign, nextafter = np.copysign, np.nextafter
    isinf, isfinite, signbit = np.isinf, np.isfinite, np.signbit
    gcd, lcm, bitwise_left_shift, bitwise_right_shift = np.gcd, np.lcm, np.left_shift, np.right_shift
    logical_and, logical_or, logical_xor, logical_not = (
        np.logical_and,
        np.logical_or,
        np.logical_xor,
        np.logical_not,
    )
    erf, erfc, erfcx, erfinv, ndtri = map(_special, ("erf", "erfc", "erfcx", "erfinv", "ndtri"))
    lgamma, digamma, zeta = map(_special, ("lgamma", "digamma", "zeta"))
    exponent = _special("exponent")

    @staticmethod
    def where(condition: Any, a: Any, b: Any) -> Any:
        """a where the condition holds, b elsewhere; on random conditions ten times as fast as NumPy's."""
        if type(b) is int and b == 0:
            return kept(condition, a)
        if type(a) is int and a == 0:
            return kept(np.logical_not(condition), b)
        return chosen(condition, a, b)

    @staticmethod
    def sign(x: Any) -> Any:
        """-1, 0 or 1; 0 for nan, as in PyTorch."""
        found = np.sign(x)
        return kept(found == found, found) if x.dtype.kind == "f" else found

    @staticmethod
    def floor_divide(a: Any, b: Any) -> Any:
        """The floor of the quotient; integers divided by 0 raise."""
        _check_divisor(a, b)
        return np.floor_divide(a, b)

    @staticmethod
    def remainder(a: Any, b: Any) -> Any:
        """What the floored quotient leaves; integers divided by 0 raise."""
        _check_divisor(a, b)
        return np.remainder(a, b)

    @staticmethod
    def fmod(a: Any, b: Any) -> Any:
        """What the truncated quotient leaves; integers divided by 0 raise."""
        _check_divisor(a, b)
        return np.fmod(a, b)

    @staticmethod
    def pow(x: Any, p: Any) -> Any:
        """x ** p; small whole powers are products, which is tens of times faster than NumPy's float32 power."""
        if type(p) in (int, float):
            if p == 2:
                return x * x
            if p == 3:
                return x * x * x
            if p == 1:
                return +x
            if p == 0:
                return np.ones_like(x)
            if p == 0.5 and x.dtype.kind == "f":
                return np.sqrt(x)
            if p == -0.5 and x.dtype.kind == "f":
                return 1 / np.sqrt(x)
            if p == -1 and x.dtype.kind == "f":
                return 1 / x
        if isinstance(p, np.ndarray) and p.dtype.kind == "i" and (p < 0).any():
            return _whole_power(x, p)
        return np.power(x, p)

    @staticmethod
    def constant(array: np.ndarray) -> Any:
        """An array that a formula makes of shapes alone: tensors tell the compiler that it never changes."""
        return array

    @staticmethod
    def cast(x: Any, to: np.dtype[Any]) -> Any:
        """x in the type `to`."""
        return x.astype(to)

    def __getattr__(self, name: str) -> Callable[..., Any]:
        from groundup.ops import ROWS

        if name not in ROWS:
            raise AttributeError(f"no operation is called {name!r}")
        bound = partial(ROWS[name].forward, self)
        setattr(self, name, bound)
        return bound


def _whole_power(x: Any, p: Any) -> Any:
    """x ** p of integers of which some of `p` are negative: there 1 / x ** -p cut to whole numbers."""
    x = np.asarray(x, dtype=p.dtype if isinstance(x, int) else None)
    sign = np.where(p % 2 == 0, x * x, x)  # of 1 and -1
    return np.where(p >= 0, np.power(x, np.maximum(p, 0)), np.where(np.abs(x) == 1, sign, 0))


def _check_divisor(a: Any, b: Any) -> None:
    """Integers have no infinity: a 0 among them raises PyTorch's error, where NumPy would answer 0."""
    zero = b.dtype.kind in "iu" and not b.all() if isinstance(b, np.ndarray) else b == 0 and a.dtype.kind in "iu"
    if zero:
        raise RuntimeError("ZeroDivisionError\n  An integer was divided by 0; floating numbers give inf or nan.")


ARRAYS = ArrayMath()
