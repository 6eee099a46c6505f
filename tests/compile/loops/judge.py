"""What a program in loops is judged by: whole-array NumPy, on copies of the same arrays.

Where the judge sits, each program that a compiled function runs is run twice on copies, in NumPy and in loops, and
must return the same and leave the same in its arguments; the function itself goes on with what NumPy gave.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

import groundup
from groundup.autograd.state import LOCAL
from groundup.compile.entry import Entry
from groundup.compile.loops.run import LoopProgram
from groundup.compile.loops.terms import Refused
from groundup.compile.program import Program
from groundup.compile.recorded import Pull

TOLERANCE = {"float16": 2e-3, "float32": 2e-5, "float64": 1e-12}  # of the largest element


class Judge:
    """Compares programs. `fast` are their readings in loops, `refused` why there is none.

    Rounding is measured by the largest element, or by `least` where all are smaller, as what cancels out is.
    """

    def __init__(self, least: float) -> None:
        self.least = least
        self.fast: dict[Program, Any] = {}
        self.refused: dict[Program, str] = {}

    def compare(self, program: Program, given: tuple[Any, ...]) -> None:
        """Run the program in both readings."""
        fast = self._reading(program)
        if fast is None:
            return
        ours, theirs = [tuple(map(_copied, given)) for _ in range(2)]
        state = groundup.get_rng_state()
        with np.errstate(all="ignore"):
            wanted = program.run(*theirs)
            after = groundup.get_rng_state()
            groundup.set_rng_state(state)
            found = fast.run(*ours)
        assert _equal(np.asarray(groundup.get_rng_state()), np.asarray(after)), "other random numbers were drawn"
        groundup.set_rng_state(state)
        same("number of results", len(found), len(wanted))
        for i, (a, b) in enumerate(zip(found, wanted, strict=True)):
            same(f"result {i} of\n{program}", a, b, self.least)
        for value, a, b in zip(program.graph.inputs, ours, theirs, strict=False):
            same(f"{value.name} after\n{program}", a, b, self.least)

    def _reading(self, program: Program) -> Any:
        if program not in self.fast and program not in self.refused:
            try:
                self.fast[program] = LoopProgram(program)
            except Refused as error:
                self.refused[program] = str(error)
            else:
                wrong = [each for each in self.fast[program].fallbacks if "Error(" in each[1]]
                assert not wrong, wrong
        return self.fast.get(program)


@contextmanager
def judging(least: float = 1e-30) -> Iterator[Judge]:
    """Within the block, compiled functions are judged at each call that is not a trace."""
    judge = Judge(least)
    execute, pull = Entry.execute, Pull.__call__

    def judged(self: Entry, state: Any, arrays: tuple[Any, ...], numbers: tuple[Any, ...]) -> Any:
        state.run(judge.compare, self.program, (*arrays, *numbers))
        return state.run(self.program.run, *arrays, *numbers)

    def pulled(self: Pull, *given: Any) -> Any:
        state = LOCAL.state
        state.run(judge.compare, self.program, given)
        return state.run(self.program.run, *given)

    Entry.execute, Pull.__call__ = judged, pulled  # type: ignore[method-assign]
    try:
        yield judge
    finally:
        Entry.execute, Pull.__call__ = execute, pull  # type: ignore[method-assign]


def same(what: str, found: Any, wanted: Any, least: float = 1e-30) -> None:
    """Equal; or arrays of one shape and type that differ by rounding."""
    a, b = np.asarray(found), np.asarray(wanted)
    assert a.shape == b.shape and a.dtype == b.dtype, f"{a.dtype} {a.shape}, not {b.dtype} {b.shape}: {what}"
    if b.dtype.kind not in "fc":
        assert np.array_equal(a, b), f"{a}\nnot\n{b}: {what}"
        return
    finite = np.isfinite(b)
    assert _equal(a[~finite], b[~finite]) and np.isfinite(a[finite]).all(), f"{a}\nnot\n{b}: {what}"
    bound = TOLERANCE.get(b.dtype.name, 1e-12) * np.abs(b[finite]).max(initial=least)
    off = np.abs(a[finite] - b[finite]).max(initial=0)
    assert off <= bound, f"off by {off}, {a}\nnot\n{b}: {what}"


def _equal(a: np.ndarray, b: np.ndarray) -> bool:
    return bool(np.array_equal(a, b, equal_nan=b.dtype.kind in "fc"))


def _copied(each: Any) -> Any:
    """A copy in the same layout: transposed stays transposed, stepped stays stepped."""
    if not isinstance(each, np.ndarray):
        return each
    return each.copy() if each.flags.c_contiguous else _strided(each)


def _strided(each: np.ndarray) -> np.ndarray:
    """A copy of the memory that the array goes over, seen with the same strides."""
    low, high = np.lib.array_utils.byte_bounds(each)
    memory = np.empty(high - low, np.uint8)
    start = each.__array_interface__["data"][0] - low
    made = np.ndarray(each.shape, each.dtype, memory, start, each.strides)
    made[...] = each
    return made


def random(*shape: int, seed: int = 0, dtype: Any = np.float32) -> Any:
    return groundup.from_numpy(np.random.default_rng((seed, *shape)).standard_normal(shape).astype(dtype))


def judged(step: Callable[..., Any], first: tuple[Any, ...], *others: tuple[Any, ...]) -> Judge:
    """Trace on the first arguments, and judge on the others. Some program must have run in loops."""
    compiled = groundup.compile(step)
    compiled(*first)
    with judging() as judge:
        for arguments in others:
            compiled(*arguments)
    assert not judge.refused, judge.refused
    assert judge.fast
    return judge
