"""The way back through sigmoids, and through 1 + exp(x), without the product of 0 and infinity."""

from __future__ import annotations

from typing import Any

from groundup.compile.graph import Statement, Value
from groundup.compile.passes.rewriting import number
from groundup.compile.passes.stable.found import Stable
from groundup.compile.passes.stable.parts import Finder, negative, parts, sum_of, whole


def _through_exp(r: Stable, s: Statement) -> Value | None:
    """The gradient of x through exp(x) and exp(-x), of which 1 and more was taken."""
    if s.row.name != "mul" or len(s.operands) != 2:
        return None
    for g, power in (s.operands, s.operands[::-1]):
        if isinstance(g, Value) and r.maker(power, "exp"):
            found = _sigmoid_by_hand(r, g, power) or _softplus_by_hand(r, g, power)
            if found is not None:
                return found
    return None


def _sigmoid_by_hand(r: Stable, g: Value, power: Value) -> Value | None:
    """a y y exp(-x) = a y / (1 + exp(x)), where y is 1 / (1 + exp(-x))."""
    for y, (exponential, x) in r.found.by_hand.items():
        if exponential is not power or not r.intact(x):
            continue
        y = r.now(y)
        found = _without_square(r, g, y)
        if found is not None:
            sign, factor = found
            slope = r.emit("div", y, r.emit("add", r.emit("exp", x), 1))
            whole = slope if factor is None else _times_slope(r, factor, y, x, slope)
            return r.emit("neg", whole) if sign < 0 else whole
    return None


def _times_slope(r: Stable, g: Value, p: Value, x: Value, slope: Value) -> Value | None:
    """g times the slope of p = sigmoid(x), where g may have quotients by p or 1 - p in it."""
    safe, rest = parts(r, g, _over(p, x))
    return sum_of(r, safe, None if rest is None else r.emit("mul", rest, slope))


def _without_square(r: Stable, g: Value, y: Value) -> tuple[int, Any] | None:
    """A sign and a factor, where g is that times y y."""
    made = r.maker(g, "neg", "mul", "pow")
    if made is None:
        return None
    if made.row.name == "neg":
        inner = _without_square(r, made.operands[0], y)
        return None if inner is None else (-inner[0], inner[1])
    if made.row.name == "pow":
        return (1, None) if made.operands[1] == -2 and _same_base(r, made, y) else None
    if made.operands[0] is y and made.operands[1] is y:
        return 1, None
    for factor, other in (made.operands, made.operands[::-1]):
        inner = _without_square(r, other, y) if isinstance(other, Value) else None
        if inner is not None and inner[1] is None and r.intact(factor):
            return inner[0], factor
    return None


def _same_base(r: Stable, power: Statement, y: Value) -> bool:
    """Whether it is a power of the same 1 + exp(-x) that y was made from."""
    base = r.maker(power.operands[0], "add")
    return base is not None and any(
        each is r.found.by_hand[key][0] for key in r.found.by_hand for each in base.operands
    )


def _softplus_by_hand(r: Stable, g: Value, power: Value) -> Value | None:
    """v / (1 + e) e = v / (1 + exp(-x))."""
    made = r.maker(power, "exp")
    if made is None or not r.intact(made.operands[0]):
        return None
    x = made.operands[0]
    share = r.maker(g, "sigmoid")  # of -x, where v is 1
    if share is not None and _opposite(r, share.operands[0], x):
        return r.emit("sigmoid", x)

    def over_one_and(r: Stable, part: Value) -> Value | None:
        quotient = r.maker(part, "div")
        if quotient is None or not isinstance(quotient.operands[0], Value):
            return None
        below = r.maker(quotient.operands[1], "add")
        if below is None:
            return None
        one = [each for each in below.operands if each is not power]
        return whole(r, quotient.operands[0], part) if len(one) == 1 and number(one[0]) == 1 else None

    safe, rest = parts(r, g, over_one_and)
    if safe is None:
        return None
    first = r.emit("div", safe, r.emit("add", r.emit("exp", negative(r, x)), 1))
    return sum_of(r, first, None if rest is None else r.emit("mul", rest, power))


def _opposite(r: Stable, a: Value, b: Value) -> bool:
    """Whether one is the other's negative."""
    for one, other in ((a, b), (b, a)):
        made = r.maker(one, "neg")
        if made is not None and made.operands[0] is other:
            return True
    return False


def _through_sigmoid(r: Stable, s: Statement) -> Value | None:
    """g / p (p (1 - p)) = g / (1 + exp(x)), and g / (1 - p) (p (1 - p)) = g p, for p = sigmoid(x)."""
    if s.row.name != "mul" or len(s.operands) != 2:
        return None
    for g, slope in (s.operands, s.operands[::-1]):
        made = r.maker(slope, "mul")
        if made is None or made.operands[0] not in r.found.sigmoids or not isinstance(g, Value):
            continue
        p: Value = made.operands[0]
        if not _complement(r, made.operands[1], p):
            continue
        x = r.found.sigmoids[p]
        safe, rest = parts(r, g, _over(p, x)) if r.intact(x) else (None, g)
        if safe is not None:
            return sum_of(r, safe, None if rest is None else r.emit("mul", rest, slope))
    return None


def _complement(r: Stable, value: Any, p: Value) -> bool:
    """Whether a value is 1 - p."""
    made = r.maker(value, "sub", "add")
    if made is None or len(made.operands) != 2:
        return False
    if made.row.name == "sub":
        return number(made.operands[0]) == 1 and made.operands[1] is p
    less = r.maker(made.operands[0], "neg")
    return less is not None and less.operands[0] is p and number(made.operands[1]) == 1


def _over(p: Value, x: Value) -> Finder:
    return lambda r, part: _over_share(r, part, p, x)


def _over_share(r: Stable, part: Value, p: Value, x: Value) -> Value | None:
    made = r.maker(part, "div")
    if made is None or not isinstance(made.operands[0], Value) or not r.intact(made.operands[0]):
        return None
    g = made.operands[0]
    if made.operands[1] is p:
        return r.emit("div", g, r.emit("add", r.emit("exp", x), 1))
    return r.emit("mul", g, p) if _complement(r, made.operands[1], p) else None


THROUGH_SIGMOIDS = (_through_sigmoid, _through_exp)
