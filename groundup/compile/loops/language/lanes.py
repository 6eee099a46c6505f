"""Several neighbours of an array at once: ``x[i : i + 16]`` is sixteen numbers, with arithmetic of their own.

A slice is as wide as its end says, which is written as its start plus a number. ``np.full(16, a)`` is a number
sixteen times, and ``np.sum(v)`` adds up the sixteen in any order. A kind is the number's with the width after
it: ``float32x16``.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from .kinds import LLVM, Kind, Untranslatable, Value, is_float, llvm_type, number_size, scalar

if TYPE_CHECKING:
    from .values import Lines

VERBS = {"Add": "fadd", "Sub": "fsub", "Mult": "fmul", "Div": "fdiv"}


def element(kind: Kind) -> str:
    """The kind of each of the numbers."""
    return scalar(kind).partition("x")[0]


def is_wide(kind: Kind) -> bool:
    """Whether a kind is that of several numbers at once."""
    return isinstance(kind, str) and "x" in kind


def wide_kind(kind: Kind, width: ast.expr) -> str:
    """The kind of so many numbers."""
    match width:
        case ast.Constant(value=int() as count) if is_float(kind) and count > 0:
            return f"{kind}x{count}"
    raise Untranslatable(f"line {width.lineno}: only floats stand side by side, and as many as is written")


def width_of(part: ast.Slice) -> ast.expr:
    """How many elements a slice has."""
    match part.upper:
        case ast.BinOp(left=left, op=ast.Add(), right=right) if part.lower and part.step is None:
            if ast.dump(left) == ast.dump(part.lower):
                return right
    raise Untranslatable(f"the end of a slice is its start plus a number, not {ast.unparse(part)}")


def load(function: Lines, kind: Kind, place: str) -> Value:
    """The numbers from a place on."""
    size = number_size(element(kind))
    return Value(kind, function.line(f"load {llvm_type(kind)}, ptr {place}, align {size}"))


def store(function: Lines, value: Value, kind: Kind, place: str) -> None:
    """Put numbers there."""
    value = spread(function, value, kind)
    size = number_size(element(kind))
    function.lines.append(f"  store {llvm_type(kind)} {value.text}, ptr {place}, align {size}")


def spread(function: Lines, value: Value, kind: Kind) -> Value:
    """One number as several, or several as they are."""
    if value.kind == kind:
        return value
    if is_wide(value.kind):
        raise Untranslatable(f"{value.kind} stand where {kind} are needed")
    one = LLVM[element(kind)]
    number = function.cast(value, element(kind))
    whole = llvm_type(kind)
    first = function.line(f"insertelement {whole} poison, {one} {number.text}, i64 0")
    zeros = whole.replace(one, "i32")
    return Value(kind, function.line(f"shufflevector {whole} {first}, {whole} poison, {zeros} zeroinitializer"))


def operation(function: Lines, name: str, a: Value, b: Value, flags: str) -> Value:
    """Arithmetic of each with each."""
    kind = a.kind if is_wide(a.kind) else b.kind
    if name not in VERBS:
        raise Untranslatable(f"{name} of several numbers at once")
    a, b = spread(function, a, kind), spread(function, b, kind)
    return Value(kind, function.line(f"{VERBS[name]} {flags}{llvm_type(kind)} {a.text}, {b.text}"))


def total(function: Lines, value: Value) -> Value:
    """The sum of the numbers."""
    kind = element(value.kind)
    one, whole = LLVM[kind], llvm_type(value.kind)
    symbol = f"llvm.vector.reduce.fadd.v{scalar(value.kind).partition('x')[2]}{'f32' if kind == 'float32' else 'f64'}"
    function.declared[symbol] = f"declare {one} @{symbol}({one}, {whole})"
    zero = function.real(-0.0, kind).text
    return Value(kind, function.line(f"call reassoc {one} @{symbol}({one} {zero}, {whole} {value.text})"))
