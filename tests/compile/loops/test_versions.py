"""What decides beside the graph what is found on disk: code, versions, the machine, settings."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

import numpy as np
import pytest

import groundup

pytest.importorskip("llvmlite")

from groundup.compile.loops import blas, machine, versions


def test_versions_machine_and_settings_decide(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(groundup, "_imported", time.time() + 60)  # files may have been changed just now
    known = versions.versions()
    assert known is not None and known == versions.versions()
    found, threads = blas.find(), groundup.compile.get_num_threads()
    engine = machine._engine()
    for change in (
        lambda patch: patch.setattr(versions, "FORMAT", versions.FORMAT + 1),
        lambda patch: patch.setattr(versions, "_code", lambda *_: "another"),
        lambda patch: patch.setattr(engine, "fingerprint", (machine.ABI + 1, *engine.fingerprint[1:])),
        lambda patch: patch.setattr(np, "__version__", "0.1"),
        lambda patch: patch.setattr(sys, "version", "0.1"),
        lambda patch: patch.setattr(blas, "find", lambda: None if found else blas.Blas(0, 0, 64, 0, 0, "another")),
        lambda patch: patch.setattr(versions, "get_num_threads", lambda: threads + 1),
    ):
        with monkeypatch.context() as patch:
            change(patch)
            assert versions.versions() != known
    assert versions.versions() == known


def test_the_code_that_runs_decides(tmp_path: Path) -> None:
    package = tmp_path / "package"
    for name in ("one.py", "compile/two.py", "ops/deep/three.py", "nn/other.py"):
        (package / name).parent.mkdir(parents=True, exist_ok=True)
        (package / name).write_text("x = 1\n")
    (package / "compile/__pycache__").mkdir()
    later = iter(range(100, 10_000))

    def code() -> str | None:
        return versions._code(str(package), time.time() + next(later))  # each call looks anew

    known = code()
    assert known is not None and code() == known
    (package / "nn/other.py").write_text("x = 2\n")
    assert code() == known, "layers are in the graph"
    found = {known}
    for name in ("one.py", "compile/two.py", "ops/deep/three.py"):
        info = (package / name).stat()
        (package / name).write_text("x = 2\n")
        if os.name == "posix":  # elsewhere nothing tells of such a change
            os.utime(package / name, ns=(info.st_atime_ns, info.st_mtime_ns))
        found.add(code())
    (package / "ops/four.py").write_text("")
    found.add(code())
    (package / "ops/four.py").rename(package / "ops/five.py")
    found.add(code())
    (package / "ops/five.py").unlink()
    (package / "compile/two.py").unlink()
    found.add(code())
    assert len(found) == 7 and None not in found
    assert versions._code(str(package), time.time() - 100) is None, "a file has been changed since"
    assert versions._code(str(tmp_path / "none"), time.time() + 100) is None
