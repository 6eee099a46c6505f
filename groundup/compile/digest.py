"""A traced graph as text: two graphs of the same text are the same program, in this process and in any other.

The text holds all that the passes and the plan look at: rows, shapes, types, which memory is written, numbers by their
names, and constants by their elements. Where the statements stand in the user's files is left out, since no result
depends on it. A graph with something in it that cannot be told as text has none.
"""

from __future__ import annotations

import hashlib
from functools import cache
from typing import Any

import numpy as np

from groundup.compile.graph import Graph, Memory, Statement, Value
from groundup.compile.numbers import Number
from groundup.named import Named
from groundup.ops import ROWS
from groundup.ops.index.bounds import within


class Untold(Exception):
    """Something has no text that is the same in another process."""


def text_of(graph: Graph) -> str | None:
    """The text of a graph; None if there is none.

    >>> import groundup
    >>> from groundup.compile.digest import text_of
    >>> double = groundup.compile(lambda x: x + x)
    >>> texts = []
    >>> for size in (2, 2, 3):
    ...     _ = double(groundup.ones(size))
    ...     texts.append(text_of(double.graph))
    >>> texts[0] == texts[1] != texts[2]
    True
    """
    try:
        return _Told().graph(graph)
    except Untold:
        return None


class _Told:
    """Tells one graph: values and memories are numbers, in the order in which they are met."""

    def __init__(self) -> None:
        self.values: dict[Value, int] = {}
        self.memories: dict[Memory, int] = {}
        self.lines: list[str] = []

    def graph(self, graph: Graph) -> str:
        for value in graph.inputs:
            self._value(value)
        self.lines.append(f"inputs {len(graph.inputs)}")
        for statement in graph.statements:
            self._statement(statement)
        self.lines.append(f"outputs {self._thing(graph.outputs)}")
        return "\n".join(self.lines)

    def _statement(self, statement: Statement) -> None:
        row = statement.row
        if statement.call is not None or (ROWS.get(row.name) is not row and row is not within):
            raise Untold  # random numbers are the generator's own; a row of somebody else's may be anything
        operands = " ".join([self._thing(each) for each in statement.operands])
        params = self._thing(statement.params) if statement.params else ""
        marks = f"{statement.inplace:d}{statement.is_view:d}{statement.outside:d}"
        self.lines.append(f"{self._value(statement.out)} {marks} {statement.phase} {row.name} {operands} {params}")

    def _value(self, value: Value) -> str:
        found = self.values.get(value)
        if found is None:
            memory = self.memories.setdefault(value.memory, len(self.memories))
            related = [self._value(each) if each is not None else "" for each in (value.older, value.gradient_of)]
            constant = "" if value.constant is None else self._array(value.constant)
            found = self.values[value] = len(self.values)
            self.lines.append(
                f"v{found} {value.shape} {_type(value.dtype)} m{memory} {value.memory.external:d} {value.name!r} "
                f"{related} {constant}"
            )
        return f"v{found}"

    def _array(self, array: np.ndarray) -> str:
        if array.dtype.hasobject:
            raise Untold
        return f"{array.shape} {_type(array.dtype)} {hashlib.sha256(array.tobytes()).hexdigest()}"

    def _thing(self, each: Any) -> str:
        """An operand, or a parameter."""
        kind = type(each)
        if kind is Value:
            return self._value(each)
        if kind is Number:
            return f"number {each.text!r} {each.late:d} {type(each.value).__name__}"
        if kind is float:
            return f"float {each.hex()}"
        if each is None or each is Ellipsis or kind in (int, bool, str):
            return repr(each)
        if kind in (tuple, list) or (isinstance(each, Named) and kind.__module__.startswith("groundup.")):
            return f"{kind.__module__}.{kind.__name__}({', '.join([self._thing(part) for part in each])})"
        if kind is dict:
            return f"dict({', '.join([f'{self._thing(key)}: {self._thing(part)}' for key, part in each.items()])})"
        if kind is slice:
            return f"slice{self._thing((each.start, each.stop, each.step))}"
        if isinstance(each, (np.generic, np.ndarray)):
            return f"{kind.__name__} {self._array(np.asarray(each))}"
        if isinstance(each, np.dtype):
            return f"dtype {_type(each)}"
        raise Untold


@cache
def _type(dtype: np.dtype[Any]) -> str:
    """A type with its order of bytes and its name, since those that NumPy does not know by itself look alike."""
    return f"{dtype.str} {dtype.name}"
