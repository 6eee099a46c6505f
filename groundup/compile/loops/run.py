"""A program in loops, ready to run: kernels as machine code, memory for what lies between them, and the calls in order.

Runs of kernels are one table each, which the team walks in one call; products and what is left to NumPy stand between
them. The memory is the program's own and is used again by each call; results are new arrays, since the caller may
keep them.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from groundup.compile.graph import Graph, Value
from groundup.compile.loops.address import address
from groundup.compile.loops.arena import LINE, arranged
from groundup.compile.loops.assembly import assembled, multiplied, touched
from groundup.compile.loops.emit import Made
from groundup.compile.loops.items import Left, Looked, Product
from groundup.compile.loops.layout import Buffer, Layout
from groundup.compile.loops.left import program_of
from groundup.compile.loops.plan import Plan, planned
from groundup.compile.loops.team import Run
from groundup.compile.loops.terms import Refused
from groundup.compile.numbers import Number
from groundup.compile.program import Program

SMALL = 1 << 16  # elements that a table goes through, below which one thread does it alone


class LoopProgram:
    """One function of arrays and numbers, as `Program`, but run in loops; `Refused` is raised if it cannot be."""

    def __init__(self, program: Program) -> None:
        graph = program.graph
        self.program = program
        self.lock = threading.Lock()
        without: dict[Any, str] = {}
        while True:
            self._lay_out(planned(graph, without), graph)
            made = assembled(self.plan)
            if not made.without:
                break
            without |= made.without
        self.steps, self.addresses = made.steps, made.addresses
        self.fallbacks = made.fallbacks  # what NumPy does in the place of kernels, and why
        self._allocate()
        self._bind()

    def _lay_out(self, plan: Plan, graph: Graph) -> None:
        """Say where arguments, results and numbers of the program are."""
        self.plan = plan
        self.inputs = [self.plan.layouts[value].buffer for value in graph.inputs]
        self.results = [self._result(each) for each in graph.outputs]
        self.numbers: dict[str, int] = {}  # the text of each number of the call, and its place
        self.seen: dict[str, Any] = {}  # numbers read from tensors while the program runs
        self._outputs(graph)

    # Results

    def _result(self, each: Any) -> Any:
        return self.plan.layout(each) if isinstance(each, Value) else each

    def _outputs(self, graph: Graph) -> None:
        """Buffers that are returned get new memory at each call."""
        self.fresh: list[Buffer] = []
        for each in self.results:
            if isinstance(each, Layout) and each.buffer.kind == "temporary":
                each.buffer.kind = "output"
                self.fresh.append(each.buffer)
        texts = [
            each.text if isinstance(each, Number) else repr(each)
            for each in self.results
            if not isinstance(each, Layout)
        ]
        self.plain = self._lambda(texts)

    # Memory

    def _allocate(self) -> None:
        """A place in the table of addresses for each buffer, and memory for the temporary ones."""
        self.buffers: list[Buffer] = []
        lives: dict[Buffer, list[int]] = {}
        self.returned = [each for each in self.results if isinstance(each, Layout)]
        for buffer in [*self.inputs, *self.fresh, *(each.buffer for each in self.returned)]:
            self._slot(buffer)
        calls = [made for step in self.steps for made in (step if isinstance(step, list) else [step])]
        for at, made in enumerate(calls):
            for buffer in touched(made):
                self._slot(buffer)
                if buffer.kind == "temporary":
                    lives.setdefault(buffer, [at, at])[1] = at
        places, size = arranged([(buffer, first, last) for buffer, (first, last) in lives.items()])
        block = np.empty(size + LINE, np.uint8)
        start = -block.ctypes.data % LINE
        self.block = block
        self.memory = np.zeros(max(len(self.buffers), 1), np.int64)
        self.input_slots = [buffer.slot for buffer in self.inputs]
        shapes = {each.buffer: each.shape for each in self.returned if each.contiguous}
        self.fresh_slots = [(each.slot, shapes.get(each, (each.size,)), each.dtype) for each in self.fresh]
        whole = [each.buffer.kind == "output" and each.contiguous for each in self.returned]
        self.given_back = [  # results with their place, if they are the whole array there
            (each, each.buffer.slot if is_whole and shapes[each.buffer] == each.shape else -1)
            for each, is_whole in zip(self.returned, whole, strict=True)
        ]
        self.forgotten: list[tuple[list[Any], int, list[Any]]] = []
        self.bases: list[np.ndarray | None] = [None] * len(self.buffers)
        for buffer in self.buffers:
            if buffer.kind == "temporary":
                self.bases[buffer.slot] = np.ndarray(buffer.size, buffer.dtype, block, start + places[buffer])
            elif buffer.constant is not None:
                self.bases[buffer.slot] = np.ascontiguousarray(buffer.constant).reshape(-1)
            base = self.bases[buffer.slot]
            if base is not None:
                self.memory[buffer.slot] = base.ctypes.data

    def _slot(self, buffer: Buffer) -> None:
        if buffer.slot < 0 or buffer.slot >= len(self.buffers) or self.buffers[buffer.slot] is not buffer:
            buffer.slot = len(self.buffers)
            self.buffers.append(buffer)

    # What is called

    def _bind(self) -> None:
        self.distinct = list(self.addresses)
        self.kept: list[Any] = []
        graph = self.program.graph
        written = {each.out.memory for each in graph.statements if each.inplace}
        inputs = zip(graph.inputs, self.inputs, strict=True)
        self.changed = {buffer for value, buffer in inputs if value.memory in written}  # of the caller's
        self.flags: list[int] = []  # of the tables so far
        tables = [self._table(step) if isinstance(step, list) else step for step in self.steps]
        self.values = np.zeros(max(len(self.numbers), 1))
        self.calls = [self._callable(each) for each in tables]
        # Numbers that are read from tensors on the way are 0 at first, and put in when they are known.
        self.evaluate = self._lambda("0.0" if self._looked(text) else text for text in self.numbers)

    def _lambda(self, texts: Iterable[str]) -> Callable[..., Any]:
        """The function of the call's numbers that gives these expressions of them, and of what has been looked at."""
        return eval(f"lambda {', '.join(self.program.numbers)}: ({''.join(f'{text}, ' for text in texts)})", self.seen)

    def _looked(self, text: str) -> set[str]:
        """The numbers in an expression that are read from tensors."""
        return self.plan.looked.keys() & set(re.findall(r"\w+", text))

    def _table(self, segment: list[Made | Product]) -> tuple[np.ndarray, bool]:
        rows: list[list[int]] = []
        work = 0
        unseen = list(self.flags)  # by the segment
        for made in segment:
            buffers = {*touched(made)}
            if unseen and not self.changed.isdisjoint(buffers):
                rows.append(self._stop(unseen))
                unseen = []
            flags = [each.slot for each, _ in self.plan.checks if each in buffers]
            unseen += flags
            self.flags += flags
            if isinstance(made, Product):
                call = multiplied(made)
                self.kept.append(call.args)
                rows.append([call.address, call.args.ctypes.data, call.threads, 1])
                work += call.flops // 8
                continue
            args = [made.split, 0]
            for argument, kind in zip(made.arguments, made.kernel.parameters, strict=True):
                if kind.endswith("*"):
                    buffer, offset = argument if isinstance(argument, tuple) else (argument, 0)
                    args += [buffer.slot, offset]
                    work += buffer.size
                elif kind == "int":
                    args.append(int(argument))
                else:
                    args.append(self._number(argument))
            array = np.array(args, np.int64)
            self.kept.append(array)
            rows.append([self.addresses[made.kernel], array.ctypes.data, 64 if made.split > 1 else 1, 1])
        return np.array(rows, np.int64), work < SMALL

    def _stop(self, flags: list[int]) -> list[int]:
        """A row that ends the walk where an index was wrong."""
        slots = np.array([len(flags), *flags], np.int64)
        self.kept.append(slots)
        return [0, slots.ctypes.data, 1, 1]

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

    def _array(self, layout: Layout) -> np.ndarray:
        """A value's array: the whole buffer, or a view of it."""
        base = self.bases[layout.buffer.slot]
        if base is None:
            raise RuntimeError("an array of the program is not there")
        if base.shape == layout.shape and layout.contiguous:
            return base
        size = base.itemsize
        return np.ndarray(layout.shape, base.dtype, base, layout.offset * size, [s * size for s in layout.strides])

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

    # The run

    def run(self, *given: Any) -> tuple[Any, ...]:
        """What the NumPy program does, with the same arguments."""
        if self.lock.locked():
            return self.program.run(*given)
        with self.lock:  # which an interrupt cannot come in the middle of, as it could with `acquire`
            return self._run(given)

    def _run(self, given: tuple[Any, ...]) -> tuple[Any, ...]:
        bases, memory = self.bases, self.memory
        for buffer, slot, array in zip(self.inputs, self.input_slots, given, strict=False):
            if bases[slot] is not array:
                if not array.flags.c_contiguous or array.dtype != buffer.dtype:
                    return self.program.run(*given)
                memory[slot] = address(array)
                bases[slot] = array  # in this order: no interrupt comes between the two
        for slot, shape, dtype in self.fresh_slots:
            bases[slot] = array = np.empty(shape, dtype)
            memory[slot] = address(array)
        self.current = given[len(self.inputs) :]
        if self.numbers:
            self.values[:] = self.evaluate(*self.current)
        for call in self.calls:
            call()
        if self.plan.checks:
            self.check()
        results = [bases[slot] if slot >= 0 else self.returned_array(each) for each, slot in self.given_back]
        for known, i, arrays in self.forgotten:
            known[i] = arrays[i] = None
        for slot, _, _ in self.fresh_slots:
            bases[slot] = None
        if len(results) == len(self.results):
            return tuple(results)
        plain, made = iter(self.plain(*self.current)), iter(results)
        return tuple([next(made) if isinstance(each, Layout) else next(plain) for each in self.results])

    def returned_array(self, layout: Layout) -> np.ndarray:
        """A result that is not the whole of a new array."""
        found = self._array(layout)
        return found.copy() if layout.buffer.kind == "constant" else found

    def check(self) -> None:
        """Raise what kernels have found wrong with indices."""
        error = self.found_wrong()
        if error is not None:
            raise error from None

    def found_wrong(self) -> Exception | None:
        """The first of it; the next call begins anew."""
        error = None
        for buffer, found in self.plan.checks:
            flag = self.bases[buffer.slot]
            if flag is not None and flag[0]:
                error = error or found(int(flag[1]))
                flag[:] = 0
        return error


def loops(program: Program) -> LoopProgram | None:
    """The program in loops, or None where it must stay NumPy."""
    try:
        return LoopProgram(program)
    except Refused:
        return None
