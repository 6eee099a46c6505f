"""The process of one version: it imports its library, makes workloads ready, and times them when it is told to.

`python -m bench.worker VERSION THREADS` reads a request in JSON from each line of its input and answers with a line.
A process for each keeps the libraries' threads, memory and settings apart; bench.fleet is the other end.
"""

from __future__ import annotations

import json
import os
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from bench import machine, peers
from bench.peers.base import Absent, Made
from bench.timing import Effort
from bench.workloads import made
from bench.workloads.base import Workload

FEW = 4  # calls, after which everything that is ever compiled has been


class Worker:
    """The version, and the workload that it has at hand."""

    def __init__(self, make: Callable[[Workload], Made]) -> None:
        self.make = make
        self.made: Made | None = None

    def build(self, name: str, settings: dict[str, Any]) -> dict[str, Any]:
        """Make a workload ready, and run its first steps: how long the first call took, and the first few, and what
        the steps gave. What is compiled when it is called again takes its time in a later call than the first."""
        self.made = None
        workload = made(name, settings)
        start = time.perf_counter()
        ready = self.make(workload)
        result = ready.step()
        ready.wait(result)
        first = time.perf_counter() - start
        found = [digest(ready.look(result))]
        steps = workload.checked if workload.rule and ready.steps_in_one_call == 1 else 1
        begun = first
        for i in range(1, steps):
            start = time.perf_counter()
            result = ready.step()
            ready.wait(result)
            begun += time.perf_counter() - start if i < FEW else 0.0
            found.append(digest(ready.look(result)))
        self.made = ready
        return {"first": first, "begun": begun, "numbers": found}

    def time(self, count: int, warm: float = 0.0) -> dict[str, float]:
        """Seconds of so many calls, after some (for at least `warm` seconds) that bring the memory into the caches."""
        if self.made is None:
            raise RuntimeError("nothing has been made ready")
        step, wait = self.made.step, self.made.wait
        begin = time.perf_counter()
        while count > 1 or warm > 0.0:
            for _ in range(1 + count // 10):
                result = step()
            wait(result)
            if time.perf_counter() - begin >= warm:
                break
        calls = range(count)
        start = time.perf_counter()
        for _ in calls:
            result = step()
        wait(result)
        return {"seconds": (time.perf_counter() - start) / self.made.steps_in_one_call}

    def limits(self, batch: float, rounds: int) -> dict[str, float]:
        """What the machine can do with the threads of this process."""
        return vars(machine.measure(Effort(batch, rounds)))

    def peak(self) -> dict[str, int]:
        """The most memory that this process has had, in bytes."""
        return {"bytes": peak_memory()}


def peak_memory() -> int:
    """The most memory of this process since its program was started; its parent's is in what getrusage says."""
    status = Path("/proc/self/status")
    if status.exists():
        line = next(line for line in status.read_text(encoding="ascii").splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) * 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def digest(arrays: list[Any]) -> list[float]:
    """A few numbers that tell arrays apart: small ones themselves, of others the norm and the direction.

    The direction is the cosine to a fixed wave, scaled to numbers of about 1 and moved away from 0, so that it can be
    compared by its relative error.
    """
    numbers: list[float] = []
    for array in arrays:
        flat = np.asarray(array, np.float64).reshape(-1)
        if flat.size <= 64:
            numbers += flat.tolist()
            continue
        norm = float(np.linalg.norm(flat))
        numbers += [norm, 10 + float(flat @ np.cos(np.arange(flat.size))) / (norm or 1.0)]
    return numbers


def hold_to(threads: int) -> None:
    """Let this process use so many cores, where the system can say that: not every pool can be told its size."""
    if hasattr(os, "sched_setaffinity"):
        cores = sorted(os.sched_getaffinity(0))
        os.sched_setaffinity(0, cores[-threads:])


def main(version: str, threads: str) -> None:
    hold_to(int(threads))
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)  # whatever a library prints is no answer
    start = time.perf_counter()
    try:
        worker = Worker(peers.maker(version, int(threads)))
    except Absent as error:
        print(json.dumps({"absent": str(error)}), file=answers)
        return
    print(json.dumps({"import": time.perf_counter() - start}), file=answers)
    for line in sys.stdin:
        request = json.loads(line)
        try:
            answer = getattr(worker, request.pop("do"))(**request)
        except Absent as error:
            answer = {"absent": str(error)}
        except Exception as error:  # a peer that fails is reported, and the rest goes on
            answer = {"problem": f"{type(error).__name__}: {error}".splitlines()[0]}
        print(json.dumps(answer), file=answers)


if __name__ == "__main__":
    main(*sys.argv[1:])
