"""Samplers: what they give, how they are spread, and that an order can be drawn again."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

import groundup
from groundup.data import (
    BatchSampler,
    RandomSampler,
    Sampler,
    SequentialSampler,
    SubsetRandomSampler,
    WeightedRandomSampler,
)


def seeded(seed: int = 0) -> groundup.Generator:
    return groundup.Generator().manual_seed(seed)


def test_random_orders_hold_every_place_once_and_differ() -> None:
    sampler = RandomSampler(range(50), generator=seeded())
    first, second = list(sampler), list(sampler)
    assert sorted(first) == sorted(second) == list(range(50)) and first != second
    assert list(RandomSampler(range(50), generator=seeded())) == first
    assert all(type(place) is int for place in first)


def test_without_a_generator_the_default_one_gives_one_number_for_each_epoch() -> None:
    groundup.manual_seed(5)
    sampler = RandomSampler(range(1000))
    first, state = list(sampler), groundup.get_rng_state()
    groundup.manual_seed(5)
    assert list(RandomSampler(range(1000))) == first
    groundup.manual_seed(5)
    list(RandomSampler(range(3)))
    assert (groundup.get_rng_state() == state).all(), "the numbers that follow depend on no length"


def test_more_and_fewer_places_than_samples() -> None:
    assert len(RandomSampler(range(5), num_samples=13)) == 13
    order = list(RandomSampler(range(5), num_samples=13, generator=seeded()))
    assert sorted(order[:5]) == sorted(order[5:10]) == list(range(5)) and len(set(order[10:])) == 3
    few = list(RandomSampler(range(50), num_samples=7, generator=seeded()))
    assert len(set(few)) == 7
    again = list(RandomSampler(range(4), replacement=True, num_samples=4000, generator=seeded()))
    assert np.abs(np.bincount(again) - 1000).max() < 120


def test_every_order_is_equally_likely() -> None:
    sampler = RandomSampler(range(3), generator=seeded())
    counts: dict[tuple[int, ...], int] = {}
    for _ in range(3000):
        order = tuple(sampler)
        counts[order] = counts.get(order, 0) + 1
    assert len(counts) == 6 and max(abs(count - 500) for count in counts.values()) < 100


def test_weights() -> None:
    drawn = list(WeightedRandomSampler([1, 0, 3, 0], 8000, generator=seeded()))
    counts = np.bincount(drawn, minlength=4)
    assert counts[1] == counts[3] == 0 and abs(counts[2] - 6000) < 200
    firsts = [list(WeightedRandomSampler([1, 2, 0, 3], 2, replacement=False, generator=seeded(s))) for s in range(3000)]
    assert all(len(set(pair)) == 2 and 2 not in pair for pair in firsts)
    assert np.abs(np.bincount([pair[0] for pair in firsts], minlength=4) - [500, 1000, 0, 1500]).max() < 120
    # The second of two: P(0 then 1) = 1/6 * 2/5.
    assert abs(sum(pair == [0, 1] for pair in firsts) - 200) < 60


@pytest.mark.parametrize(
    ("make", "kind", "says"),
    [
        (lambda: RandomSampler([]), ValueError, "num_samples should be a positive integer"),
        (lambda: RandomSampler([1], num_samples=-1), ValueError, "but got num_samples=-1"),
        (lambda: RandomSampler([1], replacement=1), TypeError, "replacement should be a boolean value"),
        (lambda: WeightedRandomSampler([1, -1], 1), ValueError, "weights must be finite and not negative"),
        (lambda: WeightedRandomSampler([0, 0], 1), ValueError, "one must be above 0"),
        (lambda: WeightedRandomSampler([[1]], 1), ValueError, "weights should be a 1d sequence"),
        (lambda: WeightedRandomSampler([1, 0], 2, False), ValueError, "cannot draw 2 of 1 places"),
        (lambda: WeightedRandomSampler([1, 0], 0), ValueError, "but got num_samples=0"),
        (lambda: BatchSampler([1], 0, False), ValueError, "batch_size should be a positive integer value"),
        (lambda: BatchSampler([1], 2, 1), ValueError, "drop_last should be a boolean value, but got"),
        (lambda: len(BatchSampler(iter([1]), 2, False)), TypeError, r"has no len\(\)"),
        (lambda: iter(Sampler()), NotImplementedError, "Sampler must define __iter__"),
    ],
)  # fmt: skip
def test_wrong_arguments_are_told(make: Any, kind: type[Exception], says: str) -> None:
    with pytest.raises(kind, match=says):
        make()


@pytest.mark.parametrize("drop_last", [False, True])
@pytest.mark.parametrize("count", [0, 1, 5, 6])
def test_batches(count: int, drop_last: bool) -> None:
    sampler = BatchSampler(SequentialSampler(range(count)), 3, drop_last)
    batches = list(sampler)
    assert len(batches) == len(sampler)
    torch = pytest.importorskip("torch", reason="compared with PyTorch where it is installed")
    assert batches == list(torch.utils.data.BatchSampler(range(count), 3, drop_last))


SAMPLERS = {
    "random": lambda g: RandomSampler(range(20), generator=g),
    "replacement": lambda g: RandomSampler(range(20), replacement=True, generator=g),
    "subset": lambda g: SubsetRandomSampler(range(5, 25), generator=g),
    "weighted": lambda g: WeightedRandomSampler(range(1, 20), 12, generator=g),
    "batches": lambda g: BatchSampler(RandomSampler(range(20), generator=g), 3, False),
}


@pytest.mark.parametrize("name", SAMPLERS)
@pytest.mark.parametrize("own", [True, False])
def test_an_order_is_drawn_again(name: str, own: bool) -> None:
    groundup.manual_seed(1)
    sampler = SAMPLERS[name](seeded(4) if own else None)
    list(sampler)
    second = list(sampler)
    within = json.loads(json.dumps(sampler.state_dict(in_epoch=True)))
    after = json.loads(json.dumps(sampler.state_dict(in_epoch=False)))
    default = groundup.get_rng_state()
    third = list(sampler)

    resumed = SAMPLERS[name](seeded(9) if own else None)
    groundup.set_rng_state(default)
    resumed.load_state_dict(within)
    assert resumed.state_dict(in_epoch=True) == within
    assert list(resumed) == second and list(resumed) == third
    resumed = SAMPLERS[name](seeded(9) if own else None)
    groundup.set_rng_state(default)
    resumed.load_state_dict(after)
    assert list(resumed) == third


def test_a_generator_that_others_use_keeps_its_place() -> None:
    """Drawing an order again must not turn the numbers back that came after it."""
    shared = seeded()
    sampler = RandomSampler(range(9), generator=shared)
    order = list(sampler)
    groundup.rand(5, generator=shared)
    state = sampler.state_dict(in_epoch=True)
    following = groundup.rand(3, generator=shared).tolist()
    fresh = seeded(7)
    resumed = RandomSampler(range(9), generator=fresh)
    resumed.load_state_dict(state)
    assert list(resumed) == order
    assert groundup.rand(3, generator=fresh).tolist() == following


def test_a_state_of_another_kind_is_refused() -> None:
    state = RandomSampler(range(3)).state_dict(in_epoch=False)
    with pytest.raises(ValueError, match=r"has one generator of its own, but .* it had none"):
        RandomSampler(range(3), generator=seeded()).load_state_dict(state)
