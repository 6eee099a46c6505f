"""The plan of a program in loops: which statements share a kernel, what is a product, and what stays NumPy.

Statements are taken in order. A view only gives a value another layout. A statement whose elements can be computed one
by one joins a group, the earliest one that the order of reading and writing allows; a matrix product is an item of its
own; some rows have kernels written by hand; everything else is left to NumPy, statement by statement.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from groundup.compile.graph import Graph, Statement, Value
from groundup.compile.loops.asked import Asked
from groundup.compile.loops.convolutions import joined
from groundup.compile.loops.group import OPERATIONS, Group, Task, begun, contiguous
from groundup.compile.loops.items import Item, Left, Looked, Product
from groundup.compile.loops.layout import Buffer, Layout, restrided, steps, viewed
from groundup.compile.loops.merge import merged
from groundup.compile.loops.nests.runs import nested
from groundup.compile.loops.orders import as_memory_runs, in_order, kept, order_of, plain_memory
from groundup.compile.loops.repeats import Repeats
from groundup.compile.loops.terms import COPIES, Refused, Term, converted, spelled
from groundup.compile.numbers import Number
from groundup.ops import ROWS

PRODUCTS = frozenset({"matmul", "mm"})
NESTS = "item by item"  # what `without` says where no nest gets machine code
TYPES = frozenset({"float32", "float64", "int64", "int32", "bool"})


@dataclass(eq=False)
class Plan:
    """The items of a program, in the order in which they run, and where values lie."""

    items: list[Item] = field(default_factory=list)
    layouts: dict[Value, Layout] = field(default_factory=dict)
    written: dict[Buffer, int] = field(default_factory=dict)  # which item wrote a buffer last
    read_at: dict[Buffer, int] = field(default_factory=dict)  # which item read a buffer last
    checks: list[tuple[Buffer, Callable[[int], Exception]]] = field(default_factory=list)
    turned: set[Buffer] = field(default_factory=set)  # whose values lie in another order of axes than NumPy's
    plain: set[Any] = field(default_factory=set)  # memory that must lie as NumPy has it
    shared: set[Value] = field(default_factory=set)  # what is read more than once
    looked: dict[str, int] = field(default_factory=dict)  # which item reads a number of the program from a tensor
    without: Mapping[Any, str] = field(default_factory=dict)  # kernels, and kinds of arguments, without machine code
    copies: dict[Any, Buffer] = field(default_factory=dict)  # of values, in the order that kernels want
    origin: str = ""

    def layout(self, value: Value) -> Layout:
        """Where a value lies; what its memory held before, if a write gave it another name."""
        found = self.layouts.get(value)
        if found is None:
            if value.older is not None:
                found = self.layout(value.older)
            elif value.constant is not None:
                array = np.ascontiguousarray(value.constant)
                found = contiguous(Buffer(array.dtype, array.size, "constant", constant=array), value.shape)
            else:
                raise Refused("a value that nothing made")
            self.layouts[value] = found
        return found

    def places(self, statement: Statement) -> dict[Value, Layout]:
        """Where the values of a statement lie, but for those that are written out as numbers."""
        return {value: self.layout(value) for value in statement.values() if not self.is_number(value)}

    def is_number(self, value: Value) -> bool:
        """Whether a value is a constant of one element that nothing writes to."""
        return value.constant is not None and value.constant.size == 1 and value not in self.layouts

    def fresh(self, value: Value) -> Layout:
        """A new buffer for a value."""
        size = math.prod(value.shape)
        found = contiguous(Buffer(value.dtype, size, "temporary", value.name), value.shape)
        self.layouts[value] = found
        return found

    def add(self, item: Item, reads: set[Buffer], writes: set[Buffer]) -> None:
        """One more item."""
        self.items.append(item)
        self.note(len(self.items) - 1, reads, writes)

    def note(self, at: int, reads: set[Buffer], writes: set[Buffer]) -> None:
        """What an item reads and writes."""
        for buffer in reads:
            self.read_at[buffer] = max(at, self.read_at.get(buffer, -1))
        for buffer in writes:
            self.written[buffer] = max(at, self.written.get(buffer, -1))


def planned(graph: Graph, without: Mapping[Any, str] | None = None) -> Plan:
    """The plan of a whole graph; raises `Refused` if the program as a whole cannot be run in loops.

    `without` are kernels written by hand that have no machine code for such arguments, and why.
    """
    plan = Plan(without=without or {})
    changed = {statement.out.memory for statement in graph.statements if statement.inplace}
    plan.plain, uses = plain_memory(graph), graph.uses()
    plan.shared = {value for value, count in uses.items() if count > 1}
    repeats = Repeats(changed)
    for value in graph.inputs:
        plan.layouts[value] = contiguous(Buffer(value.dtype, math.prod(value.shape), "input", value.name), value.shape)
    for original in joined(graph):
        if original.call == "item":
            _look(plan, original)
            continue
        for value in original.values():
            if value.constant is not None and value.memory in changed and value not in plan.layouts:
                _copy_of_constant(plan, value, original)
        plan.origin = original.row.name
        for statement in repeats.without(original):
            _place(plan, statement, changed)
    _close_gaps(plan)
    if NESTS not in plan.without:
        plan.items = nested(plan.items, graph, plan.layouts)
    return plan


def _look(plan: Plan, statement: Statement) -> None:
    """Read a number from a tensor; what is computed with it comes after."""
    read = plan.layout(statement.operands[0])
    plan.looked[statement.out.name] = len(plan.items)
    plan.add(Looked(statement.out.name, read), {read.buffer}, set())


def _copy_of_constant(plan: Plan, value: Value, before: Statement) -> None:
    """Memory that begins as a constant, and is written."""
    source = Value(value.shape, value.dtype, value.memory, constant=value.constant)
    _place(plan, Statement(ROWS["clone"], value, [source], {}, before.phase, before.where), set())


def _place(plan: Plan, statement: Statement, changed: set[Any]) -> None:
    """Give one statement its place in the plan."""
    out = statement.out
    if statement.call is not None or 0 in out.shape or any(0 in v.shape for v in statement.values()):
        _leave(plan, statement, "an array of no elements" if statement.call is None else "random numbers are drawn")
        return
    if statement.row.shares and not statement.inplace:
        base = plan.layout(statement.operands[0])
        if statement.is_view or not ({out.memory, statement.operands[0].memory} & changed):
            found = viewed(statement, base)
            if found is not None:
                plan.layouts[out] = found
                return
            if statement.is_view and {out.memory, statement.operands[0].memory} & changed:
                raise Refused("a view that the loops would have to copy")
    if statement.row.name == "relaid" and _relaid(plan, statement, changed):
        return
    unknown = [v.dtype.name for v in (*statement.values(), out) if v.dtype.name not in TYPES]
    if unknown:
        _leave(plan, statement, f"elements of {unknown[0]}")
        return
    if statement.row.name in PRODUCTS and not statement.inplace and _multiply(plan, statement):
        return
    try:
        _join(plan, _task(plan, statement))
    except Refused as refused:
        why = _lowered(plan, statement)
        if why:
            _leave(plan, statement, str(refused) if why == NO_KERNEL else why)


def _relaid(plan: Plan, statement: Statement, changed: set[Any]) -> bool:
    """Take a copy with axes in another order for a view, if nobody can tell."""
    out, given = statement.out, statement.operands[0]
    source, size, dims = plan.layout(given), statement.params["size"], statement.params["dims"]
    strides = restrided(source.shape, source.strides, size)
    told = {out.memory, given.memory} & changed and given in plan.shared
    if strides is None or told or {out.memory, given.memory} & plan.plain or source.buffer.kind != "temporary":
        return False
    plan.layouts[out] = Layout(source.buffer, out.shape, tuple(strides[axis] for axis in dims), source.offset)
    plan.turned.add(source.buffer)
    return True


# Statements that loops compute element by element


def _task(plan: Plan, statement: Statement) -> Task:
    """The statement as loops see it; raises `Refused` if they cannot."""
    name = statement.row.name
    if name in OPERATIONS and not statement.inplace:
        return _reduction(plan, statement)
    if name in COPIES:
        return _copy(plan, statement)
    if statement.row.family != "elementwise":
        raise Refused(f"{name} is not elementwise")
    _trial(statement)
    shape = statement.out.shape
    reads = [_read(plan, each, shape) for each in statement.operands]
    return Task(statement, shape, reads, _result(plan, statement, reads))


def _result(plan: Plan, statement: Statement, reads: Sequence[Any] = ()) -> tuple[Value, Layout, tuple[int, ...]]:
    if not statement.inplace:
        buffer, shape = Buffer(statement.out.dtype, math.prod(statement.out.shape), "temporary"), statement.out.shape
        order = None if statement.out.memory in plan.plain else kept(reads, shape, plan.turned)
        out = contiguous(buffer, shape) if order is None else in_order(buffer, shape, order)
        if order is not None:
            plan.turned.add(buffer)
        return statement.out, out, out.strides
    target = plan.layout(statement.operands[0])
    return statement.out, target, target.strides


def _read(plan: Plan, each: Any, shape: tuple[int, ...]) -> tuple[Value, Layout, tuple[int, ...]] | None:
    """A read of an operand over a shape; None for a number."""
    if not isinstance(each, Value):
        return None
    if plan.is_number(each):
        return None
    layout = plan.layout(each)
    strides = layout.over(shape)
    if strides is None:
        raise Refused("operands that do not broadcast")
    return each, layout, strides


def _trial(statement: Statement) -> None:
    """Spell the formula once, to see that it can be."""
    block = _Trial()
    values = [v for v in statement.values() if v.dtype.kind == "f"]
    operands: list[Any] = []
    for i, each in enumerate(statement.operands):
        if isinstance(each, Value):
            operands.append(Term(f"x_{i}", each.dtype))
        elif isinstance(each, Number):
            if not values:
                raise Refused("a number of the call among integers")
            operands.append(Term(f"x_{i}", values[0].dtype))
        else:
            operands.append(each.item() if isinstance(each, (np.ndarray, np.generic)) else each)
    if any(isinstance(each, Number) for each in statement.params.values()):
        raise Refused("a number of the call among the parameters")
    try:
        found = spelled(statement, operands, block)
    except (TypeError, AttributeError, ValueError) as error:
        raise Refused(str(error)) from error
    converted(found, statement.out.dtype)


class _Trial:
    """A block that nothing is written into."""

    def __init__(self) -> None:
        self.emitter = self
        self.called: set[str] = set()

    def name(self, term: Term) -> Term:
        """The term as it would be named."""
        return Term("part_1", term.dtype)


def _copy(plan: Plan, statement: Statement) -> Task:
    """A statement that only moves elements: from one layout to another."""
    out = statement.out
    if statement.row.name == "assign":
        if not statement.inplace or statement.params.get("pattern") != (Ellipsis,) or len(statement.operands) != 2:
            raise Refused("an assignment to a part")
        given = statement.operands[1]
        if isinstance(given, Value):
            converted(Term("x", given.dtype), out.dtype)
        read = None if not isinstance(given, Value) else _read(plan, given, out.shape)
        return Task(statement, out.shape, [None, read], _result(plan, statement))
    source = plan.layout(statement.operands[0])
    if source.buffer in plan.turned and order_of(source) is not None:
        raise Refused("a copy that goes by squares")
    target = contiguous(Buffer(out.dtype, math.prod(out.shape), "temporary"), out.shape)
    if statement.row.name == "relaid":
        size, dims = statement.params["size"], statement.params["dims"]
        strides = restrided(source.shape, source.strides, size)
        if strides is None:
            raise Refused("a copy of what has no such strides")
        turned = (statement.operands[0], source, tuple(strides[axis] for axis in dims))
        return Task(statement, out.shape, [turned], (out, target, target.strides))
    if source.shape != out.shape and statement.row.name != "reshape":
        raise Refused("a copy of another shape")
    whole = (statement.operands[0], source, source.strides)
    return Task(statement, source.shape, [whole], (out, target, steps(source.shape)))


def _reduction(plan: Plan, statement: Statement) -> Task:
    value, out = statement.operands[0], statement.out
    if value.dtype != out.dtype or (value.dtype.kind != "f" and OPERATIONS[statement.row.name] != "plus"):
        raise Refused("a reduction of whole numbers to another type, or to their largest")
    layout = plan.layout(value)
    shape = layout.shape
    if statement.row.name == "sum_to":
        extra = len(shape) - len(out.shape)
        kept = [i >= extra and out.shape[i - extra] == n for i, n in enumerate(shape)]
    else:
        dims = tuple(axis % max(len(shape), 1) for axis in statement.params["dim"])
        kept = [axis not in dims for axis in range(len(shape))]
    single = tuple(n if keep else 1 for n, keep in zip(shape, kept, strict=True))
    target = Buffer(out.dtype, math.prod(out.shape), "temporary")
    strides = tuple(s if keep else 0 for s, keep in zip(steps(single), kept, strict=True))
    reads = [(value, layout, layout.strides)]
    placed = (out, contiguous(target, out.shape), strides)
    reduced = tuple(axis for axis, keep in enumerate(kept) if not keep and shape[axis] != 1)
    if not reduced:
        copy = Statement(ROWS["clone"], out, statement.operands, {}, statement.phase, statement.where)
        return Task(copy, shape, [*reads], placed)
    return Task(statement, shape, [*reads], placed, reduced)


def _join(plan: Plan, task: Task) -> None:
    """Put the statement into the earliest group that takes it, or into a new one."""
    task = as_memory_runs(task, plan.turned)
    read = {each[1].buffer for each in task.reads if each is not None}
    target = task.out[1].buffer
    first = max([plan.written.get(buffer, -1) for buffer in read], default=-1)
    if task.statement.inplace:
        first = max(first, plan.written.get(target, -1), plan.read_at.get(target, -1))
    for number in task.statement.operands:
        if isinstance(number, Number) and number.late:
            first = max([first, *(plan.looked.get(name, -1) for name in re.findall(r"\w+", number.text))])
    shared = read | {target}
    joined = None
    for at in range(max(first, 0), len(plan.items)):
        item = plan.items[at]
        if isinstance(item, Group) and not item.touched.isdisjoint(shared):
            if item.admit(task, plan.origin):
                joined = at
                break
    if joined is None:
        plan.items.append(begun(task, plan.origin))
        joined = len(plan.items) - 1
    _merge(plan, {plan.written.get(buffer, -1) for buffer in shared}, joined)
    plan.note(joined, read, {target})
    plan.layouts[task.out[0]] = task.out[1]


def _merge(plan: Plan, earlier: set[int], at: int) -> None:
    """Move the groups that made what was needed now to the group at that place, if they can wait so long."""
    for early in sorted(earlier, reverse=True):
        if 0 <= early < at:
            whole = merged(plan.items, early, at)
            if whole is not None:
                plan.items[at], plan.items[early] = whole, None
                plan.note(at, whole.buffers_read(), whole.buffers_written())


def _close_gaps(plan: Plan) -> None:
    """Take away the places of groups that moved to others."""
    plan.items = [item for item in plan.items if item is not None]


# Products


def _multiply(plan: Plan, statement: Statement) -> bool:
    a, b = (plan.layout(each) for each in statement.operands)
    if a.buffer.dtype.kind != "f" or a.buffer.dtype != b.buffer.dtype or min(len(a.shape), len(b.shape)) < 2:
        return False
    out = plan.fresh(statement.out)
    plan.add(Product(a, b, out), {a.buffer, b.buffer}, {out.buffer})
    return True


# Kernels written by hand


NO_KERNEL = "no kernel for it"


def _lowered(plan: Plan, statement: Statement) -> str:
    """Put the calls of kernels for a statement into the plan; if that cannot be, says why."""
    from groundup.compile.loops.kernels import LOWERINGS

    lower = LOWERINGS.get(statement.row.name)
    if lower is None or statement.inplace:
        return NO_KERNEL
    trial = Asked(plan, statement)
    try:
        lower(statement, trial)
        trial.settle()
    except Refused as refused:
        return str(refused)
    trial.keep()
    return ""


# What NumPy runs


def _leave(plan: Plan, statement: Statement, why: str) -> None:
    reads = plan.places(statement)
    if statement.inplace:
        out = plan.layout(statement.operands[0])
        plan.layouts[statement.out] = out
    else:
        out = plan.fresh(statement.out)
    plan.add(Left(statement, reads, out, why), {each.buffer for each in reads.values()}, {out.buffer})
