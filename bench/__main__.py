"""The command `python -m bench`: measure the machine, then groundup against its peers."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext

from bench import imports, machine, steps
from bench.operations import all_operations
from bench.report import console, duration, ratio, show_operations, table
from bench.sides import Libraries, load, run
from bench.timing import QUICK, THOROUGH, Effort, medians

SIZES = (10, 1_000_000)


def main(arguments: list[str] | None = None) -> int:
    parser = _parser()
    options = parser.parse_args(arguments)
    effort = QUICK if options.quick else THOROUGH
    if options.what == "import":
        within = bench_imports([*options.libraries], 5 if options.quick else 15)
        return 0 if within or options.quick else 1
    libraries = load(options.libraries)
    if len(libraries) < 2:
        parser.error("a time alone is no result: name at least two libraries")
    with _threads(options.threads, libraries):
        limits = machine.measure(effort)
        console.print(machine.describe(limits), "\n", soft_wrap=True)
        failures = 0
        if options.what in ("all", "steps"):
            failures += bench_steps(libraries, limits, effort)
        if options.what in ("all", "operations"):
            failures += bench_operations(libraries, limits, effort, options.only, options.sizes)
    return 1 if failures else 0


def bench_steps(libraries: Libraries, limits: machine.Machine, effort: Effort) -> int:
    """Time the whole training steps."""
    others = [*list(libraries)[1:], "by hand"]
    shown = table("one training step", ["workload", "version", "time", *(f"x {other}" for other in others), "x limit"])
    for name, (_, _, flops) in steps.WORKLOADS.items():
        steps.check(name, libraries)
        times = medians(steps.versions(name, libraries), effort)
        limit = limits.limit(flops, 0.0)
        for who, seconds in times.items():
            ratios = [ratio(seconds / times[other]) for other in others]
            shown.add_row(
                name if who == next(iter(times)) else "", who, duration(seconds), *ratios, ratio(seconds / limit)
            )
    console.print(shown, "\n")
    return 0


def bench_operations(
    libraries: Libraries, limits: machine.Machine, effort: Effort, only: str, sizes: Sequence[int] = SIZES
) -> int:
    """Time every public operation, small and large, with and without gradients; count the wrong ones."""
    mine, peer = list(libraries)[:2]
    rows = [
        run(operation, size, backward, libraries, effort)
        for backward in (False, True)
        for size in sizes
        for operation in all_operations()
        if only in f"{operation.family}: {operation.name}" and (operation.differentiable or not backward)
    ]
    show_operations(rows, limits, mine, peer)
    wrong = [row for row in rows if row.problem]
    for row in wrong:
        mode = "forward and backward" if row.backward else "forward"
        console.print(f"(!) {row.operation.name}, {row.size:,} elements, {mode}: {row.problem}", markup=False)
    return len(wrong)


def bench_imports(modules: list[str], rounds: int) -> bool:
    """Time the imports, each in its own process; whether the first is within its budget."""
    times = imports.medians_of_imports(["numpy", *modules], rounds)
    shown = table("import", ["module", "time", "x numpy", "more than numpy"])
    for module, seconds in times.items():
        more = "" if module == "numpy" else f"{seconds - times['numpy']:+.3f} s"
        shown.add_row(module, duration(seconds), ratio(seconds / times["numpy"]), more)
    console.print(shown)
    within = times[modules[0]] - times["numpy"] <= imports.BUDGET
    console.print(f"{modules[0]} is {'within' if within else 'OVER'} its budget of numpy + {imports.BUDGET} s")
    return within


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
    what = ["all", "steps", "operations", "import"]
    parser.add_argument(
        "what", nargs="?", choices=what, default="all", help="what to measure (default: all but import)"
    )
    parser.add_argument("--quick", action="store_true", help="few and short batches: shows that it runs, not how fast")
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES, help="elements of the operations' tensors")
    parser.add_argument("--only", default="", metavar="TEXT", help='operations with this in "family: name"')
    parser.add_argument("--threads", type=int, help="threads for every library (default: each library's own choice)")
    parser.add_argument(
        "--libraries",
        nargs="+",
        default=["groundup", "torch"],
        metavar="MODULE",
        help="the library under test and its peers, by module name (default: groundup torch)",
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
