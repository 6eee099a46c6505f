"""The cache of machine code: what is damaged, foreign or too much goes, and nothing of that is an error."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from groundup.compile.loops import cache

KEY, CODE = "a" * 64, bytes(range(256)) * 4


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("GROUNDUP_CACHE", str(tmp_path))
    return tmp_path / "kernels"


def test_what_was_saved_is_loaded_from_a_folder_of_ones_own(folder: Path) -> None:
    assert cache.load(KEY) is None
    cache.save(KEY, CODE)
    assert cache.load(KEY) == CODE
    assert cache.load("b" * 64) is None
    assert [path.name for path in folder.iterdir()] == [KEY]
    if os.name == "posix":
        assert folder.stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("at", [0, len(cache.MARK), len(cache.MARK) + cache.CHECKSUM, -1])
def test_a_damaged_file_is_deleted_and_made_anew(folder: Path, at: int) -> None:
    cache.save(KEY, CODE)
    content = bytearray((folder / KEY).read_bytes())
    content[at] ^= 1
    (folder / KEY).write_bytes(content)
    assert cache.load(KEY) is None
    assert not (folder / KEY).exists()
    cache.save(KEY, CODE)
    assert cache.load(KEY) == CODE


@pytest.mark.parametrize("kept", [0, 5, len(cache.MARK) + 3, 200])
def test_half_a_file_and_a_longer_one_are_damaged(folder: Path, kept: int) -> None:
    for change in (lambda content: content[:kept], lambda content: content + b"x"):
        cache.save(KEY, CODE)
        (folder / KEY).write_bytes(change((folder / KEY).read_bytes()))
        assert cache.load(KEY) is None


def test_a_file_under_another_name_is_not_it(folder: Path) -> None:
    cache.save(KEY, CODE)
    (folder / KEY).rename(folder / ("b" * 64))
    assert cache.load("b" * 64) is None


@pytest.mark.skipif(os.name != "posix", reason="owners and modes are POSIX's")
def test_what_others_can_write_is_not_run(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cache.save(KEY, CODE)
    for path in (folder / KEY, folder):
        mode = path.stat().st_mode
        path.chmod(mode | 0o020)
        assert cache.load(KEY) is None
        path.chmod(mode)
        assert cache.load(KEY) == CODE
    monkeypatch.setattr(os, "getuid", lambda: os.geteuid() + 1)
    assert cache.load(KEY) is None


@pytest.mark.skipif(os.name != "posix", reason="owners and modes are POSIX's")
def test_a_link_is_not_followed(folder: Path, tmp_path: Path) -> None:
    cache.save(KEY, CODE)
    (folder / KEY).rename(tmp_path / "elsewhere")
    (folder / KEY).symlink_to(tmp_path / "elsewhere")
    assert cache.load(KEY) is None
    (folder / KEY).unlink()
    folder.rename(tmp_path / "moved")
    folder.symlink_to(tmp_path / "moved")
    cache.save(KEY, CODE)
    assert not (tmp_path / "moved" / KEY).exists()


def test_a_folder_that_cannot_be_made_is_done_without(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("not a folder")
    monkeypatch.setenv("GROUNDUP_CACHE", str(tmp_path / "file"))
    cache.save(KEY, CODE)
    assert cache.load(KEY) is None


def test_a_disk_that_is_full_is_done_without(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cache.save("b" * 64, CODE)

    def full(*paths: object) -> None:
        raise OSError("no space left on device")

    monkeypatch.setattr(os, "replace", full)
    cache.save(KEY, CODE)
    assert cache.load(KEY) is None
    assert [path.name for path in folder.iterdir()] == ["b" * 64]


def test_what_was_used_least_recently_goes(folder: Path) -> None:
    keys = [f"{number:064}" for number in range(12)]
    for age, key in enumerate(keys):
        cache.save(key, CODE)
        os.utime(folder / key, (1000 + age, 1000 + age))
    (folder / "old.tmp").write_bytes(b"")
    os.utime(folder / "old.tmp", (1000, 1000))
    (folder / "new.tmp").write_bytes(b"")
    assert cache.load(keys[0]) == CODE  # used now
    cache.trim(folder, most_files=12)
    assert len(list(folder.iterdir())) == 13
    cache.trim(folder, most_files=8)
    assert {path.name for path in folder.iterdir()} == {keys[0], *keys[7:], "new.tmp"}
    cache.trim(folder, most_bytes=3 * 1100)
    assert {path.name for path in folder.iterdir()} == {keys[0], keys[11], "new.tmp"}


def test_two_processes_at_once(folder: Path) -> None:
    program = (
        "from groundup.compile.loops import cache\n"
        "for turn in range(300):\n"
        "    cache.save('k' * 64, b'code' * 5000)\n"
        "    assert cache.load('k' * 64) == b'code' * 5000\n"
    )
    running = [subprocess.Popen([sys.executable, "-c", program]) for _ in range(2)]
    assert [one.wait(timeout=60) for one in running] == [0, 0]
