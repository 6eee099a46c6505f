"""A program in loops made of its graph: kernels as machine code, memory for what lies between them, the calls in order.

Runs of kernels are one table each, which the team walks in one call; products and what is left to NumPy stand between
them.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numpy as np

from groundup.compile.graph import Graph, Value
from groundup.compile.loops.arena import arranged
from groundup.compile.loops.assembly import assembled, touched
from groundup.compile.loops.items import Left, Looked, Nest, Product
from groundup.compile.loops.layout import Buffer, Layout
from groundup.compile.loops.left import program_of
from groundup.compile.loops.machine import Kernel
from groundup.compile.loops.made import Made
from groundup.compile.loops.meetings import meetings
from groundup.compile.loops.nests import calls
from groundup.compile.loops.plan import Plan, planned
from groundup.compile.loops.products import multiplied
from groundup.compile.loops.ready import Ready
from groundup.compile.loops.recalled import STOP, keep
from groundup.compile.loops.team import Run
from groundup.compile.loops.terms import Refused
from groundup.compile.numbers import Number
from groundup.compile.program import Program
from groundup.compile.threads import get_num_threads

SMALL = 1 << 16  # elements that a table goes through, below which one thread does it alone


class LoopProgram(Ready):
    """The program of a graph, planned; `Refused` is raised if it cannot be run in loops."""

    def __init__(self, program: Program) -> None:
        super().__init__(program)
        graph = program.graph
        without: dict[Any, str] = {}
        while True:
            self._lay_out(planned(graph, without), graph)
            made = assembled(self.plan)
            if not made.without:
                break
            without |= made.without
        self.without = without  # kernels without machine code
        self.steps, self.addresses = made.steps, made.addresses
        self.fallbacks = made.fallbacks  # what NumPy does in the place of kernels, and why
        self._allocate()
        self._bind()

    def _lay_out(self, plan: Plan, graph: Graph) -> None:
        """Say where arguments, results and numbers of the program are."""
        self.plan = plan
        self.inputs = [self.plan.layouts[value].buffer for value in graph.inputs]
        self.results = [self._result(each) for each in graph.outputs]
        self.looked, self.checks = plan.looked, plan.checks
        self.numbers = {}
        self._outputs()

    # Results

    def _result(self, each: Any) -> Any:
        return self.plan.layout(each) if isinstance(each, Value) else each

    def _outputs(self) -> None:
        """Buffers that are returned get new memory at each call."""
        self.fresh: list[Buffer] = []
        for each in self.results:
            if isinstance(each, Layout) and each.buffer.kind == "temporary":
                each.buffer.kind = "output"
                self.fresh.append(each.buffer)

    # Memory

    def _allocate(self) -> None:
        """A place in the table of addresses for each buffer, and memory for the temporary ones."""
        self.buffers = []
        lives: dict[Buffer, list[int]] = {}
        returned = [each.buffer for each in self.results if isinstance(each, Layout)]
        for buffer in [*self.inputs, *self.fresh, *returned]:
            self._slot(buffer)
        calls = [made for step in self.steps for made in (step if isinstance(step, list) else [step])]
        for at, made in enumerate(calls):
            for buffer in touched(made):
                self._slot(buffer)
                if buffer.kind == "temporary":
                    lives.setdefault(buffer, [at, at])[1] = at
        places, size = arranged([(buffer, first, last) for buffer, (first, last) in lives.items()])
        self.places, self.size = places, size
        self._give_memory(places, size)

    def _slot(self, buffer: Buffer) -> None:
        if buffer.slot < 0 or buffer.slot >= len(self.buffers) or self.buffers[buffer.slot] is not buffer:
            buffer.slot = len(self.buffers)
            self.buffers.append(buffer)

    # What is called

    def _bind(self) -> None:
        self.distinct = list(self.addresses)
        graph = self.program.graph
        written = {each.out.memory for each in graph.statements if each.inplace}
        inputs = zip(graph.inputs, self.inputs, strict=True)
        self.changed = {buffer for value, buffer in inputs if value.memory in written}  # of the caller's
        self.flags: list[int] = []  # of the tables so far
        self.rows: list[tuple[Kernel | str | calls.Parts, np.ndarray, int]] = []  # what is called: see _row
        self.apart: list[int] = []  # how many threads need not meet behind it
        tables = [self._table(step) if isinstance(step, list) else step for step in self.steps]
        self.values = np.zeros(max(len(self.numbers), 1))
        self.calls = [self._callable(each) for each in tables]
        # Numbers that are read from tensors on the way are 0 at first, and put in when they are known.
        self.evaluate = self._lambda("0.0" if self._looked(text) else text for text in self.numbers)

    def _looked(self, text: str) -> set[str]:
        """The numbers in an expression that are read from tensors."""
        return self.plan.looked.keys() & set(re.findall(r"\w+", text))

    def _table(self, segment: list[Made | Product | Nest]) -> tuple[np.ndarray, bool]:
        rows: list[list[int]] = []
        members: list[Any] = []  # of the rows, products as they are cut; None for one where the threads meet anyway
        work = 0
        unseen = list(self.flags)  # by the segment
        for made in segment:
            buffers = {*touched(made)}
            if unseen and not self.changed.isdisjoint(buffers):
                rows.append(self._stop(unseen))
                members.append(None)
                unseen = []
            flags = [each.slot for each, _ in self.plan.checks if each in buffers]
            unseen += flags
            self.flags += flags
            if isinstance(made, Product):
                call = multiplied(made)
                members.append((made, call))
                rows.append(self._row(call.name, call.address, call.args, call.threads))
                work += call.flops // 8
                continue
            members.append(made)
            work += sum(buffer.size for buffer in touched(made))
            if isinstance(made, Nest):
                parts, args = calls.arguments(made, self._called)
                rows.append(self._row(parts, calls.machine(), args, made.threads))
            else:
                rows.append(self._row(*self._called(made), 64 if made.split > 1 else 1))
        threads = get_num_threads()
        before = meetings(members, self.places, threads)
        apart = [1 if must else threads for must in (*before[1:], True)]
        self.apart += apart
        return np.array([[*row, n] for row, n in zip(rows, apart, strict=True)], np.int64), work < SMALL

    def _called(self, made: Made | Product) -> tuple[Kernel | str, int, np.ndarray]:
        """What is called: its name or kernel, its machine code, its arguments."""
        if isinstance(made, Product):
            call = multiplied(made)
            return call.name, call.address, call.args
        args = [made.split, 0]
        for argument, kind in zip(made.arguments, made.kernel.parameters, strict=True):
            if kind.endswith("*"):
                buffer, offset = argument if isinstance(argument, tuple) else (argument, 0)
                args += [buffer.slot, offset]
            elif kind == "int":
                args.append(int(argument))
            else:
                args.append(self._number(argument))
        return made.kernel, self.addresses[made.kernel], np.array(args, np.int64)

    def _stop(self, flags: list[int]) -> list[int]:
        """A row that ends the walk where an index was wrong."""
        return self._row(STOP, 0, np.array([len(flags), *flags], np.int64), 1)

    def _row(self, what: Kernel | str | calls.Parts, place: int, args: np.ndarray, threads: int) -> list[int]:
        """A row but for its end: what it calls is a kernel, the name of a product's, STOP, or a nest's."""
        self.rows.append((what, args, threads))
        return [place, args.ctypes.data, threads]

    def _number(self, argument: Any) -> int:
        text = argument.text if isinstance(argument, Number) else f"float('{argument!r}')"
        return self.numbers.setdefault(text, len(self.numbers))

    def _callable(self, step: Any) -> Callable[[], Any]:
        if isinstance(step, tuple):
            return Run(step[0], self.memory, self.values, alone=step[1])
        if isinstance(step, Product):
            return self._product(step)
        if isinstance(step, Looked):
            return self._look(step)
        return self._left(step)

    def _arrays(self, layouts: list[Layout]) -> Callable[[], list[np.ndarray]]:
        """The arrays of these layouts; each is made again only when its buffer is another array than last time."""
        bases = self.bases
        slots = [each.buffer.slot for each in layouts]
        known: list[Any] = [None] * len(layouts)
        arrays: list[Any] = [None] * len(layouts)
        places = list(enumerate(slots))

        def current() -> list[np.ndarray]:
            for i, slot in places:
                if bases[slot] is not known[i]:
                    known[i] = bases[slot]
                    arrays[i] = self._array(layouts[i])
            return arrays

        self.forgotten += [(known, i, arrays) for i, each in enumerate(layouts) if each.buffer.kind == "output"]
        return current

    def _product(self, product: Product) -> Callable[[], Any]:
        arrays = self._arrays([product.a, product.b, product.out])
        matmul, add = np.matmul, bool(product.beta)

        def multiply() -> None:
            a, b, out = arrays()
            if add:
                out += a @ b
            else:
                matmul(a, b, out)

        return multiply

    def _left(self, left: Left) -> Callable[[], Any]:
        program, given = program_of(left, [*self.program.numbers, *self.plan.looked])
        reads = self._arrays([left.reads[value] for value in given])
        target = self._arrays([left.out])
        shape = left.out.shape
        numbers = self._lambda(program.numbers)

        def run() -> None:
            try:
                found = program.run(*reads(), *numbers(*self.current))
            except Exception:
                self.check()  # which may be why
                raise
            if found:
                target()[0][...] = np.reshape(found[0], shape)

        return run

    def _look(self, looked: Looked) -> Callable[[], Any]:
        """Read a number from a tensor, and work out what depends on it as soon as all is known that this needs."""
        read, name, seen = self._arrays([looked.read]), looked.name, self.seen
        known = {each for each, at in self.plan.looked.items() if at <= self.plan.looked[name]}
        ready = [(slot, text) for text, slot in self.numbers.items() if name in self._looked(text) <= known]
        slots, worked_out, values = [slot for slot, _ in ready], self._lambda(text for _, text in ready), self.values

        def look() -> None:
            seen[name] = read()[0].item()
            for slot, number in zip(slots, worked_out(*self.current), strict=True):
                values[slot] = number

        return look


def loops(program: Program) -> LoopProgram | None:
    """The program in loops, or None where it must stay NumPy. What it came to is kept for other processes."""
    try:
        found = LoopProgram(program)
    except Refused:
        return None
    keep(found)
    return found
