"""The tables that the benchmarks print. A ratio above 1 says that groundup is the slower one."""

from __future__ import annotations

import math
import statistics
import sys
from collections.abc import Sequence

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from bench import grid, start
from bench.compiled import MINE, Outcome, threads_text
from bench.fleet import Fleet
from bench.grid import Cell
from bench.machine import Machine
from bench.sides import Row
from bench.start import Started
from bench.targets import Verdict
from bench.worker import FEW

# Where no terminal says how wide it is, the tables are not cut.
console = Console(width=None if sys.stdout.isatty() else 120, highlight=False)


def table(title: str, columns: Sequence[str]) -> Table:
    made = Table(title=title or None, title_justify="left")
    for i, column in enumerate(columns):
        made.add_column(column, justify="left" if i == 0 else "right")
    return made


def show_operations(rows: Sequence[Row], machine: Machine, mine: str, peer: str) -> None:
    """A table for each size and mode, slowest against the peer first, each summed up by a line, and each size too."""
    groups: dict[tuple[int, bool], list[Row]] = {}
    for row in rows:
        groups.setdefault((row.size, row.backward), []).append(row)
    for (size, backward), members in groups.items():
        mode = "forward and backward" if backward else "forward"
        shown = table(f"{mode}, {size:,} elements", ["operation", mine, peer, f"x {peer}", "x limit"])
        timed = [row for row in members if row.seconds]
        for row in sorted(timed, key=lambda row: -row.seconds[mine] / row.seconds[peer]):
            seconds, other = row.seconds[mine], row.seconds[peer]
            limit = machine.limit(row.flops, row.traffic)
            name = f"{row.operation.family}: {row.operation.name}" + (" (!)" if row.problem else "")
            shown.add_row(
                escape(name), duration(seconds), duration(other), ratio(seconds / other), ratio(seconds / limit)
            )
        console.print(shown)
        console.print(_summary(timed, mine, peer), "\n")
    for size in sorted({size for size, _ in groups}):
        both = [row for row in rows if row.size == size and row.seconds]
        console.print(f"{size:,} elements, both tables:", _summary(both, mine, peer))


def show_workload(outcome: Outcome) -> None:
    """A table of one workload, the fastest first."""
    workload = outcome.workload
    mine = outcome.seconds.get(MINE)
    console.print(f"{outcome.key}: {workload.title}; {threads_text(outcome.threads)}", markup=False)
    shown = table("", ["version", "a step", f"x {MINE}", "x floor", *(["busy core", "lost"] if outcome.busy else [])])
    for version, seconds in sorted(outcome.seconds.items(), key=lambda pair: pair[1]):
        row = [version, duration(seconds), ratio(seconds / mine) if mine else "", ratio(seconds / outcome.floor)]
        if outcome.busy:
            row += [duration(outcome.busy[version]), f"{ratio(outcome.busy[version] / seconds)} x"]
        shown.add_row(*row)
    console.print(shown)
    for version, problem in outcome.problems.items():
        console.print(f"(!) {version}: {problem}", markup=False)
    console.print()


def show_verdicts(verdicts: Sequence[Verdict]) -> None:
    """What was to be reached, and whether it was."""
    if not verdicts:
        return
    shown = table("times faster than", ["workload", "peer in its best setting", "found", "wanted", ""])
    for each in verdicts:
        reached = "yes" if each.found >= each.wanted else "NO"
        shown.add_row(each.workload, each.peer, ratio(each.found), ratio(each.wanted), reached)
    console.print(shown)
    console.print()


def show_absent(fleet: Fleet) -> None:
    for process in fleet.all:
        if process.absent:
            console.print(f"absent: {process.version}: {process.absent}", markup=False)


def show_started(workload: str, found: dict[str, list[Started]]) -> None:
    """What a first process (cold) and a second one (warm) took, the quickest first."""
    console.print(f"{workload}: the first step and the first {FEW}, without the imports; and the most memory")
    heads = [f"{which} {what}" for which in ("cold", "warm") for what in ("1", f"{FEW}")]
    shown = table("", ["version", "imports", *heads, "MB cold", "MB warm"])
    for version, (first, second) in sorted(found.items(), key=lambda pair: pair[1][0].first):
        seconds = (second.imports, first.first, first.begun, second.first, second.begun)
        times = [duration(each) for each in seconds]
        shown.add_row(version, *times, *(f"{each.memory / 1e6:.0f}" for each in (first, second)))
    console.print(shown)
    for miss in start.misses(workload, found[MINE]) if MINE in found else ():
        console.print(f"(!) {miss}")
    console.print()


def show_grid(cells: Sequence[Cell]) -> None:
    """How groundup's time stands to the fastest peer's, a row for each width and a column for each batch."""
    flat = [cell for cell in cells if len(cell.hidden) == 1]
    batches = sorted({cell.batch for cell in flat})
    console.print("784-hidden-10: groundup-compiled over the fastest peer, and that peer")
    shown = table("", ["width", *(f"batch {batch}" for batch in batches)])
    for width in sorted({cell.hidden[0] for cell in flat}):
        row = {cell.batch: cell for cell in flat if cell.hidden == (width,)}
        shown.add_row(str(width), *(_cell(row[batch]) for batch in batches))
    console.print(shown)
    behind = [cell for cell in cells if cell.ratio is not None and cell.ratio > grid.WITHIN]
    console.print(f"behind the fastest peer by more than 5% in {len(behind)} of {len(cells)} cells\n")


def show_cell(cell: Cell) -> None:
    """One line of a size, as soon as it has been measured."""
    times = ", ".join(f"{version} {duration(seconds)}" for version, seconds in cell.outcome.seconds.items())
    sizes = "-".join(map(str, (784, *cell.hidden, 10)))
    console.print(f"{cell.batch} x {sizes}: {times}", markup=False, soft_wrap=True)
    for version, problem in cell.outcome.problems.items():
        console.print(f"(!) {version}: {problem}", markup=False)


def _cell(cell: Cell) -> str:
    return "" if cell.ratio is None else f"{ratio(cell.ratio)} {cell.fastest_peer}"


def _summary(rows: list[Row], mine: str, peer: str) -> str:
    ratios = [row.seconds[mine] / row.seconds[peer] for row in rows]
    if not ratios:
        return "nothing was timed"
    mean, middle = math.exp(sum(map(math.log, ratios)) / len(ratios)), statistics.median(ratios)
    slower = sum(r > 1 for r in ratios)
    return (
        f"{len(rows)} rows: {mine} takes {middle:.2f} x {peer}'s time (median; geometric mean {mean:.2f}), "
        f"more in {slower}"
    )


def duration(seconds: float) -> str:
    """A time in the unit that suits it."""
    for unit, size in (("s", 1.0), ("ms", 1e-3), ("us", 1e-6)):
        if seconds >= size:
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds * 1e9:.0f} ns"


def ratio(value: float) -> str:
    return f"{value:.2f}" if value < 10 else f"{value:.0f}"
