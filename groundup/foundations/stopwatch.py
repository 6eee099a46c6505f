"""Timing for the ladder: what a rung takes on this machine, measured and not remembered.

Rungs are timed in turn, so that a slow moment of the machine hits all of them, and the best time counts: what a rung
takes when nothing disturbs it. The clock is that of the thread, which stands still while another program has the core;
the ladder is climbed on one thread, so it misses nothing.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping

# Where the thread's clock is coarse (on Windows it ticks 64 times a second), the clock on the wall.
CLOCK = time.thread_time if time.get_clock_info("thread_time").resolution < 1e-6 else time.perf_counter


def best_times(calls: Mapping[str, Callable[[], object]], seconds: float) -> dict[str, float]:
    """The best time of each call, in seconds; each is repeated for so long, and at least twice after a first call.

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
            start = time.perf_counter()
            best[name] = min(best[name], seconds_for(calls[name]))
            spent[name] += time.perf_counter() - start
        rounds += 1
    return best


def seconds_for(call: Callable[[], object]) -> float:
    """How long one call takes."""
    start = CLOCK()
    call()
    return CLOCK() - start
