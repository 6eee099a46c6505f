"""The loader: PyTorch's batches, its place in the epoch, and threads that never hang."""

from __future__ import annotations

import gc
import itertools
import json
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

import numpy as np
import pytest

import groundup
from groundup.data import (
    DataLoader,
    Dataset,
    IterableDataset,
    RandomSampler,
    Subset,
    TensorDataset,
    default_collate,
)

ROOT = Path(__file__).resolve().parents[2]
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


@pytest.fixture(autouse=True)
def every_thread_ends() -> Iterator[None]:
    yield
    wait_until(lambda: not loader_threads())


# --- which batches ------------------------------------------------------------------------------------------


@threads
@pytest.mark.parametrize(
    "options",
    [
        {},
        {"batch_size": 3},
        {"batch_size": 3, "drop_last": True},
        {"batch_size": 20},
        {"batch_size": 20, "drop_last": True},
        {"batch_size": None},
        {"batch_size": 4, "sampler": [5, 5, 1, 9, 0]},
        {"batch_sampler": [[1, 2], [3], [4, 5, 6]]},
        {"batch_size": 2, "collate_fn": sum},
    ],
    ids=str,
)
def test_batches_are_pytorchs(options: dict[str, Any], threads: dict[str, int]) -> None:
    loader = DataLoader(Places(), **options, **threads)
    got = lists(loader)
    assert len(got) == len(loader)
    assert lists(loader) == got
    torch = pytest.importorskip("torch", reason="compared with PyTorch where it is installed")
    theirs = torch.utils.data.DataLoader(list(range(10)), **options)
    assert got == lists(theirs) and len(loader) == len(theirs)


@threads
@pytest.mark.parametrize("options", [{"batch_size": 3}, {"batch_size": 3, "drop_last": True}, {"batch_size": None}])
@pytest.mark.parametrize("count", [0, 1, 9, 10])
def test_streams_are_read_once_and_in_order(count: int, options: dict[str, Any], threads: dict[str, int]) -> None:
    loader = DataLoader(Stream(count), **options, **threads)
    got = lists(loader)
    if options["batch_size"] is None:
        assert got == list(range(count))
    else:
        whole = [list(range(start, min(start + 3, count))) for start in range(0, count, 3)]
        assert got == [batch for batch in whole if len(batch) == 3 or "drop_last" not in options]


@threads
def test_shuffling_is_seeded_and_the_same_in_threads(threads: dict[str, int]) -> None:
    def epochs() -> list[Any]:
        loader = DataLoader(Places(20), 3, shuffle=True, generator=seeded(), **threads)
        return [lists(loader), lists(loader)]

    first, second = epochs()
    assert epochs() == [first, second] and first != second
    assert sorted(itertools.chain(*first)) == list(range(20))
    plain = DataLoader(Places(20), 3, shuffle=True, generator=seeded())
    assert [lists(plain), lists(plain)] == [first, second]


@threads
def test_manual_seed_decides_the_order(threads: dict[str, int]) -> None:
    def epoch() -> Any:
        groundup.manual_seed(3)
        return lists(DataLoader(Places(20), 3, shuffle=True, **threads)), groundup.rand(2).tolist()

    assert epoch() == epoch()


def test_samples_of_several_parts_and_the_users_own_batches() -> None:
    class Pairs(Places):
        def __getitem__(self, index: int) -> Any:
            return {"x": np.full(2, index, np.float32), "name": f"n{index}"}

    first = next(iter(DataLoader(Pairs(), batch_size=2)))
    assert first["x"].tolist() == [[0, 0], [1, 1]] and first["name"] == ["n0", "n1"]
    assert next(iter(DataLoader(Pairs(), 2, collate_fn=lambda batch: [s["name"] for s in batch]))) == [
        "n0",
        "n1",
    ]
    alone = next(iter(DataLoader(Pairs(), batch_size=None)))
    assert alone["x"].tolist() == [0, 0] and alone["x"].dtype is groundup.float32


@threads
def test_a_tensor_dataset_gives_the_same_batches_at_once(threads: dict[str, int]) -> None:
    data = TensorDataset(groundup.arange(20).reshape(10, 2), groundup.arange(10) / 4)
    asked = DataLoader(data, 3, collate_fn=default_collate, shuffle=True, generator=seeded())
    whole = DataLoader(data, 3, shuffle=True, generator=seeded(), **threads)
    for a, b in zip(asked, whole, strict=True):
        assert type(b) is list and [t.tolist() for t in a] == [t.tolist() for t in b]
        assert [t.dtype for t in a] == [t.dtype for t in b]
    some = DataLoader(Subset(data, [9, 0, 4]), 2, **threads)
    assert [y.tolist() for _, y in some] == [[2.25, 0.0], [1.0]]


def test_getitems_is_used_where_a_set_has_it() -> None:
    class Many(Places):
        def __getitems__(self, indices: list[int]) -> list[int]:
            return [100 + index for index in indices]

    assert lists(DataLoader(Many(4), 3)) == [[100, 101, 102], [103]]


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"shuffle": True, "sampler": [1]}, "^sampler option is mutually exclusive with shuffle"),
        (
            {"batch_sampler": [[1]], "batch_size": 2},
            "^batch_sampler option is mutually exclusive with batch_size",
        ),
        ({"batch_sampler": [[1]], "shuffle": True}, "^batch_sampler option is mutually exclusive"),
        ({"batch_sampler": [[1]], "drop_last": True}, "^batch_sampler option is mutually exclusive"),
        ({"batch_size": None, "drop_last": True}, "^batch_size=None option disables auto-batching"),
        ({"batch_size": 0}, "^batch_size should be a positive integer value, but got batch_size=0"),
        ({"num_workers": -1}, "^num_workers option should be non-negative"),
        ({"timeout": -1}, "^timeout option should be non-negative"),
        ({"prefetch_factor": 2}, "^prefetch_factor option needs num_workers > 0"),
        ({"num_workers": 1, "prefetch_factor": 0}, "must itself be above 0"),
        ({"num_workers": 1, "prefetch": 2}, "^prefetch is short for num_workers=1"),
        ({"prefetch": -2}, "^prefetch should be non-negative"),
    ],
    ids=str,
)
def test_options_that_clash_are_told(options: dict[str, Any], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        DataLoader(Places(), **options)


def test_a_stream_has_no_order_to_choose() -> None:
    for option in ({"shuffle": True}, {"sampler": [1]}, {"batch_sampler": [[1]]}):
        with pytest.raises(ValueError, match=r"^DataLoader with IterableDataset: expected unspecified"):
            DataLoader(Stream(), **option)
    with pytest.raises(TypeError, match=r"has no len\(\)"):
        len(DataLoader(Stream()))


def test_options_do_not_change_afterwards() -> None:
    loader = DataLoader(Places())
    with pytest.raises(ValueError, match=r"^batch_size attribute should not be set after"):
        loader.batch_size = 3
    assert repr(loader) == "DataLoader(Places, batch_size=1, order=SequentialSampler, num_workers=0)"


# --- resuming -----------------------------------------------------------------------------------------------


@threads
@pytest.mark.parametrize("own", [True, False], ids=["own generator", "default generator"])
@pytest.mark.parametrize("stop", range(12))
def test_a_resumed_run_sees_exactly_the_rest(stop: int, own: bool, threads: dict[str, int]) -> None:
    """Two epochs of five batches, stopped after each of the batches and each of the epochs."""

    def loader(seed: int) -> DataLoader:
        generator = seeded(seed) if own else None
        return DataLoader(Places(14), 3, shuffle=True, generator=generator, **threads)

    groundup.manual_seed(8)
    whole, seen, saved = loader(2), [], None
    step = 0
    for _ in range(2):
        for batch in whole:
            seen.append(batch.tolist())
            groundup.rand(2)  # the run draws other numbers too
            step += 1
            if step == stop:
                saved = json.dumps(whole.state_dict()), groundup.get_rng_state(), len(seen), 0
        step += 1
        if step == stop:
            saved = json.dumps(whole.state_dict()), groundup.get_rng_state(), len(seen), 1
    if saved is None:  # before the first batch
        groundup.manual_seed(8)
        fresh = loader(2)
        saved = json.dumps(fresh.state_dict()), groundup.get_rng_state(), 0, 0

    state, numbers, done, ended = saved
    groundup.manual_seed(77)
    resumed, rest = loader(5), []
    resumed.load_state_dict(json.loads(state))
    groundup.set_rng_state(numbers)
    assert resumed.state_dict() == json.loads(state)
    epochs = 2 - (done + 4) // 5 + (0 if ended or done == 0 else 1)
    for _ in range(epochs):
        for batch in resumed:
            rest.append(batch.tolist())
            groundup.rand(2)
    assert seen[:done] + rest == seen


@threads
def test_a_stream_is_resumed(threads: dict[str, int]) -> None:
    loader = DataLoader(Stream(10), 3, **threads)
    for number, _ in enumerate(loader):
        if number == 1:
            state = loader.state_dict()
    fresh = DataLoader(Stream(10), 3, **threads)
    fresh.load_state_dict(state)
    assert lists(fresh) == [[6, 7, 8], [9]] and len(lists(fresh)) == 4


def test_an_epoch_that_was_left_goes_on_in_a_resumed_run_unless_forgotten() -> None:
    loader = DataLoader(Places(6), 2, shuffle=True, generator=seeded())
    order = lists(loader)
    loader = DataLoader(Places(6), 2, shuffle=True, generator=seeded())
    for _ in loader:
        break
    state = loader.state_dict()
    assert state["position"] == 1 and state["in_epoch"]
    fresh = DataLoader(Places(6), 2, shuffle=True, generator=seeded(4))
    fresh.load_state_dict(state)
    assert lists(fresh) == order[1:]
    loader.reset()
    assert loader.state_dict()["position"] == 0 and not loader.state_dict()["in_epoch"]
    following = lists(loader)
    fresh.load_state_dict(state)
    fresh.reset()
    assert lists(fresh) == following


def test_resuming_loads_nothing_that_is_skipped() -> None:
    class Refusing(Places):
        def __getitem__(self, index: int) -> int:
            if index < 8:
                raise AssertionError("was skipped, and is loaded")
            return index

    loader = DataLoader(Places(), 2)
    batches = iter(loader)
    for _ in range(4):
        next(batches)
    fresh = DataLoader(Refusing(), 2)
    fresh.load_state_dict(loader.state_dict())
    assert lists(fresh) == [[8, 9]]


@pytest.mark.parametrize(
    ("other", "says"),
    [
        (lambda: DataLoader(Places(11), 2, shuffle=True), "samples was 10 and is 11"),
        (lambda: DataLoader(Places(), 3, shuffle=True), "batch_size was 2 and is 3"),
        (lambda: DataLoader(Places(), 2), "order was RandomSampler and is SequentialSampler"),
        (lambda: DataLoader(Places(), 2, shuffle=True, drop_last=True), "drop_last was False and is True"),
    ],
)
def test_a_state_of_another_loader_is_refused(other: Any, says: str) -> None:
    state = DataLoader(Places(), 2, shuffle=True).state_dict()
    with pytest.raises(ValueError, match=f"^the state is of another DataLoader: {says}"):
        other().load_state_dict(state)
    with pytest.raises(ValueError, match=r"^this is no state of a DataLoader: it has no sampler, set"):
        other().load_state_dict({"position": 1, "in_epoch": True})


# --- threads ------------------------------------------------------------------------------------------------


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


def test_a_sampler_of_ones_own_is_asked_for_its_state() -> None:
    class Counting(RandomSampler):
        pass

    loader = DataLoader(Places(), 2, sampler=Counting(range(10), generator=seeded()))
    assert loader.state_dict()["sampler"]["generator"] is not None
    assert DataLoader(Places(), 2, sampler=[1, 2]).state_dict()["sampler"] == {}
