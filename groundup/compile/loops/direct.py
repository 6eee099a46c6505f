"""The call of a program that is one table of machine code: one function from the arguments to the results.

It does what `call` does, and less of it: what is in reach is looked at in one call of machine code (`watch`), addresses
stay where they are while the arrays do, numbers go straight to their places, and results are written over where nobody
holds them (`kept`). Only one thread at a time is in it: who finds it taken goes the way of `call`.
"""

from __future__ import annotations

import ctypes
import re
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from groundup.autograd.tape import TensorBase
from groundup.compile.call import Call
from groundup.compile.loops import entering
from groundup.compile.loops.address import address
from groundup.compile.loops.builtin import available, builtin, python_function
from groundup.compile.loops.kept import RING, Gradient, Ring, kept_in_a_ring, reusable, words_of_a_tensor
from groundup.compile.loops.layout import Layout
from groundup.compile.loops.run import LoopProgram
from groundup.compile.loops.team import Run, the_team
from groundup.compile.loops.watch import Watch, watched
from groundup.compile.loops.words import of_attribute, of_dict
from groundup.compile.numbers import Number
from groundup.compile.structure import leaves
from groundup.compile.threads import get_num_threads


def direct(entry: Any, program: LoopProgram) -> Callable[[Any, Any, Any], Any] | None:
    """`call(state, args, kwargs)` for an entry whose program is this one; None where it has to be called as others."""
    usual = all(contiguous for _, _, contiguous, _ in entry.shapes) and all(form.contiguous for form in entry.forms)
    alone = len(program.calls) == 1 and isinstance(program.calls[0], Run)
    if not (usual and alone and entry.tail is None and not program.plan.looked and available()):
        return None
    if any(of_attribute(each, name) is None for each in entry.captured for name in ("_array", "_node")):
        return None
    return _Direct(entry, program).made()


class _Direct(Call):
    """Writes the source."""

    def __init__(self, entry: Any, program: LoopProgram) -> None:
        super().__init__(entry)
        self.program = program
        self.bound = _Bound(entry, program)

    # Is it the right program

    def memory(self) -> None:
        """As ever, unless the arguments are those of the last call: then there is nothing new to find."""
        inputs = [
            f"a{i} is bases[{slot}]" for i, slot in zip(self.entry.places, self.program.input_slots, strict=False)
        ]
        before = len(self.source.lines)
        super().memory()
        checks = self.source.lines[before:]
        if checks and not self.entry.merged:
            del self.source.lines[before:]
            self.source.add(f"if not ({' and '.join(inputs) or 'True'}):", 2)
            self.source.lines += [f"    {line}" for line in checks]

    def reached(self) -> None:
        words, sizes, conditions = watched(self.entry.reach)
        for tensor in self.entry.captured:
            words += [of_attribute(tensor, name) or 0 for name in ("_array", "_node")]
        known = _Known(self.entry, self.bound, words)
        self.source.world |= {"changed": known.watch.differs, "still_right": known.still_right}
        if words:
            self.source.unless("not changed() or still_right()")
        self.unchanged(sizes, conditions)

    def captured(self) -> None:
        """They are among the words."""

    # What it does

    def run(self) -> None:
        source, bound = self.source, self.bound
        source.world |= {
            "address": address,
            "bases": self.program.bases,
            "beside": self.entry.call,
            "empty": np.empty,
            "give": self.program.lock.release,
            "memory": memoryview(self.program.memory),  # type: ignore[arg-type]
            "outdated": bound.watch.differs,
            "pending": bound.pending,
            "place": bound.place,
            "renew": bound.renew,
            "take": self.program.lock.acquire,
            "values": memoryview(self.program.values),  # type: ignore[arg-type]
        }
        source.add("if not take(False):")
        source.add("return beside(state, args, kwargs)", 2)
        source.add("try:")
        self._arguments()
        self._values()
        source.add("if outdated():", 2)
        source.add("renew()", 3)
        self._memory_for_results()
        self._machine()
        results = self._results()
        if bound.gradients:
            source.add("if pending:", 2)
            source.add("place()", 3)
        self._put(results)
        source.add("finally:")
        source.add("give()", 2)
        source.add(f"return {self.result(self.entry.result, iter(self.returned))}")

    def _arguments(self) -> None:
        for i, slot in zip(self.entry.places, self.program.input_slots, strict=False):
            self.source.add(f"if a{i} is not bases[{slot}]:", 2)
            self.source.add(f"bases[{slot}] = a{i}", 3)
            self.source.add(f"memory[{slot}] = address(a{i})", 3)

    def _values(self) -> None:
        """The numbers of the call; those that are always the same are put there now."""
        for text, place in self.program.numbers.items():
            if self._named(text) == text:
                self.program.values[place] = eval(text)
            else:
                self.source.add(f"values[{place}] = {self._named(text)}", 2)

    def _named(self, text: str) -> str:
        """An expression of the program's numbers in the names that they have here."""
        return re.sub(r"\b[A-Za-z_]\w*", lambda found: self.numbers.get(found[0], found[0]), text)

    def _memory_for_results(self) -> None:
        """Where the program writes: kept gradients have their place, rings are asked, the rest is new."""
        source, bound = self.source, self.bound
        kept = {each.slot for each in bound.gradients}
        for slot, shape, dtype in self.program.fresh_slots:
            if slot in bound.rings:
                ring = source.name(bound.rings[slot])
                source.add(f"c{slot} = {source.name(bound.rings[slot].choose)}()", 2)
                tensors = source.name(bound.rings[slot].tensors)
                source.add(f"t{slot} = {tensors}[c{slot}] if c{slot} < {RING} else {ring}.renew()", 2)
            elif slot not in kept:
                source.add(f"m{slot} = bases[{slot}] = empty({shape}, {source.name(dtype)})", 2)
                source.add(f"memory[{slot}] = address(m{slot})", 2)

    def _machine(self) -> None:
        """The call of the table. One that the calling thread does alone is short, and keeps Python's lock."""
        run: Any = self.program.calls[0]
        team = the_team()
        words = {
            entering.RUN: ctypes.cast(team.machine.run, ctypes.c_void_p).value or 0,  # type: ignore[arg-type]
            entering.COMMAND: run.address,
            entering.SAVE: python_function("PyEval_SaveThread"),
            entering.RESTORE: python_function("PyEval_RestoreThread"),
        }
        self.source.world["go"] = builtin("run_freely" if run.parallel else "run", words)
        self.source.world |= {"get_num_threads": get_num_threads, "complete": team.complete, "run_kept": run}
        if run.parallel:
            self.source.add("if (threads := go()) and threads != get_num_threads():", 2)
            self.source.add("complete()", 3)
        else:
            self.source.add("go()", 2)
        if self.program.plan.checks:
            self.source.world["check"] = self.program.check
            self.source.add("check()", 2)

    def _results(self) -> list[str]:
        """Source of each result of the program, of gradients and counts too; '' for a gradient that has its place."""
        kept = {each.slot for each in self.bound.gradients}
        places = iter(self.program.given_back)
        found = []
        for each in self.program.results:
            if not isinstance(each, Layout):
                found.append(self._named(each.text) if isinstance(each, Number) else repr(each))
                continue
            layout, slot = next(places)
            if slot in kept:
                found.append("")
            elif slot in self.bound.rings:
                found.append(f"t{slot}")
            else:
                name = f"o{len(found)}"
                whole = slot >= 0
                self.source.world["returned"] = self.program.returned_array
                self.source.add(f"{name} = {f'm{slot}' if whole else f'returned({self.source.name(layout)})'}", 2)
                found.append(name)
        for slot, _, _ in self.program.fresh_slots:
            if slot not in kept and slot not in self.bound.rings:
                self.source.add(f"bases[{slot}] = None", 2)
        return found

    def _put(self, results: list[str]) -> None:
        """Counts of changes, gradients and numbers to their places, and tensors around what is returned."""
        source, entry = self.source, self.entry
        self.written(2)
        rest = iter(results[len(entry.same) :])
        for leaf in entry.ends:
            found = next(rest)
            if found:
                self.wrapped("made", found, leaf, 2)
                source.add(f"{self.leaf(leaf)}._grad = made", 2)
        for leaf in entry.without:
            source.add(f"{self.leaf(leaf)}._grad = None", 2)
        for holder, key in entry.counts:
            source.add(f"{source.entry(holder, key)} = {next(rest)}", 2)
        self.returned = []
        for i, (same, output) in enumerate(zip(entry.same, leaves(entry.result), strict=True)):
            if same is not None:
                self.returned.append(self.leaf(same))
            elif isinstance(output, Number) or results[i].startswith("t"):
                source.add(f"r{i} = {results[i]}", 2)
                self.returned.append(f"r{i}")
            else:
                self.wrapped(f"r{i}", results[i], output, 2)
                self.returned.append(f"r{i}")


class _Known:
    """What was found to be right: the words of what is in reach, and the arrays of the captured tensors."""

    def __init__(self, entry: Any, bound: _Bound, words: Sequence[int]) -> None:
        self.entry, self.bound = entry, bound
        self.arrays: tuple[Any, ...] = ()
        self.watch = Watch(words)

    def still_right(self) -> bool:
        """Something is not what it was: whether the program is right for what is there now."""
        self.watch.record()
        entry = self.entry
        arrays = tuple(tensor._array for tensor in entry.captured)
        histories = all(
            (tensor._node is not None) is history
            for tensor, (_, _, _, history) in zip(entry.captured, entry.shapes, strict=True)
        )
        if not (histories and entry.reach.unchanged()):
            self.watch.forget()
            return False
        if not _all_the_same(arrays, self.arrays):
            if not entry.renewed(arrays):
                self.watch.forget()
                return False
            self.arrays = arrays
            for slot in self.bound.program.input_slots[: len(entry.places)]:
                self.bound.program.bases[slot] = None  # so that arguments are compared with them
            self.bound.watch.forget()
        return True


class _Bound:
    """What the program's memory is: the captured tensors' arrays, the gradients that are written over, the rings."""

    def __init__(self, entry: Any, program: LoopProgram) -> None:
        self.entry, self.program = entry, program
        first = len(entry.places)
        self.captured = list(zip(entry.captured, program.input_slots[first:], strict=False))
        self.rings: dict[int, Ring] = {}
        self.gradients: list[Gradient] = []
        self.pending: list[Gradient] = []  # made for this call, and not yet where a gradient belongs
        kept = self._kept()
        words = [program.memory.ctypes.data + 8 * slot for _, slot in self.captured]
        words += [program.memory.ctypes.data + 8 * slot for _, slot, _, _ in kept]
        words += [of_dict(vars(leaf)) or 0 for leaf, _, _, _ in kept]
        sizes = [words_of_a_tensor(len(shape)) for _, _, shape, _ in kept]
        self.watch = Watch(words, sum(sizes))
        at = 1 + len(words)
        for (leaf, slot, shape, dtype), size in zip(kept, sizes, strict=True):
            self.gradients.append(Gradient(leaf, shape, dtype, slot, self.watch.rows[at : at + size]))
            at += size

    def _kept(self) -> list[tuple[Any, int, tuple[int, ...], Any]]:
        """The gradients whose memory may be used again: each the whole of a buffer, which nothing else returns."""
        entry, program = self.entry, self.program
        if not reusable():
            return []
        fresh = {slot: (shape, dtype) for slot, shape, dtype in program.fresh_slots}
        uses = [layout.buffer.slot for layout, _ in program.given_back]
        places = iter(program.given_back)
        slots = [next(places)[1] if isinstance(each, Layout) else -1 for each in program.results]
        slots = [slot if uses.count(slot) == 1 else -1 for slot in slots]
        outputs = zip(slots, entry.same, leaves(entry.result), strict=False)
        for slot, same, output in outputs:
            if slot >= 0 and same is None and isinstance(output, TensorBase) and kept_in_a_ring(*fresh[slot]):
                self.rings[slot] = Ring(*fresh[slot], program.memory, slot)
        ends = zip(entry.ends, slots[len(entry.same) :], strict=False)
        return [(leaf, slot, *fresh[slot]) for leaf, slot in ends if slot >= 0 and type(leaf) is not int]

    def renew(self) -> None:
        """Put what is there now in its place, and make gradients for the leaves whose own cannot be written over."""
        self.watch.record()
        bases, memory = self.program.bases, self.program.memory
        for tensor, slot in self.captured:
            bases[slot] = array = tensor._array
            memory[slot] = address(array)
        self.pending.clear()
        for each in self.gradients:
            if not each.usable():
                each.renew()
            memory[each.slot] = each.where
            if each.leaf._grad is not each.tensor:
                self.pending.append(each)
        if not self.pending:
            self._settle()

    def place(self) -> None:
        """After a run: what was made for it becomes the leaves' gradients."""
        for each in self.pending:
            each.leaf._grad = each.tensor
        self.pending.clear()
        self._settle()

    def _settle(self) -> None:
        """Record what is there, unless somebody has put something else there in between."""
        self.watch.record()
        bases, memory = self.program.bases, self.program.memory
        right = all(each.leaf._grad is each.tensor and memory[each.slot] == each.where for each in self.gradients)
        for tensor, slot in self.captured:
            array: Any = tensor._array
            right = right and bases[slot] is array and memory[slot] == address(array)
        if not right:
            self.watch.forget()


def _all_the_same(these: Sequence[Any], those: Sequence[Any]) -> bool:
    return len(these) == len(those) and all(a is b for a, b in zip(these, those, strict=True))
