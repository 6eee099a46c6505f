"""Copies that nobody can tell from the original: of a fresh value, read by the copy alone and never written."""

from __future__ import annotations

from groundup.compile.graph import Graph, Value


def copies(graph: Graph) -> Graph:
    """Let the original stand for its copy."""
    written = {statement.out.memory for statement in graph.statements if statement.inplace}
    uses = graph.uses()
    lying = {statement.out for statement in graph.statements if statement.is_view}
    same: dict[Value, Value] = {}
    kept = []
    for statement in graph.statements:
        statement.operands = [same.get(each, each) if isinstance(each, Value) else each for each in statement.operands]
        if statement.row.name == "clone" and not statement.inplace and statement.call is None:
            source, out = statement.operands[0], statement.out
            own = not source.memory.external and source.constant is None and source not in lying
            if own and uses.get(source) == 1 and not {source.memory, out.memory} & written:
                same[out] = source
                source.gradient_of = source.gradient_of or out.gradient_of
                source.name = source.name or out.name
                continue
        kept.append(statement)
    graph.statements = kept
    graph.outputs = [same.get(each, each) if isinstance(each, Value) else each for each in graph.outputs]
    return graph
