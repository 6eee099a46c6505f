"""SymPy expressions: what the proof of a derivative is read in."""

from __future__ import annotations

from typing import Any


class SympyMath:
    """SymPy expressions: what the proof of a derivative is read in. Needs SymPy, and imports it when made."""

    def __init__(self) -> None:
        import sympy

        self.sympy = sympy
        self.abs, self.sign, self.exp, self.log = sympy.Abs, sympy.sign, sympy.exp, sympy.log
        self.sqrt, self.sin, self.cos, self.tanh, self.erf = (
            sympy.sqrt,
            sympy.sin,
            sympy.cos,
            sympy.tanh,
            sympy.erf,
        )
        self.pow, self.floor, self.ceil = sympy.Pow, sympy.floor, sympy.ceiling

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

    def minimum(self, a: Any, b: Any) -> Any:
        """The smaller, as a choice."""
        return self.where(self.sympy.Le(a, b), a, b)
