"""The call of a program that is one table of machine code: one function from the arguments to the results.

It does what `call` does, and less of it: what is in reach is looked at in one call of machine code (`watch`), addresses
stay where they are while the arrays do, numbers go straight to their places, and results are written over where nobody
holds them (`kept`). Only one thread at a time is in it: who finds it taken goes the way of `call`.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from typing import Any

import numpy as np

from groundup.autograd.tape import TensorBase, storage_of
from groundup.compile.call import Call, listed
from groundup.compile.guard import Form, names_in
from groundup.compile.loops import entering
from groundup.compile.loops.address import address
from groundup.compile.loops.bound import Bound, Known, Settings
from groundup.compile.loops.builtin import available, builtin, python_function
from groundup.compile.loops.kept import RING
from groundup.compile.loops.layout import Layout
from groundup.compile.loops.ready import Ready
from groundup.compile.loops.team import Run, the_team
from groundup.compile.loops.watch import Put, Watch, Watched
from groundup.compile.loops.words import arrays_are_known, of_attribute, of_dict
from groundup.compile.numbers import Number
from groundup.compile.structure import leaves
from groundup.compile.threads import get_num_threads
from groundup.tensor import Tensor

_SLOTS = ("_array", "_node", "_storage")


def direct(entry: Any, program: Ready) -> Callable[[Any, Any, Any], Any] | None:
    """`call(state, args, kwargs)` for an entry whose program is this one; None where it has to be called as others."""
    usual = all(contiguous for _, _, contiguous, _ in entry.shapes) and all(form.contiguous for form in entry.forms)
    alone = len(program.calls) == 1 and isinstance(program.calls[0], Run)
    if not (usual and alone and not program.looked and available()):
        return None
    if any(of_attribute(each, name) is None for each in entry.captured for name in _SLOTS):
        return None
    return _Direct(entry, program).made()


class _Direct(Call):
    """Writes the source."""

    def __init__(self, entry: Any, program: Ready) -> None:
        super().__init__(entry)
        self.program = program
        self.bound = Bound(entry, program)
        self.places = [(number.holder, number.key) for _, number in entry.hyper.inputs]
        self.settled = self._settled()
        self.watched = Watched(entry.reach, self.settled)
        words = self.watched.words
        words += [of_attribute(tensor, name) or 0 for tensor in entry.captured for name in _SLOTS]
        self.known = Known(entry, self.bound, self.watched, Watch(words, lists=self.watched.lists))
        self.puts: list[tuple[str, Put]] = []  # counts: what they will be, and what puts that in their places

    def made(self) -> Callable[[Any, Any, Any], Any]:
        source = self.source
        self._name_all()
        lines = self._lines_of(self.checks)
        counting = self._counting() if self.settled else []
        source.add("def call(state, args, kwargs):", 0)
        if counting:
            source.add(f"global {', '.join(counting)}")
        source.add("if locked():")
        source.add("return beside(state, args, kwargs)", 2)
        source.add("with lock:  # which an interrupt cannot come in the middle of, as it could with `acquire`")
        source.lines += [f"    {line}" for line in lines]
        self.run()
        source.add(f"return {self.result(self.entry.result, iter(self.returned))}", 2)
        return source.made("call")

    def _lines_of(self, write: Callable[[], None]) -> list[str]:
        """What `write` adds to the source, taken out of it again. Functions that it made stay before all of it."""
        before = len(self.source.lines)
        write()
        lines = self.source.lines[before:]
        del self.source.lines[before:]
        return lines

    def _name_all(self) -> None:
        """The names that the source uses."""
        program, bound, known = self.program, self.bound, self.known
        self.source.world |= {
            "address": address,
            "asarray": np.asarray,
            "bases": program.bases,
            "beside": self.entry.call,
            "changed": known.watch.differs,
            "found_wrong": program.found_wrong,
            "complete": the_team().complete,
            "empty": np.empty,
            "get_num_threads": get_num_threads,
            "lock": program.lock,
            "locked": program.lock.locked,
            "memory": memoryview(program.memory),  # type: ignore[arg-type]
            "new": object.__new__,
            "outdated": bound.watch.differs,
            "pending": bound.pending,
            "place": bound.place,
            "renew": bound.renew,
            "returned": program.returned_array,
            "still_right": known.still_right,
            "storages": known.storages,
            "values": memoryview(program.values),  # type: ignore[arg-type]
        }

    # Is it the right program

    def given(self) -> None:
        """Machine code looks at tensors; what does not fit may be right nevertheless, as a parameter is."""
        source, (args, kwargs) = self.source, self.entry.given
        forms = list(args)
        plain = all(isinstance(each, Form) and not each.history for each in forms) and forms and not kwargs
        if not plain or not arrays_are_known():
            super().given()
            return
        words: list[int] = []
        for form in forms:
            of_tensor = [(of_attribute(self.sample, name) or 0) - id(self.sample) for name in ("_array", "_node")]
            words += [id(Tensor), id(np.ndarray), id(None), *[place // 8 for place in of_tensor]]
            words += [id(form.dtype), len(form.shape), *form.shape]
        kept = np.array(words, np.int64)
        fit = builtin("fit", {entering.ROWS: kept.ctypes.data, entering.COUNT: len(forms)})
        self.source.world |= {"fit": fit, "forms": kept}
        source.unless(f"len(args) == {len(forms)} and not kwargs")
        names = [f"x{i}" for i in range(len(forms))]
        source.add(f"{', '.join(names)}, = args", 2)
        source.add(f"if not fit({', '.join(names)}):", 2)
        for form, name in zip(forms, names, strict=True):
            lines = self._lines_of(lambda form=form, name=name: self.argument(form, name))  # type: ignore[misc]
            source.lines += [f"    {line}" for line in lines]
        for i, name in enumerate(names):
            source.add(f"a{i} = {name}._array", 2)

    sample = object.__new__(Tensor)

    def memory(self) -> None:
        """As ever, unless the arguments are those of the last call or lie in the same memory: there is nothing new."""
        places = [*zip(self.entry.places, self.program.input_slots, strict=False)]
        lines = self._lines_of(super().memory)
        if lines and places and not self.entry.merged:
            same = " and ".join(f"a{i} is bases[{slot}]" for i, slot in places)
            there = " and ".join(f"bases[{slot}] is not None" for _, slot in places)
            within = " and ".join(f"a{i}.base is not None and a{i}.base is bases[{slot}].base" for i, slot in places)
            known = f"{same} or ({there} and {within})" if not self.entry.coincide else same
            self.source.add(f"if not ({known}):", 2)
            lines = [f"    {line}" for line in lines]
        self.source.lines += lines

    def reached(self) -> None:
        watched = self.watched
        self.source.unless("not changed() or still_right()")
        self.unchanged(watched.sizes, watched.conditions)

    def captured(self) -> None:
        """They are among the words."""

    # The optimisers

    def _settled(self) -> set[int]:
        """The dicts of optimisers that are read again only when they have changed: all of them, or none.

        Counts that are the same must all go on in the same way, since nobody looks whether they are.
        """
        entry = self.entry
        dicts = {id(holder): holder for holder, _ in self.places if isinstance(holder, dict)}
        if of_dict({}) is None or len(dicts) < len({id(holder) for holder, _ in self.places}) or not dicts:
            return set()
        texts = dict(zip([(id(holder), key) for holder, key in entry.counts], self._texts_of_counts(), strict=True))
        for (holder, key), places in entry.hyper.shared:
            if len({texts.get((id(each), name)) for each, name in [(holder, key), *places]}) > 1:
                return set()
        if any((id(holder), key) not in {(id(h), k) for h, k in self.places} for holder, key in self._first_counts()):
            return set()
        for states, inner in entry.hyper.states:
            dicts |= {id(each): each for each in (states, *[state for state, _ in inner])}
        for optimizer in entry.reach.optimizers:
            dicts |= {id(group): group for group in optimizer.param_groups}
        self.dicts = list(dicts.values())
        return set(dicts)

    def _first_counts(self) -> list[tuple[Any, Any]]:
        """Of counts that are the same, and so share a name, the first."""
        groups = [[first, *others] for first, others in self.entry.hyper.shared]
        first = {(id(holder), key): group[0] for group in groups for holder, key in group}
        return [first.get((id(holder), key), (holder, key)) for holder, key in self.entry.counts]

    def _texts_of_counts(self) -> list[str]:
        begin = len(self.entry.same) + len(self.entry.ends)
        return [str(each) for each in self.program.results[begin : begin + len(self.entry.counts)]]

    def settings(self) -> None:
        """Numbers and state, read by a function of its own when a dict of theirs has changed, and here otherwise."""
        source, entry = self.source, self.entry
        if not self.settled:
            self.unchanged(self.watched.sizes_apart, self.watched.conditions_apart)
            super().settings()
            return
        self.starts()
        source.unless("not set_anew() or still_set()")
        lines = self._lines_of(self._reading)
        names = list(self.numbers.values())
        head = ["def read_settings():", *([f"    global {', '.join(names)}"] if names else [])]
        source.first += [*head, *lines]
        settings = Settings([of_dict(each) or 0 for each in self.dicts], lambda: source.world["read_settings"]())
        source.world |= {"set_anew": settings.watch.differs, "still_set": settings.still_right}
        self.settings_watch = settings.watch
        changing = {self.numbers[name] for name in self._counted()}
        self.decided(text for text in entry.conditions if changing & {*names_in(self.named(text))})

    def _reading(self) -> None:
        source = self.source
        source.refusal = "False"
        source.add("try:")
        self.unchanged(self.watched.sizes_apart, self.watched.conditions_apart)
        self.states()
        self.read()
        self.decided(self.entry.conditions)
        source.add("except (AttributeError, LookupError, ValueError):  # something in reach is gone")
        source.add("return False", 2)
        source.add("return True")
        source.refusal = "MISS"

    def _counted(self) -> list[str]:
        """The names of the numbers that are counts."""
        places = {(id(holder), key) for holder, key in self.entry.counts}
        names = [name for name, number in self.entry.hyper.inputs if (id(number.holder), number.key) in places]
        return [name for name in names if name in self.numbers]

    def _counting(self) -> list[str]:
        """Make what puts the counts in their places; the names of counts that the call has to go on with."""
        by_text: dict[str, list[tuple[Any, Any]]] = {}
        for place, text in zip(self.entry.counts, self._texts_of_counts(), strict=True):
            by_text.setdefault(text, []).append(place)
        self.puts = [(text, Put(self.settings_watch, places)) for text, places in by_text.items()]
        return [self.numbers[name] for name in self._counted()]

    # What it does

    def run(self) -> None:
        source = self.source
        self._arguments()
        self._values()
        source.add("if outdated():", 2)
        source.add("renew()", 3)
        self._memory_for_results()
        for i, (text, _) in enumerate(self.puts):
            source.add(f"p{i} = {self.named(text)}", 2)
        self._machine()
        lines = [f"    {line}" for line in self._lines_of(self._afterwards)]
        source.add("try:", 2)
        source.add("threads = go()" if self.parallel else "go()", 3)
        source.lines += lines
        source.add("except BaseException:  # nothing here raises: this is Ctrl-C, and the step is made to its end", 2)
        source.lines += lines
        source.add("raise", 3)
        if self.program.checks:
            source.add("if wrong is not None:", 2)
            source.add("raise wrong", 3)
        if self.parallel:
            source.add("if threads and threads != get_num_threads():", 2)
            source.add("complete()", 3)
        self._record()

    def _afterwards(self) -> None:
        """What follows the table. To do it twice is to do it once."""
        source = self.source
        if self.program.checks:
            source.add("wrong = wrong or found_wrong()", 2)
            source.add("if wrong is None:", 2)
            source.lines += [f"    {line}" for line in self._lines_of(self._put_all)]
        else:
            self._put_all()

    def _put_all(self) -> None:
        results = self._results()
        if self.bound.gradients:
            self.source.add("if pending:", 2)
            self.source.add("place()", 3)
        self._count()
        self._put(results)

    def _arguments(self) -> None:
        for i, slot in zip(self.entry.places, self.program.input_slots, strict=False):
            self.source.add(f"if a{i} is not bases[{slot}]:", 2)
            self.source.add(f"memory[{slot}] = address(a{i})", 3)
            self.source.add(f"bases[{slot}] = a{i}", 3)  # in this order: no interrupt comes between the two

    def _values(self) -> None:
        """The numbers of the call; those that are always the same are put there now."""
        for text, place in self.program.numbers.items():
            if self.named(text) == text:
                self.program.values[place] = eval(text)
            else:
                self.source.add(f"values[{place}] = {self.named(text)}", 2)

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
        words = {
            entering.RUN: ctypes.cast(the_team().machine.run, ctypes.c_void_p).value or 0,  # type: ignore[arg-type]
            entering.COMMAND: run.address,
            entering.SAVE: python_function("PyEval_SaveThread"),
            entering.RESTORE: python_function("PyEval_RestoreThread"),
        }
        self.source.world |= {"go": builtin("run_freely" if run.parallel else "run", words), "table": run}
        self.parallel = run.parallel
        if run.parallel:
            self.source.add("threads = 0", 2)
        if self.program.checks:
            self.source.add("wrong = None", 2)

    def _results(self) -> list[str]:
        """Source of each result of the program, of gradients and counts too; '' for a gradient that has its place."""
        kept = {each.slot for each in self.bound.gradients}
        places = iter(self.program.given_back)
        found = []
        for each in self.program.results:
            if not isinstance(each, Layout):
                found.append(self.named(each.text) if isinstance(each, Number) else repr(each))
                continue
            layout, slot = next(places)
            if slot in kept:
                found.append("")
            elif slot in self.bound.rings:
                found.append(f"t{slot}")
            else:
                name = f"o{len(found)}"
                self.source.add(f"{name} = {f'm{slot}' if slot >= 0 else f'returned({self.source.name(layout)})'}", 2)
                found.append(name)
        for slot, _, _ in self.program.fresh_slots:
            if slot not in kept and slot not in self.bound.rings:
                self.source.add(f"bases[{slot}] = None", 2)
        return found

    def _count(self) -> None:
        """Count the change of each tensor that was written, in the records that were found with it."""
        written = self.known.written
        if written:
            names = [f"u{i}" for i in range(len(written))]
            self.source.add(f"{', '.join(names)}, = storages", 2)
            for name in names:
                self.source.add(f"{name}._version += 1", 2)
        for leaf in self.entry.written:
            if type(leaf) is int:
                self.source.world["storage_of"] = storage_of
                self.source.add(f"storage_of({self.leaf(leaf)})._version += 1", 2)

    def _put(self, results: list[str]) -> None:
        """Gradients and numbers to their places, and tensors around what is returned."""
        source, entry = self.source, self.entry
        rest = iter(results[len(entry.same) :])
        for leaf in entry.ends:
            found = next(rest)
            if found:
                self.wrapped("made", found, leaf, 2)
                source.add(f"{self.leaf(leaf)}._grad = made", 2)
        for leaf in entry.without:
            source.add(f"{self.leaf(leaf)}._grad = None", 2)
        self.returned = []
        for i, (same, output) in enumerate(zip(entry.same, leaves(entry.result), strict=True)):
            if same is not None:
                self.returned.append(self.leaf(same))
                continue
            if isinstance(output, TensorBase) and not results[i].startswith("t"):
                self.wrapped(f"r{i}", results[i], output, 2)
            else:
                source.add(f"r{i} = {results[i]}", 2)
            self.returned.append(f"r{i}")
        self._counts([next(rest) for _ in entry.counts])
        self.residuals = list(rest)

    def _record(self) -> None:
        """Put what gives the results their gradients on the tape."""
        if self.entry.tail is not None:
            self.source.add(f"results = [{', '.join(self.returned)}]", 2)
            self.source.add("if state.grad:", 2)
            self.source.add(f"entry.record(entry.tail, results, {listed(self.residuals)}, {listed(self.arguments)})", 3)
            self.returned = [f"results[{i}]" for i in range(len(self.returned))]

    def _counts(self, texts: list[str]) -> None:
        source, entry = self.source, self.entry
        if not self.settled:
            for (holder, key), text in zip(entry.counts, texts, strict=True):
                source.add(f"{source.entry(holder, key)} = {text}", 2)
            return
        places = {(id(h), k): i for i, (_, put) in enumerate(self.puts) for h, k in put.places}
        numbers = dict(entry.hyper.inputs)
        for name in self._counted():
            place = numbers[name].holder, numbers[name].key
            source.add(f"{self.numbers[name]} = p{places[id(place[0]), place[1]]}", 2)
        for i, (_, put) in enumerate(self.puts):
            source.world[f"put{i}"] = put.put
            source.name(put)  # which is kept with it
            source.add(f"put{i}(p{i})", 2)
