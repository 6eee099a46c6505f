"""The command `python -m bench`: groundup beside its peers and beside what the machine can do."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext

from bench import compiled, grid, imports, machine, peers, start
from bench.fleet import Fleet
from bench.operations import all_operations
from bench.report import (
    console,
    duration,
    ratio,
    show_absent,
    show_cell,
    show_grid,
    show_operations,
    show_started,
    show_verdicts,
    show_workload,
    table,
)
from bench.sides import Libraries, load, run
from bench.targets import verdicts
from bench.timing import QUICK, THOROUGH
from bench.workloads import IN_QUICK, WORKLOADS, chosen

SIZES = (10, 1_000_000)
PLOT = "bench-grid.png"


def main(arguments: list[str] | None = None) -> int:
    parser = _parser()
    options = parser.parse_args(arguments)
    commands: dict[str, Callable[[argparse.Namespace], int]] = {
        "compiled": bench_compiled,
        "start": bench_start,
        "grid": bench_grid,
        "operations": bench_operations,
        "import": bench_imports,
    }
    try:
        if options.what == "all":
            return max([command(options) for command in commands.values()])
        return commands[options.what](options)
    except ValueError as error:  # a name that means nothing
        parser.error(str(error))


def bench_compiled(options: argparse.Namespace) -> int:
    """Whole training steps and inference, in every version; the exit code says whether any was wrong."""
    names = chosen(options.workloads) if options.workloads or not options.quick else list(IN_QUICK)
    versions = peers.chosen(options.libraries or [])
    if options.quick and not options.libraries:
        versions = [version for version in versions if version not in peers.SLOW_TO_START]
    threads = options.threads or compiled.default_threads()
    effort = QUICK if options.quick else compiled.THOROUGH
    outcomes = []
    for count in threads:
        with Fleet(versions, count) as fleet:
            limits = compiled.limits_of(fleet, effort)
            console.print(f"{compiled.threads_text(count)}: {machine.describe(limits)}", soft_wrap=True)
            show_absent(fleet)
            for name in names:
                outcomes.append(compiled.measure(fleet, name, {}, limits, effort, options.busy))
                show_workload(outcomes[-1])
    show_verdicts(verdicts(outcomes))
    return int(any(outcome.problems for outcome in outcomes))


def bench_start(options: argparse.Namespace) -> int:
    """The first steps of a first and of a second process, and the memory of it."""
    names = chosen(options.workloads) if options.workloads else start.WORKLOADS[: 1 if options.quick else None]
    versions = peers.chosen(options.libraries) if options.libraries else start.VERSIONS[: 1 if options.quick else None]
    for name in names:
        found = {}
        for version in versions:
            started, why = start.measure(name, version)
            if started:
                found[version] = started
            else:
                console.print(f"absent: {version}: {why}", markup=False)
        show_started(name, found)
    return 0


def bench_grid(options: argparse.Namespace) -> int:
    """Many sizes of W3 in a table, and with --plot in a picture."""
    versions = peers.chosen(options.libraries) if options.libraries else [*grid.VERSIONS]
    if options.quick and not options.libraries:
        versions = [version for version in versions if version not in peers.SLOW_TO_START]
    effort = QUICK if options.quick else grid.THOROUGH
    cells = []
    with Fleet(versions, (options.threads or compiled.default_threads())[-1]) as fleet:
        limits = compiled.limits_of(fleet, effort)
        show_absent(fleet)
        for hidden, batch in grid.cells(options.quick):
            cells.append(grid.measure(fleet, hidden, batch, limits, effort))
            show_cell(cells[-1])
    show_grid(cells)
    file = options.plot or (PLOT if options.what == "all" else None)
    if file:
        grid.plot(cells, file)
        console.print(f"{file} shows the cost against width, batch and depth")
    return int(any(cell.outcome.problems for cell in cells))


def bench_operations(options: argparse.Namespace) -> int:
    """Time every public operation, small and large, with and without gradients; the code says if one was wrong."""
    try:
        libraries = load(options.libraries or ["groundup", "torch"])
    except ModuleNotFoundError as error:
        console.print(f"absent: {error.name}; a time alone is no result, so operations are not timed\n")
        return 0
    if len(libraries) < 2:
        raise ValueError("a time alone is no result: name at least two libraries")
    effort = QUICK if options.quick else THOROUGH
    with _threads(options.threads[0] if options.threads else None, libraries):
        limits = machine.measure(effort)
        console.print(machine.describe(limits), "\n", soft_wrap=True)
        rows = [
            run(operation, size, backward, libraries, effort)
            for backward in (False, True)
            for size in options.sizes
            for operation in all_operations()
            if options.only in f"{operation.family}: {operation.name}" and (operation.differentiable or not backward)
        ]
    show_operations(rows, limits, *list(libraries)[:2])
    wrong = [row for row in rows if row.problem]
    for row in wrong:
        mode = "forward and backward" if row.backward else "forward"
        console.print(f"(!) {row.operation.name}, {row.size:,} elements, {mode}: {row.problem}", markup=False)
    return int(bool(wrong))


def bench_imports(options: argparse.Namespace) -> int:
    """Time the imports, each in its own process; the code says whether the first is over its budget."""
    modules = [name for name in options.libraries or ["groundup", "torch"] if imports.is_installed(name)]
    times = imports.medians_of_imports(["numpy", *modules], 2 if options.quick else 15)
    shown = table("import", ["module", "time", "x numpy", "more than numpy"])
    for module, seconds in times.items():
        more = "" if module == "numpy" else f"{seconds - times['numpy']:+.3f} s"
        shown.add_row(module, duration(seconds), ratio(seconds / times["numpy"]), more)
    console.print(shown)
    within = times[modules[0]] - times["numpy"] <= imports.BUDGET
    console.print(f"{modules[0]} is {'within' if within else 'OVER'} its budget of numpy + {imports.BUDGET} s")
    return int(not within and not options.quick)


def _threads(count: int | None, libraries: Libraries) -> AbstractContextManager[object]:
    """Hold every thread pool to `count` threads; None leaves each library its own default."""
    if count is None:
        return nullcontext()
    from threadpoolctl import threadpool_limits

    for library in libraries.values():
        if hasattr(library, "set_num_threads"):
            library.set_num_threads(count)
    return threadpool_limits(count)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    what = ["all", "compiled", "start", "grid", "operations", "import"]
    parser.add_argument("what", nargs="?", choices=what, default="all", help="what to measure (default: all)")
    parser.add_argument(
        "workloads", nargs="*", metavar="WORKLOAD", help=f"for compiled: some of {', '.join(WORKLOADS)} (default: all)"
    )
    parser.add_argument("--quick", action="store_true", help="few and short batches: shows that it runs, not how fast")
    parser.add_argument("--threads", type=int, nargs="+", metavar="N", help="threads for every library (default: 1 2)")
    parser.add_argument(
        "--libraries",
        nargs="+",
        metavar="NAME",
        help="the library under test and its peers: modules, or for workloads also versions of them "
        f"({', '.join(peers.VERSIONS)})",
    )
    parser.add_argument("--busy", action="store_true", help="for compiled: also with a foreign process on one core")
    parser.add_argument(
        "--plot", metavar="FILE", help=f"for grid: a picture of cost against width, batch and depth (for all: {PLOT})"
    )
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES, help="elements of the operations' tensors")
    parser.add_argument("--only", default="", metavar="TEXT", help='operations with this in "family: name"')
    return parser


if __name__ == "__main__":
    sys.exit(main())
