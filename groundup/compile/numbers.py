"""Numbers that a compiled function reads anew at each call: learning rates, step counts, arguments.

Arithmetic on a `Number` gives a `Number` that remembers how it was computed. A comparison gives a plain bool and is
remembered as a condition: when it would come out otherwise, the function is traced anew.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

from groundup.autograd.watch import Symbol
from groundup.compile.errors import TraceError

_STRENGTH = {"+": 4, "-": 4, "*": 5, "/": 5, "//": 5, "%": 5, "**": 7}
_COMPUTE: dict[str, Callable[[Any, Any], Any]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "//": operator.floordiv,
    "%": operator.mod,
    "**": operator.pow,
}
_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "==": operator.eq,
    "!=": operator.ne,
}


class Number(Symbol):
    """An input number, or an expression of input numbers."""

    __slots__ = ("conditions", "late", "strength", "text")

    NAME = 9  # the strength of a name, which is an input number as it is

    def __init__(
        self, value: float | int, text: str, conditions: list[str], strength: int = NAME, late: bool = False
    ) -> None:
        self.value = value
        self.text = text  # Python source in terms of the input numbers' names
        self.conditions = conditions  # one list for the whole trace
        self.strength = strength
        self.late = late  # known only once the program runs, so that nothing can be decided by it

    def __str__(self) -> str:
        return self.text

    __repr__ = __str__

    def __neg__(self) -> Number:
        return Number(-self.value, f"-{_operand(self, 6)}", self.conditions, 6, self.late)

    def __bool__(self) -> bool:
        _check_early(self)
        found = bool(self.value)
        self.conditions.append(self.text if found else f"not {_operand(self, 9)}")
        return found

    def __float__(self) -> float:
        raise TraceError(
            f"the number {self.text} may change from call to call, and a function of `math` would fix it\n"
            "  Write the arithmetic with operators: x ** 0.5 for math.sqrt(x)."
        )

    __int__ = __index__ = __float__
    __hash__ = object.__hash__

    def __add__(self, other: Any) -> Any:
        return _combined("+", self, other)

    def __radd__(self, other: Any) -> Any:
        return _combined("+", other, self)

    def __sub__(self, other: Any) -> Any:
        return _combined("-", self, other)

    def __rsub__(self, other: Any) -> Any:
        return _combined("-", other, self)

    def __mul__(self, other: Any) -> Any:
        return _combined("*", self, other)

    def __rmul__(self, other: Any) -> Any:
        return _combined("*", other, self)

    def __truediv__(self, other: Any) -> Any:
        return _combined("/", self, other)

    def __rtruediv__(self, other: Any) -> Any:
        return _combined("/", other, self)

    def __floordiv__(self, other: Any) -> Any:
        return _combined("//", self, other)

    def __mod__(self, other: Any) -> Any:
        return _combined("%", self, other)

    def __pow__(self, other: Any) -> Any:
        return _combined("**", self, other)

    def __rpow__(self, other: Any) -> Any:
        return _combined("**", other, self)

    def __lt__(self, other: Any) -> bool:
        return _compared("<", self, other)

    def __le__(self, other: Any) -> bool:
        return _compared("<=", self, other)

    def __gt__(self, other: Any) -> bool:
        return _compared(">", self, other)

    def __ge__(self, other: Any) -> bool:
        return _compared(">=", self, other)

    def __eq__(self, other: Any) -> bool:
        return _compared("==", self, other)

    def __ne__(self, other: Any) -> bool:
        return _compared("!=", self, other)


def _plain(value: Any) -> Any:
    return value.value if isinstance(value, Number) else value


def _operand(value: Any, strength: int) -> str:
    if isinstance(value, Number):
        return f"({value.text})" if value.strength < strength else value.text
    return f"({value!r})" if value < 0 and strength > 4 else repr(value)


def _combined(symbol: str, a: Any, b: Any) -> Any:
    if not all(isinstance(each, (int, float, Number)) for each in (a, b)):
        return NotImplemented
    strength = _STRENGTH[symbol]
    conditions = (a if isinstance(a, Number) else b).conditions
    right = strength if symbol == "**" else strength + 1
    left = strength + 1 if symbol == "**" else strength
    text = f"{_operand(a, left)} {symbol} {_operand(b, right)}"
    late = any(isinstance(each, Number) and each.late for each in (a, b))
    return Number(_COMPUTE[symbol](_plain(a), _plain(b)), text, conditions, strength, late)


def _check_early(number: Any) -> None:
    """Refuse to decide by a number that is computed from tensors."""
    if isinstance(number, Number) and number.late:
        raise TraceError(
            f"a branch on {number.text}, which is computed from a tensor in the compiled function\n"
            "  Choose with groundup.where(condition, a, b)."
        )


def _compared(symbol: str, a: Number, b: Any) -> bool:
    if not isinstance(b, (int, float, Number)):
        return symbol == "!="
    _check_early(a)
    _check_early(b)
    found = _COMPARE[symbol](a.value, _plain(b))
    text = f"{_operand(a, 1)} {symbol} {_operand(b, 1)}"
    a.conditions.append(text if found else f"not {text}")
    return found
