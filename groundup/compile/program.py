"""A traced function as a program: source, the function that it compiles to, and what to pass and to write back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from groundup.autograd.tape import storage_of, wrap
from groundup.compile.graph import Graph, Value
from groundup.compile.names import Names, name_values
from groundup.compile.numbers import Number
from groundup.compile.passes import simplified
from groundup.compile.printer import Printer
from groundup.compile.tracer import Tracer


class Program:
    """One graph, ready to run for one kind of arguments."""

    def __init__(
        self,
        tracer: Tracer,
        arguments: int,
        numbers: list[tuple[str, Callable[[], Any]]],
        results: list[Any],
        known: dict[Value, str],
        name: str,
    ) -> None:
        graph = tracer.graph
        self.graph: Graph = graph
        self.tensors = [tensor for tensor, _ in tracer.captured]
        captured = [value for _, value in tracer.captured]
        graph.inputs = graph.inputs[:arguments] + captured
        self.numbers = [read for _, read in numbers]
        graph.outputs = list(results)
        graph = self.graph = simplified(graph)
        names = Names()
        names.taken.update(each for each, _ in numbers)
        name_values(graph, known, names)
        printer = Printer(graph, names)
        body = printer.body()
        self.helpers = printer.helpers
        returned = [_returned(printer, each) for each in graph.outputs]
        head = ", ".join([*(value.name for value in graph.inputs), *(each for each, _ in numbers)])
        lines = [f"def {name}({head}):", *(f"    {line}" for line in body), f"    return {_tuple(returned)}"]
        self.source = "\n".join(lines) + "\n"
        self.name = name
        world = dict(self.helpers)
        exec(compile(self.source, f"<compiled {name}>", "exec"), world)
        self.run: Callable[..., Any] = world[name]
        writes = {_memory for _memory in (s.out.memory for s in graph.statements if s.inplace) if _memory.external}
        self.written = [t for t, value in tracer.captured if value.memory in writes]
        self.written_arguments = [i for i, value in enumerate(graph.inputs[:arguments]) if value.memory in writes]

    def __call__(self, state: Any, arrays: list[Any]) -> tuple[Any, ...]:
        """Run on the arguments' arrays; the tensors and numbers in reach are read now."""
        values = [tensor._array for tensor in self.tensors]
        found = state.run(self.run, *arrays, *values, *[read() for read in self.numbers])
        for tensor in self.written:
            storage_of(tensor)._version += 1
        return found


def _returned(printer: Printer, each: Any) -> str:
    if isinstance(each, Value):
        return printer._operand(each).text
    return each.text if isinstance(each, Number) else repr(each)


def _tuple(parts: list[str]) -> str:
    return f"({', '.join(parts)},)" if parts else "()"


def rewrapped(array: Any) -> Any:
    """A result as a tensor."""
    return wrap(array)
