"""The ladder, measured: what each rung of the matrix product and of the training step takes on this machine.

All on one thread and in float32. A rung of the matrix product gets the largest matrices that it can do in the time it
has, so their speeds are compared, not their times; the training steps all do the same work.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

import groundup
from groundup.errors import MissingExtra
from groundup.foundations.network import sample
from groundup.foundations.peak import peak
from groundup.foundations.rungs import MATMULS, STEPS, Rung
from groundup.foundations.stopwatch import good_times, seconds_for

SIZES = (16, 32, 64, 128, 256, 512, 1024)
LONGEST = 0.15  # seconds that one product may take
CONTEST = ("matmul.operator", "matmul.tile")  # BLAS and the tile kernel, side by side at the two largest sizes


@dataclass(frozen=True)
class Timed:
    """A rung with what was measured: the work of one call in floating-point operations, and its time in seconds."""

    rung: Rung
    work: float
    seconds: float
    size: int = 0  # of the matrices, size x size

    @property
    def speed(self) -> float:
        """Floating-point operations per second."""
        return self.work / self.seconds


@dataclass(frozen=True)
class Ladder:
    """Both ladders, and the peak of one core in floating-point operations per second."""

    peak: float
    matmuls: tuple[Timed, ...]
    steps: tuple[Timed, ...]

    def against_blas(self) -> dict[int, float]:
        """The speed of the tile kernel as a share of BLAS's, for each size of the contest."""
        speeds = {(each.rung.place, each.size): each.speed for each in self.matmuls}
        sizes = sorted(size for place, size in speeds if place == "matmul.tile")
        return {size: speeds["matmul.tile", size] / speeds["matmul.operator", size] for size in sizes}


def measure(seconds: float = 0.7, tell: Callable[[str], None] = lambda _: None) -> Ladder:
    """Time every rung for about so long; `tell` hears what is being timed."""
    require_packages()
    from threadpoolctl import threadpool_limits

    with threadpool_limits(1, user_api="blas"):
        tell("the peak of one core")
        limit = peak()
        tell("the matrix product")
        matmuls = measured_matmuls(seconds)
        tell("the training step")
        return Ladder(limit, matmuls, measured_steps(seconds))


def digits(number: float) -> str:
    """A speed in two or three digits that count, without an exponent.

    >>> digits(91.26), digits(0.389), digits(0.0000231)
    ('91.3', '0.39', '0.000023')
    """
    return f"{number:.1f}" if number >= 1 else f"{number:.{1 - math.floor(math.log10(number))}f}"


def require_packages() -> None:
    """Say what is missing now and not after the work."""
    for package, extra in (("numba", "compile"), ("threadpoolctl", "train")):
        try:
            __import__(package)
        except ImportError as error:
            raise MissingExtra("the ladder", package, extra) from error


# The matrix product


def measured_matmuls(seconds: float) -> tuple[Timed, ...]:
    """Each rung at its own size; those of the contest at the two largest."""
    timed = []
    for rung in MATMULS:
        if rung.place not in CONTEST:
            size = largest_size(rung)
            timed.append((rung, size, good_times({"": call(rung, size)}, seconds)[""]))
    contestants = {rung.place: rung for rung in MATMULS if rung.place in CONTEST}
    for size in SIZES[-2:]:
        times = good_times({place: call(rung, size) for place, rung in contestants.items()}, 2 * seconds)
        timed += [(contestants[place], size, taken) for place, taken in times.items()]
    timed.sort(key=lambda each: MATMULS.index(each[0]))
    return tuple(Timed(rung, 2.0 * size**3, taken, size) for rung, size, taken in timed)


def call(rung: Rung, size: int) -> Callable[[], Any]:
    """The rung's product of two square matrices of groundup's."""
    random = np.random.default_rng(size)
    a, b = (groundup.asarray(random.standard_normal((size, size), np.float32)) for _ in range(2))
    return partial(rung.load("matmul"), groundup, a, b)


def largest_size(rung: Rung) -> int:
    """The largest of the sizes that the rung is expected to do in time, by what the one before took."""
    call(rung, SIZES[0])()
    for size, next_size in itertools.pairwise(SIZES):
        if seconds_for(call(rung, size)) * (next_size / size) ** 3 > LONGEST:
            return size
    return SIZES[-1]


# The training step


def measured_steps(seconds: float) -> tuple[Timed, ...]:
    """Each rung's step on the same network; a small learning rate keeps the numbers of many steps in bounds."""
    network = sample(groundup)
    steps = {rung.place: rung.load("training")(groundup, network, 1e-4) for rung in STEPS}
    times = good_times(steps, seconds)
    hidden, n_in = network.w1.shape
    work = step_work(hidden, n_in, rows=len(network.x))
    return tuple(Timed(rung, work, times[rung.place]) for rung in STEPS)


def step_work(hidden: int, n_in: int, rows: int) -> float:
    """The multiplications and additions of the products that a step cannot do without.

    Each layer forward, each weight's gradient, and the gradient of the second layer's input; that of x nobody needs.
    """
    first, second = 2.0 * rows * hidden * n_in, 2.0 * rows * hidden
    return 2 * first + 3 * second
