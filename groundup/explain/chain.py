"""The chain rule in indices: the gradient of one argument of a step, from the gradient of the step's result.

SymPy differentiates one element of the result by one element of the argument, which gives Kronecker deltas; the sums
of the chain rule run over the deltas, and what is left is the gradient.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from groundup.explain.indices import (
    GRAD,
    TWIN,
    Elements,
    Letters,
    Local,
    index,
    judged,
    power_sum,
    reading,
    size,
    together,
    total,
)
from groundup.explain.origin import origin
from groundup.explain.proof import exactly
from groundup.ops.readings import SympyMath
from groundup.ops.row import Row


@dataclass(frozen=True)
class Gradient:
    """One use of a value by a step: the chain rule, the derivative of the element, and what the sums leave."""

    local: Local
    position: int
    argument: str
    incoming: Any  # the gradient of the step's result, at dashed letters
    over: tuple[Any, ...]  # what the chain rule sums over
    slope: Any
    result: Any
    written: Any  # the derivative that stands in the table, at one element


def gradient(e: Elements, made: Local, position: int, seed: Any) -> Gradient:
    """What one argument of a step gets from the gradient of the step's result; `seed` is that gradient if known."""
    s, step = e.s, made.step
    argument = str(step.arguments[position])
    if made.step.row.family == "elementwise":
        slope = _pointwise_slope(e, made, position)
    else:
        dashed = {index(each): index(each + "'") for each in (*made.letters, *made.summed)}
        slope = _slope(e, step.row, made.body.xreplace(dashed), e.at(argument, e.letters.get(argument, ())))
    incoming = e.at(step.name, _dashed(made.letters), GRAD) if seed is None else seed
    over = tuple(map(index, _dashed(made.letters)))
    bracketed = s.expand_mul(slope) if isinstance(slope, s.Mul | s.Add) and made.summed else slope
    parts = [_summed(s, incoming * term, list(over)) for term in s.Add.make_args(bracketed)]
    result = s.Add(*(_tidy(s, *part) for part in parts))
    plain = argument.replace(TWIN, "")
    slope, result = (together(e, step, each) for each in (slope, result))
    return Gradient(made, position, plain, incoming, over, slope, result, _as_written(e, made, position, seed, result))


def _dashed(letters: Letters) -> Letters:
    return tuple(each + "'" for each in letters)


def _pointwise_slope(e: Elements, made: Local, position: int) -> Any:
    """The scalar derivative of an elementwise row at one place, times a delta for each letter."""
    s, step = e.s, made.step
    stand_ins = [s.Symbol(f"argument_{k}", real=True) for k in range(len(step.arguments))]
    values = [each if isinstance(a, str) else exactly(a) for a, each in zip(step.arguments, stand_ins)]
    slope = _slope(e, step.row, reading(step.row, values), stand_ins[position])
    rank, places = len(made.letters), []
    for each in step.arguments:
        own = len(e.letters.get(str(each), ()))
        places.append(e.at(each, _dashed(made.letters)[rank - own :]))
    mine = e.letters.get(str(step.arguments[position]), ())
    deltas = (s.KroneckerDelta(index(each + "'"), index(each)) for each in made.letters[rank - len(mine) :])
    return s.piecewise_fold(s.simplify(slope)).xreplace(dict(zip(stand_ins, places))) * s.Mul(*deltas)


def _as_written(e: Elements, made: Local, position: int, seed: Any, result: Any) -> Any:
    """The gradient as the row writes it, with the row's own result in it; None where it is written no other way."""
    step, row, letters = made.step, made.step.row, made.letters
    if row.name in ("softmax", "log_softmax", "logsumexp"):
        return _with_result(e, made, result)
    formula = row.formula(position)
    if row.family != "elementwise" or formula is None or e.letters.get(str(step.arguments[position]), ()) != letters:
        return None
    values = dict(zip(row.arguments, step.arguments)) | {"y": step.name}
    names = formula.__code__.co_varnames[2 : formula.__code__.co_argcount]
    # SymPy answers x == 0 by whether they are the same expression.
    if not set(names) <= set(values) or any(sign in origin(formula).text for sign in ("==", "!=", "_slope(")):
        return None
    places = [e.at(v, letters[len(letters) - len(e.letters.get(str(v), ())) :]) for v in (values[n] for n in names)]
    incoming = e.at(step.name, letters, GRAD) if seed is None else seed
    try:
        return together(e, step, exactly(formula(SympyMath(), incoming, *places)))
    except (AttributeError, TypeError, ValueError):
        return None


def _with_result(e: Elements, made: Local, result: Any) -> Any:
    """exp(x) written with what the row has computed from it."""
    s, step = e.s, made.step
    x = str(step.arguments[0])
    given = e.letters[x]
    powers = power_sum(e, x, given)
    base = s.IndexedBase(x, real=True)

    def known(each: Any) -> Any:
        place = each.args[0].indices
        if step.row.name == "logsumexp":
            return s.exp(each.args[0] - e.at(step.name, made.letters)) * powers
        own = s.IndexedBase(step.name, real=True)[place]
        return (own if step.row.name == "softmax" else s.exp(own)) * powers

    stand_in = s.Symbol("powers", positive=True)
    bare = result.xreplace({powers: stand_in})
    bare = bare.replace(lambda each: isinstance(each, s.exp) and each.args[0].has(base), known)
    return bare.xreplace({powers: stand_in})


def _slope(e: Elements, row: Row, body: Any, element: Any) -> Any:
    """The derivative of an element, with no jump counted where a row is piecewise constant."""
    s = e.s
    found = body.diff(element)
    found = found.replace(lambda each: each.func == s.DiracDelta, lambda *_: s.Integer(0))
    if found.has(s.Derivative, s.Subs):
        raise ValueError(f"SymPy cannot differentiate the row {row.name}{judged(row)}")

    def done(each: Any) -> Any:
        """An inner sum over deltas carried out, as in the derivative of a sum of exponentials."""
        over = [limit[0] for limit in each.limits]
        terms = s.Add.make_args(s.expand_mul(each.function))
        parts = (_summed(s, term, list(over)) for term in terms)
        return s.Add(*(total(term, tuple(map(str, left))) for term, left in parts))

    return found.replace(lambda each: isinstance(each, s.Sum) and each.has(s.KroneckerDelta), done)


def _summed(s: Any, term: Any, over: list[Any]) -> tuple[Any, list[Any]]:
    """A term summed over indices: each delta that ties one of them takes that sum away."""
    while True:
        for delta in [each for each in s.Mul.make_args(term) if isinstance(each, s.KroneckerDelta)]:
            tied = next((each for each in over if each in delta.args), None)
            if tied is not None:
                other = delta.args[0] if delta.args[1] == tied else delta.args[1]
                term = s.Mul(*(each for each in s.Mul.make_args(term) if each != delta)).subs(tied, other)
                over.remove(tied)
                break
        else:
            return term, over


def _tidy(s: Any, term: Any, left: list[Any]) -> Any:
    """The sum over what is left, with plain letters in place of dashed ones where those are free."""
    letters = []
    for each in left:
        plain = index(str(each).rstrip("'"))
        chosen = each if plain in term.free_symbols else plain
        term = term.subs(each, chosen)
        if chosen in term.free_symbols:
            letters.append(str(chosen))
        else:
            term = term * size(str(each))
    return total(term, tuple(letters))
