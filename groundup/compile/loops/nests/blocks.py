"""One item of attention in blocks of rows: what each product and group does for them, and which columns they need.

The scores of an item have rows (queries) and columns (keys). Rows do not look at each other, so that some of them can
be finished before the next are begun; products that sum over rows add up block after block. Columns that are masked for
all rows of a block are left out: what `masks` cannot tell to be nothing there is computed.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from groundup.compile.loops.group import Group, Task, begun
from groundup.compile.loops.items import Block, Item, Nest, Product, read_by, written_by
from groundup.compile.loops.layout import Buffer, Layout, Shape, restrided, steps
from groundup.compile.loops.nests.masks import Masks
from groundup.compile.loops.products import two_axes

ROWS, COLUMNS, FREE = "rows", "columns", "free"  # what an axis of a matrix goes through
SMALL = 1 << 12  # scores of an item that is done at once
BLOCK = 64  # rows of a block of a larger one,
FINE = 32  # or fewer, if a mask then leaves out so many scores
WORTH = 0.8  # that no more than this part of them is left


@dataclass(eq=False, slots=True)
class Access:
    """A task's array over the axes of the scores; `strides` has one for each of them, 0 where it stays."""

    buffer: Buffer
    offset: int
    strides: Shape


@dataclass(eq=False, slots=True)
class Scores:
    """The axes of scores, and the buffers that hold arrays of them, in order and without gaps."""

    lead: Shape
    rows: int
    columns: int
    buffers: set[Buffer] = field(default_factory=set)

    @property
    def items(self) -> int:
        """How many there are."""
        return math.prod(self.lead)

    @property
    def shape(self) -> Shape:
        """All of their axes."""
        return (*self.lead, self.rows, self.columns)

    def is_same(self, other: Scores) -> bool:
        """Whether both have the same axes."""
        return self.shape == other.shape

    def is_like(self, access: Access) -> bool:
        """Whether an access goes through a whole array of scores."""
        return access.strides == _plain(self.shape) and access.buffer.size == math.prod(self.shape)

    def accesses(self, task: Task) -> list[Access | None] | None:
        """The arrays that a task reads, and last the one that it makes, over these axes; None if it has others."""
        shape = self.shape if math.prod(task.shape) == math.prod(self.shape) else (*self.shape[:-1], 1)
        if math.prod(task.shape) != math.prod(shape):
            return None
        if task.reduced and (task.reduced != (len(task.shape) - 1,) or task.shape[-1] != self.columns):
            return None
        found: list[Access | None] = []
        for each in (*task.reads, task.out):
            strides = None if each is None else restrided(task.shape, each[2], shape)
            if each is not None and strides is None:
                return None
            found.append(None if each is None else Access(each[1].buffer, each[1].offset, strides or ()))
        return found

    def takes(self, product: Product) -> bool:
        """Whether a product takes scores as one of its matrices."""
        if product.beta or product.out.shape[:-2] != self.lead or product.out.buffer in self.buffers:
            return False
        return (
            sum(each.buffer in self.buffers for each in (product.a, product.b)) == 1 and self.axes(product) is not None
        )

    def axes(self, product: Product) -> tuple[str, str, str] | None:
        """What m, n and k of a product go through."""
        a, b, out = (self._matrix(each) for each in (product.a, product.b, product.out))
        if out is not None:
            return None if out != (ROWS, COLUMNS) or a or b else (ROWS, COLUMNS, FREE)
        if a is not None:
            return None if b else (a[0], FREE, a[1])
        return None if b is None else (FREE, b[1], b[0])

    def _matrix(self, layout: Layout) -> tuple[str, str] | None:
        """The two axes of a matrix that is scores, or scores turned."""
        if layout.buffer not in self.buffers or layout.offset or layout.shape[:-2] != self.lead:
            return None
        plain = _plain(self.shape)
        if layout.shape == self.shape and _moving(layout.strides, layout.shape) == plain:
            return ROWS, COLUMNS
        turned = (*plain[:-2], plain[-1], plain[-2])
        if layout.shape == (*self.lead, self.columns, self.rows) and _moving(layout.strides, layout.shape) == turned:
            return COLUMNS, ROWS
        return None


def _plain(shape: Shape) -> Shape:
    return _moving(steps(shape), shape)


def _moving(strides: Shape, shape: Shape) -> Shape:
    """Strides, 0 along an axis of length 1."""
    return tuple(0 if n == 1 else stride for n, stride in zip(shape, strides, strict=True))


def nest_of(
    scores: Scores, members: Sequence[Item], outside: set[Buffer], shared: set[Buffer], masks: Masks
) -> Nest | None:
    """A run as a nest; None if its axes, or a group of a block, cannot be written so.

    `outside` is read by others, and of these `shared` only where scores are computed.
    """
    writer = _Writer(scores, members, outside)
    if writer.axes is None:
        return None
    reach = masks.reach(scores, members, outside - shared)
    blocks: list[Block] = []
    for first, last in _cuts(scores, reach, writer.sums):
        columns = max(1, *(reach[row] for row in range(first, last)))
        if writer.sums and not blocks:
            columns = scores.columns  # sums begin here, in all columns
        items = writer.items(first, last, columns, is_first=not blocks)
        if items is None:
            return None
        blocks.append(Block(first, last, columns, items))
    back = any(
        task.statement.phase != "forward" for item in members if isinstance(item, Group) for task, _ in item.tasks
    )
    return Nest(
        "attention_back" if back else "attention",
        scores,
        writer.axes,
        {local: (whole, *writer.distances[whole, lead], lead) for (whole, lead), local in writer.wholes.items()},
        list(writer.scratch.values()),
        writer.needed(),
        blocks,
        list(members),
        writer.reads,
        writer.writes,
    )


def _cuts(scores: Scores, reach: Sequence[int], sums: bool) -> list[tuple[int, int]]:
    """The first row and the end of each block; the last rows, which see most columns, first where there are sums."""
    whole = scores.rows if scores.rows * scores.columns <= SMALL else BLOCK
    size = FINE if _scores_of(reach, FINE) < WORTH * _scores_of(reach, whole) else whole
    found = [(first, min(first + size, scores.rows)) for first in range(0, scores.rows, size)]
    return found[::-1] if sums else found


def _scores_of(reach: Sequence[int], size: int) -> int:
    """How many scores are computed in blocks of so many rows."""
    parts = [reach[first : first + size] for first in range(0, len(reach), size)]
    return sum(len(part) * max(1, *part) for part in parts)


class _Writer:
    """Writes the items of each block, with local buffers."""

    def __init__(self, scores: Scores, members: Sequence[Item], outside: set[Buffer]) -> None:
        self.scores = scores
        self.members = members
        self.groups = [
            [(scores.accesses(task) or [], task, name) for task, name in item.tasks] if isinstance(item, Group) else []
            for item in members
        ]
        self.wholes: dict[tuple[Buffer, Shape], Buffer] = {}  # local buffers, by whole ones and distances
        self.scratch: dict[Buffer, Buffer] = {}
        written, read = [written_by(each) for each in members], [read_by(each) for each in members]
        self.inside = {each for each in set().union(*written) if each not in outside and each.kind == "temporary"}
        self.passed = set().union(*(a - b for a, b in zip(read, written, strict=True)))  # from one member to another
        self.reads = set().union(*read) - self.inside
        self.writes = set().union(*written) - self.inside
        products = [each for each in members if isinstance(each, Product)]
        self.sums = any((scores.axes(each) or ("",) * 3)[2] == ROWS for each in products)
        self._find_axes(products)

    def _find_axes(self, products: list[Product]) -> None:
        """The leading axes as two, and the distances of each array along them."""
        count = len(self.scores.lead)
        found: dict[tuple[Buffer, Shape], None] = {}
        for product in products:
            for each in (product.a, product.b, product.out):
                found[each.buffer, self._lead(each)] = None
        for group in self.groups:
            for accesses, _, _ in group:
                for access in accesses:
                    if access is not None:
                        found[access.buffer, access.strides[:count]] = None
        keys = [(buffer, lead) for buffer, lead in found if buffer not in self.inside]
        joined = two_axes(self.scores.lead, [list(lead) for _, lead in keys])
        self.axes = None if joined is None else joined[0]
        steps = [] if joined is None else joined[1]
        self.distances = dict(zip(keys, zip(steps[::2], steps[1::2], strict=True), strict=False))

    def _lead(self, layout: Layout) -> Shape:
        """The strides of a matrix along the leading axes."""
        shape, strides = layout.shape[:-2], layout.strides[:-2]
        missing = len(self.scores.lead) - len(shape)
        return (0,) * missing + tuple(0 if n == 1 else s for n, s in zip(shape, strides, strict=True))

    # Arrays

    def _local(self, buffer: Buffer, lead: Shape) -> Buffer:
        """The array that a block knows."""
        if buffer in self.inside:
            if buffer not in self.scratch:
                self.scratch[buffer] = Buffer(buffer.dtype, 0, "local", buffer.name)
            return self.scratch[buffer]
        if (buffer, lead) not in self.wholes:
            self.wholes[buffer, lead] = Buffer(buffer.dtype, buffer.size, "local", buffer.name)
        return self.wholes[buffer, lead]

    def needed(self) -> set[Buffer]:
        """Local buffers that somebody reads."""
        return set(self.wholes.values()) | {local for whole, local in self.scratch.items() if whole in self.passed}

    # Blocks

    def items(self, first: int, last: int, columns: int, is_first: bool) -> list[Item] | None:
        """What is done for a block of rows."""
        self.first, self.last, self.columns, self.is_first = first, last, columns, is_first
        found: list[Item] = []
        for item, group in zip(self.members, self.groups, strict=True):
            made = self._product(item) if isinstance(item, Product) else self._group(group)
            if made is None:
                return None
            found.append(made)
        return found

    def _product(self, product: Product) -> Product | None:
        axes = self.scores.axes(product)
        if axes is None:
            return None
        m, n, k = axes
        a = self._matrix(product.a, (m, k))
        b = self._matrix(product.b, (k, n))
        out = self._matrix(product.out, (m, n))
        return Product(a, b, out, int(k == ROWS and not self.is_first))

    def _matrix(self, layout: Layout, axes: tuple[str, str]) -> Layout:
        shape, offset = [], layout.offset
        strides = layout.strides[-2:]
        local = self._local(layout.buffer, self._lead(layout))
        for axis, n, stride in zip(axes, layout.shape[-2:], strides, strict=True):
            offset += self.first * stride if axis == ROWS else 0
            shape.append({ROWS: self.last - self.first, COLUMNS: self.columns}.get(axis, n))
        if layout.buffer in self.inside:
            offset = 0
            if set(axes) == {ROWS, COLUMNS}:
                strides = (self.columns, 1) if axes == (ROWS, COLUMNS) else (1, self.columns)
            self._grow(local, math.prod(shape))
        return Layout(local, tuple(shape), strides, offset)

    def _group(self, tasks: list[tuple[list[Access | None], Task, str]]) -> Group | None:
        found: Group | None = None
        for accesses, task, name in tasks:
            copy = self._task(accesses, task)
            if copy is None:
                return None
            if found is None:
                found = begun(copy, name)
            elif not found.admit(copy, name):
                return None
        return found

    def _task(self, accesses: list[Access | None], task: Task) -> Task | None:
        is_row = math.prod(task.shape) != math.prod(self.scores.shape)
        rows = self.last - self.first
        shape = (rows,) if is_row else (rows, self.columns)
        found: list[Any] = []
        for access, each in zip(accesses, (*task.reads, task.out), strict=True):
            if access is None or each is None:
                found.append(None)
                continue
            count = len(self.scores.lead)
            strides = access.strides[count : count + len(shape)]
            local, offset = self._local(access.buffer, access.strides[:count]), access.offset + self.first * strides[0]
            if access.buffer in self.inside:
                offset = 0
                if self.scores.is_like(access):
                    strides = (self.columns, 1)
                elif strides[0] not in (0, 1) or any(strides[1:]):
                    return None
                self._grow(local, rows * (self.columns if any(strides[1:]) else 1))
            found.append((each[0], Layout(local, shape, strides, offset), strides))
        *reads, out = found
        return Task(task.statement, shape, reads, out, (1,) if task.reduced else ())

    def _grow(self, local: Buffer, size: int) -> None:
        local.size = max(local.size, size)
