"""What a plan is made of beside groups: kernels written by hand, products, and what NumPy does.

A kernel that gets no machine code is no reason to give up the others: each item knows the statement that NumPy runs
in its place.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

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
    instead: Instead | None = None


@dataclass(eq=False, slots=True)
class Product:
    """out = a @ b, by BLAS."""

    a: Layout
    b: Layout
    out: Layout
    beta: int = 0
    instead: Instead | None = None


@dataclass(eq=False, slots=True)
class Left:
    """A statement that NumPy runs, where its values lie (those that are plain numbers lie nowhere), and why."""

    statement: Statement
    reads: dict[Value, Layout]
    out: Layout
    why: str


@dataclass(eq=False, slots=True)
class Instead:
    """What NumPy can do in the place of all calls and products of a lowering, and the index of its first item."""

    left: Left
    at: int


@dataclass(eq=False, slots=True)
class Looked:
    """A number of the program that is read from a tensor while it runs."""

    name: str
    read: Layout


Item = Any  # a Group, a Call, a Product, something left or looked at
