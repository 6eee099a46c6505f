"""The safe forms themselves: the rules for what a program computes on its way forward."""

from __future__ import annotations

from groundup.compile.graph import Statement, Value
from groundup.compile.passes.rewriting import number
from groundup.compile.passes.stable.found import Stable
from groundup.compile.passes.stable.parts import negative
from groundup.compile.passes.views import RESHAPES, TURNS

_MOVES = (*RESHAPES, *TURNS, "slice", "index", "gather", "take")

# Logarithms


def _log(r: Stable, s: Statement) -> Value | None:
    if s.row.name != "log":
        return None
    x = s.operands[0]
    plus = _one_and(r, x)
    if plus is not None:
        return _log_of_one_and(r, plus)
    return _log_of_softmax(r, x) or _log_of_sum(r, x) or _log_of_sigmoid(r, x)


def _log1p(r: Stable, s: Statement) -> Value | None:
    if s.row.name != "log1p":
        return None
    power, less = r.maker(s.operands[0], "exp"), r.maker(s.operands[0], "neg")
    if power is not None and r.intact(power.operands[0]):
        return _softplus(r, power.operands[0])
    return None if less is None else _log_of_complement(r, less.operands[0])


def _one_and(r: Stable, value: Value) -> Value | None:
    """x, of 1 + x."""
    made = r.maker(value, "add")
    for one, other in () if made is None else (made.operands, made.operands[::-1]):
        if number(one) == 1 and isinstance(other, Value) and other.shape == value.shape and other.dtype == value.dtype:
            return other
    return None


def _log_of_one_and(r: Stable, x: Value) -> Value | None:
    power, less = r.maker(x, "exp"), r.maker(x, "neg")
    if power is not None and r.intact(power.operands[0]):
        return _softplus(r, power.operands[0])
    if less is not None and r.maker(less.operands[0], "sigmoid"):
        return _log_of_complement(r, less.operands[0])
    return r.emit("log1p", x) if r.intact(x) else None


def _softplus(r: Stable, x: Value) -> Value:
    """log(1 + exp(x)) = -log_sigmoid(-x)."""
    return r.emit("neg", r.emit("log_sigmoid", negative(r, x)))


def _log_of_sigmoid(r: Stable, value: Value) -> Value | None:
    made = r.maker(value, "sigmoid")
    if made is not None and r.intact(made.operands[0]):
        r.found.sigmoids[value] = made.operands[0]
        return r.emit("log_sigmoid", made.operands[0])
    less = r.maker(value, "sub")
    if less is not None and number(less.operands[0]) == 1:
        return _log_of_complement(r, less.operands[1])
    return None


def _log_of_complement(r: Stable, share: Value) -> Value | None:
    """log(1 - sigmoid(x)) = log_sigmoid(-x)."""
    made = r.maker(share, "sigmoid")
    if made is None or not r.intact(made.operands[0]):
        return None
    r.found.sigmoids[share] = made.operands[0]
    return r.emit("log_sigmoid", negative(r, made.operands[0]))


def _log_of_softmax(r: Stable, value: Value) -> Value | None:
    """The logarithm of a softmax, or of elements picked out of one."""
    moves: list[Statement] = []
    made = r.maker(value, "softmax", *_MOVES)
    while made is not None and made.row.name != "softmax":
        moves.append(made)
        made = r.maker(made.operands[0], "softmax", *_MOVES)
    if made is None or not all(r.intact(index) for move in moves for index in move.operands[1:]):
        return None
    if made.out not in r.found.log_softmax:
        if not r.intact(made.operands[0]):
            return None
        logs = r.emit("log_softmax", made.operands[0], dim=made.params["dim"])
        r.found.log_softmax[made.out] = logs
    found = r.found.log_softmax[made.out]
    for move in reversed(moves):
        found = r.emit(move.row.name, found, *move.operands[1:], shape=move.out.shape, **move.params)
    return r.emit("clone", found) if moves and found.memory is r.found.log_softmax[made.out].memory else found


def _log_of_sum(r: Stable, total: Value) -> Value | None:
    made = r.maker(total, "sum")
    power = None if made is None else r.maker(made.operands[0], "exp")
    if made is None or power is None or not r.intact(power.operands[0]):
        return None
    x = power.operands[0]
    found = r.emit("logsumexp", x, shape=total.shape, **made.params)
    r.found.sums[total] = x, found
    return found


def _less_logsumexp(r: Stable, s: Statement) -> Value | None:
    """x - logsumexp(x), over one axis, if nothing else needs the sum."""
    if s.row.name != "sub" or not all(isinstance(each, Value) for each in s.operands):
        return None
    x, total = s.operands
    made = r.maker(total, "logsumexp", *RESHAPES)
    while made is not None and r.uses.get(made.out, 0) <= 1 and made.row.name != "logsumexp":
        made = r.maker(made.operands[0], "logsumexp", *RESHAPES)
    if made is None or r.uses.get(made.out, 0) > 1:
        return None
    if made.operands[0] is not x or len(made.params["dim"]) != 1 or not r.intact(x):
        return None
    axis = made.params["dim"][0] % len(x.shape)
    kept = tuple(1 if i == axis else n for i, n in enumerate(x.shape))
    spread = (1,) * (len(kept) - len(total.shape)) + total.shape
    if spread != kept or s.out.shape != x.shape:
        return None
    r.found.differences[x, kept] = found = r.emit("log_softmax", x, dim=axis)
    return found


# Quotients, differences and roots


def _quotient(r: Stable, s: Statement) -> Value | None:
    """exp(x) / sum(exp(x)), over one axis."""
    if s.row.name != "div" or not all(isinstance(each, Value) for each in s.operands):
        return None
    power, total = r.maker(s.operands[0], "exp"), r.maker(s.operands[1], "sum")
    if power is None or total is None or total.operands[0] is not power.out or not r.intact(power.operands[0]):
        return None
    if len(total.params["dim"]) != 1 or s.out.shape != power.out.shape:
        return None
    axis = total.params["dim"][0] % len(power.out.shape)
    if total.out.shape != tuple(1 if i == axis else n for i, n in enumerate(power.out.shape)):
        return None
    found = r.emit("softmax", power.operands[0], dim=axis)
    r.found.quotients[s.out] = power.out, total.out, axis
    return found


def _reciprocal(r: Stable, s: Statement) -> Value | None:
    """1 / (1 + exp(-x))."""
    if s.row.name not in ("reciprocal", "pow", "div"):
        return None
    below = s.operands[0] if s.row.name in ("reciprocal", "pow") else s.operands[-1]
    one = s.row.name == "reciprocal" or (s.row.name == "div" and number(s.operands[0]) == 1)
    if not (one or (s.row.name == "pow" and s.operands[1] == -1)) or not isinstance(below, Value):
        return None
    exponential = _one_and(r, below)
    power = None if exponential is None else r.maker(exponential, "exp")
    if exponential is None or power is None or not r.intact(power.operands[0]):
        return None
    x = negative(r, power.operands[0])
    r.found.by_hand[s.out] = exponential, x
    return r.emit("sigmoid", x)


def _less_one(r: Stable, s: Statement) -> Value | None:
    """exp(x) - 1."""
    if s.row.name not in ("sub", "add"):
        return None
    one, operands = (1, s.operands[:1]) if s.row.name == "sub" else (-1, s.operands)
    for other in operands:
        power = r.maker(other, "exp")
        rest = s.operands[1] if other is s.operands[0] else s.operands[0]
        if power is not None and number(rest) == one and s.out.shape == other.shape and r.intact(power.operands[0]):
            return r.emit("expm1", power.operands[0])
    return None


def _root(r: Stable, s: Statement) -> Value | None:
    """sqrt(x * x)."""
    made = r.maker(s.operands[0], "mul", "square", "pow") if s.row.name == "sqrt" else None
    if made is None or (made.row.name != "square" and len(made.operands) != 2):
        return None
    x = made.operands[0]
    squared = made.row.name == "square" or made.operands[1] is x or (made.row.name == "pow" and made.operands[1] == 2)
    if not squared or not isinstance(x, Value) or x.dtype != s.out.dtype or not r.intact(x):
        return None
    return r.emit("abs", x)


FORWARD = (_log, _log1p, _less_logsumexp, _quotient, _reciprocal, _less_one, _root)
