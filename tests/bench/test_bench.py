"""The benchmarks measure what they say: the clockwork on a false clock, the comparison on wrong answers."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import groundup
from bench import inputs, operations, sides, timing
from bench.machine import Machine

SHORT = timing.Effort(batch=1e-6, rounds=1)


class FalseClock:
    """Time passes only when a call says how long it took."""

    def __init__(self) -> None:
        self.now = 0.0

    def perf_counter(self) -> float:
        return self.now

    def call_that_takes(self, *seconds: float) -> Callable[[], None]:
        turns = iter(range(10**9))

        def call() -> None:
            self.now += seconds[next(turns) % len(seconds)]

        return call


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> FalseClock:
    """What `timing` looks at, on a machine from which nothing is stolen."""
    clock = FalseClock()
    monkeypatch.setattr(timing, "time", clock)
    monkeypatch.setattr(timing, "stolen_time", lambda: 0.0)
    return clock


def test_medians_are_of_one_call_and_told_apart(clock: FalseClock) -> None:
    calls = {"short": clock.call_that_takes(1e-6), "long": clock.call_that_takes(5e-3)}
    found = timing.medians(calls, timing.Effort(batch=1e-3, rounds=5))
    assert found == pytest.approx({"short": 1e-6, "long": 5e-3})


def test_one_interruption_does_not_move_the_median(clock: FalseClock) -> None:
    seconds = [1e-3] * 100
    seconds[3] = 10.0
    found = timing.medians({"call": clock.call_that_takes(*seconds)}, timing.Effort(batch=1e-3, rounds=9))
    assert found == pytest.approx({"call": 1e-3})


def test_what_is_very_slow_is_not_timed_for_long(clock: FalseClock) -> None:
    calls = {"slow": clock.call_that_takes(5.0), "fast": clock.call_that_takes(1e-3)}
    assert timing.medians(calls, timing.Effort(batch=1e-3, rounds=9)) == pytest.approx({"slow": 5.0, "fast": 1e-3})
    assert clock.now < 26


def test_a_batch_that_lost_its_processor_is_run_again(clock: FalseClock, monkeypatch: pytest.MonkeyPatch) -> None:
    lost = iter([0.0, 3.0, 3.0, 4.0, 4.0, 4.1])
    monkeypatch.setattr(timing, "stolen_time", lambda: next(lost))
    taken = iter([4.0, 2.0, 1.0, 9.0])
    assert timing.undisturbed(lambda count: count * next(taken), 10) == 10.0
    assert list(taken) == [9.0]


def test_where_every_batch_loses_its_processor_the_best_one_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    lost = iter([0.0, 5.0, 0.0, 4.0] * timing.TIMES)
    monkeypatch.setattr(timing, "stolen_time", lambda: next(lost))
    taken = iter([8.0, 7.0] * timing.TIMES)
    assert timing.undisturbed(lambda count: count * next(taken), 1) == 7.0


def test_the_limit_is_the_largest_of_three() -> None:
    machine = Machine(flops=100.0, bandwidth=10.0, call=0.5)
    assert machine.limit(0.0, 0.0) == 0.5
    assert machine.limit(400.0, 10.0) == 4.0
    assert machine.limit(100.0, 20.0) == 2.0


def double(T: Any, x: Any) -> Any:
    return T.double(x)


DOUBLE = operations.Operation("elementwise", "double", double, inputs.vectors(1))


def library(function: Callable[[Any], Any]) -> SimpleNamespace:
    """A library with one function, on groundup's tensors."""
    return SimpleNamespace(double=function, from_numpy=groundup.from_numpy, ones_like=groundup.ones_like)


RIGHT = library(lambda x: x * 2)


@pytest.mark.parametrize("backward", [False, True])
def test_a_row_has_a_time_for_each_library(backward: bool) -> None:
    row = sides.run(DOUBLE, 10, backward, {"a": RIGHT, "b": library(lambda x: x + x)}, SHORT)
    assert row.problem == ""
    assert set(row.seconds) == {"a", "b"} and min(row.seconds.values()) > 0
    assert row.traffic == (3 * 40 * 2 if backward else 2 * 40)


@pytest.mark.parametrize(
    ("wrong", "backward", "says"),
    [
        (lambda x: x * 2.01, False, "values differ from b's"),
        (lambda x: (x * 2)[:5], False, "shapes differ from b's"),
        (lambda x: x * groundup.nan, False, "values differ from b's"),
        (lambda x: x.detach() + x, True, "values differ from b's"),
    ],
)
def test_a_wrong_answer_is_reported(wrong: Callable[[Any], Any], backward: bool, says: str) -> None:
    row = sides.run(DOUBLE, 10, backward, {"a": RIGHT, "b": library(wrong)}, SHORT)
    assert says in row.problem


def test_a_row_that_fails_is_reported_and_not_timed() -> None:
    row = sides.run(DOUBLE, 10, False, {"a": RIGHT, "b": SimpleNamespace(from_numpy=groundup.from_numpy)}, SHORT)
    assert row.problem.startswith("AttributeError") and row.seconds == {}


def test_a_view_moves_nothing() -> None:
    view = operations.Operation("view", "double", double, inputs.vectors(1))
    assert sides.run(view, 10, False, {"a": library(lambda x: x[:4])}, SHORT).traffic == 0
    assert sides.run(view, 10, False, {"a": library(lambda x: x.clone())}, SHORT).traffic == 80


# Public functions that compute nothing worth a row.
NOT_TIMED = {
    *("channels_last", "channels_last_3d", "contiguous_format", "preserve_format", "strided"),
    *(
        "allclose",
        "equal",
        "is_complex",
        "is_floating_point",
        "is_nonzero",
        "is_signed",
        "is_tensor",
        "numel",
        "result_type",
    ),
    *("broadcast_shapes", "device", "from_dlpack", "get_rng_state", "layout", "manual_seed", "memory_format"),
    "set_rng_state",
}


def test_every_public_operation_has_a_row() -> None:
    timed = set(re.findall(r"\w+", Path(operations.__file__).read_text(encoding="utf-8")))
    covered = {getattr(groundup, name) for name in timed & set(groundup.__all__)}
    missing = [
        name
        for name in groundup.__all__
        if getattr(getattr(groundup, name), "__module__", "").startswith("groundup.functions")
        and getattr(groundup, name) not in covered  # another name of a function that is timed
        and name not in NOT_TIMED
    ]
    assert missing == []


def test_no_two_rows_have_one_name() -> None:
    names = [(operation.family, operation.name) for operation in operations.all_operations()]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("n", [10, 1000])
def test_inputs_are_alike_each_time_and_of_32_bits(n: int) -> None:
    for operation in operations.all_operations():
        first, second = operation.inputs(n), operation.inputs(n)
        for a, b in zip(first, second, strict=True):
            np.testing.assert_array_equal(a, b)
            assert not isinstance(a, np.ndarray) or a.dtype in (np.float32, np.int64, np.bool_)
