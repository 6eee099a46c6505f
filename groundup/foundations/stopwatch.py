"""Timing for the ladder: what a rung takes on this machine, measured and not remembered.

Rungs are timed in turn, so that a slow moment of the machine hits all of them, and the best time counts: it is what a
rung takes when nothing disturbs it. (`bench/` takes medians, because there the disturbance is part of the price.)
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping

import numpy as np

from groundup.foundations.matmul.registers import lanes, peak_loop


def best_times(calls: Mapping[str, Callable[[], object]], seconds: float) -> dict[str, float]:
    """The best time of each call, in seconds; each is repeated for so long, but at least twice after a first call.

    >>> best_times({"sum": lambda: sum(range(1000))}, seconds=0.01)["sum"] < 0.01
    True
    """
    best = dict.fromkeys(calls, math.inf)
    spent = dict.fromkeys(calls, 0.0)
    for call in calls.values():
        call()  # compiles, where there is something to compile, and fills the caches
    rounds = 0
    while waiting := [name for name in calls if rounds < 2 or spent[name] < seconds]:
        for name in waiting:
            taken = seconds_for(calls[name])
            best[name] = min(best[name], taken)
            spent[name] += taken
        rounds += 1
    return best


def seconds_for(call: Callable[[], object]) -> float:
    """How long one call takes."""
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def peak() -> float:
    """The most float32 operations per second of one core: multiply-adds in registers that wait for nothing."""
    loop, numbers = peak_loop(), np.zeros((6, lanes(np.dtype(np.float32))), np.float32)
    steps = 20_000
    return 2 * numbers.size * steps / best_times({"peak": lambda: loop(numbers, steps)}, 0.2)["peak"]
