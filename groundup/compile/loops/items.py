"""What a plan is made of beside groups: kernels written by hand, products, and what NumPy does.

What a row's own kernels do, NumPy does where one of them is known to get no machine code.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from groundup.compile.graph import Statement, Value
from groundup.compile.loops.group import Group
from groundup.compile.loops.layout import Buffer, Layout, Shape


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
    """out = a @ b, or out += a @ b."""

    a: Layout
    b: Layout
    out: Layout
    beta: int = 0


@dataclass(eq=False, slots=True)
class Block:
    """Rows of the scores of one item, and how many of their columns are looked at: what is done for them, in order."""

    first: int
    last: int
    columns: int
    items: list[Any]  # groups and products of one item, by their local buffers
    calls: list[Any] = field(default_factory=list)  # the same as calls of machine code


@dataclass(eq=False, slots=True)
class Nest:
    """Products and groups that are done for one item, as a head of a sample, after the other.

    A local buffer is a whole one from the present item on, or scratch that is used again for the next item.
    """

    name: str
    scores: Any  # the axes of what lies between its products
    axes: tuple[int, int]  # how many items, along two leading axes
    wholes: dict[Buffer, tuple[Buffer, int, int, Shape]]  # local buffers: of which, the elements from item to item
    scratch: list[Buffer]  # local buffers that are of no whole one
    needed: set[Buffer]  # local buffers that somebody reads
    blocks: list[Block]
    members: list[Any]  # what it stands for
    reads: set[Buffer]
    writes: set[Buffer]
    own: list[Buffer] = field(default_factory=list)  # memory of the threads: their scratch, and tables of addresses
    places: dict[Buffer, int] = field(default_factory=dict)  # of the scratch, in bytes
    threads: int = 1

    def columns(self) -> list[int]:
        """For each row of the scores how many columns are looked at."""
        blocks = sorted(self.blocks, key=lambda block: block.first)
        return [block.columns for block in blocks for _ in range(block.first, block.last)]


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


Item = Any  # a Group, a Call, a Product, a Nest, something left or looked at


def read_by(item: Item) -> set[Buffer]:
    """The buffers that an item reads."""
    if isinstance(item, Group):
        return item.buffers_read()
    if isinstance(item, Product):
        return {item.a.buffer, item.b.buffer} | ({item.out.buffer} if item.beta else set())
    if isinstance(item, Looked):
        return {item.read.buffer}
    if isinstance(item, Left):
        return {each.buffer for each in item.reads.values()}
    found: set[Buffer] = item.reads
    return found


def written_by(item: Item) -> set[Buffer]:
    """The buffers that an item writes."""
    if isinstance(item, Group):
        return item.buffers_written()
    if isinstance(item, Looked):
        return set()
    if isinstance(item, (Product, Left)):
        return {item.out.buffer}
    found: set[Buffer] = item.writes
    return found
