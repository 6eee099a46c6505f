"""The source of a kernel for a group of statements, and what it is called with.

The loops run over the group's domain, its axes merged where everything that is read and written allows it. Where rows
are reduced, the innermost loop is written several times, one for each stage: what the next stage needs of an earlier
one is read back from where it was stored; what nobody else needs is computed again if that is cheap, and kept in a row
of the kernel's own if not. Sums over other axes go into one partial result for each of a fixed number of panels, which
another kernel adds up, so that a result does not depend on how many threads there are.
"""

from __future__ import annotations

import math
import sys
from itertools import chain, count
from typing import Any

import numpy as np

from groundup.compile.graph import Value
from groundup.compile.loops import vector
from groundup.compile.loops.group import ACROSS, ALONG, FULL, MAP, OPERATIONS, ROW, Access, Group, Member
from groundup.compile.loops.layout import Buffer
from groundup.compile.loops.machine import LARGEST, PLUS, SMALLEST, Kernel
from groundup.compile.loops.made import Made, Slab
from groundup.compile.loops.terms import Refused, Term, converted, literal, spelled
from groundup.compile.numbers import Number

CHEAP = frozenset(
    "add sub mul neg relu maximum minimum where ne eq gt ge lt le square clamp_min clamp_max cast".split()
)
# Bytes of the rows that a kernel keeps for itself on the stack, at most; Windows wants to be asked for each page of it.
ROOM = 0 if sys.platform == "win32" else 65536
PANEL = 32768  # elements of a panel, at least
PANELS = 8  # at most
PARTIAL = {"plus": "sum", "largest": "maximum", "smallest": "minimum"}  # what partial results are called
STARTS = {"plus": 0, "largest": -math.inf, "smallest": math.inf}  # what nothing reduces to
_LETTERS = "abcdefgh"
_AXES = "ijklmn"


class Emitter:
    """Writes the kernel of one group."""

    def __init__(self, group: Group, stored: set[Buffer], name: str) -> None:
        self.group = group
        self.stored = set(stored)  # of what the members make, that which others read
        self.name = name
        self.parameters: dict[Any, str] = {}  # (buffer, offset), or the text of a number: under which name
        self.kinds: list[tuple[str, Any, str]] = []  # names, arguments, kinds
        self.used: set[str] = {"begin", "end", "panel", "place", "size", "rows", "columns", "panels", *_AXES}
        self.called: set[str] = set()
        self.rows: dict[Buffer, str] = {}  # the rows that the kernel keeps for itself, by what they are a row of
        self._merge()
        self._stages()

    # The loops

    def _merge(self) -> None:
        """Merge axes of the domain that everything goes through as through one."""
        group = self.group
        accesses = [each for m in group.members for each in (*m.reads, m.out) if each is not None]
        kept: list[int] = [
            i for i, n in enumerate(group.domain) if n != 1 or (group.inner and i == len(group.domain) - 1)
        ]
        kept = kept or [len(group.domain) - 1]
        if group.inner and len(kept) == 1:
            kept.insert(0, 0)
        sizes = [group.domain[i] for i in kept]
        strides = {id(each): [each.strides[i] for i in kept] for each in accesses}
        last = len(sizes) - 1 - (1 if group.inner else 0)
        for i in range(last - 1, -1, -1):
            if all(s[i] == s[i + 1] * sizes[i + 1] for s in strides.values()):
                sizes[i] *= sizes[i + 1]
                del sizes[i + 1]
                for s in strides.values():
                    del s[i]  # what is left is the step of the inner one
        self.sizes, self.strides = sizes, strides

    def _stages(self) -> None:
        """In which pass over a row each member can be computed, and which results must be stored for later passes."""
        self.stage: dict[Value, int] = {}
        self.makers: dict[Value, Member] = {}
        self.by_buffer: dict[Buffer, Member] = {}
        in_place = {m.out.buffer for m in self.group.members if m.statement.inplace}
        for member in self.group.members:
            found = 0
            for read in member.reads:
                maker = self._maker(read)
                if maker is not None:
                    found = max(found, self.stage[maker.out.value])
            self.stage[member.out.value] = found + (member.kind == ALONG)
            self.makers[member.out.value] = member
            if member.out.buffer not in in_place:
                self.by_buffer[member.out.buffer] = member
        for member in self.group.members:
            if member.level == FULL or member.kind == ALONG:
                now = self._pass_of(member)
                for read in member.reads:
                    maker = self._maker(read)
                    if maker is not None and maker.level == FULL and self.stage[maker.out.value] < now:
                        if maker.out.buffer not in self.stored and not self._cheap(maker):
                            self._keep(maker)

    def _keep(self, member: Member) -> None:
        """Store a row at a time of what is needed in later passes alone; all of it, where the rows are long."""
        buffer, width = member.out.buffer, self.sizes[-1]
        if (sum(each.dtype.itemsize for each in self.rows) + buffer.dtype.itemsize) * width <= ROOM:
            self.rows[buffer] = self._unused(f"{member.statement.row.name.rstrip('_')}_row")
        self.stored.add(buffer)

    def _maker(self, read: Access | None) -> Member | None:
        """The member that made what is read, seen also through views."""
        if read is None:
            return None
        return self.makers.get(read.value) or self.by_buffer.get(read.buffer)

    def _pass_of(self, member: Member) -> int:
        return self.stage[member.out.value] - (member.kind == ALONG)

    def is_there(self, member: Member) -> bool:
        """Whether what it made in an earlier pass is read back."""
        return member.out.buffer in self.stored and member.out.buffer in self.by_buffer

    def _cheap(self, member: Member) -> bool:
        """Whether computing it again costs no more than reading it back."""
        if member.statement.row.name not in CHEAP or self._is_masked(member):
            return False
        makers = [self._maker(read) for read in member.reads]
        return all(maker is None or maker.level == ROW or self._cheap(maker) for maker in makers)

    def _is_masked(self, member: Member) -> bool:
        """Whether it is a choice whose largest is looked for.

        LLVM draws a choice into the comparisons that alone read it, and then they are made one by one: where it is
        stored as well, several are made at once.
        """
        if member.statement.row.name != "where" or member.level != FULL:
            return False
        return any(
            other.kind == ALONG
            and OPERATIONS[other.statement.row.name] != "plus"
            and self._maker(other.reads[0]) is member
            for other in self.group.members
        )

    # The text

    def made(self) -> Made:
        """The kernel."""
        group, sizes = self.group, self.sizes
        self.across = [member for member in group.members if member.kind == ACROSS]
        self.panels = 1
        if self.across:
            self.panels = max(1, min(PANELS, sizes[0], math.prod(group.domain) // PANEL))
        self.size_names = self._size_names()
        body = self._loops()
        arguments, kinds = [each for _, each, _ in self.kinds], tuple(kind for _, _, kind in self.kinds)
        head = f"def {self.name}({', '.join([*(n for n, _, _ in self.kinds), 'begin', 'end'])}):"
        text = "\n".join([*self._helpers(), head, *body, ""])
        split = self.panels if self.across else sizes[0]
        return Made(Kernel(self.name, text, kinds), arguments, split, self.partials, turns=sizes[0], slabs=self.slabs)

    def _helpers(self) -> list[str]:
        texts = []
        rest = set(self.called)
        for name, text in (*PLUS.values(), LARGEST, SMALLEST):
            if name in rest:
                texts.append(text + "\n")
                rest.discard(name)
        return ([vector.source_of(sorted(rest)) + "\n"] if rest else []) + texts

    def _size_names(self) -> list[str]:
        count = len(self.sizes)
        return {1: ["size"], 2: ["rows", "columns"]}.get(count) or [f"n{i}" for i in range(count)]

    def _size(self, axis: int) -> str:
        return self._whole(self.size_names[axis], self.sizes[axis])

    def _whole(self, name: str, value: int) -> str:
        if name not in self.parameters:
            self.used.add(name)
            self.parameters[name] = name
            self.kinds.append((name, value, "int"))
        return name

    def _loops(self) -> list[str]:
        axes = len(self.sizes)
        names = list(_AXES[:axes])
        self.names = names
        self.partials: list[tuple[Buffer, Buffer, str]] = []
        self.partial_of: dict[Value, str] = {}  # the name of the partial results of each sum
        self.inside: dict[Value, Term] = {}  # row values of the row at hand
        outer = axes - 1
        head: list[str] = []
        self.slabs: list[Slab] = []
        # accesses are named in the order of the program, so that equal groups give equal text
        for member in self.group.members:
            for read in member.reads:
                if read is not None and self._maker(read) is None:
                    self._pointer(read)
                    self.slabs.append(self._slab(read, writes=False))
        for member in self.group.members:
            if member.kind != ACROSS and member.out.buffer in self.stored and member.out.buffer not in self.rows:
                self._pointer(member.out)
                self.slabs.append(self._slab(member.out, writes=True))
        for buffer, name in self.rows.items():
            kind = "bool_" if buffer.dtype.kind == "b" else buffer.dtype.name
            head.append(f"    {name} = np.empty({self._size(axes - 1)}, np.{kind})")
        depth = 1
        if self.across:
            head += self._panel_head()
            depth = 2
        if outer == 0:
            body = self._passes(depth, names[0])
        else:
            body = []
            body.append("    " * depth + f"for {names[0]} in {self._range()}:")
            depth += 1
            for axis in range(1, outer):
                body.append("    " * depth + f"for {names[axis]} in range({self._size(axis)}):")
                depth += 1
            body += self._passes(depth, names[-1])
        return [*head, *body]

    def _slab(self, access: Access, writes: bool) -> Slab:
        """What a turn of the first loop touches there."""
        step, *inner = self.strides[id(access)]
        reach = [(n - 1) * stride for n, stride in zip(self.sizes[1:], inner, strict=True)]
        before = sum(each for each in reach if each < 0)
        return Slab(access.buffer, access.offset + before, step, 1 + sum(map(abs, reach)), writes)

    def _range(self) -> str:
        """What the first loop runs over: this thread's share, or a panel."""
        if not self.across:
            return "range(begin, end)"
        size = self._size(0)
        panels = self._whole("panels", self.panels)
        return f"range(panel * {size} // {panels}, (panel + 1) * {size} // {panels})"

    def _passes(self, depth: int, name: str) -> list[str]:
        """The innermost loop, once for each stage, with what is done for a whole row in between."""
        members = self.group.members
        last = max([self._pass_of(m) for m in members if m.level == FULL or m.kind == ALONG], default=-1)
        rows = max([self.stage[m.out.value] for m in members if m.level == ROW], default=0)
        lines: list[str] = []
        for stage in range(max(last, rows) + 1):
            lines += self._row_lines(stage, depth)
            if stage <= last:
                lines += self._pass(stage, depth, name)
        return lines

    def _row_lines(self, stage: int, depth: int) -> list[str]:
        """What is computed for the row as a whole, once the passes before this stage are done."""
        block = Block(self, "    " * depth)
        for member in self.group.members:
            if member.level == ROW and self.stage[member.out.value] == stage:
                if member.kind == MAP:
                    block.make(member)
                if member.out.buffer in self.stored:
                    block.store(member)
        return block.lines

    def _pass(self, stage: int, depth: int, name: str) -> list[str]:
        pad = "    " * depth
        here = [m for m in self.group.members if m.level == FULL or m.kind == ALONG]
        here = [m for m in here if self._pass_of(m) == stage]
        in_place = any(m.statement.inplace for m in here)
        wanted = [m for m in here if in_place or m.kind != MAP or m.out.buffer in self.stored]
        if not wanted:
            return []
        outside = Block(self, pad)
        block = Block(self, pad + "    ")
        after: list[str] = []
        for member in wanted:
            if member.kind == MAP:
                block.make(member)
                if member.out.buffer in self.stored:
                    block.store(member)
            else:
                self._reduce(member, block, outside, after)
        size = self._size(len(self.sizes) - 1) if len(self.sizes) > 1 else ""
        loop = f"for {name} in range({size}):" if size else f"for {name} in {self._range()}:"
        return [*outside.lines, pad + loop, *block.lines, *(pad + each for each in after)]

    def _reduce(self, member: Member, block: Block, outside: Block, after: list[str]) -> None:
        """One number for a row, or a term of a partial result."""
        value = member.out.value
        term = converted(block.operand(member, 0), value.dtype)
        how = OPERATIONS[member.statement.row.name]
        plus = PLUS[value.dtype.name][0] if how == "plus" else how
        self.called.add(plus)
        strides = self.strides[id(member.out)]
        if member.kind == ACROSS and strides[-1]:
            place = self._partial_place(member)
            block.add(f"{place} = {plus}({place}, {term})")
            return
        name = block.fresh(member)
        start = literal(STARTS[how], value.dtype)
        outside.add(f"{name} = {start}")
        block.add(f"{name} = {plus}({name}, {term})")
        if member.kind == ALONG:
            self.inside[value] = Term(name, value.dtype)
        else:
            place = self._partial_place(member)
            after.append(f"{place} = {plus}({place}, {name})")

    # Partial results of panels

    def _panel_head(self) -> list[str]:
        lines = ["    for panel in range(begin, end):"]
        for member in self.across:
            value = member.out.value
            size = math.prod(value.shape)
            how = OPERATIONS[member.statement.row.name]
            partial = member.out.buffer
            if self.panels > 1:
                partial = Buffer(value.dtype, size * self.panels, "temporary")
                self.partials.append((partial, member.out.buffer, how))
            self._parameter((partial, 0), partial, f"{value.dtype.name}*", PARTIAL[how])
            name = self.parameters[(partial, 0)]
            start = literal(STARTS[how], value.dtype)
            if size == 1:
                lines.append(f"        {name}[panel] = {start}")
            else:
                width = self._whole(f"{name}_size", size)
                lines.append(f"        for place in range(panel * {width}, (panel + 1) * {width}):")
                lines.append(f"            {name}[place] = {start}")
            self.partial_of[value] = name
        return lines

    def _partial_place(self, member: Member) -> str:
        name = self.partial_of[member.out.value]
        size = math.prod(member.out.value.shape)
        inside = self._index(member.out)
        if size == 1:
            return f"{name}[panel]"
        width = self._whole(f"{name}_size", size)
        return f"{name}[panel * {width} + {inside}]"

    # Parameters and places

    def _pointer(self, access: Access) -> str:
        letter = "out" if access.buffer in self.stored and access.buffer in self.by_buffer else ""
        dtype = access.value.dtype
        return self._parameter((access.buffer, access.offset), (access.buffer, access.offset), f"{dtype.name}*", letter)

    def _parameter(self, key: Any, argument: Any, kind: str, name: str = "") -> str:
        if key not in self.parameters:
            if not name:
                name = next(c for c in chain(_LETTERS, map("x{}".format, count())) if c not in self.used)
            unique = self._unused(name)
            self.parameters[key] = unique
            self.kinds.append((unique, argument, kind))
        return self.parameters[key]

    def _unused(self, name: str) -> str:
        """The name, numbered if the kernel has used it."""
        unique, times = name, 1
        while unique in self.used:
            times += 1
            unique = f"{name}_{times}"
        self.used.add(unique)
        return unique

    def _number(self, number: Number, dtype: np.dtype[Any]) -> Term:
        """A number of the call; a name stays, an expression gets one."""
        name = number.text if number.text.isidentifier() else "factor"
        return Term(self._parameter((number.text, dtype), number, dtype.name, name), dtype)

    def _index(self, access: Access) -> str:
        parts = []
        strides = self.strides[id(access)]
        for axis, stride in enumerate(strides):
            if not stride:
                continue
            following = math.prod(self.sizes[axis + 1 :])
            if stride == 1:
                parts.append(self.names[axis])
            elif stride == following:
                factors = [self._size(a) for a in range(axis + 1, len(self.sizes))]
                parts.append(" * ".join([self.names[axis], *factors]))
            else:
                parts.append(f"{self.names[axis]} * {self._step(stride)}")
        return " + ".join(parts) or "0"

    def _step(self, stride: int) -> str:
        for name, argument, kind in self.kinds:
            if kind == "int" and argument == stride and name.startswith("step"):
                return name
        return self._whole(f"step{sum(name.startswith('step') for name, _, _ in self.kinds)}", stride)

    def place(self, access: Access) -> str:
        """An element, as it is written: `a[i * columns + j]`."""
        if access.buffer in self.rows:
            return f"{self.rows[access.buffer]}[{self.names[-1]}]"
        return f"{self._pointer(access)}[{self._index(access)}]"


class Block:
    """The lines of one loop body, in which each value is computed once."""

    def __init__(self, emitter: Emitter, pad: str) -> None:
        self.emitter = emitter
        self.pad = pad
        self.lines: list[str] = []
        self.known: dict[Value, Term] = {}

    def add(self, line: str) -> None:
        """One more line."""
        self.lines.append(self.pad + line)

    def fresh(self, member: Member) -> str:
        """A name that the kernel has not used yet."""
        return self._new(member.statement.row.name.rstrip("_"))

    def _new(self, stem: str) -> str:
        times = 1
        while f"{stem}_{times}" in self.emitter.used:
            times += 1
        self.emitter.used.add(f"{stem}_{times}")
        return f"{stem}_{times}"

    def operand(self, member: Member, i: int) -> Term:
        """What stands for an operand here: what a member made, or an element that is read."""
        emitter = self.emitter
        read = member.reads[i]
        if read is None:
            return self._plain(member, member.statement.operands[i])
        maker = emitter._maker(read)
        if maker is not None:
            value = maker.out.value
            if value in emitter.inside:
                return emitter.inside[value]
            if value in self.known:
                return self.known[value]
            if emitter.stage[value] < emitter._pass_of(member) and emitter.is_there(maker):
                return self._load(value, maker.out)
            return self.make(maker)
        if read.value not in self.known:
            return self._load(read.value, read)
        return self.known[read.value]

    def _load(self, value: Value, access: Access) -> Term:
        name = self._new("x")
        self.add(f"{name} = {self.emitter.place(access)}")
        self.known[value] = Term(name, value.dtype)
        return self.known[value]

    def _plain(self, member: Member, each: Any) -> Any:
        """A number among the operands."""
        values = [v for v in member.statement.values() if v.dtype.kind == "f"]
        if isinstance(each, Number):
            return self.emitter._number(each, values[0].dtype if values else member.out.value.dtype)
        if isinstance(each, Value):
            if each.constant is None:
                raise Refused("a number that is not known")
            return literal(each.constant.reshape(-1)[0].item(), each.dtype)
        return each.item() if isinstance(each, (np.ndarray, np.generic)) else each

    def make(self, member: Member) -> Term:
        """Compute what a member makes."""
        value = member.out.value
        if value in self.known:
            return self.known[value]
        skipped = member.statement.row.name == "assign"  # what was there is not read
        count = len(member.statement.operands)
        operands = [None if skipped and not i else self.operand(member, i) for i in range(count)]
        term = spelled(member.statement, operands, self)
        term = converted(term, value.dtype)
        if not term.text.isidentifier():
            name = self.fresh(member)
            self.add(f"{name} = {term.text}")
            term = Term(name, value.dtype)
        self.known[value] = term
        if member.level == ROW:
            self.emitter.inside[value] = term
        return term

    def store(self, member: Member) -> None:
        """Write what a member made to where others read it."""
        term = self.emitter.inside.get(member.out.value) or self.known[member.out.value]
        self.add(f"{self.emitter.place(member.out)} = {term.text}")

    def name(self, term: Term) -> Term:
        """The term under a name of its own."""
        if term.text.isidentifier():
            return term
        name = self._new("part")
        self.add(f"{name} = {term.text}")
        return Term(name, term.dtype)
