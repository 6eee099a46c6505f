"""Functions that are no views give results of their own, also where there was nothing to copy."""

from __future__ import annotations

import pytest

import groundup


@pytest.mark.parametrize("times", [(1, 1), (2, 1, 1), (1, 2, 1)])
def test_repeat_owns_its_memory(times):
    x = groundup.tensor([[1.0, 2.0]])
    tiled = x.repeat(*times)
    tiled += 1
    assert x.tolist() == [[1.0, 2.0]]
    assert tiled.flatten()[:2].tolist() == [2.0, 3.0]


def test_repeat_of_a_leaf_may_be_changed():
    x = groundup.tensor([1.0, 2.0], requires_grad=True)
    tiled = x.repeat(1)
    tiled.mul_(3)
    tiled.sum().backward()
    assert x.grad.tolist() == [3.0, 3.0]


@pytest.mark.parametrize("name", ["max", "min"])
def test_the_extreme_of_a_single_number_is_a_copy(name):
    x = groundup.tensor(2.0, requires_grad=True)
    values, indices = getattr(x * 3, name)(0)
    values.mul_(2)
    values.backward()
    assert (values.item(), indices.item(), x.grad.item()) == (12.0, 0, 6.0)
