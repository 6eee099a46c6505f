"""The judge of programs in loops sees what is wrong: a result, an argument, a type, a number that is not one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import groundup

pytest.importorskip("llvmlite")
pytest.importorskip("scipy")

from groundup.compile.loops.run import LoopProgram
from tests.compile.loops.judge import judging, same

pytestmark = pytest.mark.usefixtures("own_kernels")

WRONG: dict[str, Callable[[Any, Any], Any]] = {
    "a result": lambda found, x: (found[0] * np.float32(1.001), *found[1:]),
    "one element": lambda found, x: (found[0] + (np.arange(3) == 1).astype(np.float32), *found[1:]),
    "the type": lambda found, x: (found[0].astype(np.float64), *found[1:]),
    "the shape": lambda found, x: (found[0][None], *found[1:]),
    "too few": lambda found, x: found[:-1],
    "not a number": lambda found, x: (found[0] * np.float32(np.nan), *found[1:]),
    "the argument": lambda found, x: [found, x.__iadd__(np.float32(1))][0],
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_is_seen(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    compiled = groundup.compile(lambda x: (x.mul_(2), x.exp()))
    x = groundup.tensor([0.1, 0.2, 0.3])
    compiled(x)
    with judging() as judge:
        compiled(x)
    assert judge.fast
    right = LoopProgram.run
    monkeypatch.setattr(LoopProgram, "run", lambda self, x: WRONG[name](right(self, x), x))
    with judging(), pytest.raises(AssertionError):
        compiled(x)


def test_rounding_is_allowed() -> None:
    wanted = np.array([1000.0, 1e-3, np.inf, np.nan], np.float32)
    same("rounded", wanted + np.float32(1e-3), wanted)
    with pytest.raises(AssertionError):
        same("infinite", np.array([1000.0, 1e-3, -np.inf, np.nan], np.float32), wanted)
    with pytest.raises(AssertionError):
        same("finite", np.array([1000.0, 1e-3, np.inf, 0], np.float32), wanted)
