"""The study of depth: random numbers sent through many layers, for each way in which weights may start.

A layer multiplies the scale of its input by about (weight scale) x sqrt(inputs): anything but 1 grows or shrinks as a
power of the depth. ReLU throws half of the square away, and Kaiming's factor sqrt(2) gives it back: what it keeps near
1 is the root mean square, not the standard deviation, as what comes out of a ReLU has a mean above 0.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from groundup.autograd.state import no_grad
from groundup.explain.activity import new_figure, png
from groundup.functions.creation import randn
from groundup.random import Generator

SHRUNK = 1e-3  # a root mean square below this has collapsed


@dataclass(frozen=True)
class Course:
    """What one start does to the numbers: the root mean square and the standard deviation behind each layer."""

    name: str
    scale: float
    relu: bool
    rms: list[float]
    std: list[float]

    @property
    def broke(self) -> int | None:
        """The first layer, counted from 1, behind which not all is finite; None if there is none."""
        return next((i + 1 for i, each in enumerate(self.rms) if not math.isfinite(each)), None)

    @property
    def vanished(self) -> int | None:
        """The first layer behind which all is exactly zero."""
        return next((i + 1 for i, each in enumerate(self.rms) if each == 0), None)

    @property
    def factor(self) -> float:
        """By how much a layer multiplies the root mean square: the geometric mean over those that it survives."""
        alive = [each for each in self.rms if each and math.isfinite(each)]
        return (alive[-1] / alive[0]) ** (1 / (len(alive) - 1)) if len(alive) > 1 else math.nan

    @property
    def verdict(self) -> str:
        """What became of the numbers."""
        if self.broke is not None:
            return f"nan or inf from layer {self.broke} on"
        if self.vanished is not None:
            return f"zero from layer {self.vanished} on"
        if self.rms[-1] < SHRUNK:
            return f"collapsed: each layer leaves {self.factor:.2g} of the scale"
        return "stable"


@dataclass(frozen=True)
class DepthStudy:
    """All starts side by side: prints as a table, and draws itself with `figure`."""

    layers: int
    width: int
    courses: list[Course]

    def __str__(self) -> str:
        head = f"{'start':<22}{'weight scale':>13}{'rms at the end':>16}{'std at the end':>16}   what happened"
        lines = [f"{self.layers} layers of {self.width} units, inputs of scale 1", "", head]
        for each in self.courses:
            lines.append(
                f"{each.name:<22}{each.scale:>13.4g}{each.rms[-1]:>16.4g}{each.std[-1]:>16.4g}   {each.verdict}"
            )
        return "\n".join(lines)

    __repr__ = __str__

    def figure(self) -> Any:
        """The scales behind each layer: of all starts, and of the stable ones again, near 1. Needs matplotlib."""
        figure = new_figure((11.0, 5.0))
        everything, near = figure.subplots(1, 2, width_ratios=(3, 2))
        for course in self.courses:
            alive = [(i + 1, each) for i, each in enumerate(course.rms) if each and math.isfinite(each)]
            if not alive:
                continue
            depth, rms = zip(*alive)
            line = everything.plot(depth, rms, marker=".", markersize=4, label=course.name)[0]
            if len(alive) < len(course.rms):  # it ends here
                everything.plot(depth[-1], rms[-1], marker="X", markersize=9, color=line.get_color())
            if course.verdict == "stable":
                near.plot(depth, rms, color=line.get_color(), label=f"{course.name}: rms")
                std = course.std[: len(depth)]
                near.plot(depth, std, color=line.get_color(), linestyle="--", label=f"{course.name}: std")
        for axes in (everything, near):
            axes.axhline(1, color="black", linewidth=0.6, alpha=0.5)
            axes.set_xlabel("layer")
            axes.grid(alpha=0.3)
            if axes.lines[1:]:
                axes.legend(fontsize=8)
        everything.set_yscale("log")
        everything.set_ylabel("root mean square (cross: nan or zero behind it)")
        everything.set_title(f"{self.layers} layers of {self.width} units, by the scale of the weights")
        near.set_ylim(bottom=0)
        near.set_title("the stable ones")
        return figure

    def _repr_png_(self) -> bytes:
        return png(self.figure())


def depth_study(layers: int = 50, width: int = 100, batch: int = 200, seed: int = 0) -> DepthStudy:
    """Sends (batch, width) normal numbers through `layers` products with normal weights of each scale, in float32.

    The starts are weights of scale 1, 0.01 and 1 / sqrt(width) without a ReLU, and LeCun's 1 / sqrt(width) and
    Kaiming's sqrt(2 / width) with one.

    >>> study = depth_study(layers=50, width=100)
    >>> [course.verdict for course in study.courses[:2]]
    ['nan or inf from layer ... on', 'zero from layer ... on']
    >>> 0.1 < study.courses[-1].rms[-1] < 10
    True
    """
    for name, value in (("layers", layers), ("width", width), ("batch", batch)):
        if not isinstance(value, int) or value < 1:
            raise ValueError(f"{name} must be a whole number of 1 or more, got {value!r}")
    steady, kaiming = 1 / math.sqrt(width), math.sqrt(2 / width)
    starts = [
        ("scale 1", 1.0, False),
        ("scale 0.01", 0.01, False),
        (f"scale {steady:.3g}", steady, False),
        (f"scale {steady:.3g}, ReLU", steady, True),
        ("Kaiming, ReLU", kaiming, True),
    ]
    return DepthStudy(layers, width, [_course(*each, layers, width, batch, seed) for each in starts])


def _course(name: str, scale: float, relu: bool, layers: int, width: int, batch: int, seed: int) -> Course:
    generator = Generator().manual_seed(seed)  # the same numbers for each start
    rms, std = [], []
    with no_grad():
        x = randn(batch, width, generator=generator)
        for _ in range(layers):
            x = x @ (randn(width, width, generator=generator) * scale)
            x = x.relu() if relu else x
            values = x.numpy().astype(np.float64)
            with np.errstate(all="ignore"):
                rms.append(float(np.sqrt(np.mean(values * values))))
                std.append(float(np.std(values)))
    return Course(name, scale, relu, rms, std)
