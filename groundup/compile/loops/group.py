"""A group of statements that become one kernel: they go through the same elements, in the same order.

A group has a domain, the shape that its loops run over. Its members are of three kinds: maps, which make one element
from those at the same place; reductions along the last axes, whose result is one number for a row, and may be used in
the group for the rest of that row; and reductions over other axes, whose result is there when the kernel is done.
Who reads what a member made must read it at the same place, or it cannot be in the group.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from groundup.compile.graph import Statement, Value
from groundup.compile.loops.layout import Buffer, Layout, Shape, restrided, steps
from groundup.compile.loops.terms import Refused

FULL, ROW = "full", "row"  # one element for each place of the domain, or one for each row
MAP, ALONG, ACROSS = "map", "along", "across"  # elementwise; reduced along rows; reduced over anything else
SHORT = 16384  # elements, up to which the sum of everything is one row
OPERATIONS = {"sum": "plus", "sum_to": "plus", "amax": "largest", "amin": "smallest"}


@dataclass(eq=False, slots=True)
class Access:
    """How a value is gone through: a step for each axis of the domain."""

    value: Value
    buffer: Buffer
    offset: int
    strides: Shape

    def same_place(self, other: Access) -> bool:
        """Whether both are at the same element at each place of the domain."""
        return self.offset == other.offset and self.strides == other.strides


@dataclass(eq=False, slots=True)
class Member:
    """A statement in a group, with the accesses to its operands (None for numbers) and to its result."""

    statement: Statement
    kind: str
    level: str
    reads: list[Access | None]
    out: Access
    task: Task


@dataclass(eq=False, slots=True)
class Task:
    """A statement that may join a group: the shape that it runs over, and the reduced axes of that shape."""

    statement: Statement
    shape: Shape
    reads: list[tuple[Value, Layout, Shape] | None]
    out: tuple[Value, Layout, Shape]
    reduced: tuple[int, ...] = ()


@dataclass(eq=False, slots=True)
class Group:
    """Statements that share their loops."""

    domain: Shape
    members: list[Member] = field(default_factory=list)
    inner: int = 0  # how many of the last axes are a row; 0 while no member needs rows
    made: dict[Buffer, Access] = field(default_factory=dict)  # what its members made, each where it may be read
    late: set[Buffer] = field(default_factory=set)  # what is there only when the kernel is done
    names: list[str] = field(default_factory=list)  # of the rows that its statements come from
    touched: set[Buffer] = field(default_factory=set)  # what its members read and make
    tasks: list[tuple[Task, str]] = field(default_factory=list)  # those that were admitted, with the names of the rows

    @property
    def outer(self) -> Shape:
        """The axes that count the rows."""
        return self.domain[: len(self.domain) - self.inner]

    def buffers_read(self) -> set[Buffer]:
        """What it needs from outside, or makes and reads."""
        return {read.buffer for member in self.members for read in member.reads if read is not None}

    def buffers_written(self) -> set[Buffer]:
        """What its members make."""
        return {member.out.buffer for member in self.members}

    def read_and_written_over(self) -> set[Buffer]:
        """What its members write in place and not only they have made: it is read from memory, and so kept there."""
        made = {member.out.value for member in self.members}
        over = {member.out.buffer for member in self.members if member.statement.inplace}
        reads = [read for member in self.members for read in member.reads if read is not None]
        return {read.buffer for read in reads if read.buffer in over and read.value not in made}

    def admit(self, task: Task, name: str) -> bool:
        """Let the statement join if it can."""
        for attempt in (self._as_full, self._as_row):
            found = attempt(task)
            if found is not None:
                member, domain, inner = found
                if domain != self.domain:
                    self._reshape(domain)
                self.inner = inner
                self.members.append(member)
                self.tasks.append((task, name))
                self.touched.add(member.out.buffer)
                self.touched.update(read.buffer for read in member.reads if read is not None)
                if member.kind == ACROSS:
                    self.late.add(member.out.buffer)
                self.made.setdefault(member.out.buffer, member.out)
                if name not in self.names:
                    self.names.append(name)
                return True
        return False

    # As one element for each place

    def _as_full(self, task: Task) -> tuple[Member, Shape, int] | None:
        if math.prod(task.shape) != math.prod(self.domain):
            return None
        if not task.reduced:
            return self._fitted(task, self.domain, self.inner, MAP, FULL)
        rows = _as_rows(task)
        if rows is not None and not self._writes_in_place():
            domain = self._domain_with_rows(rows)
            found = None if domain is None else self._fitted(task, domain, 1, ALONG, ROW)
            if found is not None:
                return found
        return self._fitted(task, self.domain, self.inner, ACROSS, FULL)

    def _domain_with_rows(self, width: int) -> Shape | None:
        """The domain whose last axis is a row, if all that there is can be gone through in it."""
        if self.inner:
            return self.domain if self.domain[-1] == width else None
        axes = len(self.domain)
        while axes and math.prod(self.domain[axes:]) < width:
            axes -= 1
        if math.prod(self.domain[axes:]) != width:
            return None
        domain = (*(self.domain[:axes] or (1,)), width)
        return domain if self._fits(domain) else None

    def _fits(self, domain: Shape) -> bool:
        accesses = [each for member in self.members for each in (*member.reads, member.out) if each is not None]
        return all(restrided(self.domain, each.strides, domain) is not None for each in accesses)

    def _reshape(self, domain: Shape) -> None:
        for member in self.members:
            for each in (*member.reads, member.out):
                if each is not None:
                    each.strides = restrided(self.domain, each.strides, domain) or ()
        self.domain = domain

    # As one element for each row

    def _as_row(self, task: Task) -> tuple[Member, Shape, int] | None:
        if not self.inner or task.reduced or math.prod(task.shape) != math.prod(self.outer):
            return None
        reads_rows = any(each is not None and each[1].buffer in self.made for each in task.reads)
        return self._fitted(task, self.domain, self.inner, MAP, ROW) if reads_rows else None

    # The parts of a member

    def _fitted(self, task: Task, domain: Shape, inner: int, kind: str, level: str) -> tuple[Member, Shape, int] | None:
        to = domain[: len(domain) - inner] if kind == MAP and level == ROW else domain
        reads: list[Access | None] = []
        for each in task.reads:
            found = None if each is None else self._access(each, task.shape, to, domain)
            if each is not None and found is None:
                return None
            reads.append(found)
        out = self._access(task.out, task.shape, to, domain)
        if out is None:
            return None
        member = Member(task.statement, kind, level, reads, out, task)
        return (member, domain, inner) if self._in_place_fits(member, domain, inner) else None

    def _access(self, each: tuple[Value, Layout, Shape], shape: Shape, to: Shape, domain: Shape) -> Access | None:
        value, layout, strides = each
        found = restrided(shape, strides, to)
        if found is None:
            return None
        access = Access(value, layout.buffer, layout.offset, found + (0,) * (len(domain) - len(to)))
        made = self.made.get(layout.buffer)
        if made is None:
            return access
        if layout.buffer in self.late:
            return None
        there = restrided(self.domain, made.strides, domain)
        return access if access.offset == made.offset and access.strides == there else None

    def _in_place_fits(self, member: Member, domain: Shape, inner: int) -> bool:
        """What is written where something was must be read by the group at the same place only, and in one pass."""
        buffer = member.out.buffer
        touched = buffer in self.made
        for other in self.members:
            for read in other.reads:
                if read is not None and read.buffer is buffer:
                    touched = True
                    if read.offset != member.out.offset:
                        return False
                    if restrided(self.domain, read.strides, domain) != member.out.strides:
                        return False
        for read in member.reads:
            if read is not None and read.buffer is buffer:
                touched = True
                if not read.same_place(member.out):
                    return False
        if member.kind == MAP and member.statement.inplace:
            return not inner and 0 not in _moving(member.out.strides, domain)
        return not touched

    def _writes_in_place(self) -> bool:
        return any(member.statement.inplace for member in self.members)


def _moving(strides: Shape, domain: Shape) -> list[int]:
    return [stride for stride, n in zip(strides, domain, strict=True) if n != 1]


def _as_rows(task: Task) -> int | None:
    """The length of the rows, if the reduced axes are the last ones and there are several rows, or few elements."""
    axes = [axis for axis, n in enumerate(task.shape) if n != 1]
    reduced = [axis for axis in axes if axis in task.reduced]
    if not reduced or axes[-len(reduced) :] != reduced:
        return None
    if len(reduced) == len(axes) and math.prod(task.shape) > SHORT:
        return None
    return math.prod(task.shape[axis] for axis in reduced)


def begun(task: Task, name: str) -> Group:
    """A group for a statement that fits no other."""
    group = Group(task.shape or (1,))
    if not group.admit(task, name):
        raise Refused("what is read overlaps what is written, at other places")
    return group


def contiguous(buffer: Buffer, shape: Shape) -> Layout:
    """A whole buffer in order."""
    return Layout(buffer, shape, steps(shape))
