"""Random programs of views and changes in place, in loops: what they return, and what they leave in memory."""

from __future__ import annotations

from typing import Any

import pytest

import groundup

pytest.importorskip("hypothesis")
pytest.importorskip("llvmlite")
pytest.importorskip("scipy")

from hypothesis import given, settings

from tests.autograd.test_inplace_programs import programs, run
from tests.compile.loops.judge import judging
from tests.compile.test_random_programs import _inputs

pytestmark = pytest.mark.usefixtures("own_kernels")


@settings(max_examples=25)
@given(programs())
def test_gradients(steps: Any) -> None:
    judge_gradients(steps)


def judge_gradients(steps: Any) -> None:
    def step(x: Any, extra: Any) -> Any:
        found = run(x * extra, steps)
        found.backward()
        return found.detach()

    compiled = groundup.compile(step)
    try:
        compiled(*_inputs(1.0))
    except RuntimeError as error:  # a gradient that eager refuses too
        assert "inplace operation" in str(error)
        return
    with judging(least=1.0) as judge:
        compiled(*_inputs(0.8))
    assert judge.fast or judge.refused


@settings(max_examples=25)
@given(programs())
def test_changes_of_an_argument(steps: Any) -> None:
    def step(x: Any) -> Any:
        with groundup.no_grad():
            return run(x.reshape(3, 2).t(), steps)

    compiled = groundup.compile(step)
    compiled(_inputs(1.0)[0].detach())
    with judging(least=1.0) as judge:
        compiled(_inputs(0.8)[0].detach())
    assert judge.fast or judge.refused
