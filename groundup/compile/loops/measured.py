"""How long each call of a program in loops takes: its own table, entry by entry, on copies of its arrays.

Nothing that a user holds changes: not the arrays, not the places of generators, not the program that runs.
"""

from __future__ import annotations

import copy
import threading
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Any

import numpy as np

from groundup.compile.loops.address import address
from groundup.compile.loops.assembly import touched
from groundup.compile.loops.items import Nest, Product
from groundup.compile.loops.layout import Buffer
from groundup.compile.loops.made import Made
from groundup.compile.loops.rates import seconds
from groundup.compile.loops.run import LoopProgram
from groundup.compile.loops.team import Run
from groundup.compile.loops.walk import KERNEL
from groundup.random import Generator, default_generator

EACH = 0.002  # seconds given to the measurement of one call


@dataclass
class Measured:
    """A call of the program, and how many seconds it takes on one thread."""

    made: Any
    seconds: float


@dataclass
class Times:
    """What a run of the program consists of: its calls, what is around them, and the whole as it runs."""

    calls: list[Measured]
    around: float
    whole: float


def times_of(program: LoopProgram, numbers: list[Any]) -> Times:
    """Measure a program; `numbers` are those of a call."""
    own = _copied(program)
    given = [_array(program, buffer) for buffer in program.inputs]
    generators = _generators(program)
    places = [each.get_state() for each in generators]
    try:
        with np.errstate(all="ignore"):
            return _Measuring(own, given, numbers).times()
    finally:
        for generator, place in zip(generators, places, strict=True):
            generator.set_state(place)


def _copied(program: LoopProgram) -> LoopProgram:
    """The same program with memory of its own."""
    own = copy.copy(program)
    own.lock = threading.Lock()
    own.seen = {}
    own._allocate()
    own._bind()
    return own


def _array(program: LoopProgram, buffer: Buffer) -> np.ndarray:
    """An argument: a copy of the last one, or, where that is not known any more, one of its kind."""
    value = next(each for each, where in program.plan.layouts.items() if where.buffer is buffer)
    last = program.bases[buffer.slot]
    if last is not None and last.shape == value.shape:
        return np.array(last, order="C")
    if buffer.dtype.kind == "f":
        return np.random.default_rng(0).standard_normal(value.shape).astype(buffer.dtype)
    return np.zeros(value.shape, buffer.dtype)


def _generators(program: LoopProgram) -> list[Generator]:
    """What random numbers are drawn from."""
    found = [default_generator]
    for statement in program.program.graph.statements:
        if statement.call not in (None, "item"):
            _, args, kwargs = statement.call
            found += [each for each in (*args, *kwargs.values()) if isinstance(each, Generator)]
    return found


class _Measuring:
    """Runs a program of its own, and its calls one by one."""

    def __init__(self, program: LoopProgram, given: list[np.ndarray], numbers: list[Any]) -> None:
        self.program = program
        self.given = given
        self.numbers = numbers
        self.known: dict[Hashable, float] = {}

    def times(self) -> Times:
        """The whole first, then its parts."""
        kept = [each.copy() for each in self.given]
        whole = self._run()
        for array, before in zip(self.given, kept, strict=True):
            array[...] = before
        calls = self.program.calls
        self.program.calls = [self._nothing(call) for call in calls]
        around = self._run()
        self.program.calls = calls
        self._fill()
        return Times(
            [each for step, call in zip(self.program.steps, calls, strict=True) for each in self._step(step, call)],
            around,
            whole,
        )

    def _run(self) -> float:
        run, given, numbers = self.program.run, self.given, self.numbers
        return seconds(lambda turns: [run(*given, *numbers) for _ in range(turns)], EACH)

    def _nothing(self, call: Any) -> Callable[[], Any]:
        if isinstance(call, Run):
            return Run(call._kept[0][:0].copy(), self.program.memory, self.program.values, alone=True)
        return lambda: None

    def _fill(self) -> None:
        """Results get memory again, which a run has given away."""
        program = self.program
        program.run(*self.given, *self.numbers)
        program.current = tuple(self.numbers)
        for slot, shape, dtype in program.fresh_slots:
            program.bases[slot] = array = np.empty(shape, dtype)
            program.memory[slot] = address(array)

    def _step(self, step: Any, call: Any) -> list[Measured]:
        if not isinstance(step, list):
            return [Measured(step, self._timed(step, lambda turns: [call() for _ in range(turns)], id(step)))]
        table = call._kept[0]
        table = table[table[:, KERNEL] != 0]
        memory, values = self.program.memory, self.program.values
        found = []
        for i, made in enumerate(step):
            run = Run(np.ascontiguousarray(table[i : i + 1]), memory, values, alone=True)
            found.append(Measured(made, self._timed(made, run, _like(made))))
        return found

    def _timed(self, made: Any, run: Callable[[int], Any], key: Hashable) -> float:
        """Measure a call, or take what one like it took; then what it writes is as if it had run once."""
        if key not in self.known:
            arrays = [self.program.bases[buffer.slot] for buffer in touched(made)]
            before = [None if each is None else each.copy() for each in arrays]
            self.known[key] = seconds(run, EACH)
            for array, content in zip(arrays, before, strict=True):
                if array is not None:
                    array[...] = content
        run(1)
        return self.known[key]


def _like(made: Made | Product | Nest) -> Hashable:
    """What calls that take equally long have in common."""
    if isinstance(made, Nest):
        parts = tuple(_like(each) for block in made.blocks for each in block.calls)
        return made.axes, parts, tuple(each[1:3] for each in made.wholes.values())
    if isinstance(made, Product):
        return tuple((each.shape, each.strides) for each in (made.a, made.b, made.out))
    sizes = tuple(
        each[0].size if isinstance(each, tuple) else each.size if isinstance(each, Buffer) else str(each)
        for each in made.arguments
    )
    return made.kernel, sizes, made.split
