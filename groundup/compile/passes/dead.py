"""Dead code: a statement whose value nobody reads, and which writes nothing that outlives the call, goes."""

from __future__ import annotations

from groundup.compile.graph import Graph, Memory, Value


def dead(graph: Graph) -> Graph:
    """Walk back from what the program returns and from what it writes into the caller's memory."""
    wanted: set[Value] = set()
    memory: set[Memory] = set()

    def want(value: Value | None) -> None:
        """A value lives under the name of what its memory held before, so that must be there too."""
        while value is not None and value not in wanted:
            wanted.add(value)
            memory.add(value.memory)
            value = value.older

    for each in graph.outputs:
        if isinstance(each, Value):
            want(each)
    kept = []
    for statement in reversed(graph.statements):
        out = statement.out
        lives = out in wanted or (statement.inplace and (out.memory.external or out.memory in memory))
        if lives or statement.call is not None:
            kept.append(statement)
            want(out)
            for value in statement.values():
                want(value)
    graph.statements = kept[::-1]
    return graph
