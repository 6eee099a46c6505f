"""What a program in loops is made of, and how near it comes to what the machine can do, as a table.

Each kernel and each product has a line: how often a call of the program calls it, how long that takes on one thread,
what it reads and writes, its operations, and what part of the time the machine would need at least for the one or the
other. Then comes what is left to NumPy, and why.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from groundup.autograd.tape import TensorBase
from groundup.compile.loops.costs import Cost, cost_of
from groundup.compile.loops.items import Looked, Nest, Product
from groundup.compile.loops.made import Made
from groundup.compile.loops.measured import Measured, times_of
from groundup.compile.loops.rates import bytes_in_a_second, flops_in_a_second
from groundup.compile.loops.ready import Ready
from groundup.compile.loops.run import LoopProgram
from groundup.compile.loops.terms import Refused
from groundup.errors import MissingExtra

HEAD = ("", "calls", "time", "of all", "bytes", "FLOPs", "of the limit")


@dataclass
class Line:
    """All calls of one kernel, or of products of one shape."""

    name: str
    calls: int = 0
    seconds: float = 0.0
    least: float = 0.0  # the seconds that the machine needs at least
    cost: Cost = field(default_factory=Cost)

    def add(self, measured: Measured) -> None:
        """One more call."""
        self.calls += 1
        self.seconds += measured.seconds
        if isinstance(measured.made, (Made, Product, Nest)):
            cost = cost_of(measured.made)
            self.cost.bytes += cost.bytes
            self.cost.flops += cost.flops
            rate = flops_in_a_second(_dtype(measured.made))
            self.least += max(cost.bytes / bytes_in_a_second(cost.bytes), cost.flops / rate)

    def cells(self, whole: float) -> tuple[str, ...]:
        """The line as it is printed."""
        part = f"{100 * self.seconds / whole:.0f}%" if whole else ""
        if not self.cost.bytes:
            return self.name, str(self.calls), _time(self.seconds), part, "", "", ""
        limit = f"{100 * self.least / self.seconds:.0f}%" if self.seconds > 0 else ""
        moved, flops = _short(self.cost.bytes, "B"), _short(self.cost.flops, "")
        return self.name, str(self.calls), _time(self.seconds), part, moved, flops, limit


def report(entry: Any) -> str:
    """The program of an entry, and that of its results' gradients if there is one."""
    programs = [(entry.program, entry.runner)]
    if entry.tail is not None:
        programs.append((entry.tail, getattr(entry.pull, "runner", None)))
    numbers = {name: _current(place) for name, place in entry.hyper.inputs}
    return "\n".join(_report(program, runner, numbers) for program, runner in programs)


def _report(program: Any, runner: Any, numbers: dict[str, Any]) -> str:
    fast = getattr(runner, "__self__", None)
    lines = []
    if isinstance(fast, Ready) and fast.program is program:
        fast = fast.whole()
    else:
        try:
            fast = LoopProgram(program)
        except (Refused, MissingExtra) as reason:
            return f"{program.name} runs on NumPy: {reason}\n"
        if runner is not None:
            lines = [f"{program.name} runs on NumPy, as it was asked to. In loops it would be:"]
    return "\n".join([*lines, *_table(fast, [numbers[name] for name in program.numbers]), ""])


def _table(program: LoopProgram, numbers: list[Any]) -> list[str]:
    times = times_of(program, numbers)
    lines: dict[str, Line] = {}
    for measured in times.calls:
        name = _name(measured.made)
        lines.setdefault(name, Line(name)).add(measured)
    whole = sum(line.seconds for line in lines.values())
    total = Line("all of these")
    for line in lines.values():
        total.calls += line.calls
        total.seconds += line.seconds
        total.least += line.least
        total.cost = Cost(total.cost.bytes + line.cost.bytes, total.cost.flops + line.cost.flops)
    rows = [HEAD, *(line.cells(whole) for line in sorted(lines.values(), key=lambda each: -each.seconds))]
    rows += [total.cells(whole), ("around them, in Python", "", _time(times.around), "", "", "", "")]
    rows.append(("together, called with arrays", "", _time(times.whole), "", "", "", ""))
    return [f"{program.program.name}, measured on one thread", *_aligned(rows), "", *_remarks(program)]


def _aligned(rows: list[tuple[str, ...]]) -> list[str]:
    widths = [max(len(row[i]) for row in rows) for i in range(len(HEAD))]
    return [
        "  ".join([row[0].ljust(widths[0]), *(cell.rjust(n) for cell, n in zip(row[1:], widths[1:]))]).rstrip()
        for row in rows
    ]


def _remarks(program: LoopProgram) -> list[str]:
    """What NumPy does and why, what lies between the kernels, and what the columns mean."""
    lines = [f"left to NumPy: {name}: {why}" for name, why in program.fallbacks]
    temporary = sum(b.size * b.dtype.itemsize for b in program.buffers if b.kind == "temporary")
    block = program.block.nbytes
    lines.append(
        f"{len(program.distinct)} kernels; arrays between them: {_short(temporary, 'B')} in {_short(block, 'B')}"
    )
    cache, memory = bytes_in_a_second(1 << 17), bytes_in_a_second(1 << 30)
    rate = flops_in_a_second("float32")
    lines.append(
        f"limits: copies of {_short(cache, 'B')}/s in the cache and {_short(memory, 'B')}/s in memory, "
        f"products of {_short(rate, '')}FLOP/s"
    )
    lines.append(
        "a FLOP is an addition, a product, a quotient, a comparison, a choice or a function of a floating number"
    )
    return lines


def _name(made: Any) -> str:
    if isinstance(made, Made):
        return made.kernel.name
    if isinstance(made, Nest):
        return made.name
    if isinstance(made, Looked):
        return f"{made.name} (a number read)"
    if isinstance(made, Product):
        return f"{made.a.shape} @ {made.b.shape}"
    return f"{made.statement.row.name} (by NumPy)"


def _dtype(made: Made | Product | Nest) -> str:
    if isinstance(made, Nest):
        return max((whole.dtype.name for whole in made.writes if whole.dtype.kind == "f"), default="float32")
    if isinstance(made, Product):
        return made.out.buffer.dtype.name
    return "float64" if "float64*" in made.kernel.parameters and "float32*" not in made.kernel.parameters else "float32"


def _current(place: Any) -> Any:
    """What a number of the program is now."""
    if isinstance(place.holder, TensorBase):
        return place.holder._array.item()
    if isinstance(place.holder, int):  # of an argument, which nobody holds any more
        return 1.0
    found = place.holder[place.key]
    return found if place.index is None else found[place.index]


def _time(seconds: float) -> str:
    micro = seconds * 1e6
    return f"{micro / 1000:.2f} ms" if micro >= 10000 else f"{micro:.2f} us"


def _short(number: float, unit: str) -> str:
    """In thousands, millions and so on: `1.2 MB`."""
    for factor, letter in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if number >= factor:
            return f"{number / factor:.3g} {letter}{unit}"
    return f"{number:.0f} {unit}".rstrip()
