"""Views in programs: chains are one view, and what changes nothing goes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import groundup
from tests.compile.passes.traced import lines, random, with_gradient

CHAINS: dict[str, tuple[Callable[[Any], Any], list[str]]] = {
    "t of t": (lambda x: x.t().t() * 2, ["return (2 * x,)"]),
    "two transposes": (lambda x: x.reshape(2, 3, 4).transpose(0, 1).transpose(0, 1) * 2, []),
    "permutations": (
        lambda x: x.reshape(2, 3, 4).permute(1, 2, 0).permute(1, 2, 0) * 2,
        ["return (2 * x.reshape((2, 3, 4)).transpose((2, 0, 1)),)"],
    ),
    "two axes": (
        lambda x: x.reshape(2, 3, 4).permute(1, 2, 0).permute(0, 2, 1) * 2,
        ["return (2 * x.reshape((2, 3, 4)).swapaxes(0, 1),)"],
    ),
    "reshapes": (lambda x: x.reshape(2, 12).reshape(24).reshape(8, 3) * 2, ["return (2 * x.reshape((8, 3)),)"]),
    "unsqueeze, squeeze": (lambda x: x.unsqueeze(0).squeeze(0) * 2, ["return (2 * x,)"]),
    "flatten, unflatten": (lambda x: x.flatten().unflatten(0, (6, 4)) * 2, ["return (2 * x,)"]),
    "None and :": (lambda x: x[:, None][:, 0, :][...] * 2, []),
    "expand of expand": (
        lambda x: x[None].expand(2, 6, 4).expand(2, 6, 4).clone(),
        ["return (np.broadcast_to(x[None], (2, 6, 4)).copy(),)"],
    ),
    "spread by NumPy": (lambda x: x * x[:1].expand(6, 4), ["return (x * x[:1],)"]),
    "axes put back": (lambda x: x / x.sum(1)[:, None], ["sum_1 = x.sum(axis=1, keepdims=True)", "return (x / sum_1,)"]),
}


@pytest.mark.parametrize("name", CHAINS)
def test_chains(name: str) -> None:
    function, wanted = CHAINS[name]
    found = lines(function, random(6, 4))
    if wanted:
        assert found == wanted
    lines(with_gradient(function), random(6, 4))


def test_a_result_is_the_argument_only_where_eager_gives_it() -> None:
    """A copy that a chain of views made stays one."""
    step = groundup.compile(lambda x: x.t().reshape(24).reshape(4, 6))
    x = random(6, 4)
    with groundup.no_grad(), groundup.compile.reading("numpy"):
        for _ in range(2):
            found = step(x)
            found.zero_()
            assert x.abs().min().item() > 0


def test_a_copy_of_what_is_written_later_stays_a_copy() -> None:
    def step(x: Any) -> Any:
        with groundup.no_grad():
            before = x.t().reshape(24).reshape(4, 6)
            x.mul_(2)
            return before + 0 * x.sum()

    compiled = groundup.compile(step)
    with groundup.compile.reading("numpy"):
        compiled(random(6, 4))
        ours, theirs = random(6, 4), random(6, 4)
        np.testing.assert_array_equal(compiled(ours).numpy(), step(theirs).numpy())


def test_a_view_of_what_is_written_reads_what_is_there() -> None:
    def step(x: Any) -> Any:
        with groundup.no_grad():
            there = x.t().t()
            x.mul_(2)
            return there.exp()

    compiled = groundup.compile(step)
    with groundup.compile.reading("numpy"):
        compiled(random(6, 4))
        np.testing.assert_array_equal(compiled(random(6, 4)).numpy(), step(random(6, 4)).numpy())
