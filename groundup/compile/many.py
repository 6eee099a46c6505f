"""`groundup.compile(function, steps=n)`: a compiled step that takes n batches at once and makes a step with each.

A call does what n calls one after the other would do. Where the program of a step is one table of calls in machine
code, the steps that are left are one walk over it, without Python in between; where it is not, they are single calls.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from groundup.autograd.state import LOCAL, State
from groundup.autograd.tape import TensorBase, storage_of
from groundup.compile.entry import Entry
from groundup.compile.function import Compiled
from groundup.compile.guard import MISS
from groundup.compile.structure import alike, rebuilt
from groundup.functions.creation import tensor
from groundup.functions.view import cat, stack
from groundup.tensor import Tensor

if TYPE_CHECKING:
    from groundup.compile.ahead import Ahead


class ManySteps(Compiled):
    """A compiled function of n batches. `source()` and `report()` show the program of one step."""

    def __init__(self, function: Callable[..., Any], steps: int) -> None:
        super().__init__(function)
        self.steps = _checked(steps)
        self._walks: dict[Entry, Ahead | None] = {}  # of programs that have run: for several steps, where that can be

    def _like(self, function: Callable[..., Any]) -> Compiled:
        return ManySteps(function, self.steps)

    def __reduce__(self) -> tuple[Any, tuple[Any, ...]]:
        return ManySteps, (self.function, self.steps)  # a copy is traced anew

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Make a step with each batch; the results stacked along a new first axis."""
        batches = Batches(self._name(), self.steps, args, kwargs)
        results = Results(self._name())
        while results.steps < self.steps:
            try:
                self._go_on(LOCAL.state, batches, results)
            except Exception as error:
                error.add_note(f"In the step with batch {results.steps} of {self.steps}; those before it are done.")
                raise
        return results.together()

    def _go_on(self, state: State, batches: Batches, results: Results) -> None:
        """One step more, or as many as a program can make in one walk."""
        if state.watch is None and batches.plain:
            for entry in self.entries:
                ahead = self._ahead(entry)
                if ahead is not None:
                    args, kwargs, strides = batches.bare(results.steps)
                    walk = ahead.walk(state, strides, self.steps - results.steps)
                    found = ahead.call(walk, args, kwargs)
                    if found is not MISS:
                        results.add(found, walk.steps)
                        return
        args, kwargs = batches.at(results.steps)
        results.add(super().__call__(*args, **kwargs))

    def _ahead(self, entry: Entry) -> Ahead | None:
        """The program of an entry for many steps; None before it has run, and where each step must be a call."""
        if entry not in self._walks and entry.runner is not None:
            self._walks = {each: self._walks[each] for each in self.entries if each in self._walks}
            self._walks[entry] = _made_ahead(entry, self.steps)
        return self._walks.get(entry)


def _made_ahead(entry: Entry, steps: int) -> Ahead | None:
    if getattr(entry.runner, "__self__", None) is None:  # the NumPy reading
        return None
    from groundup.compile.ahead import ahead

    return ahead(entry, steps)


def _checked(steps: Any) -> int:
    """The number of steps, a whole one and at least 1."""
    try:
        found = operator.index(steps)
    except TypeError:
        found = None
    if found is None or isinstance(steps, bool):
        raise TypeError(f"compile takes a whole number of steps, but got steps={steps!r}")
    if found < 1:
        raise ValueError(f"compile makes at least one step, but got steps={found}")
    return found


class Numbers(list[Any]):
    """A number that each of several steps returned."""


_NUMBERS = (bool, int, float, Numbers)


class Batches:
    """The arguments of a call: each tensor among them holds n batches along its first axis."""

    def __init__(self, name: str, steps: int, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        self.given = (args, kwargs)
        self.found: dict[int, Tensor] = {}
        self.plain = True  # none has a history
        for text, each in [*((f"argument {i}", each) for i, each in enumerate(args)), *kwargs.items()]:
            self._find(text, each, name, steps)
        if not self.found:
            raise TypeError(
                f"{name} makes {steps} steps in one call, but there is no tensor among its arguments\n"
                f"  Pass the {steps} batches, stacked along a new first axis: groundup.stack(batches)."
            )

    def _find(self, text: str, value: Any, name: str, steps: int) -> None:
        if isinstance(value, TensorBase):
            shape = value._array.shape
            if not shape or shape[0] != steps:
                raise ValueError(
                    f"{name} makes {steps} steps in one call, but {text} has the shape {shape}: "
                    f"it must be ({steps}, ...), a batch for each step\n"
                    f"  Stack the batches along a new first axis: groundup.stack(batches). The same one for all steps: "
                    f"x.expand({', '.join(map(str, (steps, *shape)))})."
                )
            self.found[id(value)] = value  # type: ignore[assignment]
            self.plain = self.plain and value._node is None
        elif isinstance(value, dict):
            for key, each in value.items():
                self._find(f"{text}[{key!r}]", each, name, steps)
        elif isinstance(value, (tuple, list)):
            for i, each in enumerate(value):
                self._find(f"{text}[{i}]", each, name, steps)

    def at(self, i: int) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """The arguments of step i. A tensor that is passed twice is one there too."""
        return self._with({key: each[i] for key, each in self.found.items()})

    def bare(self, i: int) -> tuple[tuple[Any, ...], dict[str, Any], dict[int, int]]:
        """The same without a history, and by the ids of their arrays how many bytes further the next batch lies."""
        parts, strides = {}, {}
        for key, each in self.found.items():
            part = parts[key] = object.__new__(Tensor)
            part._array = each._array[i, ...]
            part._node = part._view = None
            part._storage = storage_of(each)
            strides[id(part._array)] = each._array.strides[0]
        return *self._with(parts), strides

    def _with(self, parts: dict[int, Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
        args, kwargs = rebuilt(self.given, lambda each: parts[id(each)])
        return args, kwargs


class Results:
    """What the steps gave, in order: of one step, or of several, which are stacked already."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.steps = 0
        self.found: list[Any] = []
        self.counts: list[int] = []  # how many steps; 0 of a single one, which is not stacked

    def add(self, result: Any, count: int = 0) -> None:
        """What one more step gave, or `count` steps together."""
        self.found.append(result)
        self.counts.append(count)
        self.steps += count or 1

    def together(self) -> Any:
        """All of them, stacked along a new first axis."""
        return self._stacked(self.found, "")

    def _stacked(self, each: list[Any], where: str) -> Any:
        first = each[0]
        if isinstance(first, TensorBase):
            self._check(all(isinstance(one, TensorBase) for one in each), each, where)
            return self._tensors(each, where)
        if isinstance(first, _NUMBERS):
            self._check(all(isinstance(one, _NUMBERS) for one in each), each, where)
            both = zip(each, self.counts, strict=True)
            return tensor([a for one, count in both for a in (one if type(one) is Numbers else [one] * (count or 1))])
        if first is None:
            self._check(all(one is None for one in each), each, where)
            return None
        if isinstance(first, dict):
            same = all(isinstance(one, dict) and list(one) == list(first) for one in each)
            self._check(same, each, where)
            return {key: self._stacked([one[key] for one in each], f"{where}[{key!r}]") for key in first}
        if isinstance(first, (tuple, list)):
            self._check(all(type(one) is type(first) and len(one) == len(first) for one in each), each, where)
            parts = [self._stacked([one[i] for one in each], f"{where}[{i}]") for i in range(len(first))]
            return alike(first, parts)
        raise TypeError(
            f"the results of {self.steps} steps are stacked, but {self.name} returned {_kind(first)}{_at(where)}\n"
            "  Return tensors, numbers or None, or tuples, lists and dicts of them."
        )

    def _tensors(self, each: list[Any], where: str) -> Any:
        if len(each) == 1 and self.counts[0]:
            return each[0]
        shapes = [one._array.shape[1 if count else 0 :] for one, count in zip(each, self.counts, strict=True)]
        if len(set(shapes)) > 1:
            other = next(i for i, shape in enumerate(shapes) if shape != shapes[0])
            raise ValueError(
                f"the results of {self.steps} steps are stacked, but {self.name} returned tensors of the shapes "
                f"{shapes[0]} and {shapes[other]}{_at(where)}\n  Return what has one shape at every step."
            )
        if not any(self.counts):
            return stack(each)
        return cat([one if count else one[None] for one, count in zip(each, self.counts, strict=True)])

    def _check(self, right: bool, each: list[Any], where: str) -> None:
        if not right:
            other = next((one for one in each if type(one) is not type(each[0])), each[-1])
            raise TypeError(
                f"the results of {self.steps} steps are stacked, but {self.name} returned {_kind(each[0])} at one step "
                f"and {_kind(other)} at another{_at(where)}\n  Return the same kind of result at every step."
            )


def _kind(value: Any) -> str:
    if isinstance(value, dict):
        return f"a dict with the keys {list(value)}"
    if isinstance(value, (tuple, list)):
        return f"a {type(value).__name__} of {len(value)}"
    return "None" if value is None else f"a value of type {type(value).__name__}"


def _at(where: str) -> str:
    return f", as result{where}" if where else ""
