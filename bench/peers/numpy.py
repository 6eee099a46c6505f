"""NumPy by hand, writing into buffers of its own: what a patient person would do without any library."""

from __future__ import annotations

from bench.peers.base import Absent, Made
from bench.workloads.base import Workload


def prepare(threads: int) -> None:
    """Threads are what the process has been given."""


def by_hand(workload: Workload) -> Made:
    if workload.by_hand is None:
        raise Absent(f"{workload.name} has not been written by hand")
    step, look = workload.by_hand(workload)
    return Made(step, look)
