"""What a program's memory and surroundings were when they were last looked at, and how they are brought up to date.

`direct` asks in one call of machine code whether something is different; what has to be done then is here.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from groundup.autograd.tape import TensorBase, storage_of
from groundup.compile.loops.address import address
from groundup.compile.loops.kept import Gradient, Ring, kept_in_a_ring, reusable, words_of_a_tensor
from groundup.compile.loops.layout import Layout
from groundup.compile.loops.ready import Ready
from groundup.compile.loops.watch import Watch, Watched
from groundup.compile.loops.words import of_dict
from groundup.compile.structure import leaves


class Known:
    """What was found to be right: the words of what is in reach, and the arrays of the captured tensors."""

    def __init__(self, entry: Any, bound: Bound, watched: Watched, watch: Watch) -> None:
        self.entry, self.bound, self.watch = entry, bound, watch
        self._watched = watched  # kept, since the words are in what it keeps
        self.arrays: tuple[Any, ...] = ()
        self.written = [leaf for leaf in entry.written if type(leaf) is not int]
        self.storages: list[Any] = [None] * len(self.written)  # the records of their changes

    def still_right(self) -> bool:
        """Something is not what it was: whether the program is right for what is there now."""
        right = False
        try:
            self.watch.record()
            right = self._is_right()
        finally:  # an interrupt may come at any place
            if not right:
                self.watch.forget()
        return right

    def _is_right(self) -> bool:
        entry = self.entry
        arrays = tuple(tensor._array for tensor in entry.captured)
        histories = all(
            (tensor._node is not None) is history
            for tensor, (_, _, _, history) in zip(entry.captured, entry.shapes, strict=True)
        )
        self.storages[:] = [storage_of(tensor) for tensor in self.written]
        if not (histories and entry.reach.unchanged()):
            return False
        if not _all_the_same(arrays, self.arrays):
            self.bound.stale = True
            self.bound.watch.forget()
            for slot in self.bound.program.input_slots[: len(entry.places)]:
                self.bound.program.bases[slot] = None  # so that arguments are compared with them
            if not entry.renewed(arrays):
                return False
            self.arrays = arrays
        return True


class Bound:
    """What the program's memory is: the captured tensors' arrays, the gradients that are written over, the rings."""

    def __init__(self, entry: Any, program: Ready) -> None:
        self.entry, self.program = entry, program
        first = len(entry.places)
        self.captured = list(zip(entry.captured, program.input_slots[first:], strict=False))
        self.rings: dict[int, Ring] = {}
        self.gradients: list[Gradient] = []
        self.pending: list[Gradient] = []  # made for this call, and not yet where a gradient belongs
        kept = self._kept()
        start = program.memory.ctypes.data
        self.memory = memoryview(program.memory)  # type: ignore[arg-type]
        self._attributes = [vars(leaf) for leaf, _, _, _ in kept]
        words = [start + 8 * slot for _, slot in self.captured]
        own = [start + 8 * slot for _, slot, _, _ in kept] + [of_dict(each) or 0 for each in self._attributes]
        sizes = [words_of_a_tensor(len(shape)) for _, _, shape, _ in kept]
        self.watch = Watch([*words, *own], sum(sizes))
        self.captured_differ = self.watch.part(1, len(words))
        self.stale = True  # whether captured tensors have other arrays
        at = 1 + len(words) + len(own)
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
            wrapped = same is None and isinstance(output, TensorBase) and entry.tail is None  # else the tape holds it
            if slot >= 0 and wrapped and kept_in_a_ring(*fresh[slot]):
                self.rings[slot] = Ring(*fresh[slot], program.memory, slot)
        ends = zip(entry.ends, slots[len(entry.same) :], strict=False)
        return [(leaf, slot, *fresh[slot]) for leaf, slot in ends if slot >= 0 and type(leaf) is not int]

    def renew(self) -> None:
        """Put what is there now in its place, and make gradients for the leaves whose own cannot be written over."""
        self.watch.forget()  # until all is done
        if self.stale or self.captured_differ():
            bases, memory = self.program.bases, self.memory
            for tensor, slot in self.captured:
                bases[slot] = array = tensor._array
                memory[slot] = address(array)
            self.stale = False
        self.pending.clear()
        for each in self.gradients:
            if not each.usable():
                each.renew()
            self.memory[each.slot] = each.where
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
        """Record what is there, unless somebody has put something else there in between.

        Of a captured tensor whose array is another one by now, the next call knows without this.
        """
        right = False
        try:
            self.watch.record()
            right = all(each.leaf._grad is each.tensor for each in self.gradients)
        finally:
            if not right:
                self.watch.forget()


class Settings:
    """The numbers that a program reads from optimisers, and their state: read again when one of their dicts changes.

    `read()` reads them, and says whether the program is right for them.
    """

    def __init__(self, words: Sequence[int], read: Callable[[], bool]) -> None:
        self.watch = Watch(words)
        self._read = read

    def still_right(self) -> bool:
        """Something is not what it was: whether the program is right for what is there now."""
        right = False
        try:
            self.watch.record()
            right = self._read()
        finally:
            if not right:
                self.watch.forget()
        return right


def _all_the_same(these: Sequence[Any], those: Sequence[Any]) -> bool:
    return len(these) == len(those) and all(a is b for a, b in zip(these, those, strict=True))
