"""What a program in loops is made of: the calls of each kernel and of BLAS, what is left to NumPy, memory."""

from __future__ import annotations

from collections import Counter
from typing import Any

from groundup.compile.loops.emit import Made
from groundup.compile.loops.items import Looked, Product
from groundup.compile.loops.run import LoopProgram


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
