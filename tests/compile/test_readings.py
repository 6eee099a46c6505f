"""Both readings of a program: which one runs, what they print, and what happens where machine code cannot be made."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import pytest

import groundup
from groundup import nn
from groundup.compile import running


def _step() -> tuple[Callable[..., Any], Any]:
    groundup.manual_seed(0)
    net = nn.Sequential(nn.Linear(4, 3), nn.ReLU(), nn.Linear(3, 2))
    return groundup.compile(lambda x: nn.functional.softmax(net(x), -1)), groundup.randn(5, 4)


def test_loops_show_their_kernels_and_calls() -> None:
    pytest.importorskip("llvmlite")
    step, x = _step()
    with groundup.no_grad():
        step(x)
    text = step.source("loops")
    assert "def linear_relu(" in text and "np.maximum(" in text and "exp_f32(" in text
    assert "matmul(x, weight_0.T, out=" in text
    assert "(5, 4) @ (4, 3)" in step.report()


@pytest.mark.parametrize("kind", ["numpy", "loops"])
def test_one_line_of_what_was_expanded_is_written(kind: str) -> None:
    def step(x: Any) -> Any:
        part = x.expand(2, 3, 4)[0]
        before = part * 2
        part.mul_(3.0)
        part[1].neg_()
        return before, part + 0

    compiled, x, y = groundup.compile(step), groundup.ones(3, 4), groundup.ones(3, 4)
    with groundup.compile.reading(kind):
        for _ in range(3):
            for found, wanted in zip(compiled(x), step(y), strict=True):
                assert groundup.equal(found, wanted)
            assert groundup.equal(x, y)


def test_an_unknown_kind_is_refused() -> None:
    step, x = _step()
    step(x)
    with pytest.raises(ValueError, match="'numpy' or as 'loops', not as 'c'"):
        step.source("c")
    with pytest.raises(ValueError, match="'loops' or 'numpy', not 'c'"), groundup.compile.reading("c"):
        pass


def test_numpy_alone_when_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "groundup.compile.loops.run", None)  # importing it would raise
    step, x = _step()
    with groundup.no_grad(), groundup.compile.reading("numpy"):
        first, second = step(x), step(x)
    assert groundup.equal(first, second)


def test_without_the_extra_numpy_runs_and_says_so_once(monkeypatch: pytest.MonkeyPatch) -> None:
    from groundup.errors import MissingExtra

    def missing(program: Any) -> Any:
        raise MissingExtra("making machine code", "llvmlite", "compile")

    run = pytest.importorskip("groundup.compile.loops.run")
    monkeypatch.setattr(run, "loops", missing)
    monkeypatch.setattr(running, "foresee", lambda program: None)  # nothing is on disk
    monkeypatch.setattr(running, "_told", [])
    monkeypatch.delenv("GROUNDUP_COMPILE", raising=False)
    (step, x), (other, _) = _step(), _step()
    with groundup.no_grad():
        with pytest.warns(UserWarning, match=r"compiled functions run on NumPy: making machine code needs"):
            first = step(x)
        assert groundup.equal(step(x), first)
        other(x), other(x)  # the notice has been given


def test_whatever_goes_wrong_numpy_runs_and_the_reason_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(program: Any) -> Any:
        raise KeyError("planted")

    run = pytest.importorskip("groundup.compile.loops.run")
    monkeypatch.setattr(run, "loops", broken)
    monkeypatch.setattr(running, "foresee", lambda program: None)  # nothing is on disk
    monkeypatch.delenv("GROUNDUP_COMPILE", raising=False)
    step, x = _step()
    with groundup.no_grad(), pytest.warns(UserWarning, match=r"runs on NumPy: its loops cannot be made \(KeyError"):
        first, second = step(x), step(x)
    assert groundup.equal(first, second)
