"""`python -m bench start`: what it takes until the first steps are done, in a first process and in a second one.

Every library begins with empty caches in a folder of its own, and the second process finds what the first has kept.
The most memory that each process had, with the library in it and some hundred steps of training, stands beside it.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bench.fleet import Fleet

VERSIONS = ("groundup-compiled", "groundup-eager", "torch-eager", "torch-compile", "jax-jit", "tinygrad-jit", "numpy")
WORKLOADS = ("W1", "W3", "W5")
STEPS = {"W1": 300, "W3": 300}  # others: a few

# By workload: seconds of the first calls in a first process, of the first one in a second process, and bytes of memory.
FIRST = {"W1": 2.0, "W3": 2.0, "W5": 10.0}
SECOND = 0.5
MEMORY = {"W3": 200e6}


@dataclass(frozen=True)
class Started:
    """One process: seconds of the imports, of the first call, of the first four, and the most memory in bytes."""

    imports: float
    first: float
    begun: float
    memory: float


def measure(workload: str, version: str) -> tuple[list[Started], str]:
    """A first and a second process of a version that train a workload; or why there are none."""
    with tempfile.TemporaryDirectory() as folder:
        found = []
        for _ in range(2):
            with Fleet([version], threads=2, settings=caches(Path(folder))) as fleet:
                (process,) = fleet.all
                answer = process.answers if process.absent else process.ask("build", name=workload, settings={})
                if "first" not in answer:
                    return [], answer.get("absent") or answer.get("problem", "")
                process.ask("time", count=STEPS.get(workload, 3))
                peak = process.ask("peak")
                found.append(Started(process.answers["import"], answer["first"], answer["begun"], peak["bytes"]))
        return found, ""


def caches(folder: Path) -> dict[str, str]:
    """The settings that make each library keep what it compiles in this folder."""
    return {
        "XDG_CACHE_HOME": str(folder),
        "GROUNDUP_CACHE": str(folder),
        "TORCHINDUCTOR_CACHE_DIR": str(folder / "torch"),
        "JAX_COMPILATION_CACHE_DIR": str(folder / "jax"),
        "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0",
        "JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES": "-1",
    }


def misses(workload: str, started: list[Started]) -> Iterator[str]:
    """What groundup compiled was to need at most, and needed more of."""
    first, second = started
    if first.begun > FIRST.get(workload, first.begun):
        yield f"{workload}: the first calls took {first.begun:.2f} s, not {FIRST[workload]} s at most"
    if second.first > SECOND:
        yield f"{workload}: the first call of a second process took {second.first:.2f} s, not {SECOND} s at most"
    if second.memory > MEMORY.get(workload, second.memory):
        yield f"{workload}: a process needs {second.memory / 1e6:.0f} MB, not {MEMORY[workload] / 1e6:.0f} MB at most"
