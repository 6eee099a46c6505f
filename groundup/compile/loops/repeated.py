"""A program in loops that makes several steps in one walk over its table, each with the next batch and its own numbers.

The walk adds to the address of each array what it gains with a step: inputs that are batches move on to the next one,
results go to the next row, and all else stays where it is.
"""

from __future__ import annotations

from array import array as numbers
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from groundup.compile.loops.address import address
from groundup.compile.loops.layout import Layout, seen
from groundup.compile.loops.ready import Ready
from groundup.compile.loops.team import Run

Made = tuple[list[np.ndarray], list[np.ndarray]]


class Repeated:
    """The program for up to `steps` steps; it must be `repeatable`, and what it is given must lie in order.

    Args:
        program: the program of one step.
        stacked: how many of its results, the first ones, are wanted of each step; of others only the last step's.
        steps: the most steps that are made in one walk.
        changing: which of the texts of its numbers are another number at each step.
    """

    def __init__(self, program: Ready, stacked: int, steps: int, changing: Sequence[str]) -> None:
        self.program = program
        layouts = [each for each in program.results if isinstance(each, Layout)]
        shapes = {slot: shape for slot, shape, _ in program.fresh_slots}
        shapes |= {slot: v.shape for slot, v in zip(program.input_slots, program.program.graph.inputs, strict=True)}
        self.rows: set[int] = set()
        self.stacked = []  # with whether the whole array is the result
        for each in layouts[:stacked]:
            slot = each.buffer.slot
            self.stacked.append((each, each.contiguous and shapes[slot] == each.shape and slot not in self.rows))
            self.rows.add(slot)
        self.last = [
            (each, each.contiguous and shapes.get(each.buffer.slot) == each.shape and each.buffer.slot not in self.rows)
            for each in layouts[stacked:]
        ]
        self.given: Sequence[np.ndarray] = ()  # what the addresses are of with which a walk begins
        self.at_first, self.memory = np.zeros_like(program.memory), np.zeros_like(program.memory)
        self.strides = np.zeros_like(program.memory)
        self.columns = [program.numbers[text] for text in changing]
        self.same: Any = None  # the numbers of all steps that stand there
        width = len(program.numbers)
        self.values = np.zeros((steps if changing else 1, width))
        self.flags = [np.zeros((steps, 2), np.int64) for _ in program.checks]
        (walk,) = program.calls
        if not isinstance(walk, Run):
            raise TypeError("the program is not one table")
        self.walk = walk.over(self.memory, self.values, self.strides, width if changing else 0)

    def run(
        self, given: Sequence[np.ndarray], strides: Sequence[int], steps: int, same: Any, rows: Any
    ) -> tuple[int, Made] | None:
        """So many steps, or as many as there are before one that meets a wrong index; None if it cannot be done so.

        Args:
            given: the arrays of the first step.
            strides: what the addresses of the first of them gain with a step; the others stay where they are.
            steps: how many.
            same: the numbers of all steps, by their places; those that change are put in.
            rows: the numbers that change: those of the first step, of the second, and so on.
        """
        program = self.program
        if program.lock.locked():
            return None
        with program.lock:  # which an interrupt cannot come in the middle of, as it could with `acquire`
            if same != self.same:
                self.values[:] = self.same = same
            if self.columns:
                self.values[:steps, self.columns] = np.frombuffer(numbers("d", rows)).reshape(steps, -1)
            return self._checked(given, strides, steps)

    def _checked(self, given: Sequence[np.ndarray], strides: Sequence[int], steps: int) -> tuple[int, Made]:
        """The walk. Where it meets a wrong index, what it changed is put back, and the steps before are done again."""
        if not self.flags:
            return steps, self._walked(given, strides, steps)
        changed = self._changed(given)
        before = [array.copy() for array in changed]
        made = self._walked(given, strides, steps)
        wrong = [int(flags[:steps, 0].argmax()) for flags in self.flags if flags[:steps, 0].any()]
        if not wrong:
            return steps, made
        for array, old in zip(changed, before, strict=True):
            array[...] = old
        done = min(wrong)
        found = [
            error(int(flags[done, 1]))
            for flags, (_, error) in zip(self.flags, self.program.checks, strict=True)
            if flags[done, 0]
        ]
        for flags in self.flags:
            flags[:] = 0
        if not done:
            raise found[0]
        return done, self._walked(given, strides, done)

    def _changed(self, given: Sequence[np.ndarray]) -> list[np.ndarray]:
        """The arrays from outside that the program writes."""
        graph = self.program.program.graph
        written = {statement.out.memory for statement in graph.statements if statement.inplace}
        return [array for value, array in zip(graph.inputs, given, strict=True) if value.memory in written]

    def _walked(self, given: Sequence[np.ndarray], strides: Sequence[int], steps: int) -> Made:
        program, memory, gains = self.program, self.memory.data, self.strides.data
        first = len(strides)
        if not _all_the_same(given, self.given, first):
            self.given = given
            self.at_first[:] = program.memory
            for slot, array in zip(program.input_slots, given, strict=True):
                self.at_first[slot] = address(array)
        self.memory[:] = self.at_first
        bases = dict(zip(program.input_slots, given, strict=True))
        for slot, array, stride in zip(program.input_slots, given[:first], strides, strict=False):
            memory[slot] = address(array)
            gains[slot] = stride
        for slot, shape, dtype in program.fresh_slots:
            many = slot in self.rows
            bases[slot] = array = np.empty((steps, *shape) if many else shape, dtype)
            memory[slot] = address(array)
            if many:
                gains[slot] = array.nbytes // steps
        for (buffer, _), flags in zip(program.checks, self.flags, strict=True):
            memory[buffer.slot] = address(flags)
            gains[buffer.slot] = flags.strides[0]
        self.walk(steps)
        return (
            [
                bases[each.buffer.slot] if whole else _rows(each, bases[each.buffer.slot])
                for each, whole in self.stacked
            ],
            [bases[each.buffer.slot] if whole else self._of_last(each, bases) for each, whole in self.last],
        )

    def _of_last(self, layout: Layout, bases: dict[int, np.ndarray]) -> np.ndarray:
        """A result of the last step, in memory of its own unless it is an input."""
        slot, constant = layout.buffer.slot, layout.buffer.constant
        if constant is not None:
            return seen(layout, constant.copy())
        return seen(layout, bases[slot][-1].copy() if slot in self.rows else bases[slot])


def _all_the_same(given: Sequence[np.ndarray], known: Sequence[np.ndarray], first: int) -> bool:
    """Whether these are the arrays that are known, but for the first ones."""
    return len(known) == len(given) and all(a is b for a, b in zip(given[first:], known[first:], strict=True))


def _rows(layout: Layout, whole: np.ndarray) -> np.ndarray:
    """A result of all steps that lies otherwise in its memory."""
    return np.stack([seen(layout, row) for row in whole])


def repeatable(found: Callable[..., Any] | None, stacked: int) -> Ready | None:
    """The program whose `run` this is, if it is one table, and the first results are memory of their own."""
    program = getattr(found, "__self__", None)
    if not isinstance(program, Ready) or len(program.calls) != 1 or not isinstance(program.calls[0], Run):
        return None
    fresh = all(each.buffer.kind == "output" for each in program.results[:stacked] if isinstance(each, Layout))
    return program if fresh else None
