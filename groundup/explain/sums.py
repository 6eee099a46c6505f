"""Sums over Kronecker deltas carried out: what turns the chain rule in indices into a formula.

A delta that ties an index takes that index's sum away and puts what it is tied to in its place. Where this may lie
outside the sum's range, an Iverson bracket stays (1 where its condition holds, else 0), or a limit of another sum
takes it in. A delta that cannot be solved for an index, as one with an index that is data, stays as it is.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from typing import Any

from groundup.explain.proof import require_sympy


@cache
def iverson() -> Any:
    """The class of brackets: `iverson()(condition)` is 1 where the condition holds, else 0."""
    s = require_sympy()

    class Iverson(s.Function):  # type: ignore[name-defined]
        nargs = 1
        is_real = True

        @classmethod
        def eval(cls, condition: Any) -> Any:
            if condition in (s.true, s.false):
                return s.Integer(condition == s.true)
            return None

        def _eval_derivative(self, _: Any) -> Any:
            return s.Integer(0)  # its conditions are about indices

    return Iverson


def index(letter: str) -> Any:
    """A letter as SymPy's symbol; the letter "1" stands for an axis of one element."""
    s = require_sympy()
    return s.Integer(1) if letter == "1" else s.Symbol(letter, integer=True, positive=True)


def size(letter: str) -> Any:
    """How many values a letter takes: its capital. i, i', i2 and i3 run over the same axis."""
    s = require_sympy()
    return s.Integer(1) if letter == "1" else s.Symbol(letter.rstrip("'23").upper(), integer=True, positive=True)


def total(body: Any, letters: tuple[str, ...]) -> Any:
    """The sum over the letters, each over its whole axis."""
    letters = tuple(each for each in letters if each != "1")
    if not letters:
        return body
    if body.could_extract_minus_sign():
        return -total(-body, letters)
    return require_sympy().Sum(body, *((index(each), 1, size(each)) for each in letters))


@dataclass
class Range:
    """An index that is summed over, from `low` to `high`."""

    index: Any
    low: Any
    high: Any

    @classmethod
    def of(cls, letter: str) -> Range:
        """A letter over its whole axis."""
        return cls(index(letter), require_sympy().Integer(1), size(letter))


@dataclass
class Sums:
    """Carries sums out; `sizes` says what is known of the sizes of axes, such as P = I + 2."""

    sizes: dict[Any, Any] = field(default_factory=dict)

    def never_negative(self, expression: Any) -> bool:
        """Whether an expression of indices and sizes is 0 or more, wherever the indices are on their axes."""
        s = require_sympy()
        while expression.free_symbols & set(self.sizes):
            expression = expression.xreplace(self.sizes)
        expression = s.expand(expression)
        values = {}
        for each in sorted(expression.free_symbols, key=str):
            name = str(each)
            if name != name.upper():
                axis = size(name)
                free = s.Symbol(f"before_{name}", integer=True, nonnegative=True)
                values[each] = 1 + free
                if axis not in values and axis in expression.free_symbols:
                    values[axis] = 1 + free + s.Symbol(f"behind_{name}", integer=True, nonnegative=True)
        for each in expression.free_symbols - set(values):
            values[each] = 1 + s.Symbol(f"more_{each}", integer=True, nonnegative=True)
        return bool(s.expand(expression.subs(values, simultaneous=True)).is_nonnegative)

    def bracket(self, low: Any, high: Any) -> Any:
        """1 where low <= high, else 0."""
        s = require_sympy()
        if self.never_negative(high - low):
            return s.Integer(1)
        return iverson()(s.Le(low, high, evaluate=False))

    def inner(self, expression: Any) -> Any:
        """The expression with every sum over deltas inside it carried out."""
        s = require_sympy()

        def done(each: Any) -> Any:
            ranges = [Range(*limit) for limit in each.limits]
            return self.over(self.inner(each.function), ranges)

        return expression.replace(lambda each: isinstance(each, s.Sum) and each.has(s.KroneckerDelta), done)

    def over(self, body: Any, ranges: list[Range]) -> Any:
        """The sum of the body over the ranges, each term by itself."""
        s = require_sympy()
        bracketed = s.expand_mul(body) if body.has(s.KroneckerDelta) else body
        return s.Add(*(self._term(term, ranges) for term in s.Add.make_args(bracketed)))

    def _term(self, term: Any, ranges: list[Range]) -> Any:
        s = require_sympy()
        left = [Range(each.index, each.low, each.high) for each in ranges]
        while (tied := self._tied(term, left)) is not None:
            delta, at, value = tied
            left.remove(at)
            term = s.Mul(*(each for each in s.Mul.make_args(term) if each != delta))
            inside = self.bracket(at.low, value) * self.bracket(value, at.high)
            term = _put(term, at.index, value) * inside
            for each in left:
                each.low, each.high = (_put(end, at.index, value) for end in (each.low, each.high))
        for condition in [each for each in s.Mul.make_args(term) if isinstance(each, iverson())]:
            if any(self._narrowed(each, condition.args[0]) for each in left):
                term = s.Mul(*(each for each in s.Mul.make_args(term) if each != condition))
        return self._tidy(term, left)

    def _tied(self, term: Any, left: list[Range]) -> tuple[Any, Range, Any] | None:
        """A delta, an index that it ties, and what to; the plainest first."""
        s = require_sympy()
        found = []
        for delta in (each for each in s.Mul.make_args(term) if isinstance(each, s.KroneckerDelta)):
            for at in left:
                value = _solved(delta.args[0] - delta.args[1], at.index)
                if value is not None:
                    covered = self.never_negative(value - at.low) and self.never_negative(at.high - value)
                    found.append((not value.is_Symbol, not covered, (delta, at, value)))
        return min(found, key=lambda each: each[:2])[2] if found else None

    def _narrowed(self, at: Range, condition: Any) -> bool:
        """Whether a condition could be taken into the limits of a sum."""
        low, high = condition.args
        factor = (high - low).coeff(at.index)
        value = _solved(high - low, at.index)
        if value is None:
            return False
        if factor == 1 and self.never_negative(value - at.low):
            at.low = value
        elif factor == -1 and self.never_negative(at.high - value):
            at.high = value
        else:
            return False
        return True

    def _tidy(self, term: Any, left: list[Range]) -> Any:
        """The sum over what is left, with plain letters in place of dashed ones where those are free."""
        s = require_sympy()
        limits = []
        for at in left:
            plain = index(str(at.index).rstrip("'"))
            taken = term.free_symbols | {each for other in left for each in (other.low + other.high).free_symbols}
            chosen = at.index if plain in taken or _binds(term, plain) else plain
            term = _put(term, at.index, chosen)
            if chosen in term.free_symbols:
                limits.append((chosen, at.low, at.high))
            else:
                term = term * (at.high - at.low + 1)
        if not limits:
            return term
        runs = {limit[0] for limit in limits}
        before = [each for each in s.Mul.make_args(term) if not each.free_symbols & runs]
        inside = s.Mul(*(each for each in s.Mul.make_args(term) if each.free_symbols & runs))
        return s.Mul(*before) * s.Sum(inside, *limits)


def _binds(expression: Any, letter: Any) -> bool:
    """Whether a sum or product inside the expression runs over the letter."""
    s = require_sympy()
    return any(limit[0] == letter for each in expression.atoms(s.Sum, s.Product) for limit in each.limits)


def _put(expression: Any, letter: Any, value: Any) -> Any:
    return expression.subs(letter, value)


def _solved(difference: Any, letter: Any) -> Any:
    """What the letter is where the difference is 0; None where that is no matter of adding and subtracting."""
    s = require_sympy()
    difference = s.expand(difference)
    factor = difference.coeff(letter)
    rest = s.expand(difference - factor * letter)
    if factor not in (1, -1) or letter in rest.free_symbols:
        return None
    return s.expand(-factor * rest)
