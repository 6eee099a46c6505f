"""What all tests of the compiler share: those of loops step aside without what makes machine code."""

from __future__ import annotations

import pytest

from groundup.compile import running


@pytest.fixture(autouse=True)
def loops_need_machine_code(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """The notice of a missing extra, which is given once, is given in each test, so that none hides behind another."""
    monkeypatch.setattr(running, "_told", [])
    parameters = request.node.callspec.params.values() if hasattr(request.node, "callspec") else ()
    if any(isinstance(each, str) and each == "loops" for each in parameters):
        pytest.importorskip("llvmlite")
