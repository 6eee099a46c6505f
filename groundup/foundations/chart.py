"""The ladder as a picture: a bar for each rung, on scales where each line is ten times the one before."""

from __future__ import annotations

from typing import TYPE_CHECKING

from groundup.foundations.ladder import Ladder, Timed, digits

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

BAR, COMPILED, LIMIT = "#4c78a8", "#72b7b2", "#e45756"


def ladder_figure(ladder: Ladder) -> Figure:
    """The matrix product on the left and the training step on the right; the lowest rung is at the bottom."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(14, 5.6), layout="constrained")
    left, right = figure.subplots(1, 2)
    labels = [f"{each.rung.title}, {each.size} x {each.size}" for each in ladder.matmuls]
    speeds = [each.speed / 1e9 for each in ladder.matmuls]
    notes = [digits(speed) for speed in speeds]
    _bars(left, labels, speeds, notes, ladder.matmuls)
    _limit(left, ladder.peak / 1e9, f"peak of one core: {ladder.peak / 1e9:.0f}")
    left.set_title("Matrix product on one thread: GFLOP/s")

    slowest = ladder.steps[0].seconds
    speed_ups = [slowest / each.seconds for each in ladder.steps]
    notes = [f"{speed_up:,.0f} x" if speed_up >= 10 else f"{speed_up:.1f} x" for speed_up in speed_ups]
    _bars(right, [each.rung.title for each in ladder.steps], speed_ups, notes, ladder.steps)
    limit = slowest * ladder.peak / ladder.steps[0].work
    _limit(right, limit, f"its products at the peak: {limit:,.0f} x")
    right.set_title(f"Training step: times as fast as the first ({slowest * 1e3:.0f} ms)")
    return figure


def _bars(axes: Axes, labels: list[str], values: list[float], notes: list[str], timed: tuple[Timed, ...]) -> None:
    colours = [COMPILED if "compiled" in each.rung.title else BAR for each in timed]
    bars = axes.barh(range(len(values)), values, color=colours)
    for label in axes.bar_label(bars, notes, padding=3, fontsize=8):
        label.set_bbox({"facecolor": "white", "edgecolor": "none", "pad": 0.5})  # over the line of the limit
    axes.set_yticks(range(len(labels)), labels, fontsize=9)
    axes.set_ylim(-1.1, len(labels) - 0.4)
    axes.set_xscale("log")
    axes.set_xlim(min(values) / 2, max(values) * 8)
    axes.grid(axis="x", alpha=0.3)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)


def _limit(axes: Axes, value: float, text: str) -> None:
    axes.axvline(value, color=LIMIT, linewidth=1.2)
    low, high = axes.get_xlim()
    axes.set_xlim(low, max(high, value * 4))
    axes.annotate(text, (value, 0.01), xycoords=("data", "axes fraction"), xytext=(-4, 0), textcoords="offset points",
                  ha="right", va="bottom", color=LIMIT, fontsize=8)  # fmt: skip
