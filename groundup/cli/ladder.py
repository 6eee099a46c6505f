"""``groundup ladder``: every rung of the matrix product and of the training step, timed on this machine."""

from __future__ import annotations

import argparse
import json
import platform
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from groundup.cli.outcome import say
from groundup.foundations.chart import ladder_figure
from groundup.foundations.ladder import Ladder, Timed, digits, measure, require_packages
from groundup.foundations.top import beside
from groundup.train.figures import require_matplotlib, save_figure


def run(options: argparse.Namespace) -> None:
    """Measure, write the tables, and draw the picture."""
    require_packages()
    require_matplotlib("groundup ladder")
    check_picture(options.plot)
    ladder = measure(options.seconds, _tell)
    say(json.dumps(record(ladder)) if options.json else tables(ladder))
    save_figure(ladder_figure(ladder), options.plot)
    if not options.json:
        say(f"\nThe picture is in {options.plot}")
        if options.source:
            say(f"\nThe training step by hand, and the one that the compiler writes:\n\n{beside()}")


def check_picture(path: str) -> None:
    """Refuse a picture that could not be saved, before the work."""
    from matplotlib.backend_bases import FigureCanvasBase

    folder, kind = Path(path).parent, Path(path).suffix[1:].lower()
    if not folder.is_dir():
        raise FileNotFoundError(f"there is no folder {folder} for the picture {path}")
    if Path(path).is_dir():
        raise IsADirectoryError(f"the picture needs the name of a file, and {path} is a folder")
    if kind and kind not in FigureCanvasBase.filetypes:
        kinds = ", ".join(sorted(FigureCanvasBase.filetypes))
        raise ValueError(f"cannot save a picture as {path}: the name must end in one of {kinds}")


def tables(ladder: Ladder) -> str:
    """Both tables, the lowest rung first, and what was found."""
    return "\n\n".join((_machine(ladder), _matmuls(ladder), _steps(ladder), _notes(ladder)))


def _machine(ladder: Ladder) -> str:
    return (
        f"{platform.machine()}, Python {platform.python_version()}, one thread, float32\n"
        f"peak of one core: {ladder.peak / 1e9:.1f} GFLOP/s (multiply-adds in registers, measured)"
    )


def _matmuls(ladder: Ladder) -> str:
    first = ladder.matmuls[0]
    rows = [
        (each.rung.title, str(each.rung.lines), str(each.size), _time(each.seconds), digits(each.speed / 1e9))
        + (_times(each.speed / first.speed), _share(each.speed / ladder.peak))
        for each in ladder.matmuls
    ]
    return _aligned([("matrix product", "lines", "size", "time", "GFLOP/s", "x first", "of peak"), *rows])


def _steps(ladder: Ladder) -> str:
    first = ladder.steps[0]
    rows = [
        (each.rung.title, str(each.rung.lines), _time(each.seconds))
        + (_times(first.seconds / each.seconds), _share(each.speed / ladder.peak))
        for each in ladder.steps
    ]
    return _aligned([("training step", "lines", "time", "x first", "of peak"), *rows])


def _notes(ladder: Ladder) -> str:
    reached = " and ".join(f"{share:.0%} at {size} x {size}" for size, share in ladder.against_blas().items())
    return (
        f"The tiles reach {reached} of the speed of NumPy's BLAS.\n"
        "size: of the square matrices, as large as the rung does in time; lines: of code, without docstrings.\n"
        "A training step takes 200 examples through 100 -> 50 -> 1, forward and backward, and moves the weights."
    )


def record(ladder: Ladder) -> dict[str, Any]:
    """The same as numbers, for a program."""
    return {
        "peak": ladder.peak,
        "matmuls": [_entry(each) | {"size": each.size} for each in ladder.matmuls],
        "steps": [_entry(each) for each in ladder.steps],
    }


def _entry(timed: Timed) -> dict[str, Any]:
    rung = timed.rung
    module = f"groundup.foundations.{rung.place}"
    return {"title": rung.title, "module": module, "lines": rung.lines, "seconds": timed.seconds, "speed": timed.speed}


def _aligned(rows: Sequence[Sequence[str]]) -> str:
    """Columns under their names: the first to the left, the numbers to the right, a line below the head."""
    widths = [max(map(len, column)) for column in zip(*rows)]
    lines = ["  ".join([row[0].ljust(widths[0]), *map(str.rjust, row[1:], widths[1:])]) for row in rows]
    return "\n".join([lines[0], "-" * len(lines[0]), *lines[1:]])


def _time(seconds: float) -> str:
    for unit, name in ((1, "s"), (1e-3, "ms")):
        if seconds >= unit:
            return f"{seconds / unit:.3g} {name}"
    return f"{seconds * 1e6:.3g} us"


def _times(ratio: float) -> str:
    return f"{ratio:,.0f}" if ratio >= 10 else f"{ratio:.1f}"


def _share(share: float) -> str:
    return f"{share:.1%}" if share >= 0.001 else "<0.1%"


def _tell(what: str) -> None:
    sys.stderr.write(f"timing {what} ...\n")
    sys.stderr.flush()
