"""The mathematics `m` that a row can be read in: Python floats, NumPy arrays, SymPy symbols and source text.

(The fifth, Tensors, stands above in `autograd`, since it records.) Each is a small class with the same functions;
the operators `+ - * /` and the comparisons come from the values themselves. A name that `ArrayMath` does not have
itself is another row of the tables, applied to arrays.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from groundup.ops import special
from groundup.ops.select import chosen, kept


class ArrayMath:
    """NumPy arrays: the eager reading."""

    abs, floor, ceil, trunc, round = np.abs, np.floor, np.ceil, np.trunc, np.rint
    exp, expm1, log, log1p, log2, log10, sqrt = np.exp, np.expm1, np.log, np.log1p, np.log2, np.log10, np.sqrt
    sin, cos, tanh = np.sin, np.cos, np.tanh
    maximum, minimum = np.maximum, np.minimum
    isinf, isfinite = np.isinf, np.isfinite
    logical_and, logical_or, logical_xor, logical_not = (
        np.logical_and,
        np.logical_or,
        np.logical_xor,
        np.logical_not,
    )
    erf = staticmethod(special.erf)

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
        return np.power(x, p)

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


def _check_divisor(a: Any, b: Any) -> None:
    """Integers have no infinity: a 0 among them raises PyTorch's error, where NumPy would answer 0."""
    zero = b.dtype.kind in "iu" and not b.all() if isinstance(b, np.ndarray) else b == 0 and a.dtype.kind in "iu"
    if zero:
        raise RuntimeError("ZeroDivisionError\n  An integer was divided by 0; floating numbers give inf or nan.")


ARRAYS = ArrayMath()


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
    sin, cos = staticmethod(_ieee(math.sin)), staticmethod(_ieee(math.cos))
    tanh, erf = staticmethod(_ieee(math.tanh)), staticmethod(_ieee(math.erf))
    pow = staticmethod(_power)
    isinf, isfinite = math.isinf, math.isfinite

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


class Expression:
    """A piece of source text with the strength of its outermost operator, so that parentheses go where they must."""

    __slots__ = ("strength", "text")

    def __init__(self, text: str, strength: int = 9) -> None:
        self.text = text
        self.strength = strength

    def __str__(self) -> str:
        return self.text

    def __neg__(self) -> Expression:
        return Expression(f"-{_operand(self, 6)}", 6)

    def __invert__(self) -> Expression:
        return Expression(f"~{_operand(self, 6)}", 6)


def _operand(value: Any, strength: int) -> str:
    if not isinstance(value, Expression):
        value = Expression(repr(value), 6 if isinstance(value, (int, float)) and value < 0 else 9)
    return f"({value.text})" if value.strength < strength else value.text


def _infix(symbol: str, strength: int, reflected: bool = False) -> Callable[[Expression, Any], Expression]:
    # The right operand is bracketed at equal strength, since a - (b - c) is not a - b - c.
    def method(self: Expression, other: Any) -> Expression:
        left, right = (other, self) if reflected else (self, other)
        # So is the left one of a comparison, since (a < b) == c is not a < b == c.
        weaker = _operand(left, strength + 1 if strength == 0 else strength)
        return Expression(f"{weaker} {symbol} {_operand(right, strength + 1)}", strength)

    return method


for _name, _symbol, _strength in (
    ("add", "+", 4),
    ("sub", "-", 4),
    ("mul", "*", 5),
    ("truediv", "/", 5),
    ("and", "&", 3),
    ("xor", "^", 2),
    ("or", "|", 1),
):
    setattr(Expression, f"__{_name}__", _infix(_symbol, _strength))
    setattr(Expression, f"__r{_name}__", _infix(_symbol, _strength, reflected=True))
for _name, _symbol in (("eq", "=="), ("ne", "!="), ("lt", "<"), ("le", "<="), ("gt", ">"), ("ge", ">=")):
    setattr(Expression, f"__{_name}__", _infix(_symbol, 0))


SPELLED = {"round": "rint", "pow": "power"}  # where NumPy has another name


class SourceMath:
    """Source text: the seam of the compiler. `prefix` is where the printed functions live."""

    def __init__(self, prefix: str = "np.") -> None:
        self.prefix = prefix

    def cast(self, x: Any, to: Any) -> Expression:
        """x.astype(to)."""
        return Expression(f"{_operand(x, 9)}.astype({self.prefix}{np.dtype(to).name})")

    def __getattr__(self, name: str) -> Callable[..., Expression]:
        if name.startswith("_") or not hasattr(ArrayMath, name):
            raise AttributeError(f"no function of the source reading is called {name!r}")
        spelled = SPELLED.get(name, name)

        def call(*values: Any) -> Expression:
            return Expression(f"{self.prefix}{spelled}({', '.join(_operand(value, 0) for value in values)})")

        return call
