"""Algebra that changes no bit of a result: x + x is 2 x, and a factor of 1 goes."""

from __future__ import annotations

from typing import Any

from groundup.compile.graph import Graph, Statement, Value
from groundup.ops import ROWS


def algebra(graph: Graph) -> Graph:
    """Rewrite each statement by the first rule that fits it."""
    same: dict[Value, Value] = {}
    written = {statement.out.memory for statement in graph.statements if statement.inplace}
    kept = []
    for statement in graph.statements:
        statement.operands = [same.get(each, each) if isinstance(each, Value) else each for each in statement.operands]
        if not statement.inplace and statement.call is None and statement.out.memory not in written:
            source = _unchanged(statement)
            if source is not None and source.memory not in written:
                same[statement.out] = source
                continue
            _doubled(statement)
        kept.append(statement)
    graph.statements = kept
    graph.outputs = [same.get(each, each) if isinstance(each, Value) else each for each in graph.outputs]
    return graph


def _unchanged(statement: Statement) -> Value | None:
    """The operand that the result equals: x * 1, x / 1, x reshaped or expanded to its own shape."""
    name, operands, out = statement.row.name, statement.operands, statement.out
    if name in ("mul", "div") and len(operands) == 2:
        for value, other in ((operands[0], operands[1]), (operands[1], operands[0])):
            fits = isinstance(value, Value) and value.shape == out.shape and value.dtype == out.dtype
            if fits and _is_one(other) and (name == "mul" or other is operands[1]):
                return value
    if name in ("reshape", "expand", "sum_to") and operands[0].shape == out.shape and not operands[0].memory.external:
        return operands[0]
    return None


def _is_one(operand: Any) -> bool:
    if isinstance(operand, Value):
        return operand.constant is not None and operand.constant.size == 1 and bool((operand.constant == 1).all())
    return type(operand) in (int, float) and operand == 1


def _doubled(statement: Statement) -> None:
    a_and_b = statement.operands
    if statement.row.name == "add" and len(a_and_b) == 2 and a_and_b[0] is a_and_b[1]:
        if a_and_b[0].dtype.kind == "f":
            statement.row, statement.operands = ROWS["mul"], [2, a_and_b[0]]
