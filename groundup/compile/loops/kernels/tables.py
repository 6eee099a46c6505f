"""How the rows that read and write at positions become loops: tables, keys in square brackets, gather and scatter."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from groundup.compile.graph import Statement, Value
from groundup.compile.loops.kernels.context import Buffer, Context, Lowering, operand
from groundup.compile.loops.kernels.positions import (
    add_along,
    add_rows,
    copy_elements,
    copy_positions,
    join_positions,
    pick_along,
    pick_rows,
    put_along,
    put_rows,
)
from groundup.ops.index import ARRAY
from groundup.ops.index.bounds import TOLD

_EVERYTHING = slice(None)


def blocks_of(size: int) -> int:
    """The units of work in a copy."""
    return -(-size // 4096)


def copy_whole(ctx: Context, source: Buffer, target: Buffer, value: Value) -> None:
    """All elements of a value without gaps."""
    size = math.prod(value.shape)
    moved = 2 * size * value.dtype.itemsize
    ctx.call(copy_elements, [source, target, size], split=blocks_of(size), bytes=moved)


class _Positions:
    """Rows of a table at positions: the axes before those that positions stand for, together, and those behind."""

    def __init__(self, ctx: Context, size: tuple[int, ...], axis: int, indices: list[Any]) -> None:
        _check_positions(ctx, indices)
        first = indices[0]
        if any(each.shape != first.shape for each in indices):
            raise ctx.refuse("positions that are broadcast")
        end = axis + len(indices)
        self.count, self.kind = math.prod(first.shape), first.dtype
        self.before, self.width = math.prod(size[:axis]), math.prod(size[end:])
        self.rows = size[axis]
        if 0 in size or not self.count:
            raise ctx.refuse("a table or positions of nothing")
        self.flag = ctx.flag(lambda wrong: IndexError(f"index {wrong} is out of bounds for a dimension of {size}"))
        self.index = ctx.read(first)
        for each, length in zip(indices[1:], size[axis + 1 : end]):
            joined = ctx.scratch((self.count,), np.int64)
            arguments = [self.index, ctx.read(each), joined, self.flag, self.rows, length]
            ctx.call(join_positions, arguments, split=self.count)
            self.index, self.rows = joined, self.rows * length

    @property
    def numbers(self) -> tuple[int, int, int]:
        return self.rows, self.width, self.count

    @property
    def moved(self) -> int:
        """The bytes of the positions themselves."""
        return self.count * self.kind.itemsize

    @property
    def blocks(self) -> int:
        """The units of work of what writes into the table."""
        return self.before * -(-self.width // 16)


def _check_positions(ctx: Context, indices: list[Any]) -> None:
    for each in indices:
        if not isinstance(each, Value) or each.dtype.kind not in "iu" or each.dtype == np.uint64:
            raise ctx.refuse("positions that are not whole numbers in an array")


def _axis_of(pattern: tuple[Any, ...], rank: int, ctx: Context) -> int:
    """The axis of the first array of a key, if arrays stand side by side in it and nothing else does."""
    if sum(part is Ellipsis for part in pattern) > 1 or any(
        part is not Ellipsis and part is not ARRAY and part != _EVERYTHING for part in pattern
    ):
        raise ctx.refuse("a key of more than positions")
    if Ellipsis in pattern:
        at = pattern.index(Ellipsis)
        missing = rank - (len(pattern) - 1)
        pattern = (*pattern[:at], *(_EVERYTHING,) * missing, *pattern[at + 1 :])
    places = [axis for axis, part in enumerate(pattern) if part is ARRAY]
    if not places or places != list(range(places[0], places[-1] + 1)):
        raise ctx.refuse("positions along axes that are apart")
    return places[0]


def _pick(s: Statement, ctx: Context, axis: int, indices: list[Any], wraps: bool = True) -> None:
    table = s.operands[0]
    at = _Positions(ctx, table.shape, axis, indices)
    rows = at.before * at.count
    read = min(rows, at.before * at.rows)
    moved = (rows + read) * at.width * s.out.dtype.itemsize + at.moved
    arguments = [ctx.read(table), at.index, ctx.out(s.out), at.flag, *at.numbers, int(wraps)]
    ctx.call(pick_rows, arguments, split=rows, bytes=moved)


def lower_within(s: Statement, ctx: Context) -> None:
    """Positions that a dimension has."""
    index = s.operands[0]
    _check_positions(ctx, [index])
    size, dim, told = (s.params[each] for each in ("size", "dim", "told"))
    flag = ctx.flag(lambda wrong: TOLD[told](wrong, size, dim))
    count = math.prod(index.shape)
    moved = 2 * count * index.dtype.itemsize
    ctx.call(copy_positions, [ctx.read(index), ctx.out(s.out), flag, size], split=count, bytes=moved)


def lower_embedding(s: Statement, ctx: Context) -> None:
    """Rows of a table, which has no row -1."""
    _pick(s, ctx, 0, [s.operands[1]], wraps=False)


def lower_index_select(s: Statement, ctx: Context) -> None:
    """Slices along an axis."""
    _pick(s, ctx, s.params["dim"], [s.operands[1]])


def lower_index(s: Statement, ctx: Context) -> None:
    """A key of arrays side by side."""
    x, *indices = s.operands
    _pick(s, ctx, _axis_of(s.params["pattern"], len(x.shape), ctx), indices)


def lower_index_added(s: Statement, ctx: Context) -> None:
    """The adjoint of `index`."""
    g, *indices = s.operands
    size = s.params["size"]
    at = _Positions(ctx, size, _axis_of(s.params["pattern"], len(size), ctx), indices)
    moved = (math.prod(g.shape) + math.prod(size)) * s.out.dtype.itemsize + at.moved
    arguments = [ctx.read(g), at.index, ctx.out(s.out), at.flag, *at.numbers, 1]
    ctx.call(add_rows, arguments, split=at.blocks, bytes=moved)


def _written(s: Statement, ctx: Context) -> tuple[Buffer, Buffer, _Positions]:
    """The values, a copy of the whole to write them into, and where."""
    x, value, *indices = s.operands
    axis = _axis_of(s.params["pattern"], len(x.shape), ctx)
    at = _Positions(ctx, x.shape, axis, indices)
    shape = (*x.shape[:axis], *indices[0].shape, *x.shape[axis + len(indices) :])
    if not isinstance(value, Value) or value.shape != shape:
        raise ctx.refuse("a value that is broadcast")
    out = ctx.out(s.out)
    copy_whole(ctx, ctx.read(x), out, x)
    return ctx.read(value), out, at


def lower_add_at(s: Statement, ctx: Context) -> None:
    """A copy, with rows added to it."""
    value, out, at = _written(s, ctx)
    ctx.call(add_rows, [value, at.index, out, at.flag, *at.numbers, 0], split=at.blocks)


def lower_assign(s: Statement, ctx: Context) -> None:
    """A copy, with rows written into it."""
    value, out, at = _written(s, ctx)
    ctx.call(put_rows, [value, at.index, out, at.flag, *at.numbers], split=at.blocks)


# Along one axis


class _Along:
    """Positions in the shape of the result, along one axis."""

    def __init__(self, ctx: Context, size: tuple[int, ...], index: Any, dim: int) -> None:
        _check_positions(ctx, [index])
        if not size or 0 in size or 0 in index.shape:
            raise ctx.refuse("positions in nothing")
        if size[:dim] != index.shape[:dim] or size[dim + 1 :] != index.shape[dim + 1 :]:
            raise ctx.refuse("positions for a part of the lines")
        self.length, self.positions = size[dim], index.shape[dim]
        self.before, self.width = math.prod(size[:dim]), math.prod(size[dim + 1 :])
        length = self.length
        self.flag = ctx.flag(
            lambda wrong: RuntimeError(f"index {wrong} is out of bounds for dimension {dim} with size {length}")
        )
        self.index = ctx.read(index)

    @property
    def numbers(self) -> tuple[int, int, int]:
        return self.length, self.positions, self.width

    @property
    def blocks(self) -> int:
        return self.before * -(-self.width // 16)


def lower_gather(s: Statement, ctx: Context) -> None:
    """Elements along an axis."""
    x, index = s.operands
    at = _Along(ctx, x.shape, index, s.params["dim"])
    arguments = [ctx.read(x), at.index, ctx.out(s.out), at.flag, *at.numbers]
    ctx.call(pick_along, arguments, split=at.before * at.positions)


def lower_gather_added(s: Statement, ctx: Context) -> None:
    """The adjoint of `gather`."""
    g, index = s.operands
    at = _Along(ctx, s.params["size"], index, s.params["dim"])
    ctx.call(add_along, [ctx.read(g), at.index, ctx.out(s.out), at.flag, *at.numbers, 1], split=at.blocks)


def _scattered(s: Statement, ctx: Context) -> tuple[Buffer, int, Buffer, _Along]:
    x, index, source = s.operands
    at = _Along(ctx, x.shape, index, s.params["dim"])
    whole = isinstance(source, Value) and source.shape != ()
    if whole and source.shape != index.shape:
        raise ctx.refuse("more values than positions")
    out = ctx.out(s.out)
    copy_whole(ctx, ctx.read(x), out, x)
    return operand(ctx, source, s.out.dtype), int(whole), out, at


def lower_scatter(s: Statement, ctx: Context) -> None:
    """A copy, with elements written into it along an axis."""
    source, step, out, at = _scattered(s, ctx)
    ctx.call(put_along, [source, at.index, out, at.flag, *at.numbers, step], split=at.blocks)


def lower_scatter_add(s: Statement, ctx: Context) -> None:
    """A copy, with elements added to it along an axis."""
    source, step, out, at = _scattered(s, ctx)
    if not step:
        raise ctx.refuse("a single number to add")
    ctx.call(add_along, [source, at.index, out, at.flag, *at.numbers, 0], split=at.blocks)


LOWERINGS: dict[str, Lowering] = {
    "within": lower_within,
    "embedding": lower_embedding,
    "padded_embedding": lower_embedding,
    "index_select": lower_index_select,
    "index": lower_index,
    "index_added": lower_index_added,
    "add_at": lower_add_at,
    "assign": lower_assign,
    "gather": lower_gather,
    "gather_added": lower_gather_added,
    "scatter": lower_scatter,
    "scatter_add": lower_scatter_add,
}
