"""Common subexpressions: the same row on the same values is computed once.

Values are never changed, so equal operands mean equal results; a result whose memory is written later is left alone.
"""

from __future__ import annotations

from typing import Any

from groundup.compile.graph import Graph, Memory, Statement, Value


def common(graph: Graph) -> Graph:
    """Replace each value by the first one that was computed in the same way."""
    written = {statement.out.memory for statement in graph.statements if statement.inplace}
    same = _equal_constants(graph, written)
    first: dict[Any, Value] = {}
    kept = []
    for statement in graph.statements:
        statement.operands = [same.get(each, each) if isinstance(each, Value) else each for each in statement.operands]
        out = statement.out
        if not statement.inplace and statement.call is None and out.memory not in written:
            key = key_of(statement)
            if key is not None and key in first:
                same[out] = first[key]
                continue
            if key is not None:
                first[key] = out
        kept.append(statement)
    graph.statements = kept
    graph.outputs = [same.get(each, each) if isinstance(each, Value) else each for each in graph.outputs]
    return graph


def _equal_constants(graph: Graph, written: set[Memory]) -> dict[Value, Value]:
    """Constants with the same elements."""
    same: dict[Value, Value] = {}
    first: dict[Any, Value] = {}
    for statement in graph.statements:
        for value in statement.values():
            array = value.constant
            if array is not None and value.memory not in written:
                found = first.setdefault((array.dtype, array.shape, array.tobytes()), value)
                if found is not value:
                    same[value] = found
    return same


def key_of(statement: Statement) -> Any:
    """What decides the value, or None if it cannot be compared."""
    operands = tuple((type(each), each if isinstance(each, Value) else str(each)) for each in statement.operands)
    try:
        params = tuple(sorted(statement.params.items()))
        hash(params)
    except TypeError:
        return None
    return statement.row.family, statement.row.name, operands, params
