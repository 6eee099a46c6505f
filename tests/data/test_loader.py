"""The loader: PyTorch's batches, and its place in the epoch."""

from __future__ import annotations

import itertools
import json
from typing import Any

import numpy as np
import pytest

import groundup
from groundup.data import DataLoader, RandomSampler, Subset, TensorDataset, default_collate
from tests.data.loaded_sets import Places, Stream, lists, seeded, threads

pytestmark = pytest.mark.usefixtures("every_thread_ends")


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


def test_a_sampler_of_ones_own_is_asked_for_its_state() -> None:
    class Counting(RandomSampler):
        pass

    loader = DataLoader(Places(), 2, sampler=Counting(range(10), generator=seeded()))
    assert loader.state_dict()["sampler"]["generator"] is not None
    assert DataLoader(Places(), 2, sampler=[1, 2]).state_dict()["sampler"] == {}
