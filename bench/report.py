"""The tables that the benchmarks print. A ratio above 1 says that groundup is the slower one."""

from __future__ import annotations

import math
import statistics
import sys
from collections.abc import Sequence

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from bench.compiled import MINE, Outcome
from bench.fleet import Fleet
from bench.machine import Machine
from bench.sides import Row

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
    console.print(f"{workload.name}: {workload.title}; {threads_text(outcome.threads)}", markup=False)
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


def show_absent(fleet: Fleet) -> None:
    for process in fleet.all:
        if process.absent:
            console.print(f"absent: {process.version}: {process.absent}", markup=False)


def threads_text(threads: int) -> str:
    return "1 thread" if threads == 1 else f"{threads} threads"


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
