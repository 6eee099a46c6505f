"""What the smaller rows of several statements have in common is computed once: the mean and the spread of a layer
normalisation, which its result, its gradient and the gradient of its weight all begin with.

The pass `common` does this for what the user wrote. Here are only those values that no user sees.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from groundup.compile.graph import Memory, Statement, Value
from groundup.compile.loops.expand import expanded
from groundup.compile.passes.common import key_of


class Repeats:
    """The smaller rows that were met, by what decides their value; `changed` is memory that is written in place."""

    def __init__(self, changed: set[Memory]) -> None:
        self.changed = changed
        self.first: dict[Any, Value] = {}

    def without(self, original: Statement) -> Iterator[Statement]:
        """The statement in smaller rows, less those that are there already. The last one makes the original's value."""
        *inner, last = expanded(original)
        same: dict[Value, Value] = {}
        for statement in inner:
            self._renew(statement, same)
            key = None if self._may_change(statement) else key_of(statement)
            found = None if key is None else self.first.setdefault(key, statement.out)
            if found is None or found is statement.out:
                yield statement
            else:
                same[statement.out] = found
        self._renew(last, same)
        yield last

    def _renew(self, statement: Statement, same: dict[Value, Value]) -> None:
        if same:
            operands: Sequence[Any] = statement.operands
            statement.operands = [same.get(each, each) if isinstance(each, Value) else each for each in operands]

    def _may_change(self, statement: Statement) -> bool:
        """Whether the same row on the same values may give something else later."""
        memories = {each.memory for each in (statement.out, *statement.values())}
        return statement.inplace or statement.call is not None or not memories.isdisjoint(self.changed)
