"""Without safetensors: every way to save or load says which extra to install, and touches no file."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import groundup
from groundup.errors import MissingExtra
from groundup.io import load_file, load_metadata, save_file


@pytest.mark.parametrize(
    "use",
    [
        lambda path: groundup.save({"a": groundup.zeros(1)}, path),
        lambda path: groundup.save({}, io.BytesIO()),
        lambda path: groundup.load(path),
        lambda path: save_file({"a": groundup.zeros(1)}, path),
        lambda path: load_file(path),
        lambda path: load_metadata(path),
    ],
)
def test_it_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, use: Callable[[Path], object]
) -> None:
    monkeypatch.setitem(sys.modules, "safetensors.numpy", None)
    path = tmp_path / "file"
    path.write_bytes(b"old")
    with pytest.raises(MissingExtra, match=r'(?s)needs the package safetensors.*pip install "groundup\[train\]"'):
        use(path)
    assert path.read_bytes() == b"old"
    assert len(list(tmp_path.iterdir())) == 1
