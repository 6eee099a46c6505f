"""Dead code: a statement whose value nobody reads, and which writes nothing that outlives the call, goes."""

from __future__ import annotations

from groundup.compile.graph import Graph, Value


def dead(graph: Graph) -> Graph:
    """Walk back from what the program returns and from what it writes into the caller's memory."""
    wanted = {value for value in graph.outputs if isinstance(value, Value)}
    memory = {value.memory for value in wanted}
    kept = []
    for statement in reversed(graph.statements):
        out = statement.out
        lives = out in wanted or (statement.inplace and (out.memory.external or out.memory in memory))
        if not lives and statement.call is None:
            continue
        kept.append(statement)
        for value in statement.values():
            wanted.add(value)
            memory.add(value.memory)
        older = out.older
        while older is not None:
            wanted.add(older)
            older = older.older
    # A value that a later write grew out of lives under the same name.
    graph.statements = kept[::-1]
    return graph
