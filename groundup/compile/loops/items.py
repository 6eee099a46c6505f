"""What a plan is made of beside groups: kernels written by hand, products, and what NumPy does.

What a row's own kernels do, NumPy does where one of them is known to get no machine code.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from groundup.compile.graph import Statement, Value
from groundup.compile.loops.layout import Buffer, Layout


@dataclass(eq=False, slots=True)
class Call:
    """A kernel written by hand, and what it is called with."""

    function: Callable[..., None]
    arguments: list[Any]
    split: int
    reads: set[Buffer]
    writes: set[Buffer]
    flops: int = 0  # where the lowering says how many there are
    bytes: int = 0


@dataclass(eq=False, slots=True)
class Product:
    """out = a @ b, by BLAS."""

    a: Layout
    b: Layout
    out: Layout
    beta: int = 0


@dataclass(eq=False, slots=True)
class Left:
    """A statement that NumPy runs, where its values lie (those that are plain numbers lie nowhere), and why."""

    statement: Statement
    reads: dict[Value, Layout]
    out: Layout
    why: str


@dataclass(eq=False, slots=True)
class Looked:
    """A number of the program that is read from a tensor while it runs."""

    name: str
    read: Layout


def kinds_of(arguments: Sequence[Any]) -> tuple[str, ...]:
    """The kinds of the arguments of a kernel written by hand, as machine code takes them."""
    kinds: list[str] = []
    for each in arguments:
        buffer = each[0] if isinstance(each, tuple) else each
        if isinstance(buffer, Buffer):
            kinds.append(f"{buffer.dtype.name}*")
        else:
            kinds.append("int" if isinstance(each, (bool, int, np.integer)) else "float64")
    return tuple(kinds)


Item = Any  # a Group, a Call, a Product, something left or looked at
