"""The first call gives the same bits as every later one: what the trace has changed is put back, and the program runs.

While a function is traced, what it is about to change is kept as it was: memory of the caller's, gradients, places of
generators, the optimisers' numbers. A call that fails before it is done is undone by the same means.
"""

from __future__ import annotations

import random as python_random
from collections.abc import Callable
from types import MappingProxyType
from typing import Any

import numpy as np

from groundup.random import Generator, default_generator


class Before:
    """What a function changes, as it was before."""

    def __init__(self) -> None:
        self.arrays: dict[int, tuple[np.ndarray, np.ndarray]] = {}  # memory, and a copy of it
        self.gradients: dict[int, tuple[Any, Any]] = {}  # a leaf, and its gradient
        self.generators: dict[int, tuple[Generator, np.ndarray]] = {}
        self.numbers: list[tuple[Any, Any, Any]] = []  # a dict, a key in it, and the number there

    # While the function runs

    def array(self, memory: np.ndarray) -> None:
        """The memory is about to be written."""
        if id(memory) not in self.arrays:
            self.arrays[id(memory)] = memory, memory.copy()

    def gradient(self, leaf: Any) -> None:
        """The `.grad` of a leaf is about to be replaced."""
        self.gradients.setdefault(id(leaf), (leaf, leaf._grad))

    def draw(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        """Random numbers are about to be drawn, from a generator among the arguments or the default one."""
        given = [each for each in (*args, *kwargs.values()) if isinstance(each, Generator)]
        for generator in given or [default_generator]:
            if id(generator) not in self.generators:
                self.generators[id(generator)] = generator, generator.get_state()

    # When it has run

    def now(self) -> Before:
        """The same places, as they are now."""
        found = Before()
        found.arrays = {key: (memory, memory.copy()) for key, (memory, _) in self.arrays.items()}
        found.gradients = {key: (leaf, leaf._grad) for key, (leaf, _) in self.gradients.items()}
        found.generators = {key: (each, each.get_state()) for key, (each, _) in self.generators.items()}
        found.numbers = [(holder, key, holder[key]) for holder, key, _ in self.numbers]
        return found

    def put(self) -> None:
        """Put all of it back."""
        for memory, content in self.arrays.values():
            memory[...] = content
        for leaf, gradient in self.gradients.values():
            leaf._grad = gradient
        for generator, place in self.generators.values():
            generator.set_state(place)
        for holder, key, number in self.numbers:
            holder[key] = number


class Outside:
    """The generators that are not ours, and what Python changes in the function's reach: put back if a call fails."""

    def __init__(self) -> None:
        self.python, self.numpy = python_random.getstate(), np.random.get_state()  # noqa: NPY002 - the users' own

    def put(self, entry: Any, before: Before) -> None:
        """All is as it was before that entry was traced."""
        before.numbers = entry.hyper.before
        before.put()
        for states, inner in entry.hyper.states:
            _shorten(states, len(inner))
            for state, size in inner:
                _shorten(state, size)
        for place in entry.reach.conditions:
            _put_back(*place)
        python_random.setstate(self.python)
        np.random.set_state(self.numpy)  # noqa: NPY002


def replayed(entry: Any, before: Before, again: Callable[[], Any], missed: Any) -> Any:
    """What a call gives again, from where the trace began; `missed` if it is for another state: the trace stands.

    So it is in an optimiser's first step, which makes buffers: the program is that of the first step alone.
    """
    changed = {(id(holder), key) for holder, key in entry.counts}
    before.numbers = [place for place in entry.hyper.before if (id(place[0]), place[1]) in changed]
    after = before.now()
    before.put()
    found = again()
    if found is missed:
        after.put()
    return found


def _put_back(holder: Any, key: Any, value: Any) -> None:
    """Give a place in reach what it held, where that can be done."""
    try:
        if isinstance(holder, (dict, list)):
            if holder[key] is not value:
                holder[key] = value
        elif not isinstance(holder, (tuple, MappingProxyType)) and getattr(holder, key) is not value:
            setattr(holder, key, value)
    except (AttributeError, LookupError, TypeError, ValueError):  # it is gone, or cannot be set
        return


def _shorten(holder: dict[Any, Any], size: int) -> None:
    for key in list(holder)[size:]:
        del holder[key]
