"""The judge by algebra: SymPy differentiates an elementwise row on a region where it is smooth.

A region such as "0 < beta, x < 0 < threshold" becomes symbols built from positive ones (x = -p, threshold = q), so
that every comparison in the row decides itself, and no case is left over; "condition = 0" holds a value fixed. The
numbers in rows are floats; they are read back as what they stand for, so that the difference of two derivatives is
exactly 0 or is not. The tests of the table and `explain.derive` stand on it.
"""

from __future__ import annotations

import math
import re
from fractions import Fraction
from functools import cache
from typing import Any

from groundup.errors import MissingExtra
from groundup.ops.readings import SympyMath
from groundup.ops.row import Row


@cache
def require_sympy() -> Any:
    """SymPy, or MissingExtra."""
    try:
        import sympy
    except ImportError as error:
        raise MissingExtra("a derivation", "sympy", "book") from error

    return sympy


@cache
def _constants() -> list[tuple[float, Any]]:
    """What a float in a row may be a multiple of."""
    s = require_sympy()
    roots = [s.sqrt(2), 1 / s.sqrt(s.pi), s.sqrt(2 / s.pi), s.sqrt(s.pi), s.sqrt(2 * s.pi)]
    exact = [s.Integer(1), *roots, s.log(2), 1 / s.log(2), 1 / s.log(10), s.pi, 1 / s.pi]
    return [(float(each), each) for each in exact]


def exact(number: float) -> Any:
    """The float as a small fraction of a known constant. Raises ValueError if it is none."""
    for value, symbol in _constants():
        fraction = Fraction(number / value).limit_denominator(10**6)
        if math.isclose(float(fraction) * value, number, rel_tol=4e-16, abs_tol=0) or not number:
            return require_sympy().Rational(fraction.numerator, fraction.denominator) * symbol
    raise ValueError(f"{number!r} is no small multiple of a constant that the judge knows")


def exactly(expression: Any) -> Any:
    """The expression with every float in it made exact."""
    s = require_sympy()
    expression = s.sympify(expression)
    return expression.xreplace({each: exact(float(each)) for each in expression.atoms(s.Float)})


def symbols(names: tuple[str, ...], region: str) -> dict[str, Any]:
    """An expression for each name, so built from positive symbols that the region's inequalities hold."""
    s = require_sympy()
    parts = [part.strip() for part in region.split(",") if part.strip()]
    chains = [re.split(r"\s*<\s*", part) for part in parts if "=" not in part]
    known: dict[str, Any] = {name: s.Symbol(name, real=True) for name in names}
    for name, value in (re.split(r"\s*=\s*", part) for part in parts if "=" in part):
        known[name] = s.Rational(value)
    step = (s.Symbol(f"step_{i}", positive=True) for i in range(100))
    for chain in chains:
        fixed = next((i for i, term in enumerate(chain) if term not in known), 0)
        values: dict[int, Any] = {fixed: known[chain[fixed]] if chain[fixed] in known else s.Rational(chain[fixed])}
        for i in range(fixed + 1, len(chain)):
            values[i] = values[i - 1] + next(step)
        for i in range(fixed - 1, -1, -1):
            values[i] = values[i + 1] - next(step)
        known |= {term: values[i] for i, term in enumerate(chain) if term in known and i != fixed}
    return known


def slope(forward: Any, names: tuple[str, ...], argument: str, point: dict[str, Any]) -> tuple[Any, Any]:
    """The row's value at the point, and SymPy's derivative of it there with respect to one argument."""
    s = require_sympy()
    moved = s.Symbol("moved", real=True)
    value = exactly(forward(SympyMath(), *(point[name] for name in names)))
    target = point[argument]
    free = target.free_symbols
    if not free:
        raise ValueError(f"the region holds {argument} fixed")
    # The argument is a symbol, or a sum in which one symbol is its own: differentiate along that one.
    others = set().union(*(point[name].free_symbols for name in names if name != argument))
    own = sorted(free - others, key=str)
    along = own[0] if own else sorted(free, key=str)[0]
    if own:
        return value, s.diff(value, along) / s.diff(target, along)
    # Its only symbols are shared: move it alone, in both directions the region stays open.
    direct = exactly(forward(SympyMath(), *(moved if name == argument else point[name] for name in names)))
    return value, s.diff(direct, moved).subs(moved, target)


def _vanishes(expression: Any) -> bool:
    """Whether it is 0 everywhere: refused quickly by one number that is not 0, accepted by algebra alone."""
    s = require_sympy()
    somewhere = {each: s.Rational(7 + 3 * i, 11) for i, each in enumerate(sorted(expression.free_symbols, key=str))}
    if abs(s.N(expression.subs(somewhere), 30)) > s.Float("1e-20"):
        return False
    return bool(s.simplify(s.expand(s.simplify(expression.rewrite(s.exp)))) == 0)


def wrong_derivatives(row: Row, only: str | None = None) -> list[str]:
    """For each region and argument where the row's derivative is not SymPy's: what differs. Empty if all is proven.

    `only` names one argument to look at.
    """
    s = require_sympy()
    g = s.Symbol("g", real=True)
    found = []
    for region in row.smooth:
        point = symbols(row.arguments, region)
        for argument, formula in zip(row.arguments, row.grads):
            if formula is None or only not in (None, argument):
                continue
            value, derivative = slope(row.forward, row.arguments, argument, point)
            names = formula.__code__.co_varnames[2 : formula.__code__.co_argcount]
            given = exactly(formula(SympyMath(), g, *(value if n == "y" else point[n] for n in names)))
            if not _vanishes(given - g * derivative):
                found.append(f"{row.name} by {argument}, on {region or 'everything'}: {given} is not {g * derivative}")
    return found
