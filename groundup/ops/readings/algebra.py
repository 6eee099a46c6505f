"""SymPy expressions: what the proof of a derivative is read in."""

from __future__ import annotations

from typing import Any


class SympyMath:
    """SymPy expressions: what the proof of a derivative is read in. Needs SymPy, and imports it when made."""

    def __init__(self) -> None:
        import sympy

        self.sympy = sympy
        self.abs, self.sign, self.exp, self.log = sympy.Abs, sympy.sign, sympy.exp, sympy.log
        self.sqrt, self.erf, self.erfc, self.erfinv = sympy.sqrt, sympy.erf, sympy.erfc, sympy.erfinv
        self.lgamma, self.digamma = sympy.loggamma, sympy.digamma
        self.sin, self.cos, self.tan = sympy.sin, sympy.cos, sympy.tan
        self.asin, self.acos, self.atan, self.atan2 = sympy.asin, sympy.acos, sympy.atan, sympy.atan2
        self.sinh, self.cosh, self.tanh = sympy.sinh, sympy.cosh, sympy.tanh
        self.asinh, self.acosh, self.atanh = sympy.asinh, sympy.acosh, sympy.atanh
        self.pow, self.floor, self.ceil = sympy.Pow, sympy.floor, sympy.ceiling

    def exp2(self, x: Any) -> Any:
        """2**x."""
        return self.sympy.Integer(2) ** x

    def logaddexp(self, a: Any, b: Any) -> Any:
        """log(exp(a) + exp(b))."""
        return self.sympy.log(self.sympy.exp(a) + self.sympy.exp(b))

    def logaddexp2(self, a: Any, b: Any) -> Any:
        """log2(2**a + 2**b)."""
        return self.log2(self.exp2(a) + self.exp2(b))

    def hypot(self, a: Any, b: Any) -> Any:
        """sqrt(a**2 + b**2)."""
        return self.sympy.sqrt(a * a + b * b)

    def copysign(self, a: Any, b: Any) -> Any:
        """|a| with the sign of b."""
        return self.where(b < 0, -self.sympy.Abs(a), self.sympy.Abs(a))

    def erfcx(self, x: Any) -> Any:
        """exp(x**2) erfc(x)."""
        return self.sympy.exp(x * x) * self.sympy.erfc(x)

    def ndtri(self, x: Any) -> Any:
        """The inverse of the normal distribution function, by that of erf."""
        return self.sympy.sqrt(2) * self.sympy.erfinv(2 * x - 1)

    def zeta(self, s: Any, q: Any) -> Any:
        """The sum of (q + k)**-s; the second derivative of lgamma for s = 2."""
        return self.sympy.polygamma(1, q) if s == 2 else self.sympy.zeta(s, q)

    def expm1(self, x: Any) -> Any:
        """exp(x) - 1."""
        return self.sympy.exp(x) - 1

    def log1p(self, x: Any) -> Any:
        """log(1 + x)."""
        return self.sympy.log(1 + x)

    def log2(self, x: Any) -> Any:
        """log(x) / log(2)."""
        return self.sympy.log(x) / self.sympy.log(2)

    def log10(self, x: Any) -> Any:
        """log(x) / log(10)."""
        return self.sympy.log(x) / self.sympy.log(10)

    def where(self, condition: Any, a: Any, b: Any) -> Any:
        """A Piecewise, settled at once where the region decides the condition."""
        if condition is True or condition is False:
            return a if condition else b
        logic = self.sympy.logic.boolalg
        if not isinstance(condition, (self.sympy.Rel, logic.BooleanFunction, logic.BooleanAtom)):
            condition = self.sympy.Ne(condition, 0)  # a number
        return self.sympy.Piecewise((a, condition), (b, True))

    def maximum(self, a: Any, b: Any) -> Any:
        """The larger, as a choice."""
        return self.where(self.sympy.Ge(a, b), a, b)

    fmax = maximum

    def minimum(self, a: Any, b: Any) -> Any:
        """The smaller, as a choice."""
        return self.where(self.sympy.Le(a, b), a, b)

    fmin = minimum
