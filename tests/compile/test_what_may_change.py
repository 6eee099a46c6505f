"""What Python may change between calls is read anew, or makes another program; never a stale constant."""

from __future__ import annotations

import copy
import cProfile
from typing import Any

import numpy as np
import pytest

import groundup
from groundup import nn


def test_shapes_and_types() -> None:
    run = groundup.compile(lambda x: x.reshape(-1) * 2)
    for shape in ((2, 3), (3, 2), (4,), (2, 3)):
        assert run(groundup.ones(shape)).shape == (int(np.prod(shape)),)
    assert len(run.entries) == 3
    assert run(groundup.ones(2, 3, dtype=groundup.float64)).dtype == groundup.float64


def test_numbers_among_the_arguments_and_in_the_closure() -> None:
    factor = 2.0

    def times(x: Any, offset: float) -> Any:
        return x * factor + offset

    run = groundup.compile(times)
    x = groundup.ones(2)
    assert run(x, 1).tolist() == [3.0, 3.0]
    assert run(x, 5).tolist() == [7.0, 7.0]
    factor = 10.0
    assert run(x, 1).tolist() == [11.0, 11.0]


def test_attributes_of_modules_and_objects() -> None:
    class Setting:
        slope = 1.0

    setting = Setting()
    setting.slope = 0.5
    layer = nn.LeakyReLU(0.1)
    run = groundup.compile(lambda x: layer(x) * setting.slope)
    x = groundup.tensor([-1.0, 1.0])
    assert groundup.allclose(run(x), groundup.tensor([-0.05, 0.5]))
    layer.negative_slope = 0.2
    assert groundup.allclose(run(x), groundup.tensor([-0.1, 0.5]))
    setting.slope = 1.0
    assert groundup.allclose(run(x), groundup.tensor([-0.2, 1.0]))


def test_tensors_in_reach_are_read_at_each_call() -> None:
    w = groundup.ones(2)
    run = groundup.compile(lambda x: x * w)
    x = groundup.ones(2)
    run(x)
    w.mul_(3)
    assert run(x).tolist() == [3.0, 3.0]
    w.data = groundup.full((2,), 5.0)
    assert run(x).tolist() == [5.0, 5.0]
    assert len(run.entries) == 1


def test_grad_mode() -> None:
    w = groundup.ones(2, requires_grad=True)
    run = groundup.compile(lambda: (w * 2).sum())
    assert run().requires_grad
    with groundup.no_grad():
        assert not run().requires_grad
    run().backward()
    assert w.grad.tolist() == [2.0, 2.0]


def test_grad_mode_the_other_way_round() -> None:
    w = groundup.ones(2, requires_grad=True)
    run = groundup.compile(lambda: (w * 2).sum())
    with groundup.no_grad():
        run()
    assert run().requires_grad


def test_arguments_changed_in_place() -> None:
    def shift(x: Any) -> Any:
        x[1:].add_(10)
        return x.sum()

    run = groundup.compile(shift)
    for _ in range(2):
        x = groundup.zeros(3)
        assert run(x).item() == 20.0
        assert x.tolist() == [0.0, 10.0, 10.0]


def test_a_method() -> None:
    class Scaled(nn.Module):
        def __init__(self, factor: float) -> None:
            self.factor = factor
            self.weight = nn.Parameter(groundup.full((2,), factor))

        @groundup.compile
        def forward(self, x: Any) -> Any:
            return x * self.weight + self.factor

    one, two = Scaled(1.0), Scaled(2.0)
    x = groundup.ones(2)
    for _ in range(2):
        assert one(x).tolist() == [2.0, 2.0]
        assert two(x).tolist() == [4.0, 4.0]
    copied = copy.deepcopy(two)
    copied.factor = 5.0
    assert copied(x).tolist() == [7.0, 7.0]
    assert two(x).tolist() == [4.0, 4.0]
    assert len(two.forward.entries) == 1


def test_a_compiled_function_in_another() -> None:
    inner = groundup.compile(lambda x: x * 2)
    outer = groundup.compile(lambda x: inner(x) + 1)
    x = groundup.ones(2)
    for _ in range(3):
        assert inner(x).tolist() == [2.0, 2.0]
        assert outer(x).tolist() == [3.0, 3.0]
    assert len(outer.entries) == len(inner.entries) == 1


def test_one_tensor_as_two_arguments() -> None:
    run = groundup.compile(lambda x, y: x * 2 + y)
    a, b = groundup.ones(2), groundup.full((2,), 5.0)
    assert run(a, a).tolist() == [3.0, 3.0]
    assert run(a, b).tolist() == [7.0, 7.0]
    assert run(b, b).tolist() == [15.0, 15.0]


def test_an_argument_that_is_also_in_the_closure() -> None:
    w = groundup.ones(2)
    run = groundup.compile(lambda x: x * 10 + w)
    assert run(w).tolist() == [11.0, 11.0]
    assert run(groundup.full((2,), 3.0)).tolist() == [31.0, 31.0]
    assert run(w).tolist() == [11.0, 11.0]


def test_memory_under_two_arguments_is_not_written() -> None:
    def shift(x: Any, y: Any) -> Any:
        x.add_(1)
        return y * 2

    run = groundup.compile(shift)
    run(groundup.zeros(2), groundup.zeros(2))
    x = groundup.zeros(4)
    with pytest.raises(groundup.compile.TraceError, match="shares its memory"):
        run(x[:2], x[2:])


def test_a_constant_of_the_function_is_not_used_up() -> None:
    def count() -> Any:
        total = groundup.zeros(2)
        total += 1
        return total

    run = groundup.compile(count)
    first = run()
    assert [run().tolist(), run().tolist()] == [[1.0, 1.0]] * 2
    run().add_(5)
    assert first.tolist() == run().tolist() == [1.0, 1.0]


def test_a_result_that_is_an_argument_is_that_argument() -> None:
    run = groundup.compile(lambda x: {"same": x, "other": [x + 1]})
    x = groundup.ones(2)
    for _ in range(2):
        found = run(x)
        assert found["same"] is x
        assert found["other"][0].tolist() == [2.0, 2.0]


@pytest.mark.parametrize("seed", [0, 1])
def test_random_numbers_advance(seed: int) -> None:
    def draw() -> Any:
        return groundup.rand(3) + groundup.nn.functional.dropout(groundup.ones(3), 0.5)

    found = []
    for function in (draw, groundup.compile(draw)):
        groundup.manual_seed(seed)
        found.append([function().tolist() for _ in range(3)] + [groundup.rand(1).tolist()])
    assert found[0] == found[1]


def test_a_profiler_may_be_at_work() -> None:
    step = groundup.compile(lambda x: (x * 2).sum())
    profiler = cProfile.Profile()
    found = [profiler.runcall(step, groundup.ones(3)).item() for _ in range(3)]
    assert found == [6.0, 6.0, 6.0]
