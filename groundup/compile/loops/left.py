"""What is left to NumPy: a statement of a program as a program of its own."""

from __future__ import annotations

from typing import Any

from groundup.compile.graph import Graph, Memory, Statement, Value
from groundup.compile.loops.group import Group
from groundup.compile.loops.items import Left
from groundup.compile.names import Names
from groundup.compile.program import Program


def program_of(left: Left, numbers: list[str]) -> tuple[Program, list[Value]]:
    """A NumPy program of one statement, and the values that it takes."""
    statement = left.statement
    given: list[Value] = []
    names: dict[Value, Value] = {}

    def own(each: Any) -> Any:
        if not isinstance(each, Value) or each not in left.reads:
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


def members(group: Group, why: str) -> list[Left]:
    """What NumPy does in the place of a kernel: its statements, one after the other."""
    found = []
    for member in group.members:
        task = member.task
        reads = {each[0]: each[1] for each in task.reads if each is not None}
        if task.statement.inplace:
            reads[task.statement.operands[0]] = task.out[1]
        found.append(Left(task.statement, reads, task.out[1], why))
    return found
