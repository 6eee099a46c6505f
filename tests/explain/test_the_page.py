"""The page on derivations shows what its command prints."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from groundup.cli import main

PAGE = Path(__file__).resolve().parents[2] / "docs" / "explain.md"


def test_the_derivation_on_the_page_is_what_the_command_prints(capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("sympy", reason="derivations are SymPy's")
    text = PAGE.read_text(encoding="utf-8")
    (command,) = re.findall(r"```sh\n(.*?)```", text, re.S)
    (shown,) = re.findall(r"```text\n(.*?)```", text, re.S)
    assert main(shlex.split(command)[1:]) == 0
    printed = re.sub(r"(groundup/[\w/]+\.py):\d+", r"\1", capsys.readouterr().out)
    assert [line.rstrip() for line in printed.splitlines()] == shown.splitlines()
