"""Every sample of PyTorch's `module_db` of a module that exists here passes, or is one of the exceptions below."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from groundup import nn
from tests.nn.module_samples import failures, infos, names

# Module -> (what all its failing samples say, why it may be so). The list is held to be exact: a sample that fails
# with other words fails the test, and so does an entry that nothing needs any more.
EXCEPTIONS: dict[str, tuple[str, str]] = {}


@pytest.mark.parametrize("name", names())
def test_samples(name: str) -> None:
    pytest.importorskip("torch", reason="the comparison needs PyTorch")
    pytest.importorskip("expecttest", reason="PyTorch's samples need expecttest")
    if name not in infos():
        pytest.skip("PyTorch has no samples of it")
    count, found = failures(name)
    assert count
    words, reason = EXCEPTIONS.get(name, ("", ""))
    unexpected = [line for line in found if not words or words not in line]
    assert not unexpected, "\n".join(unexpected)
    assert bool(found) == bool(words), f"{name} needs no exception any more: {reason}"


def test_the_comparison_notices_what_is_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("torch", reason="the comparison needs PyTorch")
    pytest.importorskip("expecttest", reason="PyTorch's samples need expecttest")

    def failing(forward: Callable[..., Any]) -> list[str]:
        monkeypatch.setattr(nn, "Tanh", type("Tanh", (nn.Module,), {"forward": forward}))
        return failures("Tanh", ("float64",))[1]

    _all_say("result 0 is off", failing(lambda self, x: x.tanh() * 1.000001))
    _all_say("gradient of input 0 is off", failing(lambda self, x: x.tanh() + (x - x.detach())))
    _all_say("float32", failing(lambda self, x: x.tanh().float()))
    assert failing(lambda self, x: x.tanh()) == []


def _all_say(words: str, lines: list[str]) -> None:
    assert lines
    assert all(words in line for line in lines)
