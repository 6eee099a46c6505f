"""`python -m bench grid`: W3 with other widths, batches and depths, to see where a lead ends; and a plot of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from bench import compiled, peers
from bench.compiled import MINE, Outcome
from bench.fleet import Fleet
from bench.machine import Machine
from bench.timing import Effort

WIDTHS = (16, 64, 256, 1024, 2048)
BATCHES = (1, 8, 64, 512, 4096)
DEPTHS = (1, 2, 4, 8, 16)
NORMAL = 64  # the width and the batch where another size is varied
VERSIONS = ("groundup-compiled", "torch-eager", "torch-compile", "jax-jit", "numpy")
WITHIN = 1.05  # of the fastest peer: as good as the fastest

THOROUGH = Effort(batch=5e-3, rounds=7)


@dataclass(frozen=True)
class Cell:
    """One size: its hidden widths and batch, and how it went."""

    hidden: tuple[int, ...]
    batch: int
    outcome: Outcome

    @property
    def fastest_peer(self) -> str | None:
        """The fastest of the peers, which NumPy by hand and groundup eager are not."""
        others = [v for v in self.outcome.seconds if v in (*peers.EAGER, *peers.COMPILED)]
        return min(others, key=lambda version: self.outcome.seconds[version]) if others else None

    @property
    def ratio(self) -> float | None:
        """groundup's time over the fastest peer's."""
        peer = self.fastest_peer
        if peer is None or MINE not in self.outcome.seconds:
            return None
        return self.outcome.seconds[MINE] / self.outcome.seconds[peer]


def cells(quick: bool) -> Iterator[tuple[tuple[int, ...], int]]:
    """The sizes: all widths with all batches, and the depths at a normal width and batch."""
    widths, batches, depths = (WIDTHS, BATCHES, DEPTHS) if not quick else ((16, 64), (1, 64), (1, 2))
    yield from (((width,), batch) for width in widths for batch in batches)
    yield from (((NORMAL,) * depth, NORMAL) for depth in depths if depth > 1)


def measure(fleet: Fleet, hidden: tuple[int, ...], batch: int, limits: Machine, effort: Effort) -> Cell:
    settings: dict[str, Any] = {"hidden": hidden, "batch": batch}
    return Cell(hidden, batch, compiled.measure(fleet, "W3", settings, limits, effort))


def plot(found: list[Cell], file: str) -> None:
    """Draw a step's time against width, batch and depth: a panel for each, a line for each version."""
    from matplotlib.figure import Figure

    panels = {
        "hidden width": [(c.hidden[0], c) for c in found if c.batch == NORMAL and len(c.hidden) == 1],
        "batch": [(c.batch, c) for c in found if c.hidden == (NORMAL,)],
        "hidden layers": [(len(c.hidden), c) for c in found if c.batch == NORMAL and set(c.hidden) == {NORMAL}],
    }
    figure = Figure(figsize=(13, 4.2), layout="constrained")
    versions = list(dict.fromkeys(version for cell in found for version in cell.outcome.seconds))
    for panel, (title, points) in zip(figure.subplots(1, 3, sharey=True), panels.items()):
        points.sort(key=lambda point: point[0])
        for i, version in enumerate(versions):
            line = [(at, 1e6 * c.outcome.seconds[version]) for at, c in points if version in c.outcome.seconds]
            look: dict[str, Any] = (
                {"color": "black", "linewidth": 2.5, "zorder": 3} if version == MINE else {"color": f"C{i}"}
            )
            panel.plot([at for at, _ in line], [t for _, t in line], marker="o", markersize=4, label=version, **look)
        floors = [1e6 * cell.outcome.floor for _, cell in points]
        panel.plot([at for at, _ in points], floors, color="gray", linestyle=":", label="floor: the products alone")
        panel.set_xscale("log", base=2)
        panel.set_yscale("log")
        panel.set_xlabel(title)
        panel.set_xticks([at for at, _ in points], [str(at) for at, _ in points], minor=False)
        panel.grid(alpha=0.3)
        panel.spines[["top", "right"]].set_visible(False)
        others = {"hidden width": f"batch {NORMAL}", "batch": f"width {NORMAL}"}
        panel.set_title(others.get(title, f"width {NORMAL}, batch {NORMAL}"), fontsize=10)
    first = figure.axes[0]
    first.set_ylabel("microseconds a step")
    first.legend(frameon=False, fontsize=8)
    figure.suptitle(f"784-hidden-10, a training step, {compiled.threads_text(found[0].outcome.threads)}")
    figure.savefig(file, dpi=130)
