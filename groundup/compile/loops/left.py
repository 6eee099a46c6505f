"""What is left to NumPy: a statement of a program as a program of its own."""

from __future__ import annotations

from typing import Any

from groundup.compile.graph import Graph, Memory, Statement, Value
from groundup.compile.names import Names
from groundup.compile.program import Program


def program_of(statement: Statement, numbers: list[str]) -> tuple[Program, list[Value]]:
    """A NumPy program of one statement, and the values that it takes."""
    given: list[Value] = []
    names: dict[Value, Value] = {}

    def own(each: Any) -> Any:
        if not isinstance(each, Value) or (each.constant is not None and each.constant.size == 1):
            return each
        if each not in names:
            names[each] = Value(each.shape, each.dtype, Memory(external=True), f"x{len(given)}")
            given.append(each)
        return names[each]

    operands = [own(each) for each in statement.operands]
    memory = operands[0].memory if statement.inplace else Memory(external=False)
    out = Value(statement.out.shape, statement.out.dtype, memory, "" if statement.inplace else "result")
    single = Statement(statement.row, out, operands, statement.params, inplace=statement.inplace, call=statement.call)
    graph = Graph([names[each] for each in given], [single], [] if statement.inplace else [out])
    return Program(graph, numbers, Names(), "left"), given
