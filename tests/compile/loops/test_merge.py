"""Groups that become one: the arithmetic of an optimiser's step goes through each parameter once."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

pytest.importorskip("llvmlite")

import groundup
from groundup import optim
from groundup.compile.loops.group import Group
from groundup.compile.loops.plan import planned
from tests.compile.loops.judge import judged, random

OPTIMIZERS: dict[str, Callable[[Any], Any]] = {
    "momentum": lambda p: optim.SGD(p, lr=0.1, momentum=0.9),
    "momentum and decay": lambda p: optim.SGD(p, lr=0.1, momentum=0.9, weight_decay=0.01, nesterov=True),
    "Adam": lambda p: optim.Adam(p, lr=0.1),
    "AdamW": lambda p: optim.AdamW(p, lr=0.1),
}


def groups(step: Callable[..., Any], *args: Any) -> list[Group]:
    """The groups of the program of a function, after as many calls as an optimiser needs to have its state."""
    compiled = groundup.compile(step)
    for _ in range(3):
        compiled(*args)
    return [item for item in planned(compiled.entries[0].program.graph).items if isinstance(item, Group)]


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_a_parameter_is_gone_through_once(name: str) -> None:
    weight = groundup.ones(3, 50, requires_grad=True)
    optimizer = OPTIMIZERS[name]([weight])

    def step(x: Any) -> None:
        optimizer.zero_grad()
        (weight @ x).square().sum().backward()
        optimizer.step()

    updates = [each for each in groups(step, random(50, 4)) if any(m.statement.inplace for m in each.members)]
    assert len(updates) == 1


def test_what_only_an_optimiser_looks_at_is_not_written() -> None:
    weight = groundup.ones(3, 50, requires_grad=True)
    optimizer = optim.AdamW([weight], lr=0.1)

    def step(x: Any) -> None:
        optimizer.zero_grad()
        (weight @ x).square().sum().backward()
        optimizer.step()

    compiled = groundup.compile(step)
    for _ in range(3):
        compiled(random(50, 4))
    kernels = compiled.source("loops").split("\n\n\n")
    (update,) = [text for text in kernels if "addcdiv_1 =" in text and text.startswith("def ")]
    stored = set(re.findall(r"^ +(\w+)\[i\] = ", update, re.MULTILINE))
    assert len(stored) == 3  # the weight and two moments; the square root and what it becomes stay in registers


def first(x: Any, v: Any, w: Any) -> Any:
    """`v` is scaled before the group that it is added to in the end."""
    v *= 0.9
    scaled = (x @ w) * 0.5
    v += scaled
    return v.clone()


def between(x: Any, v: Any, w: Any) -> Any:
    """What is scaled is read by a product before it changes again, and cannot wait."""
    v *= 0.9
    product = v @ w
    v += product * 0.5
    return product + v


def test_what_is_read_in_between_does_not_wait() -> None:
    for function in (first, between):
        judged(function, *[tuple(random(6, 6, seed=3 * i + k) for i in range(3)) for k in (0, 1)])
    arguments = tuple(random(6, 6, seed=i) for i in range(3))
    assert len(groups(first, *arguments)) == 1
    assert len(groups(between, *arguments)) == 2
