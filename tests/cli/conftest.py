"""A finished run and a way to start the command, which every test of the command needs."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import groundup
from groundup.cli import main, report

Command = Callable[..., subprocess.Popen[str]]
ENVIRONMENT = os.environ | {"PYTHONPATH": str(Path(groundup.__file__).parents[1])}


@pytest.fixture(scope="session")
def finished_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a short run on the digits; tests that change it copy it first."""
    for package in ("safetensors", "matplotlib", "threadpoolctl", "tqdm"):
        pytest.importorskip(package, reason="groundup train needs the extra 'train'")
    folder = tmp_path_factory.mktemp("cli") / "run"
    arguments = ["train", "--model", "mlp", "--epochs", "6", "--out", str(folder), "--quiet"]
    assert main(arguments) == 0
    return folder


@pytest.fixture
def no_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave out the drawing, which takes longer than the training of a test."""
    monkeypatch.setattr(report, "_draw", lambda *_: None)


@pytest.fixture
def start(tmp_path: Path) -> Command:
    """Start the command in a process of its own, in an empty folder."""

    def start(*arguments: str, **options: object) -> subprocess.Popen[str]:
        settings: dict[str, object] = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "cwd": tmp_path}
        command = [sys.executable, "-m", "groundup.cli", *arguments]
        return subprocess.Popen(command, text=True, env=ENVIRONMENT, **(settings | options))  # type: ignore[call-overload,no-any-return]

    return start
