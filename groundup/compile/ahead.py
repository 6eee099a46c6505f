"""Steps of one program that follow each other without Python in between: when that can be, and the numbers of each.

A program changes arrays in place, gradients, and the optimisers' counts. Where it leaves all of that so that it is the
right program for the next step too, the steps that are left are one walk over its table (`loops.repeated`), and the
numbers of each step are worked out before it: counts go on as the program says.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from typing import Any

from groundup.autograd.state import State
from groundup.autograd.tape import TensorBase
from groundup.compile.call import Call
from groundup.compile.entry import Entry, Gradient
from groundup.compile.hyper import Input
from groundup.compile.loops.builtin import available
from groundup.compile.loops.layout import Layout
from groundup.compile.loops.ready import Ready
from groundup.compile.loops.repeated import Repeated, repeatable
from groundup.compile.loops.watch import Watch, Watched
from groundup.compile.loops.words import of_attribute
from groundup.compile.many import Numbers
from groundup.compile.numbers import Number

PATIENCE = 0.25  # seconds of a walk, in which Python hears of no interrupt
FEW = 8  # steps of the first walk, which shows how long a step takes


class Ahead:
    """The program of an entry for several steps.

    `call` is given a `Walk` in the place of the thread's state, and the arguments of the first step. It checks and
    writes back what a call of the entry does; in the places of the results stand those of all steps.
    """

    def __init__(self, entry: Entry, program: Ready, plan: Plan, steps: int) -> None:
        self.entry = entry
        self.outputs = program.results[: len(entry.same)]
        self.plan = plan
        stacked = sum(isinstance(each, Layout) for each in self.outputs)
        self.repeated = Repeated(program, stacked, steps, plan.changing)
        self.most = FEW  # steps of one walk
        self.call = _Calls(entry).made()

    def walk(self, state: State, strides: dict[int, int], most: int) -> Walk:
        """One that makes at most so many steps."""
        return Walk(state, self, strides, most)

    def run(self, arrays: tuple[Any, ...], strides: list[int], steps: int) -> tuple[int, tuple[Any, ...]] | None:
        """How many steps were made, and what they gave; None if the walk cannot be made now."""
        steps, same, rows, returned, counts = self.plan.work_out(min(steps, self.most))
        began = time.perf_counter()
        found = self.repeated.run(arrays, strides, steps, same, rows)
        if found is None:
            return None
        self.most = max(1, int(steps * PATIENCE / max(time.perf_counter() - began, 1e-6)))
        done, (stacked, last) = found
        if done < steps:
            _, _, _, returned, counts = self.plan.work_out(done)
        if len(stacked) == len(self.outputs):
            return done, (*stacked, *last, *counts)
        both = iter(stacked), iter([Numbers(each) for each in zip(*returned, strict=True)])
        results = [next(both[0 if isinstance(each, Layout) else 1]) for each in self.outputs]
        return done, (*results, *last, *counts)


class _Calls(Call):
    """The call of an entry, which hands what was checked to the walk. Machine code looks at what is in reach."""

    execute = "state.execute"

    def __init__(self, entry: Entry) -> None:
        super().__init__(entry)
        words = [of_attribute(each, name) for each in entry.captured for name in ("_array", "_node")]
        self.watched = Watched(entry.reach, set()) if available() and None not in words else None
        if self.watched is not None:
            known = _Known(entry, self.watched, [word for word in words if word is not None])
            self.source.world |= {"changed": known.watch.differs, "still_right": known.still_right, "known": known}

    def reached(self) -> None:
        if self.watched is None:
            super().reached()
            return
        self.source.unless("not changed() or still_right()")
        self.unchanged(self.watched.sizes, self.watched.conditions)

    def captured(self) -> None:
        if self.watched is None:
            super().captured()
        elif self.entry.captured:
            self.source.add(f"{''.join(f'b{i}, ' for i in range(len(self.entry.captured)))}= known.arrays")


class _Known:
    """The arrays of the tensors in reach, and the words that tell when these or anything else is no longer the same."""

    def __init__(self, entry: Entry, watched: Watched, words: list[int]) -> None:
        self.entry = entry
        self.arrays: tuple[Any, ...] = ()
        self.watch = Watch([*watched.words, *words], lists=watched.lists)
        self._watched = watched  # kept, since the words are in what it keeps

    def still_right(self) -> bool:
        """Something is not what it was: whether the program is right for what is there now."""
        self.watch.record()
        entry = self.entry
        arrays = tuple(each._array for each in entry.captured)
        histories = zip(entry.captured, entry.shapes, strict=True)
        right = all((each._node is not None) is history for each, (_, _, _, history) in histories)
        same = len(arrays) == len(self.arrays) and all(a is b for a, b in zip(arrays, self.arrays, strict=True))
        if not (right and entry.reach.unchanged() and (same or entry.renewed(arrays))):
            self.watch.forget()
            return False
        self.arrays = arrays
        return True


class Walk:
    """A walk that is to be made; to the call of an `Ahead` it looks like the state of the thread."""

    __slots__ = ("_ahead", "_most", "_state", "_strides", "grad", "steps")

    def __init__(self, state: State, ahead: Ahead, strides: dict[int, int], most: int) -> None:
        self._state = state
        self.grad = state.grad
        self._ahead = ahead
        self._strides = strides  # bytes from one batch to the next, by the id of the first one's array
        self._most = most
        self.steps = 0  # how many were made and are stacked; 0 of a single one, which is not

    def execute(self, _: Any, arrays: tuple[Any, ...], numbers: tuple[Any, ...]) -> Any:
        """What the program gives: the function's results of all steps, and what the last one leaves behind."""
        strides = [self._strides[id(array)] for array in arrays[: len(self._strides)]]
        found = self._ahead.run(arrays, strides, self._most)
        if found is None:
            return self._ahead.entry.execute(self._state, arrays, numbers)
        self.steps, results = found
        return results


# The numbers of steps that follow each other


class Plan:
    """The numbers of a program, step after step.

    `changing` are the texts of those that are another number at each step. `work_out(n)` gives how many of n steps the
    program is right for, by its conditions on numbers; the numbers of all of them, in order; those that change, one
    step after the other; the numbers that each step returns; and the counts behind the last one.
    """

    def __init__(self, entry: Entry, texts: list[str], following: dict[str, str]) -> None:
        outputs = entry.program.graph.outputs
        returned = [_text(each) for each in outputs[: len(entry.same)] if isinstance(each, (Number, int, float))]
        counts = [_text(each) for each in outputs[len(entry.same) + len(entry.ends) :]]
        self.changing = [text for text in texts if _names(text) & following.keys()]
        inputs = _used(entry)
        places = [_source(inputs[name], i) for i, name in enumerate(inputs)]
        same = ["0.0" if text in self.changing else text for text in texts]
        lines = [
            "def work_out(_steps):",
            *(f"    {name} = {place}" for name, place in zip(inputs, places, strict=True)),
            f"    _same = {_listed(same)}",
        ]
        if following:
            lines += _loop(entry, inputs, self.changing, returned, following, counts)
        else:
            lines.append(f"    return _steps, _same, (), [{_listed(returned)}] * _steps, {_listed(counts)}")
        world: dict[str, Any] = {f"_holder{i}": each.holder for i, each in enumerate(inputs.values())}
        exec(compile("\n".join(lines), "<numbers of many steps>", "exec"), world)
        self.work_out: Callable[[int], Any] = world["work_out"]


def _loop(
    entry: Entry,
    inputs: dict[str, Input],
    changing: list[str],
    returned: list[str],
    following: dict[str, str],
    counts: list[str],
) -> list[str]:
    """Source that goes through the steps, until a condition would come out otherwise or a number cannot be computed."""
    distinct = list(dict.fromkeys([*following.values(), *counts]))
    nexts, last = ([f"_{name}{i}" for i in range(len(distinct))] for name in ("next", "last"))
    of = dict(zip(distinct, range(len(distinct)), strict=True))
    kinds = [f"type({name}) is {inputs[name].kind.__name__}" for name in following]
    right = [each for each in dict.fromkeys(entry.conditions) if _names(each) & following.keys()]
    right = [*kinds, *(f"({each})" for each in right)]
    return [
        "    _rows, _returned, _count = [], [], 0",
        "    try:",
        "        for _done in range(1, _steps + 1):",
        f"            _row = {_listed(changing)}",
        *([f"            _given = {_listed(returned)}"] if returned else []),
        *(f"            {new} = {text}" for new, text in zip(nexts, distinct, strict=True)),
        "            _rows += _row",
        "            _count = _done",
        *(["            _returned.append(_given)"] if returned else []),
        f"            {', '.join(last)} = {', '.join(nexts)}",
        *(f"            {name} = _last{of[text]}" for name, text in following.items()),
        f"            if not ({' and '.join(right)}):",
        "                break",
        "    except ArithmeticError:",
        "        if not _count:",
        "            raise",
        f"    return _count, _same, _rows, _returned, {_listed([f'_last{of[text]}' for text in counts])}",
    ]


def _used(entry: Entry) -> dict[str, Input]:
    """The numbers that the program reads, or that decide whether it is the right one."""
    wanted = {*entry.program.numbers}.union(*(_names(each) for each in entry.conditions))
    return {name: place for name, place in entry.hyper.inputs if name in wanted}


def _source(place: Input, i: int) -> str:
    key = repr(place.key)
    return f"_holder{i}[{key}]" + ("" if place.index is None else f"[{place.index}]")


def _text(number: Any) -> str:
    return number.text if isinstance(number, Number) else repr(number)


def _names(text: str) -> set[str]:
    return set(re.findall(r"[A-Za-z_]\w*", text))


def _listed(parts: list[str]) -> str:
    return f"({''.join(f'{part}, ' for part in parts)})"


# When it can be


def ahead(entry: Entry, steps: int) -> Ahead | None:
    """The program of an entry for so many steps; None where each must be a call."""
    program = repeatable(entry.runner, len(entry.same))
    if program is None or entry.tail is not None or not _leaves_all_as_it_was(entry, program):
        return None
    if not all(contiguous for _, _, contiguous, _ in entry.shapes) or not all(form.contiguous for form in entry.forms):
        return None
    if program.checks and any(type(leaf) is int for leaf in entry.written):
        return None  # what a wrong index has changed could not be put back
    following = _following(entry)
    return None if following is None else Ahead(entry, program, Plan(entry, list(program.numbers), following), steps)


def _leaves_all_as_it_was(entry: Entry, program: Ready) -> bool:
    """Whether the gradients behind a step are there, or are not, and lie where they do before it."""
    read = {id(each.leaf): i for i, each in enumerate(entry.captured) if type(each) is Gradient}
    behind: dict[int, bool] = {}
    for i, leaf in enumerate(entry.ends, len(entry.same)):
        behind[id(leaf)] = True
        if id(leaf) in read:
            buffer = program.inputs[len(entry.places) + read[id(leaf)]]
            if not isinstance(program.results[i], Layout) or program.results[i].buffer is not buffer:
                return False
    behind |= {id(leaf): False for leaf in entry.without}
    leaves = [*entry.ends, *entry.without, *(leaf for leaf, _ in entry.starts)]
    return not any(type(leaf) is int for leaf in leaves) and all(
        behind.get(id(leaf), had) is had for leaf, had in entry.starts
    )


def _following(entry: Entry) -> dict[str, str] | None:
    """What becomes of the numbers that a step changes, as source; None where one symbol stood for what differs then."""
    used = _used(entry)
    if any(isinstance(place.holder, TensorBase) or type(place.holder) is int for place in used.values()):
        return None
    outputs = entry.program.graph.outputs
    texts = [_text(each) for each in outputs[len(entry.same) + len(entry.ends) :]]
    after = {(id(holder), key): text for (holder, key), text in zip(entry.counts, texts, strict=True)}
    for (holder, key), others in entry.hyper.shared:
        if any(after.get((id(other), name)) != after.get((id(holder), key)) for other, name in others):
            return None
    found = {name: after.get((id(place.holder), place.key)) for name, place in used.items() if place.index is None}
    return {name: text for name, text in found.items() if text is not None}
