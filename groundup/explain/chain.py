"""The chain rule in indices: the gradient of one argument of a step, from the gradient of the step's result.

SymPy differentiates one element of the result by one element of the argument, which gives Kronecker deltas; the sums
of the chain rule run over the deltas, and what is left is the gradient.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from groundup.explain.indices import GRAD, TWIN, Elements, Letters, Local, judged, reading, together
from groundup.explain.origin import origin
from groundup.explain.proof import exactly
from groundup.explain.sums import Range, index
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
    step = made.step
    argument = str(step.arguments[position])
    if made.step.row.family == "elementwise":
        slope = _pointwise_slope(e, made, position)
    else:
        dashed = {index(each): index(each + "'") for each in (*made.letters, *made.summed) if each != "1"}
        body = made.body.xreplace(dashed)
        slope = _slope(e, step.row, body, e.at(argument, e.letters.get(argument, ())))
    incoming = e.at(step.name, _dashed(made.letters), GRAD) if seed is None else seed
    over = tuple(index(each) for each in _dashed(made.letters) if each != "1")
    result = e.sums.over(incoming * slope, [Range.of(str(each)) for each in over])
    plain = argument.replace(TWIN, "")
    slope, result = (together(e, step, each) for each in (slope, result))
    return Gradient(made, position, plain, incoming, over, slope, result, _as_written(e, made, position, seed, result))


def _dashed(letters: Letters) -> Letters:
    return tuple(each if each == "1" else each + "'" for each in letters)


def _pointwise_slope(e: Elements, made: Local, position: int) -> Any:
    """The scalar derivative of an elementwise row at one place, times a delta for each letter."""
    s, step = e.s, made.step
    stand_ins = [s.Symbol(f"argument_{k}", real=True) for k in range(len(step.arguments))]
    values = [each if isinstance(a, str) else exactly(a) for a, each in zip(step.arguments, stand_ins)]
    slope = _slope(e, step.row, reading(step.row, values), stand_ins[position])
    rank, places = len(made.letters), []
    for each in step.arguments:
        own = e.letters.get(str(each), ())
        its = _dashed(made.letters)[rank - len(own) :]
        places.append(e.at(each, tuple("1" if a == "1" else b for a, b in zip(own, its))))
    mine = e.letters.get(str(step.arguments[position]), ())
    tied = zip(mine, made.letters[rank - len(mine) :])
    deltas = (s.KroneckerDelta(index(its + "'"), index(own)) for own, its in tied if own != "1")
    return s.piecewise_fold(s.simplify(slope)).xreplace(dict(zip(stand_ins, places))) * s.Mul(*deltas)


def _as_written(e: Elements, made: Local, position: int, seed: Any, result: Any) -> Any:
    """The gradient as the row writes it, with the row's own result in it; None where it is written no other way."""
    step, row, letters = made.step, made.step.row, made.letters
    if row.name in ("softmax", "log_softmax", "logsumexp"):
        return _with_result(e, made, result)
    if row.family == "reduce" and "y" in _names(row.formula(position)):
        factor, body = together(e, step, made.body).as_independent(e.s.Sum, as_Add=False)
        return None if factor.has(e.s.Indexed) else result.subs(body, e.at(step.name, letters) / factor)
    formula = row.formula(position)
    if row.family != "elementwise" or formula is None or e.letters.get(str(step.arguments[position]), ()) != letters:
        return None
    values = dict(zip(row.arguments, step.arguments)) | {"y": step.name}
    names = _names(formula)
    # SymPy answers x == 0 by whether they are the same expression.
    if not set(names) <= set(values) or any(sign in origin(formula).text for sign in ("==", "!=", "_slope(")):
        return None

    def at(value: Any) -> Any:
        own = e.letters.get(str(value), ())
        its = letters[len(letters) - len(own) :]
        return e.at(value, tuple("1" if a == "1" else b for a, b in zip(own, its)))

    incoming = e.at(step.name, letters, GRAD) if seed is None else seed
    try:
        return together(e, step, exactly(formula(SympyMath(), incoming, *(at(values[each]) for each in names))))
    except (AttributeError, TypeError, ValueError):
        return None


def _names(formula: Any) -> tuple[str, ...]:
    return () if formula is None else formula.__code__.co_varnames[2 : formula.__code__.co_argcount]


def _with_result(e: Elements, made: Local, result: Any) -> Any:
    """exp(x) written with what the row has computed from it."""
    s, step = e.s, made.step
    x = str(step.arguments[0])
    sums = [each for each in made.body.atoms(s.Sum) if isinstance(each.function, s.exp)]
    if len(sums) != 1:
        return None
    powers = sums[0]
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
    bare = bare.xreplace({powers: stand_in}).replace(
        lambda each: isinstance(each, s.Sum) and each.has(stand_in),
        lambda each: stand_in * each.func(each.function / stand_in, *each.limits),
    )
    return bare.xreplace({stand_in: powers})


def _slope(e: Elements, row: Row, body: Any, element: Any) -> Any:
    """The derivative of an element, with no jump counted where a row is piecewise constant."""
    s = e.s
    found = body.diff(element)
    found = found.replace(lambda each: each.func == s.DiracDelta, lambda *_: s.Integer(0))
    if found.has(s.Derivative, s.Subs):
        raise ValueError(f"SymPy cannot differentiate the row {row.name}{judged(row)}")

    return e.sums.inner(found)
