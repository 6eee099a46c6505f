"""Timing several callables against each other: interleaved, in batches, by the median.

Interleaving makes a slow moment of the machine hit everyone alike; a batch is long enough for the clock,
and the median forgets what an interruption cost. The garbage collector stays on, since what it costs is
part of the price. A batch in which a virtual machine's host took the processors away is run again.
"""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path


@dataclass(frozen=True)
class Effort:
    """How long a batch takes at least, in seconds, and how many batches each callable gets."""

    batch: float
    rounds: int


THOROUGH = Effort(batch=2e-3, rounds=15)
QUICK = Effort(batch=2e-4, rounds=3)

# What is very slow is no near rival: it has been timed enough after so many batches, if they took so many seconds.
ENOUGH, LONGEST = 3, 3.0

# A batch is run again where more than this share of it was stolen, but not for ever. Hosts steal most from machines
# that were idle just before: two virtual processors are put on one real one, and stay there for a quarter of a second.
STOLEN, TIMES = 0.02, 4

Batch = Callable[[int], float]  # so many calls, to the seconds that they took


def medians(calls: Mapping[str, Callable[[], object]], effort: Effort) -> dict[str, float]:
    """Seconds for one call of each callable, the median over interleaved batches."""
    return medians_of_batches({name: partial(_time_batch, call) for name, call in calls.items()}, effort)


def medians_of_batches(batches: Mapping[str, Batch], effort: Effort, pause: float = 0.0) -> dict[str, float]:
    """The same for what times its own calls, with a pause before each batch."""
    counts = {name: _calls_in(effort.batch, batch) for name, batch in batches.items()}
    samples: dict[str, list[float]] = {name: [] for name in batches}
    order = list(batches)
    for _ in range(effort.rounds):
        for name in order:
            if len(samples[name]) >= ENOUGH and sum(samples[name]) * counts[name] > LONGEST:
                continue
            if pause:
                time.sleep(pause)
            samples[name].append(undisturbed(batches[name], counts[name]) / counts[name])
        order.reverse()  # nobody always comes after the same neighbour
    return {name: statistics.median(times) for name, times in samples.items()}


def undisturbed(batch: Batch, count: int) -> float:
    """The seconds of a batch from which the host stole nothing to speak of, or of the one that lost the least."""
    least, best = float("inf"), 0.0
    for _ in range(TIMES):
        before = stolen_time()
        taken = batch(count)
        stolen = (stolen_time() - before) / taken
        if stolen < least:
            least, best = stolen, taken
        if stolen <= STOLEN:
            break
    return best


def stolen_time() -> float:
    """Seconds that the host has kept this machine's processors from it, added up; 0 where no one counts them."""
    try:
        counters = Path("/proc/stat").read_text(encoding="ascii").partition("\n")[0].split()
        return int(counters[8]) / os.sysconf("SC_CLK_TCK")
    except (OSError, IndexError):
        return 0.0


def _calls_in(seconds: float, batch: Batch) -> int:
    """How many calls fill `seconds`; the search for it is also the warm-up.

    One call goes before it: where that compiles something still, one call would seem to fill any time.
    """
    batch(1)
    count = 1
    while (taken := batch(count)) < seconds:
        count = max(count + 1, min(10 * count, round(count * seconds / max(taken, 1e-9))))
    return count


def _time_batch(call: Callable[[], object], count: int) -> float:
    rounds = range(count)
    start = time.perf_counter()
    for _ in rounds:
        call()
    return time.perf_counter() - start
