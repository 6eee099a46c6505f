"""The reading of a graph as NumPy source: one function of whole-array statements, as a person would write it.

A value that is used once, right where it is needed, is written into the expression that uses it; every other one
gets a line with its name, its shape and the line of the user's code that it comes from.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from groundup.compile.graph import Graph, Memory, Statement, Value
from groundup.compile.names import Names
from groundup.compile.numbers import Number
from groundup.compile.passes.views import RESHAPES
from groundup.compile.spelling import called, key_source, spelled
from groundup.ops.index import rebuild
from groundup.ops.readings.source import Expression

_WIDE = 72  # characters of an expression, beyond which a part of it gets a line of its own
_INPLACE = {"add": "+=", "sub": "-=", "mul": "*=", "div": "/="}


class Printer:
    """Prints one graph; `helpers` are the functions and constants that its names stand for."""

    def __init__(self, graph: Graph, names: Names) -> None:
        self.graph = graph
        self.names = names
        self.helpers: dict[str, Any] = {"np": np}
        self.uses = graph.uses()
        self.memory_written = {statement.out.memory for statement in graph.statements if statement.inplace}
        self.writable = _written_through(graph)
        self.written: dict[Value, Expression] = {}  # what stands for each value: its name, or its expression
        self.pending: dict[Value, Statement] = {}  # those that stand as an expression so far
        self.reads: dict[Value, set[Memory]] = {}  # the memory that is read by what stands as an expression
        self.lines: list[str] = []
        self.phase = ""
        self.weak = False
        self.rows = {statement.out: statement.row.name for statement in graph.statements}
        self.shown_as = _named_views(graph)
        self.spoken: dict[Value, str] = {}  # names of values that get no line, for their gradients to be named after

    def body(self) -> list[str]:
        """The lines of the function, without its head and its return."""
        for value in self.graph.inputs:
            self.written[value] = Expression(value.name)
        gradients = {statement.out.gradient_of for statement in self.graph.statements}
        for statement in self.graph.statements:  # products in the order of layers, not in that of the way back
            out = statement.out
            if statement.row.family == "contract" and out in gradients and not out.name and out not in self.shown_as:
                self.spoken[out] = self.names.fresh(statement.row.name, alone=False)
        for statement in self.graph.statements:
            self._statement(statement)
        return self.lines

    def text_of(self, value: Value) -> str:
        """What stands for a value at the end of the program."""
        return _text(self._operand(value))

    def _statement(self, statement: Statement) -> None:
        if statement.phase != self.phase:
            self._settle_all()
            self.phase = statement.phase
            self.lines.append(f"# {self.phase}")
        if statement.inplace:
            self._settle_readers(statement.out.memory)
            self._write(statement)
            return
        elementwise = statement.row.family == "elementwise"
        arrays = any(value.constant is None and value.dtype.kind == "f" for value in statement.values())
        self.weak = arrays and elementwise  # so that Python's numbers take the arrays' type
        operands = [self._operand(each) for each in _ordered(statement)]
        if elementwise and not arrays and statement.out.dtype.kind == "f":  # nothing else tells Python's floats theirs
            operands = [_typed(each, statement.out.dtype) if type(each) is float else each for each in operands]
        if statement.call == "item":
            self.lines.append(f"{statement.out.name} = {_text(operands[0])}.item()")
            return
        if statement.call is not None:
            self._line(statement.out, self._drawn(statement), statement)
            return
        if statement.row.name == "expand" and statement.out in self.writable:
            found = called(statement.row, operands, statement.params, self.helpers)  # NumPy's own is read-only
        else:
            found = spelled(statement, operands, self.helpers)
        if statement.row.shares and not statement.is_view:
            if {statement.out.memory, statement.operands[0].memory} & self.memory_written:
                found = Expression(f"({found.text}).copy()")  # it was a copy, and NumPy may see a view
        if self._may_wait(statement, found):
            self.written[statement.out] = found
            self.pending[statement.out] = statement
            self.reads[statement.out] = self._memory_of(statement)
        else:
            self._line(statement.out, found, statement)

    def _may_wait(self, statement: Statement, found: Expression) -> bool:
        """Whether the value can be written where it is used: once, and not too long."""
        light = statement.row.family in ("elementwise", "view") or statement.row.name in ("sum_to", "linear", "mm")
        once = self.uses.get(statement.out, 0) == 1 and statement.out.memory not in self.memory_written
        return light and once and len(found.text) <= _WIDE and not statement.out.name

    def _memory_of(self, statement: Statement) -> set[Memory]:
        found: set[Memory] = set()
        for value in statement.values():
            found |= self.reads.get(value, {value.memory})
        return found

    def _operand(self, operand: Any) -> Any:
        if isinstance(operand, Number):
            return Expression(operand.text, min(operand.strength, 6))
        if not isinstance(operand, Value):
            return operand.item() if isinstance(operand, np.ndarray) and not operand.ndim else operand
        if operand.constant is not None and operand not in self.written:
            expression = self._constant(operand, operand.constant)
            if operand.constant.ndim == 0 and operand.memory not in self.memory_written:
                return expression  # written out again wherever it is needed
            self.written[operand] = expression
        if operand not in self.written and operand.older is not None:
            self.written[operand] = self._operand(operand.older)  # the same memory, under the same name
        self.pending.pop(operand, None)
        return self.written[operand]

    def _constant(self, value: Value, array: np.ndarray) -> Expression:
        if (
            array.size == 1
            and not array.ndim
            and value.memory not in self.memory_written
            and array.dtype.kind in "fiub"
        ):
            if np.isfinite(array):
                return self._number(array)
        name = f"constant_{sum(each.startswith('constant_') for each in self.helpers) + 1}"
        self.helpers[name] = array
        if value.memory not in self.memory_written:
            return Expression(name)
        value.name = self.names.fresh("buffer", alone=False)
        self.lines.append(f"{value.name} = {name}.copy()")
        return Expression(value.name)

    def _number(self, array: np.ndarray) -> Expression:
        """A single constant: a plain number where it takes the type of the arrays that it meets."""
        text = str(array)
        if self.weak and array.dtype.kind == "f" and array.dtype.type(float(text)) == array:
            return Expression(text, 6 if text.startswith("-") else 9)
        return Expression(f"np.{array.dtype.name}({array.item()!r})")

    # In place

    def _write(self, statement: Statement) -> None:
        target, *rest = [self._operand(each) for each in statement.operands]
        row, out = statement.row, statement.out
        if statement.call is not None:
            self.lines.append(f"{target.text}[...] = {self._drawn(statement)}")
        elif row.name in _INPLACE and len(rest) == 1:
            self.lines.append(_signed(target.text, _INPLACE[row.name], rest[0]))
        elif row.name == "assign":
            key = self._key(statement, rest[1:])
            self.lines.append(f"{target.text}[{key}] = {_text(rest[0])}")
        else:
            value = spelled(statement, [target, *rest], self.helpers)
            added = _added_to(target.text, value.text) if out.dtype.kind == "f" else None
            self.lines.append(f"{target.text}[...] = {value.text}" if added is None else added)
        self.written[out] = target

    def _key(self, statement: Statement, indices: list[Any]) -> str:
        pattern = statement.params["pattern"]
        if not indices:
            return key_source(pattern)
        self.helpers["rebuild"] = rebuild
        name = f"pattern_{sum(each.startswith('pattern_') for each in self.helpers) + 1}"
        self.helpers[name] = pattern
        return f"rebuild({name}, ({', '.join(map(_text, indices))},))"

    def _drawn(self, statement: Statement) -> str:
        draw, args, kwargs = statement.call
        name = f"draw_{sum(each.startswith('draw_') for each in self.helpers) + 1}"
        self.helpers[name] = lambda: draw(*args, **kwargs)
        return f"{name}()"

    # Lines

    def _settle_readers(self, memory: Memory) -> None:
        """Before memory is written, what waits to read it gets its line."""
        for value in [each for each in self.pending if memory in self.reads[each]]:
            self._settle(value)

    def _settle_all(self) -> None:
        for value in list(self.pending):
            self._settle(value)

    def _settle(self, value: Value) -> None:
        statement = self.pending.pop(value)
        del self.reads[value]
        self._line(value, self.written[value], statement)

    def _line(self, value: Value, expression: Expression | str, statement: Statement) -> None:
        text = expression if isinstance(expression, str) else expression.text
        if not value.shape and value.memory in self.memory_written and not statement.is_view:
            text = f"np.asarray({text})"  # NumPy gives a number, which could not be written to
        if not value.name:
            value.name = self._name(statement)
        self.lines.append(f"{value.name} = {text}".ljust(56) + f"  # {value.shape}{place_of(statement)}")
        self.written[value] = Expression(value.name)

    def _name(self, statement: Statement) -> str:
        """A name for a value that has none: its gradient's, or its row's."""
        if statement.out in self.spoken:
            return self.spoken[statement.out]
        of = statement.out.gradient_of
        if of is not None and statement.phase != "forward" and (of.name or of in self.rows):
            return self.names.fresh(f"{self._name_of(of)}_grad")
        if statement.call is not None:
            return self.names.fresh("drawn", alone=False)
        return self.names.fresh("g" if statement.phase == "backward" else statement.row.name, alone=False)

    def _name_of(self, value: Value) -> str:
        """The name of a value whose gradient is named after it, though it may stand inside of an expression itself."""
        if value.name or value in self.shown_as:
            return value.name or self.shown_as[value].name
        if value not in self.spoken:
            self.spoken[value] = self.names.fresh(self.rows[value], alone=False)
        return self.spoken[value]


def _written_through(graph: Graph) -> set[Value]:
    """What is written in place, itself or through a view of it."""
    found: set[Value] = set()
    for statement in reversed(graph.statements):
        if statement.inplace or (statement.is_view and statement.out in found):
            value: Value | None = statement.operands[0]
            while value is not None:  # and so what the same name stood for before
                found.add(value)
                value = value.older
    return found


def _named_views(graph: Graph) -> dict[Value, Value]:
    """What has no name, but is seen under a name in another shape."""
    found: dict[Value, Value] = {}
    for statement in reversed(graph.statements):
        out = statement.out
        if statement.row.name in RESHAPES and not statement.operands[0].name and (out.name or out in found):
            found[statement.operands[0]] = found.get(out, out)
    return found


def _typed(number: float, dtype: np.dtype[Any]) -> Expression:
    return Expression(f"np.{dtype.name}({number if np.isfinite(number) else str(number)!r})")


def _ordered(statement: Statement) -> list[Any]:
    """The operands of a statement; a product begins with its number."""
    operands = statement.operands
    if statement.row.name == "mul" and len(operands) == 2 and not isinstance(operands[1], Value):
        return operands[::-1]
    return operands


def place_of(statement: Statement) -> str:
    """The file and line of the user's code that a statement comes from."""
    if statement.where is None:
        return ""
    code, instruction = statement.where
    line = list(code.co_positions())[instruction // 2][0] or code.co_firstlineno
    return f"   {Path(code.co_filename).name}:{line}"


def _text(value: Any) -> str:
    return value.text if isinstance(value, Expression) else repr(value)


def _added_to(target: str, text: str) -> str | None:
    """`v += x` for `v[...] = v + x`, if that is the whole sum."""
    rest = text.removeprefix(f"{target} + ")
    return _signed(target, "+=", Expression(rest)) if rest != text and _plain(rest) else None


def _plain(text: str) -> bool:
    """Whether nothing is added or compared in it outside of brackets."""
    depth = 0
    for i, character in enumerate(text):
        depth += (character in "([") - (character in ")]")
        if depth == 0 and character == " " and text[i : i + 2] not in (" *", " /", " @") and text[i - 1] not in "*/@,":
            return False
    return True


def _signed(target: str, symbol: str, value: Any) -> str:
    """`w -= lr * g` for `w += -lr * g`."""
    text = _text(value)
    if symbol == "+=" and text.startswith("-") and _plain(text[1:]):
        return f"{target} -= {text[1:]}"
    return f"{target} {symbol} {text}"
