"""The workloads by name; each family has a file, with the step in all the ways that it is written."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from bench.workloads.base import Workload
from bench.workloads.chain import w6
from bench.workloads.characters import w5
from bench.workloads.dense import w1, w2, w3, w3_large
from bench.workloads.images import w4
from bench.workloads.inference import w8_dense, w8_images
from bench.workloads.memory import w7_gelu, w7_rows

WORKLOADS: dict[str, Callable[..., Workload]] = {
    "W1": w1,
    "W2": w2,
    "W3": w3,
    "W3-large": w3_large,
    "W4": w4,
    "W5": w5,
    "W6": w6,
    "W7-gelu": w7_gelu,
    "W7-rows": w7_rows,
    "W8-W3": w8_dense,
    "W8-W4": w8_images,
}

# Few and fast: what shows that the command runs.
IN_QUICK = ("W1", "W2", "W3")


def chosen(names: list[str]) -> list[str]:
    """The workloads that are meant; W3 means all whose names begin with it, and no name means all."""
    for name in names:
        if not any(_meant(each, name) for each in WORKLOADS):
            raise ValueError(f"no workload is called {name!r}; there are {', '.join(WORKLOADS)}")
    return [each for each in WORKLOADS if not names or any(_meant(each, name) for name in names)]


def _meant(workload: str, name: str) -> bool:
    return workload.lower() == name.lower() or workload.lower().startswith(f"{name.lower()}-")


def made(name: str, settings: dict[str, Any] | None = None) -> Workload:
    """The workload of this name; W3 takes settings: its hidden widths and its batch."""
    return WORKLOADS[name](**(settings or {}))
