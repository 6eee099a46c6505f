"""What passes that rewrite statements share: what made a value, whether its elements are still there, and the writing.

A rule looks at one statement, after all that come before it, and gives the value that stands in its place, or None.
It may write statements of its own before it answers. Values never change, but memory does: a rule that reads a value
later than it was read asks whether it is `intact`. Statements that write in place, draw random numbers, or make what
is written later are not shown to rules.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from groundup.compile.graph import Graph, Memory, Statement, Value
from groundup.ops import ROWS

Rule = Callable[[Any, Statement], Value | None]


class Rewriting:
    """One walk over a graph."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.uses = graph.uses()  # of the graph as it came
        self.written = {statement.out.memory for statement in graph.statements if statement.inplace}
        self.escaping = _escaping(graph)
        self.followed = {each.older for s in graph.statements for each in (s.out, *s.values())}
        self.followed |= {each.older for each in graph.outputs if isinstance(each, Value)}
        self.kept: list[Statement] = []
        self.makers: dict[Value, Statement] = {}
        self.same: dict[Value, Value] = {}
        self.writes: dict[Memory, int] = {}  # so far
        self.made_at: dict[Value, int] = {}  # of a value, the writes to its memory before it was made
        self.current: Statement  # what the rules look at

    def by(self, *rules: Rule) -> Graph:
        """The graph with each statement rewritten by the first rule that fits it, as often as one does."""
        for statement in self.graph.statements:
            self._operands(statement)
            if statement.inplace:
                self._keep(statement)
                self.writes[statement.out.memory] = self.writes.get(statement.out.memory, 0) + 1
                self.made_at[statement.out] = self.writes[statement.out.memory]
                continue
            found = self._rewritten(statement, rules)
            if found is None:
                self._keep(statement)
        self.graph.statements = self.kept
        self.graph.outputs = [self.now(each) for each in self.graph.outputs]
        return self.graph

    def _operands(self, statement: Statement) -> None:
        statement.operands = [self.now(each) for each in statement.operands]

    def _rewritten(self, statement: Statement, rules: Sequence[Rule]) -> Value | None:
        out = statement.out
        if statement.call is not None or out in self.followed or (out.memory in self.written and not statement.is_view):
            return None
        self.current = statement
        for rule in rules:
            found = rule(self, statement)
            if found is not None:
                return self._stands_for(statement, found)
        return None

    def _stands_for(self, statement: Statement, found: Value) -> Value:
        """Let the value found take the place; one that was made for it keeps the identity of what it replaces."""
        out = statement.out
        if out.memory in self.escaping:
            self.escaping.add(found.memory)
        last = self.kept[-1] if self.kept else None
        if last is not None and last.out is found and found not in self.uses and found not in self.same:
            del self.makers[found]
            if last.is_view or not statement.is_view:
                out.memory = found.memory if last.is_view else out.memory
            last.out = out
            self.makers[out] = last
            self.made_at[out] = self.made_at.pop(found)
            self.same[found] = out
            return out
        self.same[out] = found
        found.gradient_of = found.gradient_of or out.gradient_of
        return found

    def _keep(self, statement: Statement) -> None:
        self.kept.append(statement)
        self.makers[statement.out] = statement
        self.made_at[statement.out] = self.writes.get(statement.out.memory, 0)

    # What rules ask

    def now(self, each: Any) -> Any:
        """What stands for an operand."""
        while isinstance(each, Value) and each in self.same:
            each = self.same[each]
        return each

    def maker(self, value: Any, *names: str) -> Statement | None:
        """The statement that made a value, if it is one of those rows. What it reads may have been written since."""
        found = self.makers.get(value) if isinstance(value, Value) else None
        if found is None or found.inplace or found.call is not None:
            return None
        return found if not names or found.row.name in names else None

    def intact(self, value: Any) -> bool:
        """Whether an operand's elements can still be read here."""
        if not isinstance(value, Value) or value.memory not in self.written:
            return True
        if value not in self.made_at and value.older is not None:
            return False
        return self.writes.get(value.memory, 0) == self.made_at.get(value, 0)

    def may_share(self, source: Value) -> bool:
        """Whether the present statement's value may lie in the memory of `source`: a copy must not become a view."""
        like = self.current
        if like.is_view and like.out.memory is source.memory:
            return self.intact(source)
        if like.out.memory in self.written:
            return False  # what is written through a view of it must stay where it is
        apart = not source.memory.external and source.memory not in self.escaping
        return source.memory not in self.written and (apart or like.out.memory not in self.escaping)

    # What rules write

    def emit(self, name: str, *operands: Any, shape: Any = None, **params: Any) -> Value:
        """One more statement before the present one: its value. The shape is what the operands broadcast to."""
        like = self.current
        row = ROWS[name]
        operands = tuple(map(self.now, operands))
        values = [each for each in operands if isinstance(each, Value)]
        if shape is None:
            shape = np.broadcast_shapes(*(each.shape for each in values))
        view = row.shares and row.family == "view"
        memory = values[0].memory if view else Memory(external=False)
        out = Value(tuple(shape), values[0].dtype, memory)
        statement = Statement(row, out, list(operands), params, like.phase, like.where, is_view=view)
        statement.outside = like.outside
        self._keep(statement)
        return out


def _escaping(graph: Graph) -> set[Memory]:
    """The memory that the caller gets hold of, or that waits for a backward pass outside."""
    found = {each.memory for each in graph.outputs if isinstance(each, Value)}
    for statement in graph.statements:
        if statement.outside:
            found |= {each.memory for each in statement.values()}
    return found


def number(operand: Any) -> float | None:
    """The number that an operand is, if all its elements are one that no call changes."""
    if isinstance(operand, Value):
        known = operand.constant is not None and operand.constant.size == 1
        return operand.constant.item() if known and operand.constant is not None else None
    return operand if type(operand) in (int, float) else None
