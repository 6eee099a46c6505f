"""The page on compiling shows what its code prints, and its other examples run."""

from __future__ import annotations

import contextlib
import io
import re
from pathlib import Path
from typing import Any

import pytest

PAGE = Path(__file__).resolve().parents[2] / "docs" / "compile.md"


def test_the_source_on_the_page_is_what_the_code_prints(tmp_path: Path) -> None:
    text = PAGE.read_text(encoding="utf-8")
    (code,) = re.findall(r"```python\n(.*?)```", text, re.S)
    (shown,) = re.findall(r"```text\n(.*?)```", text, re.S)
    path = tmp_path / "model.py"
    path.write_text(code, encoding="utf-8")
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(compile(code, str(path), "exec"), {"__name__": "model"})
    assert printed.getvalue().rstrip() == shown.rstrip()


def test_the_report_and_the_file_on_the_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("llvmlite")
    text = PAGE.read_text(encoding="utf-8")
    (code,), (example,) = re.findall(r"```python\n(.*?)```", text, re.S), re.findall(r"```py\n(.*?)```", text, re.S)
    (table,) = re.findall(r"```report\n(.*?)```", text, re.S)
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    (tmp_path / "model.py").write_text(code, encoding="utf-8")
    world: dict[str, Any] = {"__name__": "model"}
    with contextlib.redirect_stdout(io.StringIO()):
        exec(compile(code, str(tmp_path / "model.py"), "exec"), world)
    assert _counted(table) == _counted(world["step"].report())
    world["step"].save("step_alone.py")
    weights = [p.detach().clone() for p in world["model"].parameters()]
    exec(example, world)
    changed = [p.detach().clone() for p in world["model"].parameters()]
    for parameter, before in zip(world["model"].parameters(), weights, strict=True):
        parameter.detach().copy_(before)
    assert abs(world["loss"] - world["step"](world["x"], world["y"]).item()) < 1e-6
    for parameter, found in zip(world["model"].parameters(), changed, strict=True):
        assert abs(parameter.detach() - found).amax() < 1e-6


def _counted(report: str) -> list[list[str]]:
    """The lines of a table without what is measured, in alphabetical order."""
    rows = [re.split(r"  +", line.strip()) for line in report.split("\n")[2:] if " us " in line]
    return sorted([name, calls, moved, flops] for name, calls, _, _, moved, flops, *_ in rows)
