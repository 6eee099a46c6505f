"""Copies that nobody can tell from the original: of a fresh value, read by the copy alone and never written."""

from __future__ import annotations

from groundup.compile.graph import Graph, Memory, Statement, Value
from groundup.compile.passes.views import RESHAPES

_FRESH = (
    "linear",
    "matmul",
    "mm",
    "mv",
)  # what makes an array of its own, in order in memory, besides elementwise rows


def copies(graph: Graph) -> Graph:
    """Let the original stand for its copy."""
    written = {statement.out.memory for statement in graph.statements if statement.inplace}
    uses = graph.uses()
    makers = {statement.out: statement for statement in graph.statements}
    same: dict[Value, Value] = {}
    kept = []
    for statement in graph.statements:
        statement.operands = [same.get(each, each) if isinstance(each, Value) else each for each in statement.operands]
        if statement.row.name == "clone" and not statement.inplace and statement.call is None:
            source, out = statement.operands[0], statement.out
            if out.memory not in written and uses.get(source) == 1 and _own(source, makers, uses, written):
                same[out] = source
                source.gradient_of = source.gradient_of or out.gradient_of
                source.name = source.name or out.name
                continue
        kept.append(statement)
    graph.statements = kept
    graph.outputs = [same.get(each, each) if isinstance(each, Value) else each for each in graph.outputs]
    return graph


def _own(value: Value, makers: dict[Value, Statement], uses: dict[Value, int], written: set[Memory]) -> bool:
    """Whether nobody else holds the memory of a value: it is fresh, or the only other shape of what is."""
    made = makers.get(value)
    if value.memory.external or value.constant is not None or value.memory in written:
        return False
    if made is None or not made.is_view:
        return made is not None
    source = made.operands[0]
    if made.row.name not in RESHAPES or uses.get(source) != 1:
        return False
    before = makers.get(source)
    if before is None or (before.row.name == "sum" and sum(n != 1 for n in source.shape) > 1):
        return False
    fresh = before.row.family == "elementwise" or before.row.name in (*_FRESH, *RESHAPES)
    return fresh and _own(source, makers, uses, written)
