"""`python -m bench compiled`: each workload in every version, interleaved, and how far groundup is ahead.

A version is timed only after its first steps gave the numbers of the others: a wrong peer is no peer.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from itertools import chain
from typing import Any

import numpy as np

from bench.busy import busy_core
from bench.fleet import Ended, Fleet, Process
from bench.machine import Machine
from bench.timing import QUICK, Effort, medians_of_batches
from bench.workloads import made
from bench.workloads.base import Workload

THOROUGH = Effort(batch=20e-3, rounds=15)
# So long OpenBLAS's idle threads look for work before they sleep, on a core that the next version is to have.
PAUSE = 0.03
MINE = "groundup-compiled"
REFERENCES = ("numpy", "groundup-eager", "torch-eager")


@dataclass
class Outcome:
    """One workload with a number of threads: seconds of a step by version, at rest and beside a busy process."""

    key: str
    workload: Workload
    threads: int
    seconds: dict[str, float] = field(default_factory=dict)
    busy: dict[str, float] = field(default_factory=dict)
    problems: dict[str, str] = field(default_factory=dict)
    floor: float = 0.0


def measure(
    fleet: Fleet,
    name: str,
    settings: dict[str, Any],
    limits: Machine,
    effort: Effort,
    busy: bool = False,
) -> Outcome:
    """Check one workload in every process and time it in those that are right."""
    outcome = Outcome(name, made(name, settings), fleet.threads)
    right = _right(fleet.ready, name, settings, outcome)
    pause = PAUSE if fleet.threads > 1 and effort is not QUICK else 0.0
    outcome.floor = max(outcome.workload.flops / limits.flops, outcome.workload.traffic / limits.bandwidth)
    try:
        outcome.seconds = medians_of_batches({p.version: p.seconds for p in right}, effort, pause)
        if busy:
            with busy_core():
                outcome.busy = medians_of_batches({p.version: p.seconds for p in right}, effort, pause)
    except Ended as error:
        outcome.problems[MINE] = str(error)
    return outcome


def limits_of(fleet: Fleet, effort: Effort) -> Machine:
    """What the machine can do with this many threads, measured in a process of its own."""
    with Fleet(["numpy"], fleet.threads) as alone:
        return Machine(**alone.all[0].ask("limits", batch=effort.batch, rounds=effort.rounds))


def _right(processes: list[Process], name: str, settings: dict[str, Any], outcome: Outcome) -> list[Process]:
    """The processes whose first steps gave the numbers of the reference."""
    found = {}
    for process in processes:
        answer = process.ask("build", name=name, settings=settings)
        if "problem" in answer:
            outcome.problems[process.version] = answer["problem"]
        elif "numbers" in answer:
            found[process.version] = answer["numbers"]
    if not found:
        return []
    reference = next((found[version] for version in REFERENCES if version in found), next(iter(found.values())))
    for version in list(found):
        if not agree(found[version], reference, outcome.workload.tolerance):
            outcome.problems[version] = f"other numbers than the reference: {_short(found[version])}, not "
            outcome.problems[version] += _short(reference)
            del found[version]
    return [process for process in processes if process.version in found]


def agree(found: list[list[float]], reference: list[list[float]], tolerance: float) -> bool:
    """Whether the steps that both have made gave the same numbers; many steps in one call count as many."""
    mine, theirs = np.array([*chain(*found)]), np.array([*chain(*reference)])
    common = min(mine.size, theirs.size)
    return common > 0 and bool(np.allclose(mine[:common], theirs[:common], rtol=tolerance, atol=tolerance / 100))


def _short(numbers: list[list[float]]) -> str:
    flat = [*chain(*numbers)]
    return ", ".join(f"{x:.5g}" for x in flat[:3]) + (f", ..., {flat[-1]:.5g}" if len(flat) > 3 else "")


def default_threads() -> list[int]:
    return sorted({1, min(2, os.cpu_count() or 1)})


def threads_text(threads: int) -> str:
    return "1 thread" if threads == 1 else f"{threads} threads"
