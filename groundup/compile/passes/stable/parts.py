"""Sums of gradients taken apart: what has a safe form goes that way, and the rest the way it went."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from groundup.compile.graph import Value
from groundup.compile.passes.stable.found import Stable

Finder = Callable[[Stable, Value], Value | None]  # the safe form of one part of a sum


def parts(r: Stable, value: Value, find: Finder, depth: int = 30) -> tuple[Value | None, Value | None]:
    """A sum as its safe forms together, and what is left of it."""
    found = find(r, value)
    if found is not None:
        return found, None
    made = r.maker(value, "add", "sub", "neg") if depth else None
    if made is None or not all(isinstance(each, Value) and each.shape == value.shape for each in made.operands):
        return None, value
    sides = [parts(r, each, find, depth - 1) for each in made.operands]
    if all(safe is None for safe, _ in sides):
        return None, value
    if made.row.name == "neg":
        ((safe, rest),) = sides
        return r.emit("neg", safe), None if rest is None else r.emit("neg", rest)
    (a, b), (rest_a, rest_b) = ([side[i] for side in sides] for i in (0, 1))
    return _joined(r, made.row.name, a, b), _joined(r, made.row.name, rest_a, rest_b)


def _joined(r: Stable, name: str, a: Value | None, b: Value | None) -> Value | None:
    if a is None or b is None:
        return a if b is None else b if name == "add" else r.emit("neg", b)
    return r.emit(name, a, b)


def sum_of(r: Stable, a: Value | None, b: Value | None) -> Value | None:
    return _joined(r, "add", a, b)


def whole(r: Stable, g: Any, like: Value) -> Value | None:
    """A gradient in its full shape: it may be one number for all."""
    if not isinstance(g, Value):
        return None
    if g.shape == like.shape:
        return g
    return r.emit("expand", g, shape=like.shape, size=like.shape)


def negative(r: Stable, x: Value) -> Value:
    """-x, where x itself may be a negative."""
    inner = r.maker(x, "neg")
    return inner.operands[0] if inner is not None and r.intact(inner.operands[0]) else r.emit("neg", x)
