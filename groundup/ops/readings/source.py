"""Source text: what the compiler prints, and what people read."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from groundup.ops.readings.arrays import ArrayMath


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
        text = repr(value) if value not in (math.inf, -math.inf) and value == value else f"float('{value}')"
        value = Expression(text, 6 if isinstance(value, (int, float)) and value < 0 and text[0] == "-" else 9)
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


# Where NumPy has another name.
SPELLED = {
    "round": "rint",
    "pow": "power",
    "asin": "arcsin",
    "acos": "arccos",
    "atan": "arctan",
    "atan2": "arctan2",
    "asinh": "arcsinh",
    "acosh": "arccosh",
    "atanh": "arctanh",
    "bitwise_left_shift": "left_shift",
    "bitwise_right_shift": "right_shift",
}


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
