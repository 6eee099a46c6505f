"""Algebra that changes no bit of a result: x + x is 2 x, a factor of 1 goes, -(-x) is x, and 0.005 (2 x) is 0.01 x."""

from __future__ import annotations

import math

import numpy as np

from groundup.compile.graph import Graph, Statement, Value
from groundup.compile.passes.rewriting import Rewriting, number
from groundup.ops import ROWS


def algebra(graph: Graph) -> Graph:
    """Rewrite each statement by the first rule that fits it."""
    return Rewriting(graph).by(_unchanged, _negative, _doubled, _factors)


def _unchanged(r: Rewriting, s: Statement) -> Value | None:
    """The operand that the result equals: x * 1, x / 1, x - 0, a sum over no axes."""
    name, operands, out = s.row.name, s.operands, s.out
    if name in ("mul", "div", "sub") and len(operands) == 2:
        for value, other in ((operands[0], operands[1]), (operands[1], operands[0])):
            fits = isinstance(value, Value) and value.shape == out.shape and value.dtype == out.dtype
            nothing = number(other) == (0 if name == "sub" else 1) and (name == "mul" or other is operands[1])
            if fits and nothing and value.constant is None and _may_stand(r, s, value):
                return value
    if name == "sum_to" and operands[0].shape == out.shape and _may_stand(r, s, operands[0]):
        return operands[0]
    return None


def _may_stand(r: Rewriting, s: Statement, value: Value) -> bool:
    """A value of the caller's must not be given back as a result."""
    return r.may_share(value) and not (value.memory.external and s.out.memory in r.escaping)


def _negative(r: Rewriting, s: Statement) -> Value | None:
    """-1 * x as -x; -(-x) as x; a + -b as a - b."""
    name, operands = s.row.name, s.operands
    if s.out.dtype.kind != "f":
        return None
    if name == "neg":
        inner = r.maker(operands[0], "neg", "mul", "div")
        if inner is not None and inner.row.name != "neg":
            return _negative_of_product(r, s, inner)
        return inner.operands[0] if inner is not None and _may_stand(r, s, inner.operands[0]) else None
    if name == "mul" and len(operands) == 2:
        for value, other in (operands, operands[::-1]):
            if number(other) == -1 and _takes_all(value, s):
                return r.emit("neg", value)
    if name in ("add", "sub") and len(operands) == 2:
        return _subtracted(r, s)
    return None


def _subtracted(r: Rewriting, s: Statement) -> Value | None:
    """a + -b and -b + a as a - b, a - -b as a + b."""
    a, b = s.operands
    for kept, other in ((a, b), (b, a)):
        inner = r.maker(other, "neg")
        if inner is not None and r.uses.get(other) == 1 and r.intact(inner.operands[0]):
            if other is b or s.row.name == "add":
                s.row = ROWS["sub" if s.row.name == "add" else "add"]
                s.operands = [kept, inner.operands[0]]
                return None
    return None


def _negative_of_product(r: Rewriting, s: Statement, inner: Statement) -> Value | None:
    """-(-a * b) and -(-a / b) without both signs."""
    for i, each in enumerate(inner.operands):
        sign = r.maker(each, "neg")
        if sign is not None and r.uses.get(inner.out) == 1 and all(map(r.intact, (*inner.operands, *sign.operands))):
            operands = [*inner.operands]
            operands[i] = sign.operands[0]
            return r.emit(inner.row.name, *operands)
    return None


def _takes_all(value: object, s: Statement) -> bool:
    return isinstance(value, Value) and value.shape == s.out.shape and value.dtype == s.out.dtype


def _doubled(r: Rewriting, s: Statement) -> Value | None:
    a_and_b = s.operands
    if s.row.name == "add" and len(a_and_b) == 2 and a_and_b[0] is a_and_b[1] and a_and_b[0].dtype.kind == "f":
        s.row, s.operands = ROWS["mul"], [2, a_and_b[0]]
        return _factors(r, s)
    return None


def _factors(r: Rewriting, s: Statement) -> Value | None:
    """Two numbers that multiply the same elements are one, if either is a power of two: nothing is rounded then."""
    outer = _number_and_value(s)
    inner = None if outer is None else r.maker(outer[1], "mul", "neg")
    if outer is None or inner is None or s.out.dtype.kind != "f":
        return None
    scale: float | None = -1.0
    value = inner.operands[0]
    if inner.row.name == "mul":
        found = _number_and_value(inner)
        scale, value = (None, None) if found is None else found
    if scale is None or not _takes_all(value, s) or not r.intact(value):
        return None
    product = outer[0] * scale
    if not (_power_of_two(outer[0]) or _power_of_two(scale)) or not 1e-3 < abs(product) < 1e3:
        return None
    text = str(s.out.dtype.type(product))
    return r.emit("mul", float(text), value, shape=s.out.shape)


def _number_and_value(s: Statement) -> tuple[float, Value] | None:
    if s.row.name == "mul" and len(s.operands) == 2:
        for value, other in (s.operands, s.operands[::-1]):
            scale = number(other)
            if scale is not None and isinstance(value, Value) and value.constant is None:
                return scale, value
    return None


def _power_of_two(x: float) -> bool:
    return bool(np.isfinite(x)) and math.frexp(x)[0] in (0.5, -0.5)
