"""The optimisers' numbers as inputs of a program: learning rates, betas, step counts.

While a function is traced, symbols stand in their places. A number of the state that the function computed anew, as
a step count, is a result of the program, and put back after each call.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from groundup.compile.numbers import Number

Place = tuple[Any, Any]  # a dict and a key in it


@dataclass(frozen=True)
class Input:
    """Where a number of a program is read: in a dict, at an index if a tuple is there, or as a tensor's element."""

    holder: Any  # a dict; or a tensor, or the position of one among the arguments
    key: Any
    index: int | None
    kind: type


class Hyper:
    """The numbers of some optimisers, and the symbols that stand for them."""

    def __init__(self, optimizers: list[Any], conditions: list[str]) -> None:
        self.optimizers = optimizers
        self.conditions = conditions
        self.inputs: list[tuple[str, Input]] = []
        self.before: list[tuple[Any, Any, Any]] = []
        self.shared: list[tuple[Place, list[Place]]] = []  # counts that must stay equal, as they were in the trace
        # A first step, which makes the buffers, is another program than the next.
        self.states = [
            (optimizer.state, [(state, len(state)) for state in optimizer.state.values()]) for optimizer in optimizers
        ]

    def has_grown(self) -> bool:
        """Whether there is more state than there was at the beginning."""
        return any(
            len(states) != len(inner) or any(len(state) != size for state, size in inner)
            for states, inner in self.states
        )

    def put(self) -> None:
        """Put a symbol in the place of each number."""
        for optimizer in self.optimizers:
            for group in optimizer.param_groups:
                for key, value in list(group.items()):
                    if type(value) in (int, float):
                        self._replace(group, key, self._symbol(key, value, Input(group, key, None, type(value))))
                    elif isinstance(value, tuple) and value and all(type(each) in (int, float) for each in value):
                        stem = key.rstrip("s")
                        parts = [
                            self._symbol(f"{stem}{i + 1}", v, Input(group, key, i, type(v)))
                            for i, v in enumerate(value)
                        ]
                        self._replace(group, key, tuple(parts))
            self._put_counts(optimizer.state)

    def _put_counts(self, states: dict[Any, dict[str, Any]]) -> None:
        """Parameters that have made equally many steps share one symbol."""
        found: dict[tuple[str, Any], tuple[Number, list[Place]]] = {}
        for state in states.values():
            for key, value in list(state.items()):
                if type(value) in (int, float):
                    if (key, value) not in found:
                        name = f"{key}s" if key == "step" else key  # a function is often called step
                        found[key, value] = self._symbol(name, value, Input(state, key, None, type(value))), []
                        self.shared.append(((state, key), found[key, value][1]))
                    found[key, value][1].append((state, key))
                    self._replace(state, key, found[key, value][0])

    def _symbol(self, name: str, value: Any, place: Input) -> Number:
        taken = {each for each, _ in self.inputs}
        unique, count = name, 1
        while unique in taken:
            count += 1
            unique = f"{name}_{count}"
        self.inputs.append((unique, place))
        return Number(value, unique, self.conditions)

    def _replace(self, holder: Any, key: Any, symbol: Any) -> None:
        self.before.append((holder, key, holder[key]))
        holder[key] = symbol

    def restore(self) -> list[tuple[Any, Any, Number]]:
        """Plain numbers again; returns where the function left a new one."""
        changed = []
        for holder, key, before in self.before:
            now = holder[key]
            if isinstance(now, tuple):
                holder[key] = before
            elif isinstance(now, Number):
                holder[key] = now.value
                if now.strength != Number.NAME:
                    changed.append((holder, key, now))
        return changed
