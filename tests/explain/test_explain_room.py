"""The room itself: its names are there, loaded when used, and no module hides behind one of them."""

from __future__ import annotations

import importlib
import subprocess
import sys
from pathlib import Path

import pytest

from groundup import explain


def test_every_name_is_a_function_or_class() -> None:
    for name, module in explain._WHERE.items():
        assert callable(getattr(explain, name)), name
        assert getattr(explain, name) is getattr(importlib.import_module(f"groundup.explain.{module}"), name)
        assert name in dir(explain)


def test_no_module_has_the_name_of_a_tool() -> None:
    # To import it would put the module in the tool's place.
    modules = {path.stem for path in Path(explain.__file__).parent.iterdir()}
    assert modules & set(explain._WHERE) == set()


def test_an_unknown_name() -> None:
    with pytest.raises(AttributeError, match=r"module 'groundup.explain' has no attribute 'brodcast'"):
        explain.brodcast


def test_a_tool_loads_no_other() -> None:
    script = (
        "from groundup import explain; import sys; explain.broadcast((1,), (2,)); "
        "print(*(name for name in sys.modules if name.startswith('groundup.explain.')))"
    )
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert set(run.stdout.split()) == {f"groundup.explain.{name}" for name in ("broadcasting", "explanation", "seen")}
