"""How a program is called: the function made for it, of source that checks, runs the program and writes back.

`guard` writes the checks. Gradients, counts and results are put where the function that was traced put them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from groundup.autograd.tape import TensorBase, storage_of
from groundup.compile.guard import Guard
from groundup.compile.numbers import Number
from groundup.compile.structure import leaves
from groundup.compile.undisturbed import Undisturbed
from groundup.tensor import Tensor


def called(entry: Any) -> Callable[[Any, Any, Any], Any]:
    """`call(state, args, kwargs)`: what the program of that entry gives, or `MISS`."""
    return Call(entry).made()


class Call(Guard):
    """Writes the source of one call."""

    execute = "entry.execute"  # what runs the program, given the state, the arrays and the numbers

    def made(self) -> Callable[[Any, Any, Any], Any]:
        """The function."""
        self.source.world |= {"asarray": np.asarray, "new": object.__new__, "storage_of": storage_of, "Tensor": Tensor}
        self.source.world["Undisturbed"] = Undisturbed
        self.source.add("def call(state, args, kwargs):", 0)
        self.source.add("global last")
        self.checks()
        self.prepared()
        before = len(self.source.lines)
        self.run()
        entry = self.entry
        if entry.written or entry.ends or entry.without or entry.counts:
            lines, self.source.lines[before:] = self.source.lines[before:], []
            self.source.add("with Undisturbed():")
            self.source.lines += [f"    {line}" for line in lines]
        return self.source.made("call")

    def prepared(self) -> None:
        """Make what runs the program, which may take long, if there is none yet."""
        self.source.add("if entry.runner is None:")
        self.source.add("entry.prepare()", 2)

    def run(self) -> None:
        """Run the program, and put what it gives in its places."""
        source, entry = self.source, self.entry
        arrays = [f"a{i}" for i in entry.places] + [f"b{i}" for i in range(len(entry.captured))]
        numbers = [self.numbers[name] for name in entry.program.numbers]
        source.add(f"found = {self.execute}(state, {listed(arrays)}, {listed(numbers)})")
        count = len(entry.same) + len(entry.ends) + len(entry.counts)
        found = [f"f{i}" for i in range(count)]
        if entry.tail is not None:
            source.add(f"{', '.join([*found, '*kept'])}, = found")
        elif found:
            source.add(f"{', '.join(found)}, = found")
        self.written()
        rest = iter(found[len(entry.same) :])
        for leaf in entry.ends:
            self.wrapped("made", next(rest), leaf)
            source.add(f"{self.leaf(leaf)}._grad = made")
        for leaf in entry.without:
            source.add(f"{self.leaf(leaf)}._grad = None")
        for holder, key in entry.counts:
            source.add(f"{source.entry(holder, key)} = {next(rest)}")
        results = []
        for i, (same, output) in enumerate(zip(entry.same, leaves(entry.result), strict=True)):
            if isinstance(output, Number):
                results.append(f"f{i}")
                continue
            if same is None:
                self.wrapped(f"r{i}", f"f{i}", output)
            results.append(f"r{i}" if same is None else self.leaf(same))
        if entry.tail is not None:
            source.add(f"results = [{', '.join(results)}]")
            source.add("if state.grad:")
            source.add(f"entry.record(entry.tail, results, kept, {listed(self.arguments)})", 2)
            results = [f"results[{i}]" for i in range(len(results))]
        source.add(f"return {self.result(entry.result, iter(results))}")

    def written(self, depth: int = 1) -> None:
        """Count the change of each tensor that was written; the first call makes the records, later ones have them."""
        source = self.source
        written = [self.leaf(leaf) for leaf in self.entry.written]
        if not written:
            return
        source.add("try:", depth)
        for text in written:
            source.add(f"{text}._storage._version += 1", depth + 1)
        source.add("except AttributeError:  # one has no record yet; to count another one twice does no harm", depth)
        source.add(f"for each in {listed(written)}:", depth + 1)
        source.add("storage_of(each)._version += 1", depth + 2)

    def wrapped(self, name: str, array: str, like: Any, depth: int = 1) -> None:
        """A tensor around an array, as `wrap` makes it; a result without dimensions may be a scalar of NumPy's."""
        source = self.source
        source.add(f"{name} = new(Tensor)", depth)
        is_array = isinstance(like, TensorBase) and like._array.ndim
        source.add(f"{name}._array = {array if is_array else f'asarray({array})'}", depth)
        source.add(f"{name}._node = {name}._storage = {name}._view = None", depth)

    def result(self, value: Any, results: Any) -> str:
        """What the function returned, with the results in the places of its tensors and numbers."""
        if isinstance(value, (TensorBase, Number)):
            return str(next(results))
        if isinstance(value, dict):
            return f"{{{', '.join(f'{self.source.name(k)}: {self.result(v, results)}' for k, v in value.items())}}}"
        if isinstance(value, (tuple, list)):
            parts = [self.result(each, results) for each in value]
            if type(value) is tuple:
                return listed(parts)
            inside = ", ".join(parts) if hasattr(value, "_fields") else f"[{', '.join(parts)}]"
            return f"{self.source.name(type(value))}({inside})"
        return self.source.name(value)


def listed(parts: Sequence[str]) -> str:
    """Source of a tuple."""
    return f"({''.join(f'{part}, ' for part in parts)})"
