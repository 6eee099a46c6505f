"""A program in loops as it runs: memory, the calls in order, and where arguments and results are.

Two make one: `run.LoopProgram` plans a graph, `recalled` reads what a plan came to from the disk. The memory is the
program's own and is used again by each call; results are new arrays, since the caller may keep them.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from groundup.compile.loops.address import address
from groundup.compile.loops.arena import LINE
from groundup.compile.loops.layout import Buffer, Layout
from groundup.compile.numbers import Number
from groundup.compile.program import Program


class Ready:
    """One function of arrays and numbers, as `Program`, but run in loops."""

    looked: Any = ()  # the numbers that are read from tensors while the program runs

    def __init__(self, program: Program) -> None:
        self.program = program
        self.lock = threading.Lock()
        self.buffers: list[Buffer] = []
        self.inputs: list[Buffer] = []
        self.results: list[Any] = []
        self.numbers: dict[str, int] = {}  # the text of each number of the call, and its place
        self.seen: dict[str, Any] = {}  # numbers read from tensors while the program runs
        self.calls: list[Any] = []  # runs of tables, and functions that do what stands between them
        self.checks: Sequence[tuple[Buffer, Callable[[int], Exception]]] = ()
        self.values: np.ndarray
        self.evaluate: Callable[..., Any]

    # Its parts

    def _give_memory(self, places: dict[Buffer, int], size: int) -> None:
        """A table of addresses, and memory for all but arguments and results; `places` are those of temporaries."""
        block = np.empty(size + LINE, np.uint8)
        start = -block.ctypes.data % LINE
        self.block = block
        self.memory = np.zeros(max(len(self.buffers), 1), np.int64)
        self.input_slots = [buffer.slot for buffer in self.inputs]
        returned = [each for each in self.results if isinstance(each, Layout)]
        shapes = {each.buffer: each.shape for each in returned if each.contiguous}
        fresh = list(dict.fromkeys(each.buffer for each in returned if each.buffer.kind == "output"))
        self.fresh_slots = [(each.slot, shapes.get(each, (each.size,)), each.dtype) for each in fresh]
        whole = [each.buffer.kind == "output" and each.contiguous for each in returned]
        self.given_back = [  # results with their place, if they are the whole array there
            (each, each.buffer.slot if is_whole and shapes[each.buffer] == each.shape else -1)
            for each, is_whole in zip(returned, whole, strict=True)
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
                self.memory[buffer.slot] = address(base)
        self.plain = self._lambda(
            each.text if isinstance(each, Number) else repr(each)
            for each in self.results
            if not isinstance(each, Layout)
        )

    def _lambda(self, texts: Iterable[str]) -> Callable[..., Any]:
        """The function of the call's numbers that gives these expressions of them, and of what has been looked at."""
        return eval(f"lambda {', '.join(self.program.numbers)}: ({''.join(f'{text}, ' for text in texts)})", self.seen)

    def _array(self, layout: Layout) -> np.ndarray:
        """A value's array: the whole buffer, or a view of it."""
        base = self.bases[layout.buffer.slot]
        if base is None:
            raise RuntimeError("an array of the program is not there")
        if base.shape == layout.shape and layout.contiguous:
            return base
        size = base.itemsize
        return np.ndarray(layout.shape, base.dtype, base, layout.offset * size, [s * size for s in layout.strides])

    def whole(self) -> Any:
        """The program with its plan."""
        return self

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
        if self.checks:
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
        for buffer, found in self.checks:
            flag = self.bases[buffer.slot]
            if flag is not None and flag[0]:
                error = error or found(int(flag[1]))
                flag[:] = 0
        return error
