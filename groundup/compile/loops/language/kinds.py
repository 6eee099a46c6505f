"""The kinds of value that a kernel knows, by NumPy's names, and what two of them become together.

A kind is a NumPy name such as ``"float32"``; ``"float32*"`` is a pointer to it, and a tuple of kinds is what
a function with several results gives. The rules are Numba's, as a saved program is run by Numba: arithmetic
on integers is done in 64 bits, and a float32 with an int64 makes a float64.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

Kind = str | tuple[str, ...]

#: LLVM's name for a value of each kind.
LLVM = {
    "bool": "i1",
    **{f"{sign}int{bits}": f"i{bits}" for sign in ("", "u") for bits in (8, 16, 32, 64)},
    "float16": "half",
    "float32": "float",
    "float64": "double",
}
FLOATS = ("float32", "float64")
#: The short names of the scalar types that a kernel's text may use.
SHORT = {"f32": "float32", "f64": "float64", "i32": "int32", "i64": "int64", "u8": "uint8", "u32": "uint32"}
SHORT |= {"u64": "uint64", "int": "int64", "float": "float64", "bool": "bool"}


class Untranslatable(Exception):
    """The text of a kernel has something that the translation does not know; the message says what."""


class Value(NamedTuple):
    """One value in the making: what it is, and how LLVM's text names it; `number` where it was written out."""

    kind: Kind
    text: str
    number: int | None = None


def llvm_type(kind: Kind) -> str:
    """How LLVM's text names the type of a value of this kind."""
    if isinstance(kind, tuple):
        return "{" + ", ".join(llvm_type(part) for part in kind) + "}" if kind else "void"
    name, _, count = kind.partition("x")
    if count:
        return f"<{count} x {LLVM[name]}>"
    return "ptr" if kind.endswith("*") else LLVM[kind]


def is_float(kind: Kind) -> bool:
    return kind in FLOATS


def is_unsigned(kind: Kind) -> bool:
    return isinstance(kind, str) and (kind.startswith("uint") or kind == "bool")


def scalar(kind: Kind) -> str:
    """`kind`, which must be that of one number."""
    if isinstance(kind, tuple) or kind.endswith("*"):
        raise Untranslatable(f"a number is needed where {kind} stands")
    return kind


def wide(kind: str) -> str:
    """The kind in which arithmetic on integers of this kind is done."""
    if is_float(kind):
        return kind
    return "uint64" if kind.startswith("uint") else "int64"


def together(a: Value, b: Value) -> str:
    """The kind of a result of two numbers, and in which they are computed."""
    first, second = scalar(a.kind), scalar(b.kind)
    if is_float(first) or is_float(second):
        return str(np.promote_types(first, second))
    first, second = wide(first), wide(second)
    if first != second:
        written = a.number if first == "int64" else b.number
        if written is None or written < 0:
            raise Untranslatable("a signed and an unsigned integer stand together: cast one of them")
        return "uint64"
    return first


def joined(a: Kind, b: Kind) -> Kind:
    """The kind of a variable that is given values of both kinds."""
    if a == b:
        return a
    if isinstance(a, tuple) or isinstance(b, tuple):
        if not (isinstance(a, tuple) and isinstance(b, tuple) and len(a) == len(b)):
            raise Untranslatable(f"{a} and {b} have no kind in common")
        return tuple(scalar(joined(x, y)) for x, y in zip(a, b))
    both = str(np.promote_types(scalar(a), scalar(b)))
    if both not in LLVM:
        raise Untranslatable(f"{a} and {b} have no kind in common")
    return both


def number_size(kind: str) -> int:
    """The bytes that an element of an array of this kind takes."""
    return np.dtype(kind).itemsize
