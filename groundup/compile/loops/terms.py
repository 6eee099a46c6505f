"""The loop reading of an elementwise formula: source for one element, in which every number has its type.

Numba computes `float32 * 0.5` in double precision, so that literals are written `f32(0.5)`. A formula that asks for
what the loops do not have raises `Refused`, and its statement stays NumPy.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from groundup.compile.loops import vector

ALIASES = {"float32": "f32", "float64": "f64", "int32": "i32", "int64": "i64"}
BOOL = np.dtype(bool)
# Functions of one number that machine code has, or the C library: by the names of formulas, NumPy's names.
PLAIN = {
    **{name: name for name in ("floor", "ceil", "trunc", "sqrt", "exp", "exp2", "expm1")},
    **{name: name for name in ("log", "log1p", "log2", "log10", "sin", "cos", "tan", "sinh", "cosh", "tanh")},
    **{f"a{name}": f"arc{name}" for name in ("sin", "cos", "tan", "sinh", "cosh", "tanh")},
    "round": "rint",
    **{name: name for name in ("copysign", "fmax", "fmin", "hypot", "fmod", "nextafter")},
    "atan2": "arctan2",
}
LIBRARY = {"pow": "np.power", "erfc": "math.erfc"}  # of float64; float32 has functions of its own
TESTS = ("isnan", "isinf", "isfinite")


class Refused(Exception):
    """What cannot be a loop kernel, and why."""


class Term:
    """A piece of source of one type, with the strength of its outermost operator."""

    __slots__ = ("dtype", "strength", "text")

    def __init__(self, text: str, dtype: np.dtype[Any], strength: int = 9) -> None:
        self.text = text
        self.dtype = dtype
        self.strength = strength

    def __str__(self) -> str:
        return self.text

    def __neg__(self) -> Term:
        return Term(f"-{self.within(6)}", self.dtype, 6)

    def __pos__(self) -> Term:
        return self

    def __invert__(self) -> Term:
        if self.dtype != BOOL:
            return Term(f"~{_whole(self).within(7)}", self.dtype, 6)
        return Term(f"not {self.within(2)}", BOOL, 1)

    def within(self, strength: int) -> str:
        """The text, in brackets if it binds less strongly."""
        return f"({self.text})" if self.strength < strength else self.text


def literal(value: Any, dtype: np.dtype[Any]) -> Term:
    """A Python number as one of that type."""
    if dtype == BOOL:
        return Term(repr(bool(value)), BOOL)
    if dtype.kind in "iu":
        if not float(value).is_integer() or dtype.name not in ALIASES:
            raise Refused(f"{value} among {dtype.name}")
        return Term(f"{ALIASES[dtype.name]}({int(value)})", dtype)
    name = ALIASES.get(dtype.name)
    if name is None:
        raise Refused(f"numbers of {dtype.name}")
    value = float(value)
    if math.isfinite(value):
        return Term(f"{name}({value!r})", dtype)
    return Term(f"{name}(np.nan)" if math.isnan(value) else f"{name}({'-' if value < 0 else ''}np.inf)", dtype)


def together(a: Any, b: Any) -> tuple[Term, Term]:
    """Two operands in their common type."""
    if not isinstance(a, Term):
        return literal(a, b.dtype), b
    if not isinstance(b, Term):
        if a.dtype.kind in "biu" and isinstance(b, float):
            raise Refused(f"a float among {a.dtype.name}")
        return a, literal(b, a.dtype)
    if a.dtype != b.dtype:
        common = np.result_type(a.dtype, b.dtype)
        return converted(a, common), converted(b, common)
    return a, b


def converted(x: Term, to: np.dtype[Any]) -> Term:
    """The number in another type."""
    if x.dtype == to:
        return x
    if to == BOOL:
        return Term(f"{x.within(1)} != {literal(0, x.dtype)}", BOOL, 0)
    if to.name not in ALIASES or (x.dtype.name not in ALIASES and x.dtype != BOOL):
        raise Refused(f"{x.dtype.name} to {to.name}")
    if x.dtype.kind == "f" and to.kind != "f":
        raise Refused("floats to integers: what is outside of their range differs between machines")
    return Term(f"{ALIASES[to.name]}({x.text})", to)


def _arithmetic(symbol: str, strength: int, reflected: bool = False) -> Callable[[Term, Any], Term]:
    def method(self: Term, other: Any) -> Term:
        a, b = together(other, self) if reflected else together(self, other)
        if a.dtype == BOOL or (symbol == "/" and a.dtype.kind != "f"):
            raise Refused(f"{symbol} of {a.dtype.name}")
        return Term(f"{a.within(strength)} {symbol} {b.within(strength + 1)}", a.dtype, strength)

    return method


def _comparison(symbol: str) -> Callable[[Term, Any], Term]:
    def method(self: Term, other: Any) -> Term:
        a, b = together(self, other)
        return Term(f"{a.within(2)} {symbol} {b.within(2)}", BOOL, 1)

    return method


def _logic(word: str, strength: int) -> Callable[[Term, Any], Term]:
    def method(self: Term, other: Any) -> Term:
        a, b = together(self, other)
        if a.dtype != BOOL:
            return Term(f"({_whole(a).text}) {word} ({b.text})", a.dtype, 0)
        return Term(f"({a.within(2)}) {word} ({b.within(2)})", BOOL, strength)

    return method


for _name, _symbol, _strength in (("add", "+", 4), ("sub", "-", 4), ("mul", "*", 5), ("truediv", "/", 5)):
    setattr(Term, f"__{_name}__", _arithmetic(_symbol, _strength))
    setattr(Term, f"__r{_name}__", _arithmetic(_symbol, _strength, reflected=True))
for _name, _symbol in (("eq", "=="), ("ne", "!="), ("lt", "<"), ("le", "<="), ("gt", ">"), ("ge", ">=")):
    setattr(Term, f"__{_name}__", _comparison(_symbol))
for _name, _word in (("and", "&"), ("or", "|"), ("xor", "^")):
    setattr(Term, f"__{_name}__", _logic(_word, 1))
    setattr(Term, f"__r{_name}__", _logic(_word, 1))


class LoopMath:
    """The mathematics of formulas, as source. `name` gives a term a name of its own, so that it is computed once."""

    def __init__(self, name: Callable[[Term], Term]) -> None:
        self.name = name
        self.called: set[str] = set()  # functions of the vector room that the source calls
        self.open: set[str] = set()  # rows whose formula is being written

    def _numpy(self, function: str, *values: Term) -> Term:
        return Term(f"np.{function}({', '.join(each.text for each in values)})", values[0].dtype)

    def _plain(self, function: str, values: tuple[Any, ...]) -> Term:
        """A function of one real number, or of two in their common type."""
        return self._numpy(function, *map(_floating, values if len(values) == 1 else together(*values)))

    def where(self, condition: Any, a: Any, b: Any) -> Term:
        """a where the condition holds, b elsewhere."""
        condition = converted(condition, BOOL)
        if not isinstance(a, Term) and not isinstance(b, Term):
            raise Refused("a choice between two numbers whose type nothing tells")
        a, b = map(self._named, together(a, b))
        return Term(f"{a.within(2)} if {self._named(condition).within(2)} else {b.within(2)}", a.dtype, 0)

    def _named(self, term: Term) -> Term:
        return self.name(term) if "(" in term.text and not term.text.startswith(("f32(", "f64(")) else term

    def cast(self, x: Term, to: Any) -> Term:
        """x in the type `to`."""
        return converted(x, np.dtype(to))

    def maximum(self, a: Any, b: Any) -> Term:
        """The larger; a nan wins."""
        return self._numpy("maximum", *together(a, b))

    def minimum(self, a: Any, b: Any) -> Term:
        """The smaller; a nan wins."""
        return self._numpy("minimum", *together(a, b))

    def sign(self, x: Term) -> Term:
        """-1, 0 or 1; 0 for nan."""
        x = self.name(x)
        zero, one = literal(0, x.dtype), literal(1, x.dtype)
        return Term(f"{one} if {x} > {zero} else ({-one} if {x} < {zero} else {zero})", x.dtype, 0)

    def abs(self, x: Term) -> Term:
        """|x|."""
        return Term(f"abs({x.text})", x.dtype)

    def pow(self, x: Any, p: Any) -> Any:
        """x ** p: products, quotients and roots where they do it."""
        if isinstance(x, Term) and not isinstance(p, Term):
            found = self._simple_power(x, p)
            if found is not None:
                return found
        x, p = map(_floating, together(x, p))
        return self._vector("pow", x, p)

    def _simple_power(self, x: Any, p: Any) -> Any:
        if p in (2, 3):
            x = self.name(x)
            return x * x if p == 2 else x * x * x
        if x.dtype.kind == "f":
            if p == 1:
                return x
            if p in (0.5, -0.5):
                root: Any = self.sqrt(x)
                return root if p > 0 else literal(1, x.dtype) / root
            if p == -1:
                return literal(1, x.dtype) / x
        return None

    def sqrt(self, x: Term) -> Term:
        """The root."""
        return Term(f"np.sqrt({x.text})", _floating(x).dtype)

    def logical_and(self, a: Any, b: Any) -> Any:
        """Whether both hold."""
        first: Any = converted(a, BOOL)
        return first & converted(b, BOOL)

    def logical_or(self, a: Any, b: Any) -> Any:
        """Whether one holds."""
        first: Any = converted(a, BOOL)
        return first | converted(b, BOOL)

    def logical_not(self, a: Any) -> Term:
        """Whether it does not hold."""
        return ~converted(a, BOOL)

    def logical_xor(self, a: Any, b: Any) -> Any:
        """Whether one holds and the other does not."""
        first: Any = converted(a, BOOL)
        return first ^ converted(b, BOOL)

    def signbit(self, x: Term) -> Any:
        """Whether it is negative, -0 too."""
        sign: Any = self.copysign(literal(1, _floating(x).dtype), x)
        return sign < 0

    def logaddexp(self, a: Any, b: Any) -> Any:
        """log(e**a + e**b)."""
        a, b = map(self.name, together(a, b))
        rest: Any = self.name(self.log1p(self.exp(-self.abs(a - b))))
        return self.where(a == b, a + math.log(2), self.maximum(a, b) + rest)

    def remainder(self, a: Any, b: Any) -> Any:
        """What is left of a quotient that is rounded down: it has the sign of b."""
        a, b = map(self.name, together(a, b))
        if a.dtype.kind == "i":
            return self._of_whole(a, "%", b)
        left: Any = self.name(self._plain("fmod", (a, b)))
        other = self.name(self.where((b < 0) ^ (left < 0), left + b, left))
        return self.where(left == 0, self.copysign(literal(0, b.dtype), b), other)

    def floor_divide(self, a: Any, b: Any) -> Term:
        """The quotient of whole numbers, rounded down."""
        a, b = together(a, b)
        return self._of_whole(_whole(a), "//", b)

    def _of_whole(self, a: Term, symbol: str, b: Term) -> Term:
        return Term(f"{ALIASES[a.dtype.name]}({a.within(5)} {symbol} {b.within(6)})", a.dtype)

    def __getattr__(self, name: str) -> Callable[..., Term]:
        if name in vector.LOOP_NAMES:
            return lambda x: self._vector(name, x)
        if name in PLAIN:
            return lambda *values: self._plain(PLAIN[name], values)
        if name in TESTS:
            return lambda x: Term(f"np.{name}({_floating(x).text})", BOOL)
        from groundup.ops import ROWS

        row = ROWS.get(name)
        if row is None or row.family != "elementwise" or name in self.open:
            raise Refused(f"{name} is no loop")
        return lambda *values, **params: self.formula(row, *values, **params)

    def formula(self, row: Any, *values: Any, **params: Any) -> Any:
        """What a row's formula gives; one that only calls itself by name is none."""
        self.open.add(row.name)
        try:
            return row.forward(self, *values, **params)
        finally:
            self.open.discard(row.name)

    def _vector(self, name: str, *values: Any) -> Term:
        dtype = _floating(values[0]).dtype
        found = vector.LOOP_NAMES[name].get(dtype.name)
        if found is None:
            found = f"np.{PLAIN[name]}" if name in PLAIN else LIBRARY.get(name) or str(_refuse(f"{name} of {dtype}"))
        else:
            self.called.add(found)
        return Term(f"{found}({', '.join(each.text for each in values)})", dtype)


def _floating(x: Any) -> Term:
    if not isinstance(x, Term) or x.dtype.kind != "f":
        raise Refused("a function of real numbers, asked for another type")
    return x


def _whole(x: Term) -> Term:
    if x.dtype.kind != "i" or x.dtype.name not in ALIASES:
        raise Refused(f"a function of whole numbers, asked for {x.dtype.name}")
    return x


def _refuse(reason: str) -> Term:
    raise Refused(reason)


COPIES = frozenset(
    "clone relaid reshape flatten assign contiguous squeeze unsqueeze alias permute transpose t expand".split()
)


def spelled(statement: Any, operands: list[Any], block: Any) -> Term:
    """One element of what a statement makes; raises `Refused` where the loops have no such thing."""
    row = statement.row
    if row.name in COPIES:
        value = operands[-1] if row.name == "assign" else operands[0]
        return value if isinstance(value, Term) else literal(value, statement.out.dtype)
    reading = LoopMath(block.name)
    term = reading.formula(row, *operands, **statement.params)
    block.emitter.called.update(reading.called)
    if not isinstance(term, Term):
        return literal(term, statement.out.dtype)
    return term
