"""Common subexpressions: the same row on the same values is computed once.

Values are never changed, so equal operands mean equal results; a result whose memory is written later is left alone.
"""

from __future__ import annotations

from typing import Any

from groundup.compile.graph import Graph, Statement, Value


def common(graph: Graph) -> Graph:
    """Replace each value by the first one that was computed in the same way."""
    written = {statement.out.memory for statement in graph.statements if statement.inplace}
    same: dict[Value, Value] = {}
    first: dict[Any, Value] = {}
    kept = []
    for statement in graph.statements:
        statement.operands = [same.get(each, each) if isinstance(each, Value) else each for each in statement.operands]
        out = statement.out
        if not statement.inplace and statement.call is None and out.memory not in written:
            key = _key(statement)
            if key is not None and key in first:
                same[out] = first[key]
                continue
            if key is not None:
                first[key] = out
        kept.append(statement)
    graph.statements = kept
    graph.outputs = [same.get(each, each) if isinstance(each, Value) else each for each in graph.outputs]
    return graph


def _key(statement: Statement) -> Any:
    """What decides the value, or None if it cannot be compared."""
    operands = tuple((type(each), each if isinstance(each, Value) else str(each)) for each in statement.operands)
    try:
        params = tuple(sorted(statement.params.items()))
        hash(params)
    except TypeError:
        return None
    return statement.row.family, statement.row.name, operands, params
