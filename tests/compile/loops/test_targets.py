"""The negative log-likelihood by loops: all reductions, weights, what is ignored, and classes that do not exist."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from groundup.compile.loops.kernels import targets
from tests.compile.loops.rows import MACHINE_CODE, check, lowered

SIZES = [((7, 4), 1), ((2, 3, 5), 1), ((3, 2, 2, 2), 1), ((4,), 0), ((1, 1), 1)]


def _example(size: tuple[int, ...], axis: int, dtype: str = "float64") -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    random = np.random.default_rng(0)
    shape = size[:axis] + size[axis + 1 :]
    target = np.asarray(random.integers(0, size[axis], shape))
    return random.standard_normal(size).astype(dtype), target, random.uniform(0, 1, size[axis]).astype(dtype)


@pytest.mark.parametrize("reduction", ["none", "sum", "mean"])
@pytest.mark.parametrize(("size", "axis"), SIZES)
def test_picked_and_spread(size: tuple[int, ...], axis: int, reduction: str) -> None:
    x, target, weight = _example(size, axis)
    weight[0] = 0
    holes = np.where(np.arange(target.size).reshape(target.shape) % 3 == 1, -100, target)
    for chosen, ignore in ((target, -100), (holes, -100), (target, 0)):
        for each in (1, weight):
            settings: dict[str, Any] = {"axis": axis, "ignore": ignore, "reduction": reduction}
            plan = check("nll", x, chosen, each, **settings)
            g = np.random.default_rng(1).standard_normal(plan.statement.out.shape)
            check("nll_back", np.asarray(g), chosen, each, size=size, **settings)


def test_many_examples_go_by_panels(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(targets, "PANEL", 16)
    x, target, weight = _example((100, 3), 1, "float32")
    settings: dict[str, Any] = {"axis": 1, "ignore": 2, "reduction": "mean"}
    for each in (1, weight):
        check("nll", x, target, each, **settings)
        check("nll_back", np.float32(1.5).reshape(()), target, each, size=(100, 3), **settings)


@MACHINE_CODE
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("kind", ["int64", "uint8"])
def test_in_machine_code(dtype: str, kind: str) -> None:
    x, target, weight = _example((9, 5), 1, dtype)
    target = target.astype(kind)
    for reduction in ("mean", "none"):
        settings: dict[str, Any] = {"axis": 1, "ignore": 3, "reduction": reduction}
        plan = check("nll", x, target, weight, compiled=True, **settings)
        g = np.ones(plan.statement.out.shape, dtype)
        check("nll_back", g, target, weight, size=(9, 5), compiled=True, **settings)


@pytest.mark.parametrize("wrong", [4, -1, 1 << 40])
@pytest.mark.parametrize("compiled", [False, pytest.param(True, marks=MACHINE_CODE)])
@pytest.mark.parametrize("reduction", ["none", "mean"])
def test_a_class_that_is_not_there_raises_the_flag(wrong: int, compiled: bool, reduction: str) -> None:
    x, target, _ = _example((7, 4), 1)
    settings: dict[str, Any] = {"axis": 1, "ignore": -100, "reduction": reduction}
    good = target.copy()
    target[5] = wrong
    g = np.ones(7 if reduction == "none" else ())
    for name, operands, more in (("nll", (x, target, 1), {}), ("nll_back", (g, target, 1), {"size": (7, 4)})):
        with pytest.raises(IndexError, match=f"Target {wrong} is out of bounds"):
            raised(name, operands, settings | more, good, compiled)


def raised(name: str, operands: Any, params: Any, good: np.ndarray, compiled: bool) -> None:
    """Raise what the flags of the plan stand for."""
    plan = lowered(name, operands, params, 2, compiled, like=(operands[0], good, *operands[2:]))
    raise plan.raised()
