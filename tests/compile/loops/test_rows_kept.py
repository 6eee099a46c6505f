"""What a kernel needs of a row again it keeps in a row of its own; what several rows begin with it computes once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

pytest.importorskip("llvmlite")

import groundup
import groundup.nn.functional as F
from groundup.compile.loops.emit import ROOM, Made
from groundup.compile.loops.run import LoopProgram
from tests.compile.loops.judge import judged, random

if not ROOM:
    pytest.skip("kernels keep no rows on this system", allow_module_level=True)


def kernels(step: Callable[..., Any], *args: Any) -> list[Made]:
    """The calls of kernels that a program makes."""
    compiled = groundup.compile(step)
    compiled(*args)
    steps = LoopProgram(compiled.entries[0].program).steps
    return [made for step in steps if isinstance(step, list) for made in step if isinstance(made, Made)]


def temporaries(made: Made) -> list[int]:
    """How many elements the arrays have that a kernel is given to write to, and that no user sees."""
    buffers = [each[0] for each in made.arguments if isinstance(each, tuple)]
    return sorted(each.size for each in buffers if each.kind == "temporary")


def normalised(x: Any, gain: Any, bias: Any) -> Any:
    """Softmax and layer normalisation, with all gradients."""
    for each in (x, gain, bias):
        each.grad = None
        each.requires_grad_()
    loss = F.layer_norm(F.softmax(x, -1), x.shape[-1:], gain, bias).square().sum()
    loss.backward()
    return loss.detach(), x.grad, gain.grad, bias.grad


def test_rows_are_not_written_to_memory() -> None:
    made = kernels(normalised, random(600, 200), random(200), random(200))[0]
    assert made.kernel.text.count("np.sqrt(") == 1  # forward, backward and the weight's gradient have it in common
    assert made.kernel.text.count("_row = np.empty(columns, np.float32)") >= 3
    assert 600 * 200 not in temporaries(made)


@pytest.mark.parametrize("width", [1, 7, 200, ROOM // 4, ROOM // 4 + 1])
def test_rows_of_any_length(width: int) -> None:
    judged(normalised, *[tuple(random(*s, seed=k) for s in ((3, width), (width,), (width,))) for k in (0, 1)])


def test_long_rows_are_kept_in_memory() -> None:
    def softmax(x: Any) -> Any:
        return F.softmax(x, -1)

    for width, kept in ((ROOM // 4, 0), (ROOM // 4 + 1, 1)):
        (made,) = kernels(softmax, random(2, width))
        assert ("np.empty" in made.kernel.text) is not kept
        assert temporaries(made).count(2 * width) == kept


def test_rows_of_bools_are_kept() -> None:
    def step(x: Any) -> Any:
        p = F.softmax(x, -1)
        return groundup.where(p > 0.1, p - p.mean(-1, keepdim=True), x)

    judged(step, (random(5, 9),), (random(5, 9, seed=1),))


def test_what_is_written_later_is_computed_again() -> None:
    def step(x: Any) -> Any:
        before = x.var(-1)
        x *= 2
        return before, x.var(-1), x.std(-1)

    judged(step, (random(5, 9),), (random(5, 9, seed=1),))
    values = step(random(5, 9))
    np.testing.assert_allclose(values[1].numpy(), 4 * values[0].numpy(), rtol=1e-5)
