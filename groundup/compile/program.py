"""A graph as a program: its source, and the function that the source compiles to."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from typing import Any

from groundup.compile.graph import Graph, Value, copied
from groundup.compile.names import Names, settle_names
from groundup.compile.numbers import Number
from groundup.compile.passes import simplified
from groundup.compile.printer import Printer
from groundup.compile.spelling import called_names


class Program:
    """One function of arrays and numbers. `numbers` are the names of the latter that it needs; they come last."""

    def __init__(
        self, graph: Graph, numbers: list[str], names: Names, name: str, taken: list[str] | None = None
    ) -> None:
        self.graph = graph
        self.name = names.fresh(name)
        printer = Printer(graph, names)
        body = printer.body()
        returned = [_returned(printer, each) for each in graph.outputs]
        body += printer.lines[len(body) :]
        text = "\n".join([*body, *returned])
        needed = [number for number in numbers if re.search(rf"\b{number}\b", text)]
        self.numbers = needed if taken is None else taken
        head = ", ".join([*(value.name for value in graph.inputs), *self.numbers])
        self.source = "\n".join(
            [f"def {self.name}({head}):", *(f"    {line}" for line in body), f"    return {_listed(returned)}", ""]
        )
        self.helpers = printer.helpers
        world = dict(self.helpers)
        exec(compile(freeing(self.source), f"<compiled {self.name}>", "exec"), world)
        self.run: Callable[..., Any] = world[self.name]

    def __str__(self) -> str:
        return self.source


class Later(Program):
    """The program of a traced graph that is simplified and written when something of it is asked for.

    Of an optimiser's first step nothing ever is, and where all that runs is kept on disk, only when somebody wants to
    read it: `ready` is what was found there, and takes `numbers`; `key` is where it is, or would be.
    """

    def __init__(self, graph: Graph, numbers: list[str], name: str) -> None:
        self.traced = graph, numbers, name
        self.key = ""
        self.ready: Any = None
        self._lock = threading.RLock()

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") or "_lock" not in vars(self):
            raise AttributeError(name)
        with self._lock:
            if name == "numbers" and name not in vars(self):
                from groundup.compile.running import foresee

                foresee(self)
            if name not in vars(self):
                self._write()
        return vars(self)[name]

    def forget(self) -> None:
        """What was found on the disk is not what it must be."""
        self.ready = None
        vars(self).pop("numbers", None)

    def _write(self) -> None:
        traced, numbers, name = self.traced
        graph = simplified(copied(traced))  # a copy, since what is interrupted is done again from the beginning
        names = Names()
        names.taken.update(numbers, called_names(graph))
        settle_names(graph, names)
        super().__init__(graph, numbers, names, name, vars(self).get("numbers"))


def freeing(source: str) -> str:
    """The program as it runs: each array is let go after the line that reads it last, as eager does."""
    lines = source.rstrip("\n").split("\n")
    last: dict[str, int] = {}
    for i, line in enumerate(lines[1:], 1):
        code = line.partition("  # ")[0]
        assigned = re.match(r"    (\w+) = ", code)
        if assigned:
            last.setdefault(assigned[1], i)
        for name in set(re.findall(r"[A-Za-z_]\w*", code)) & last.keys():
            last[name] = i
    ends: dict[int, list[str]] = {}
    for name, i in last.items():
        ends.setdefault(i, []).append(name)
    kept = len(lines) - 1  # what the last line returns is not let go
    return "\n".join(
        line + (f"\n    del {', '.join(ends[i])}" if i in ends and i != kept else "") for i, line in enumerate(lines)
    )


def _returned(printer: Printer, each: Any) -> str:
    if isinstance(each, Value):
        return printer.text_of(each)
    return each.text if isinstance(each, Number) else repr(each)


def _listed(parts: list[str]) -> str:
    return ", ".join(parts) if len(parts) > 1 else f"({', '.join(parts)},)" if parts else "()"


def programs(
    graph: Graph, results: list[Any], pulled: list[Value | None], cotangents: int, numbers: list[str], name: str
) -> tuple[Program, Program | None, list[Value]]:
    """The program of a traced function, and that of its results' gradients if the caller can ask for them.

    The first returns, behind the results, what the second needs and only the first computes; the second takes the
    caller's own values that it reads (the third of what is returned here), those, and the gradients of the results.
    """
    graph.outputs = [*results, *pulled]
    if not cotangents:
        return Later(graph, numbers, name), None, []
    simplified(graph)
    names = Names()
    names.taken.update(numbers, called_names(graph))
    settle_names(graph, names)
    inside = [statement for statement in graph.statements if not statement.outside]
    outside = [statement for statement in graph.statements if statement.outside]
    first = len(graph.inputs) - cotangents
    results, pulled = graph.outputs[: len(results)], graph.outputs[len(results) :]
    made = {statement.out for statement in outside} | set(graph.inputs[first:])
    read = [value for statement in outside for value in statement.values()]
    read += [value for value in pulled if value is not None]
    needed = list(dict.fromkeys(value for value in read if value not in made and value.constant is None))
    kept = [value for value in needed if value not in graph.inputs]
    seen = {value.memory for value in needed}  # also through views: what is changed before the second runs is noticed
    held = [value for value in graph.inputs[:first] if value.memory in seen]
    head = Program(Graph(graph.inputs[:first], inside, [*results, *kept]), numbers, names, name)
    for value in kept:
        value.name = value.name or names.fresh("kept", alone=False)
    tail = Program(Graph([*held, *kept, *graph.inputs[first:]], outside, pulled), [], names, f"{name}_backward")
    return head, tail, held
