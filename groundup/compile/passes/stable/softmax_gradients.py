"""The way back through softmaxes and sums of exponentials, without the quotient of a gradient and a tiny number.

The derivative of log(p) is g / p, which is inf or nan where p is 0; what follows multiplies by p again.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from groundup.compile.graph import Statement, Value
from groundup.compile.passes.rewriting import number
from groundup.compile.passes.stable.found import Stable
from groundup.compile.passes.stable.parts import Finder, parts, sum_of, whole
from groundup.compile.passes.views import RESHAPES, TURNS, turned

_BACK = {"index_added": "index", "gather_added": "gather", "placed": "slice"}


def _through_softmax(r: Stable, s: Statement) -> Value | None:
    """softmax_back(g / p, p) = log_softmax_back(g, log p)."""
    if s.row.name != "softmax_back" or s.operands[1] not in r.found.log_softmax:
        return None
    p, dim = s.operands[1], s.params["dim"]
    safe, rest = parts(r, s.operands[0], lambda r, part: _over(r, part, p))
    if safe is None:
        return None
    first = r.emit("log_softmax_back", safe, r.found.log_softmax[p], dim=dim)
    return sum_of(r, first, None if rest is None else r.emit("softmax_back", rest, p, dim=dim))


def _over(r: Stable, value: Value, p: Value) -> Value | None:
    """g, where the value is g / p, or the gradient of elements picked from p with a quotient of those in it."""
    made = r.maker(value)
    if made is None:
        return None
    if made.row.name == "div" and made.operands[1] is p and r.intact(made.operands[0]):
        return whole(r, made.operands[0], value)
    if made.row.name not in (*_BACK, *RESHAPES, *TURNS):
        return None
    for pick in r.kept:
        if pick.operands and pick.operands[0] is p and _undoes(made, pick):
            inner = _over(r, made.operands[0], pick.out)
            if inner is not None:
                return r.emit(made.row.name, inner, *made.operands[1:], shape=value.shape, **made.params)
    return None


def _undoes(back: Statement, pick: Statement) -> bool:
    """Whether a statement is the way back of one that moves elements."""
    if back.out.shape != pick.operands[0].shape:
        return False
    if back.row.name in RESHAPES:
        return pick.row.name in RESHAPES
    if back.row.name in TURNS and pick.row.name in TURNS:
        first, second = turned(pick), turned(back)
        return all(first[axis] == i for i, axis in enumerate(second))
    if _BACK.get(back.row.name) != pick.row.name or back.operands[1:] != pick.operands[1:]:
        return False
    return all(back.params.get(name) == value for name, value in pick.params.items())


def _through_exp(r: Stable, s: Statement) -> Value | None:
    """The gradient of x through e = exp(x): parts with 1 / sum(e) as g exp(x - logsumexp(x))."""
    if s.row.name != "mul" or len(s.operands) != 2:
        return None
    for g, power in (s.operands, s.operands[::-1]):
        if isinstance(g, Value) and r.maker(power, "exp"):
            found = _softmax_by_hand(r, s, g, power) or _logsumexp_by_hand(r, s, g, power)
            if found is not None:
                return found
    return None


def _logsumexp_by_hand(r: Stable, s: Statement, g: Value, power: Value) -> Value | None:
    """g / sum(e), spread over e, times e."""
    for total, (x, logs) in r.found.sums.items():
        made = r.maker(total, "sum")
        if made is None or made.operands[0] is not power or not r.intact(x) or s.out.shape != x.shape:
            continue
        kept = tuple(1 if axis in made.params["dim"] else n for axis, n in enumerate(x.shape))
        safe, rest = parts(r, g, _over_total(total))
        if safe is not None:
            first = r.emit("mul", safe, r.emit("exp", _less(r, x, logs, kept)))
            return sum_of(r, first, None if rest is None else r.emit("mul", rest, power))
    return None


def _less(r: Stable, x: Value, logs: Value, kept: tuple[int, ...]) -> Value:
    """x - logsumexp(x), which may be there already."""
    found = r.found.differences.get((x, kept))
    if found is not None:
        return found
    return r.emit("sub", x, logs if logs.shape in (kept, ()) else r.emit("reshape", logs, shape=kept, size=kept))


def _over_total(total: Value) -> Finder:
    return lambda r, part: _of_total(r, part, total)


def _of_total(r: Stable, value: Value, total: Value) -> Value | None:
    """g, where the value is g / total, in the shape of the value: reshaped or spread on the way."""
    made = r.maker(value, "div", "expand", *RESHAPES)
    if made is None:
        return None
    if made.row.name == "div":
        fits = made.operands[1] is total and isinstance(made.operands[0], Value) and r.intact(made.operands[0])
        return made.operands[0] if fits else None
    inner = _of_total(r, made.operands[0], total)
    if inner is None or number(inner) is not None:
        return inner
    return r.emit(made.row.name, inner, shape=value.shape, **made.params)


def _softmax_by_hand(r: Stable, s: Statement, g: Value, power: Value) -> Value | None:
    """The gradient of e / sum(e): (v / sum(e) - sum(v (p / sum(e)))) e = softmax_back(v, p)."""
    made = r.maker(g, "add", "sub")
    return None if made is None else _gradient_of_quotient(r, s, made.operands, made.row.name, power)


def _softmax_in_two(r: Stable, s: Statement) -> Value | None:
    """The same where exp(x) was written twice, so that each part is multiplied by itself."""
    if s.row.name not in ("add", "sub"):
        return None
    products = [made.operands for each in s.operands if (made := r.maker(each, "mul")) is not None]
    if len(products) != 2:
        return None
    for power in products[0]:
        rests = [[each for each in factors if each is not power] for factors in products]
        if r.maker(power, "exp") is not None and all(len(rest) == 1 for rest in rests):
            found = _gradient_of_quotient(r, s, [rest for (rest,) in rests], s.row.name, power)
            if found is not None:
                return found
    return None


def _gradient_of_quotient(r: Stable, s: Statement, terms: Any, name: str, power: Value) -> Value | None:
    """softmax_back(v, p), where the terms are v / total and sum(v (p / total)), in either order if they are added."""
    orders = (terms, terms[::-1]) if name == "add" else (terms,)
    for direct, through in orders:
        quotient = r.maker(direct, "div")
        if quotient is None:
            continue
        for p, (e, total, dim) in r.found.quotients.items():
            p, v = r.now(p), quotient.operands[0]
            if e is not power or p.shape != s.out.shape or quotient.operands[1] is not total or not r.intact(v):
                continue
            if isinstance(v, Value) and _is_pull(r, through, v, p, total, name == "add"):
                return r.emit("softmax_back", whole(r, v, p), p, dim=dim)
    return None


def _is_pull(r: Stable, value: Any, v: Value, p: Value, total: Value, negative: bool) -> bool:
    """Whether a value is sum(v (p / total)) in the shape of the total, or its negative, perhaps spread."""
    while True:
        made = r.maker(value, "expand", "neg", "sum", "sum_to", *RESHAPES)
        if made is None:
            break
        if made.row.name == "neg":
            negative = not negative
        value = made.operands[0]
    share, sign = _share_of(r, value, v)
    if share is None or (sign > 0) == negative:
        return False
    return share.operands[0] is p and share.operands[1] is total


def _share_of(r: Stable, value: Value, v: Value) -> tuple[Statement | None, int]:
    """A quotient and a sign, where the value is v or -v times that quotient."""
    product = r.maker(value, "mul")
    if product is None:
        return (r.maker(value, "div"), 1) if number(v) == 1 else (None, 0)
    for own, other in (product.operands, product.operands[::-1]):
        sign = 1 if _alike(own, v, 1) else -1 if _alike(own, v, -1) else 0
        less = r.maker(own, "neg")
        if less is not None and less.operands[0] is v:
            sign = -1
        if sign and isinstance(other, Value):
            return r.maker(other, "div"), sign
    return None, 0


def _alike(a: Any, v: Value, sign: int) -> bool:
    """Whether a is v, or a constant that is v or its negative."""
    if sign > 0 and a is v:
        return True
    if number(v) is not None:
        return number(a) == sign * (number(v) or 0.0)
    if not isinstance(a, Value) or a.constant is None or v.constant is None:
        return False
    return np.array_equal(a.constant, sign * v.constant)


def _log_softmax_by_hand(r: Stable, s: Statement) -> Value | None:
    """g - sum(g) exp(q) = log_softmax_back(g, q), for q = log_softmax(x)."""
    if s.row.name not in ("add", "sub") or not all(isinstance(each, Value) for each in s.operands):
        return None
    orders = (s.operands, s.operands[::-1]) if s.row.name == "add" else (s.operands,)
    for g, through in orders:
        product = r.maker(through, "mul")
        for total, share in () if product is None else (product.operands, product.operands[::-1]):
            power = r.maker(share, "exp")
            q = None if power is None else r.maker(power.operands[0], "log_softmax")
            if q is None or g.shape != q.out.shape:
                continue
            if _issum_of(r, total, g, q.params["dim"], s.row.name == "add") and r.intact(g):
                return r.emit("log_softmax_back", g, q.out, dim=q.params["dim"])
    return None


def _issum_of(r: Stable, value: Any, g: Value, dim: int, negative: bool) -> bool:
    """Whether a value is the sum of g along an axis, or its negative."""
    while True:
        made = r.maker(value, "expand", "neg", "sum_to", "sum", *RESHAPES)
        if made is None or value is g:
            return value is g and not negative
        if made.row.name == "neg":
            negative = not negative
        if made.row.name in ("sum", "sum_to") and _axes(made) != {dim % len(g.shape)}:
            return False
        value = made.operands[0]


def _axes(s: Statement) -> set[int]:
    before, after = s.operands[0].shape, s.out.shape
    if s.row.name == "sum":
        return {axis % len(before) for axis in s.params["dim"]}
    return {i for i, (n, m) in enumerate(zip(before, after)) if n != m} if len(before) == len(after) else set()


THROUGH_SOFTMAXES = (_through_softmax, _through_exp, _softmax_in_two, _log_softmax_by_hand)
