"""A program in loops as text: its kernels, each once, and the calls in their order; and a count of what it is made of.

The kernels are shown as they are compiled. The list of calls is for reading: `a.T` is the flag that BLAS is given, and
`left to NumPy` marks what has no kernel.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

from groundup.compile.loops.emit import Made
from groundup.compile.loops.items import Looked, Product
from groundup.compile.loops.layout import Buffer, Layout
from groundup.compile.loops.run import LoopProgram
from groundup.compile.numbers import Number


def source(program: LoopProgram) -> str:
    """The kernels and the calls."""
    names = _names(program)
    head = ", ".join([*(buffer.name for buffer in program.inputs), *program.program.numbers])
    lines = [f"def {program.program.name}({head}):"]
    for step in program.steps:
        for made in step if isinstance(step, list) else [step]:
            lines.append(f"    {_line(made, names)}")
    kernels = [kernel.text.strip() + "\n\n" for kernel in program.distinct]
    return "\n".join([*kernels, *lines, ""])


def report(program: LoopProgram) -> str:
    """How many calls of each kernel and of BLAS a run makes, what is left to NumPy, and how much memory it holds."""
    counts: Counter[str] = Counter()
    for step in program.steps:
        for made in step if isinstance(step, list) else [step]:
            counts[_kind(made)] += 1
    width = max((len(name) for name in counts), default=0)
    lines = [f"{name.ljust(width)}  {count}" for name, count in counts.items()]
    between = program.block.nbytes / 1e6
    return "\n".join([*lines, f"{len(program.distinct)} kernels, {between:.1f} MB between them", ""])


def _kind(made: Any) -> str:
    if isinstance(made, Made):
        return made.kernel.name
    if isinstance(made, Looked):
        return "item"
    return "matmul" if isinstance(made, Product) else f"{made.statement.row.name} (left to NumPy)"


def _names(program: LoopProgram) -> dict[Buffer, str]:
    names: dict[Buffer, str] = {}
    for layout in program.plan.layouts.items():
        value, where = layout
        if value.name and where.buffer not in names:
            names[where.buffer] = value.name
    for i, buffer in enumerate(program.buffers):
        names.setdefault(buffer, buffer.name or f"array_{i}")
    return names


def _line(made: Any, names: dict[Buffer, str]) -> str:
    if isinstance(made, Product):
        a, b, out = (_matrix(each, names) for each in (made.a, made.b, made.out))
        return f"matmul({a}, {b}, out={out})"
    if isinstance(made, Made):
        return f"{made.kernel.name}({', '.join(_argument(each, names) for each in made.arguments)})"
    if isinstance(made, Looked):
        return f"{made.name} = {names[made.read.buffer]}.item()"
    return f"{names[made.out.buffer]} = {made.statement.row.name}(...)  # left to NumPy"


def _argument(each: Any, names: dict[Buffer, str]) -> str:
    buffer, offset = each if isinstance(each, tuple) else (each, 0)
    if isinstance(buffer, Buffer):
        return f"{names[buffer]}[{offset}:]" if offset else names[buffer]
    return each.text if isinstance(each, Number) else str(each)


def _matrix(layout: Layout, names: dict[Buffer, str]) -> str:
    rows, columns = layout.strides[-2:]
    turned = rows < columns and layout.shape[-1] != 1
    name = _argument((layout.buffer, layout.offset), names)
    return f"{name}.T" if turned else name
