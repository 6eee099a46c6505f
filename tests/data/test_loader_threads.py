"""The threads of the loader: errors arrive in the loop, every thread ends, and nothing hangs."""

from __future__ import annotations

import gc
import os
import signal
import subprocess
import sys
import threading
import time
import traceback
import weakref
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import groundup
from groundup.data import DataLoader
from tests.data.loaded_sets import Places, Stream, lists, loader_threads, threads, wait_until

ROOT = Path(__file__).resolve().parents[2]

pytestmark = pytest.mark.usefixtures("every_thread_ends")


def test_one_worker_is_one_thread_and_not_the_loops() -> None:
    data = Places(30)
    lists(DataLoader(data, 2, num_workers=1))
    assert len(data.threads) == 1 and threading.current_thread() not in data.threads and data.most == 1
    data = Places(30)
    lists(DataLoader(data, 2, num_workers=3))
    assert 1 < len(data.threads) <= 3


def test_batches_are_made_while_the_loop_works() -> None:
    made: list[int] = []
    original = Places.__getitem__

    class Noting(Places):
        def __getitem__(self, index: int) -> int:
            made.append(index)
            return original(self, index)

    loader = iter(DataLoader(Noting(100), 1, prefetch=4))
    next(loader)
    wait_until(lambda: made == [0, 1, 2, 3, 4])
    time.sleep(0.05)
    assert made == [0, 1, 2, 3, 4], "no more than asked for is made ahead"
    next(loader)
    wait_until(lambda: made == [0, 1, 2, 3, 4, 5])


class Failing(Places):
    def __init__(self, error: BaseException, at: int = 5) -> None:
        super().__init__(10)
        self.error, self.at = error, at

    def __getitem__(self, index: int) -> int:
        return self.open_the_file(index)

    def open_the_file(self, index: int) -> int:
        if index == self.at:
            raise self.error
        return index


@threads
@pytest.mark.parametrize("error", [KeyError("x"), TimeoutError("x"), OSError("x"), groundup.data.DataError("a", "b")])
def test_an_error_in_the_set_is_raised_in_the_loop_with_its_traceback(
    error: Exception, threads: dict[str, int]
) -> None:
    seen = []
    with pytest.raises(type(error)) as caught:
        for batch in DataLoader(Failing(error), 2, **threads):
            seen.append(batch.tolist())
    assert seen == [[0, 1], [2, 3]], "what came before the error is given out"
    assert caught.value is error
    text = "".join(traceback.format_exception(caught.value))
    assert "open_the_file" in text and "The DataLoader was making the batch of samples 4, 5." in text


@threads
def test_a_stopiteration_does_not_end_the_loop_in_silence(threads: dict[str, int]) -> None:
    with pytest.raises(RuntimeError, match="the data set raised StopIteration for samples 4, 5"):
        lists(DataLoader(Failing(StopIteration()), 2, **threads))


@threads
@pytest.mark.parametrize("error", [KeyboardInterrupt(), SystemExit(3)])
def test_even_what_is_no_exception_arrives(error: BaseException, threads: dict[str, int]) -> None:
    with pytest.raises(type(error)):
        lists(DataLoader(Failing(error), 2, **threads))


@threads
def test_an_error_of_a_stream_a_sampler_or_collate_fn_arrives(threads: dict[str, int]) -> None:
    class Broken(Stream):
        def __iter__(self) -> Iterator[int]:
            yield from range(4)
            raise LookupError("in the stream")

    with pytest.raises(LookupError, match="in the stream"):
        lists(DataLoader(Broken(), 2, **threads))

    def sampler() -> Iterator[int]:
        yield from range(4)
        raise LookupError("in the sampler")

    seen = []
    with pytest.raises(LookupError, match="in the sampler"):
        for batch in DataLoader(Places(), 2, sampler=sampler(), **threads):
            seen.append(batch.tolist())
    assert seen == [[0, 1], [2, 3]]

    def collate(batch: list[int]) -> None:
        raise LookupError("in collate_fn")

    with pytest.raises(LookupError, match="in collate_fn"):
        lists(DataLoader(Places(), 2, collate_fn=collate, **threads))


@pytest.mark.parametrize("data", [Places(10_000), Stream(None)], ids=["places", "stream"])
def test_leaving_the_loop_ends_the_threads(data: Any) -> None:
    for _ in DataLoader(data, 2, num_workers=2):
        assert loader_threads()
        break
    wait_until(lambda: not loader_threads())
    with pytest.raises(ZeroDivisionError):
        for _ in DataLoader(data, 2, num_workers=2):
            _ = 1 / 0
    wait_until(lambda: not loader_threads())


def test_leaving_the_loop_drops_the_batches_not_yet_begun() -> None:
    made: list[int] = []

    class Slow(Places):
        def __getitem__(self, index: int) -> int:
            made.append(index)
            time.sleep(0.02)
            return index

    for _ in DataLoader(Slow(), 1, prefetch=8):
        break
    wait_until(lambda: not loader_threads())
    assert len(made) <= 3


def test_an_iterator_that_is_dropped_ends_its_threads() -> None:
    loader = DataLoader(Places(10_000), 2, num_workers=2)
    batches = iter(loader)
    next(batches)
    seen = weakref.ref(batches)
    del batches
    gc.collect()
    assert seen() is None
    wait_until(lambda: not loader_threads())


def test_the_end_of_an_epoch_ends_the_threads() -> None:
    loader = DataLoader(Places(), 2, num_workers=2)
    for _ in range(3):
        assert len(lists(loader)) == 5
        wait_until(lambda: not loader_threads())


def test_after_a_break_one_worker_is_still_one() -> None:
    """The thread of the epoch that was left may be in the middle of a sample: the next one waits for it."""

    class Slow(Places):
        def __getitem__(self, index: int) -> int:
            self.inside += 1
            self.most = max(self.most, self.inside)
            time.sleep(0.03)
            self.inside -= 1
            return index

    data = Slow(6)
    loader = DataLoader(data, 1, num_workers=1)
    for _ in range(3):
        for _ in loader:
            break
    assert lists(loader) == [[0], [1], [2], [3], [4], [5]]
    assert data.most == 1


def test_two_loops_over_one_loader_do_not_wait_for_each_other() -> None:
    loader = DataLoader(Places(), 5, num_workers=1)
    assert [(a.tolist(), b.tolist()) for a, b in zip(loader, loader, strict=True)] == [
        ([0, 1, 2, 3, 4],) * 2,
        ([5, 6, 7, 8, 9],) * 2,
    ]


class Stuck(Places):
    def __init__(self) -> None:
        super().__init__(10)
        self.free = threading.Event()

    def __getitem__(self, index: int) -> int:
        if index == 3:
            self.free.wait(30)
        return index


def test_a_stuck_set_times_out_and_lets_the_loop_go() -> None:
    data = Stuck()
    loader, start = DataLoader(data, 1, num_workers=1, timeout=0.1), time.monotonic()
    seen = []
    with pytest.raises(RuntimeError, match=r"^DataLoader timed out after 0\.1 seconds"):
        for batch in loader:
            seen.append(batch.item())
    assert seen == [0, 1, 2] and time.monotonic() - start < 5
    data.free.set()


def test_a_stuck_set_does_not_hold_a_break() -> None:
    data, start = Stuck(), time.monotonic()
    for batch in DataLoader(data, 1, num_workers=1):
        if batch.item() == 2:
            time.sleep(0.05)  # until the thread is stuck
            break
    assert time.monotonic() - start < 5
    data.free.set()


PROGRAM = """
import sys, threading, time
from groundup.data import DataLoader, Dataset

class Stuck(Dataset):
    def __getitem__(self, index):
        if index == 3:
            print("stuck", flush=True)
            time.sleep(60)
        return index
    def __len__(self):
        return 10

{body}
"""


def run(body: str, interrupt: bool) -> tuple[int, str, float]:
    start = time.monotonic()
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM.format(body=body)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        cwd=ROOT,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "stuck\n"
    if interrupt:
        time.sleep(0.1)
        process.send_signal(signal.SIGINT)
    try:
        output, _ = process.communicate(timeout=30)
    finally:
        process.kill()
    return process.returncode, output, time.monotonic() - start


@pytest.mark.skipif(os.name != "posix", reason="sends SIGINT to another process")
@pytest.mark.parametrize("workers", [0, 2])
def test_ctrl_c_ends_a_loop_that_waits(workers: int) -> None:
    body = f"for batch in DataLoader(Stuck(), 1, num_workers={workers}): pass"
    code, output, seconds = run(body, interrupt=True)
    assert code == -signal.SIGINT and "KeyboardInterrupt" in output and seconds < 20


def test_a_program_ends_while_a_thread_is_stuck() -> None:
    body = (
        "for batch in DataLoader(Stuck(), 1, num_workers=1):\n"
        "    if batch.item() == 2: time.sleep(0.2); break\n"
        "print('end')\n"
    )
    code, output, seconds = run(body, interrupt=False)
    assert code == 0 and output == "end\n" and seconds < 20


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
def test_a_fork_within_the_loop_is_told_and_does_not_hang() -> None:
    body = (
        "import os\n"
        "batches = iter(DataLoader(list(range(100)), 1, num_workers=1))\n"
        "next(batches)\n"
        "print('stuck', flush=True)\n"
        "if os.fork() == 0:\n"
        "    try:\n"
        "        for batch in batches: pass\n"
        "    except RuntimeError as error:\n"
        "        print(error, flush=True)\n"
        "    os._exit(0)\n"
        "os.wait()\n"
    )
    code, output, _ = run(body, interrupt=False)
    assert code == 0 and "the threads of the DataLoader are gone" in output
