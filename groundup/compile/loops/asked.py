"""What the lowering of one row asks of the plan: where its arrays lie, calls of kernels, products by BLAS."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from groundup.compile.graph import Statement, Value
from groundup.compile.loops.group import Task, begun, contiguous
from groundup.compile.loops.items import Call, Item, Product, kinds_of
from groundup.compile.loops.layout import Buffer, Layout, steps
from groundup.compile.loops.orders import in_order, order_of
from groundup.compile.loops.terms import Refused
from groundup.ops import ROWS

if TYPE_CHECKING:
    from groundup.compile.loops.plan import Plan


class Asked:
    """What a lowering asks of the plan; nothing of it is kept until it has asked for everything."""

    def __init__(self, plan: Plan, statement: Statement) -> None:
        self.plan = plan
        self.statement = statement
        self.items: list[Item] = []
        self.result: Layout | None = None
        self.checks: list[tuple[Buffer, Callable[[int], Exception]]] = []
        self.copies: dict[Any, Buffer] = {}
        self.lasting: list[Item] = []  # the calls that made them, for whoever comes later too

    def settle(self) -> None:
        """Copy a result in another order of axes, if its memory must lie as NumPy has it."""
        found = self.result
        if found is not None and self.statement.out.memory in self.plan.plain and order_of(found) is not None:
            self._copy(found.buffer, self.out(self.statement.out), found.shape, (0, found.strides))

    def _copy(self, source: Buffer, target: Buffer, shape: tuple[int, ...], part: Any) -> None:
        from groundup.compile.loops.kernels.moves import copy

        copy(self, source, target, shape, part, (0, steps(shape)), target.dtype.itemsize)

    def keep(self) -> None:
        """Put what was asked for into the plan."""
        if self.result is None:
            raise RuntimeError(f"the lowering of {self.statement.row.name} has no result")
        for item in self.items:
            if isinstance(item, Task):
                self.plan.items.append(group := begun(item, self.plan.origin))
                self.plan.note(len(self.plan.items) - 1, group.buffers_read(), group.buffers_written())
            elif isinstance(item, Call):
                self.plan.add(item, item.reads, item.writes)
            else:
                self.plan.add(item, {item.a.buffer, item.b.buffer}, {item.out.buffer})
        self.plan.checks += self.checks
        self.plan.copies |= self.copies
        if order_of(self.result) is not None:
            self.plan.turned.add(self.result.buffer)
        self.plan.layouts[self.statement.out] = self.result

    def read(self, value: Value, order: Any = None) -> Buffer:
        """The elements of a value, without gaps, its axes in that order in memory."""
        layout = self.plan.layout(value)
        order = tuple(range(len(value.shape))) if order is None else order
        shape = tuple(value.shape[axis] for axis in order)
        strides = tuple(layout.strides[axis] for axis in order)
        if Layout(layout.buffer, shape, strides, layout.offset).contiguous:
            return layout.buffer
        return self.once((value, order), lambda: self._ordered(value, layout, shape, strides))

    def once(self, key: Any, make: Callable[[], Buffer]) -> Buffer:
        """What was made under that name, by this statement or by another; else `make()`."""
        found = self.plan.copies.get(key) or self.copies.get(key)
        if found is None:
            before = len(self.items)
            found = self.copies[key] = make()
            self.lasting += self.items[before:]
        return found

    def _ordered(self, value: Value, layout: Layout, shape: tuple[int, ...], strides: tuple[int, ...]) -> Buffer:
        """A copy without gaps."""
        target = Buffer(value.dtype, math.prod(shape), "temporary")
        if 1 not in strides[-1:] and 1 in strides:
            self._copy(layout.buffer, target, shape, (layout.offset, strides))
            return target
        turned, copy = Value(shape, value.dtype, value.memory), Value(shape, value.dtype, value.memory)
        read = turned, Layout(layout.buffer, shape, strides, layout.offset), strides
        statement = Statement(ROWS["clone"], copy, [turned], {})
        self.items.append(Task(statement, shape, [read], (copy, contiguous(target, shape), steps(shape))))
        return target

    def strided(self, value: Value) -> tuple[Buffer, int, tuple[int, ...]]:
        """A value as it lies in memory."""
        layout = self.plan.layout(value)
        return layout.buffer, layout.offset, layout.strides

    def out(self, value: Value, order: Any = None) -> Buffer:
        """Where the result goes."""
        buffer = Buffer(value.dtype, math.prod(value.shape), "temporary", value.name)
        self.result = in_order(buffer, value.shape, tuple(range(len(value.shape))) if order is None else order)
        return buffer

    def scratch(self, shape: tuple[int, ...], dtype: Any) -> Buffer:
        """Memory that this statement alone uses."""
        return Buffer(np.dtype(dtype), math.prod(shape), "temporary")

    def constant(self, array: np.ndarray) -> Buffer:
        """A table that no call changes."""
        array = np.ascontiguousarray(array)
        return self.once(id(array), lambda: Buffer(array.dtype, array.size, "constant", constant=array))

    def flag(self, found: Callable[[int], Exception]) -> Buffer:
        """Two whole numbers: whether some index was wrong, and which."""
        buffer = Buffer(np.dtype(np.int64), 2, "constant", constant=np.zeros(2, np.int64))
        self.checks.append((buffer, found))
        return buffer

    def call(
        self, kernel: Callable[..., None], arguments: Sequence[Any], split: int = 1, flops: int = 0, bytes: int = 0
    ) -> None:
        """A call of a kernel, if it is not known to get no machine code."""
        why = self.plan.without.get((kernel, kinds_of(arguments)))
        if why is not None:
            raise Refused(why)
        buffers = {_buffer(each) for each in arguments} - {None}
        self.items.append(Call(kernel, list(arguments), split, buffers, buffers, flops, bytes))  # type: ignore[arg-type]

    def gemm(
        self, a: Any, b: Any, c: Any, m: int, n: int, k: int, transa: bool = False, transb: bool = False,
        lda: int = 0, ldb: int = 0, ldc: int = 0, beta: int = 0,
    ) -> None:  # fmt: skip
        """c = a @ b + beta c."""
        self.items.append(
            Product(
                _matrix(a, (m, k), transa, lda), _matrix(b, (k, n), transb, ldb), _matrix(c, (m, n), False, ldc), beta
            )
        )

    def gemm_batched(
        self, a: Any, b: Any, c: Any, count: int, m: int, n: int, k: int, step_a: int, step_b: int, step_c: int,
        transa: bool = False, transb: bool = False, lda: int = 0, ldb: int = 0, ldc: int = 0, beta: int = 0,
    ) -> None:  # fmt: skip
        """Several products at once."""
        parts = (
            _matrix(a, (m, k), transa, lda, (count, step_a)),
            _matrix(b, (k, n), transb, ldb, (count, step_b)),
            _matrix(c, (m, n), False, ldc, (count, step_c)),
        )
        self.items.append(Product(*parts, beta))

    def refuse(self, reason: str) -> Exception:
        """An exception to raise: the statement stays with NumPy."""
        return Refused(reason)


def _buffer(each: Any) -> Buffer | None:
    if isinstance(each, tuple):
        each = each[0]
    return each if isinstance(each, Buffer) else None


def _matrix(given: Any, shape: tuple[int, int], turned: bool, gap: int, batch: tuple[int, int] | None = None) -> Layout:
    """A matrix in a buffer, as it is multiplied: turned, if it lies the other way round."""
    buffer, offset = given if isinstance(given, tuple) else (given, 0)
    rows, columns = shape
    strides = (1, gap or rows) if turned else (gap or columns, 1)
    if batch is not None:
        return Layout(buffer, (batch[0], *shape), (batch[1], *strides), offset)
    return Layout(buffer, shape, strides, offset)
