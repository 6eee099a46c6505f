"""Algebra on programs: fewer factors and signs, and not another bit in any result."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import groundup
from tests.compile.passes.traced import lines, random

RULES: dict[str, tuple[Callable[[Any], Any], str]] = {
    "1": (lambda x: x * 1 / 1.0 - 0, "return (x,)"),
    "-(-x)": (lambda x: x.exp().neg().neg(), "return (np.exp(x),)"),
    "-1 x": (lambda x: -1.0 * x, "return (-x,)"),
    "x + x": (lambda x: x + x, "return (2 * x,)"),
    "a + -b": (lambda x: x.exp() + -x, "return (np.exp(x) - x,)"),
    "-b + a": (lambda x: -x + x.exp(), "return (np.exp(x) - x,)"),
    "a - -b": (lambda x: x.exp() - -x, "return (np.exp(x) + x,)"),
    "two factors": (lambda x: 0.005 * (2 * x), "return (0.01 * x,)"),
    "a factor and a sign": (lambda x: 3 * -x, "return (-3.0 * x,)"),
    "factors that round stay": (lambda x: 0.1 * (0.3 * x), "return (0.1 * (0.3 * x),)"),
    "whole numbers": (lambda x: (x > 0).long() * -1 + 0, ""),
}


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", RULES)
def test_rules(name: str, dtype: Any) -> None:
    function, wanted = RULES[name]
    x = random(4, 5, dtype=dtype)
    compiled = groundup.compile(function)
    with groundup.compile.reading("numpy"):
        compiled(x)
        np.testing.assert_array_equal(compiled(x).numpy(), function(x).numpy())
    if wanted and name != "1":
        assert lines(function, x) == [wanted]


def test_special_values_keep_their_bits() -> None:
    x = groundup.tensor([0.0, -0.0, float("inf"), -float("inf"), float("nan")])
    for function, _ in RULES.values():
        compiled = groundup.compile(function)
        with groundup.compile.reading("numpy"):
            compiled(x)
            found, wanted = compiled(x).numpy(), function(x).numpy()
        np.testing.assert_array_equal(found, wanted)
        numbers = ~np.isnan(wanted)
        np.testing.assert_array_equal(np.signbit(found)[numbers], np.signbit(wanted)[numbers])


def test_two_results_are_two_arrays() -> None:
    def step(x: Any) -> Any:
        y = x.exp()
        return y, y.neg().neg(), y * 1

    compiled = groundup.compile(step)
    with groundup.compile.reading("numpy"):
        for _ in range(2):
            first, second, third = compiled(random(3))
            first.zero_()
            second.neg_()
            assert third.min().item() > 0 > second.max().item()


def test_sums_of_constants_are_known() -> None:
    found = lines(lambda x: x * groundup.ones(4, 5).sum(0), random(4, 5, dtype=np.float32))
    assert not any("sum" in line for line in found)
