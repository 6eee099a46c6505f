"""The file of a compiled function: what its caller must know, the step, and the definitions that it stands on."""

from __future__ import annotations

import re
import textwrap
from typing import Any

import numpy as np

from groundup.atomic import StrPath, write_bytes
from groundup.compile.graph import Graph, Value
from groundup.compile.numbers import Number
from groundup.compile.program import Program
from groundup.compile.saving.bundle import MISSING, Bundle

_PARTS = re.compile(r"[A-Za-z_]\w*")


def save(entry: Any, path: StrPath, kind: str) -> None:
    """Write the program of an entry into a file, whole or not at all."""
    write_bytes(path, file_of(entry, kind).encode())


def file_of(entry: Any, kind: str) -> str:
    """The text of the file."""
    programs = [entry.program] + ([entry.tail] if entry.tail else [])
    if kind == "loops":
        from groundup.compile.saving.in_loops import InLoops

        writer: Any = InLoops([(each, fast(entry, each)) for each in programs])
    else:
        writer = InNumpy(programs)
    for program in programs:
        writer.bundle.literals.blank += blank(program.graph)
    parts = [writer.text(program) for program in programs]
    definitions = writer.definitions()
    head = _head(entry, kind, random="default_generator" in writer.bundle.names_used())
    imports = "\n".join(sorted(writer.bundle.imports, key=lambda line: (line.startswith("from"), line)))
    start = f'"""{head}"""\n\nfrom __future__ import annotations\n\n{imports}\n'
    return "\n\n".join(each.strip("\n") + "\n" for each in (start, *parts, *definitions))


def blank(graph: Graph) -> list[np.ndarray]:
    """Memory that is written as a whole before anything reads it: what was in it while the trace ran is nobody's."""
    found: dict[Value, bool] = {}
    for statement in graph.statements:
        first, *rest = (*statement.operands, None)
        for value in rest:
            if isinstance(value, Value):
                found.setdefault(value, False)
        if isinstance(first, Value):
            whole = statement.call is not None or statement.params.get("pattern") == (Ellipsis,)
            found.setdefault(first, statement.inplace and statement.row.name == "assign" and whole)
    return [value.constant for value, is_blank in found.items() if is_blank and value.constant is not None]


def fast(entry: Any, program: Program) -> Any:
    """The program in loops: the one that runs, if it does; None if it stays NumPy."""
    from groundup.compile.loops.ready import Ready
    from groundup.compile.loops.run import loops

    runner = entry.runner if program is entry.program else getattr(entry.pull, "runner", None)
    running = getattr(runner, "__self__", None)
    return running.whole() if isinstance(running, Ready) else loops(program)


class InNumpy:
    """The programs as whole-array NumPy."""

    def __init__(self, programs: list[Program]) -> None:
        used = {name for program in programs for name in _PARTS.findall(program.source)}
        self.bundle = Bundle(used - {name for program in programs for name in program.helpers})

    def text(self, program: Program) -> str:
        """One function, with its helpers put into the bundle."""
        source = self.bundle.moved(program.source, lambda name: program.helpers.get(name, MISSING))
        return f'@np.errstate(all="ignore")\n{source}'

    def definitions(self) -> list[str]:
        """What the functions need."""
        return self.bundle.definitions()


# What the caller must know


def _head(entry: Any, kind: str, random: bool) -> str:
    from groundup import __version__

    needs = "NumPy" if kind == "numpy" else "NumPy and Numba"
    lines = [f"{entry.program.name}: a compiled function as {needs} alone.", ""]
    lines.append(f"Written by groundup {__version__} with NumPy {np.__version__}.")
    lines += ["", *_signature(entry.program, _results_of(entry))]
    if entry.tail is not None:
        lines += ["", *_signature(entry.tail, _results_of_tail(entry))]
        lines.append(f"{entry.tail.name} is the backward pass: it takes what the first one kept, and the gradients of")
        lines.append("its results.")
    if random:
        lines.append("")
        lines.append("Random numbers are groundup's own: default_generator stands where groundup's stood when this was")
        lines.append("written, and default_generator.manual_seed(0) is groundup.manual_seed(0).")
    return "\n".join([*lines, ""])


def _signature(program: Program, results: list[tuple[str, str]]) -> list[str]:
    """The arguments in order, and what comes back."""
    changed = {statement.out.memory for statement in program.graph.statements if statement.inplace}
    rows = []
    for value in program.graph.inputs:
        rows.append((value.name, value.type, "written in place" if value.memory in changed else ""))
    rows += [(name, "number", "") for name in program.numbers]
    head = f"{program.name}({', '.join(name for name, _, _ in rows)})"
    returned = [(name, _kind(each), note) for (name, note), each in zip(results, program.graph.outputs, strict=True)]
    return [*textwrap.wrap(head, 110, subsequent_indent="        "), *_table(rows), "returns", *_table(returned)]


def _table(rows: list[tuple[str, str, str]]) -> list[str]:
    first, second = (max((len(row[i]) for row in rows), default=0) for i in (0, 1))
    return [f"    {a.ljust(first)}  {b.ljust(second)}  {c}".rstrip() for a, b, c in rows] or ["    nothing"]


def _kind(each: Any) -> str:
    return each.type if isinstance(each, Value) else "number"


def _shown(each: Any) -> str:
    if isinstance(each, Value):
        return each.name or "result"
    return each.text if isinstance(each, Number) else repr(each)


def _results_of(entry: Any) -> list[tuple[str, str]]:
    """What the program returns, and what each is: results, gradients, numbers of the optimisers, what is kept."""
    names = list(map(_shown, entry.program.graph.outputs))
    notes = ["" if same is None else "the argument itself" for same in entry.same]
    notes += ["a gradient" for _ in entry.ends]
    notes += [f"the optimiser's {key} from now on" for _, key in entry.counts]
    notes += ["kept for the backward pass"] * (len(names) - len(notes))
    return list(zip(names, notes, strict=True))


def _results_of_tail(entry: Any) -> list[tuple[str, str]]:
    return [(_shown(each), "a gradient") for each in entry.tail.graph.outputs]
