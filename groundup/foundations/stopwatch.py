"""Timing for the ladder: what a rung takes on this machine, measured and not remembered.

Rungs are timed in turn, so that a slow moment of the machine hits all of them, and a good time counts, what a rung
takes when nothing disturbs it: one in ten is better (the very best may be a mistake of the clock). The clock is that of
the thread, which stands still while another program has the core; the ladder is climbed on one thread.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

# Where the thread's clock is coarse (on Windows it ticks 64 times a second), the clock on the wall.
CLOCK = time.thread_time if time.get_clock_info("thread_time").resolution < 1e-6 else time.perf_counter


def good_times(calls: Mapping[str, Callable[[], object]], seconds: float) -> dict[str, float]:
    """A good time of each call, in seconds; each is repeated for so long, and at least twice after a first call.

    >>> good_times({"sum": lambda: sum(range(1000))}, seconds=0.01)["sum"] < 0.01
    True
    """
    times: dict[str, list[float]] = {name: [] for name in calls}
    spent = dict.fromkeys(calls, 0.0)
    for call in calls.values():
        call()  # compiles, where there is something to compile, and fills the caches
    while waiting := [name for name in calls if len(times[name]) < 2 or spent[name] < seconds]:
        for name in waiting:
            start = time.perf_counter()
            times[name].append(seconds_for(calls[name]))
            spent[name] += time.perf_counter() - start
    return {name: sorted(taken)[len(taken) // 10] for name, taken in times.items()}


def seconds_for(call: Callable[[], object]) -> float:
    """How long one call takes."""
    start = CLOCK()
    call()
    return CLOCK() - start
