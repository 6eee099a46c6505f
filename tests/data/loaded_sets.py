"""Sets of numbers, ways to use threads and waiting for them, for the tests of the loader."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

import groundup
from groundup.data import Dataset, IterableDataset

THREADS = [{}, {"num_workers": 1}, {"num_workers": 3, "prefetch_factor": 1}, {"prefetch": 4}]
threads = pytest.mark.parametrize("threads", THREADS, ids=["loop", "one", "three", "prefetch"])


class Places(Dataset[int]):
    """Sample i is i. Notes the threads that ask for it, and how many at once."""

    def __init__(self, count: int = 10) -> None:
        self.count, self.threads, self.inside, self.most = count, set(), 0, 0

    def __getitem__(self, index: int) -> int:
        if not -self.count <= index < self.count:
            raise IndexError(f"no sample {index}")
        self.inside += 1
        self.most = max(self.most, self.inside)
        self.threads.add(threading.current_thread())
        time.sleep(0.0002)
        self.inside -= 1
        return index

    def __len__(self) -> int:
        return self.count


class Stream(IterableDataset[int]):
    def __init__(self, count: int | None = 10) -> None:
        self.count, self.given = count, 0

    def __iter__(self) -> Iterator[int]:
        place = 0
        while self.count is None or place < self.count:
            self.given = place + 1
            yield place
            place += 1


def lists(loader: Any) -> list[Any]:
    return [batch.tolist() if hasattr(batch, "tolist") else batch for batch in loader]


def seeded(seed: int = 0) -> groundup.Generator:
    return groundup.Generator().manual_seed(seed)


def loader_threads() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name.startswith("groundup-loader")]


def wait_until(condition: Any, seconds: float = 5) -> None:
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, "waited in vain"
        time.sleep(0.005)
