"""Random programs of views, changes in place and ordinary operations: compiled, they do what they do in eager."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import groundup

pytest.importorskip("hypothesis")

from hypothesis import given

from tests.autograd.test_inplace_programs import START, programs, run


@given(programs())
def test_values_gradients_and_what_is_left_in_memory(steps: Any) -> None:
    """Traced on one set of numbers, run on another."""

    def step(x: Any, extra: Any) -> Any:
        found = run(x * extra, steps)
        found.backward()
        return found.detach()

    compiled = groundup.compile(step)
    try:
        for _ in range(2):  # the third call of a program is the short one
            compiled(*_inputs(1.0))
    except RuntimeError as error:  # a gradient that eager refuses too
        assert "inplace operation" in str(error)
        return
    ours, theirs = _inputs(0.8), _inputs(0.8)
    found, wanted = compiled(*ours), step(*theirs)
    assert len(compiled.entries) == 1
    np.testing.assert_allclose(found.numpy(), wanted.numpy(), rtol=1e-12, err_msg=compiled.source())
    for a, b in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(a.grad.numpy(), b.grad.numpy(), rtol=1e-10, atol=1e-12, err_msg=compiled.source())


@given(programs())
def test_changes_of_an_argument(steps: Any) -> None:
    """Without gradients: the argument itself is changed, and must be left as eager leaves it."""

    def step(x: Any) -> Any:
        with groundup.no_grad():
            return run(x.reshape(3, 2).t(), steps)

    compiled = groundup.compile(step)
    for _ in range(2):
        compiled(_inputs(1.0)[0].detach())
    ours, theirs = (_inputs(0.8)[0].detach() for _ in range(2))
    found, wanted = compiled(ours), step(theirs)
    np.testing.assert_allclose(found.numpy(), wanted.numpy(), rtol=1e-12, err_msg=compiled.source())
    np.testing.assert_allclose(ours.numpy(), theirs.numpy(), rtol=1e-12, err_msg=compiled.source())


def _inputs(scale: float) -> list[Any]:
    return [groundup.from_numpy(START * each).requires_grad_() for each in (scale, 1.1 - scale / 3)]
