"""Dead code: a statement whose value nobody reads, and which writes nothing that outlives the call, goes."""

from __future__ import annotations

from groundup.compile.graph import Graph, Memory, Statement, Value


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
    gone: list[Statement] = []
    for statement in reversed(graph.statements):
        out = statement.out
        lives = out in wanted or (statement.inplace and (out.memory.external or out.memory in memory))
        if lives or statement.call is not None:
            kept.append(statement)
            want(out)
            for value in statement.values():
                want(value)
        else:
            gone.append(statement)
    graph.statements = kept[::-1]
    _hand_down(graph, gone)
    return graph


def _hand_down(graph: Graph, gone: list[Statement]) -> None:
    """The name of a view that goes is free for what it was a view of, and its gradient is the gradient of that."""
    sources: dict[Value, Value] = {}
    for statement in gone:
        out, source = statement.out, statement.operands[0] if statement.operands else None
        if statement.is_view and isinstance(source, Value) and out.dtype == source.dtype:
            sources[out] = source
            if out.name and not source.name and not source.memory.external:
                source.name = out.name
    for statement in graph.statements:
        of = statement.out.gradient_of
        while of in sources:
            of = sources[of]
        statement.out.gradient_of = of
