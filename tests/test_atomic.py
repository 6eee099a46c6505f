"""Whole or not at all: errors, a full disk, Ctrl-C and death at every step of a write."""

from __future__ import annotations

import errno
import os
import signal
import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from groundup import atomic
from groundup.io import atomic_write, write_bytes

posix = pytest.mark.skipif(os.name == "nt", reason="needs POSIX")


# So that a process of its own finds the package that is being tested.
ENVIRONMENT = os.environ | {"PYTHONPATH": str(Path(atomic.__file__).parents[1])}


def names(folder: Path) -> list[str]:
    return sorted(os.listdir(folder))


def test_writes_a_new_file_and_replaces_an_old_one(tmp_path: Path) -> None:
    path = tmp_path / "file"
    write_bytes(path, b"first")
    assert path.read_bytes() == b"first"
    write_bytes(str(path), b"second")
    assert path.read_bytes() == b"second"
    assert names(tmp_path) == ["file"]


def test_a_name_without_a_folder_is_in_the_present_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    write_bytes("file", b"x")
    assert (tmp_path / "file").read_bytes() == b"x"


@pytest.mark.parametrize("error", [RuntimeError("stop"), KeyboardInterrupt(), SystemExit(1)])
def test_an_error_in_the_block_leaves_the_old_file_and_no_litter(tmp_path: Path, error: BaseException) -> None:
    path = tmp_path / "file"
    write_bytes(path, b"old")
    with pytest.raises(type(error)), atomic_write(path) as file:
        file.write(b"new")
        raise error
    assert path.read_bytes() == b"old"
    assert names(tmp_path) == ["file"]


@pytest.mark.parametrize("step", ["fsync", "replace"])
def test_a_failing_step_leaves_the_old_file_and_no_litter(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    path = tmp_path / "file"
    write_bytes(path, b"old")

    def fail(*args: object) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(atomic.os, step, fail)
    with pytest.raises(OSError, match="Input/output error") as caught:
        write_bytes(path, b"new")
    assert caught.value.filename == str(path)
    monkeypatch.undo()
    assert path.read_bytes() == b"old"
    assert names(tmp_path) == ["file"]


@posix
def test_a_full_disk_names_the_file_and_leaves_the_old_one(tmp_path: Path) -> None:
    """A limit on the size of files stands in for the disk, in a process of its own."""
    path = tmp_path / "file"
    write_bytes(path, b"old")
    code = (
        "import resource, sys\n"
        "from groundup.io import write_bytes\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))\n"
        "try: write_bytes(sys.argv[1], bytes(300_000))\n"
        "except OSError as error: print(error.errno, error.filename)\n"
    )
    command = [sys.executable, "-c", code, str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=ENVIRONMENT)
    assert done.stdout.split() == [str(errno.EFBIG), str(path)], done.stderr
    assert path.read_bytes() == b"old"
    assert names(tmp_path) == ["file"]


# The process kills itself at the given call of a step of the write.
_DIE = """
import os, signal, sys
from groundup import atomic; from groundup.io import write_bytes
path, step = sys.argv[1:]
def die(*args, **kwargs): os.kill(os.getpid(), signal.SIGKILL)
if step == "after":
    real = os.replace
    def replace(*args): real(*args); die()
    atomic.os.replace = replace
elif step == "write":
    with atomic.atomic_write(path) as file:
        file.write(bytes(200_000)); die()
else:
    setattr(atomic.os, step, die)
write_bytes(path, b"new")
"""


@posix
@pytest.mark.parametrize("step", ["write", "fsync", "replace", "after"])
def test_death_leaves_a_whole_file_and_the_next_write_cleans_up(tmp_path: Path, step: str) -> None:
    path = tmp_path / "file"
    write_bytes(path, b"old")
    command = [sys.executable, "-c", _DIE, str(path), step]
    done = subprocess.run(command, check=False, capture_output=True, env=ENVIRONMENT)
    assert done.returncode == -signal.SIGKILL, done.stderr
    assert path.read_bytes() == (b"new" if step == "after" else b"old")
    assert len(names(tmp_path)) == (1 if step == "after" else 2)
    write_bytes(path, b"next")
    assert path.read_bytes() == b"next"
    assert names(tmp_path) == ["file"]


@posix
def test_the_temporary_file_of_a_living_writer_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "file"
    with atomic_write(path) as slow:
        slow.write(b"slow")
        write_bytes(path, b"quick")
        assert len(names(tmp_path)) == 2
    assert path.read_bytes() == b"slow"
    assert names(tmp_path) == ["file"]


def test_many_threads_write_one_file(tmp_path: Path) -> None:
    path = tmp_path / "file"
    contents = [bytes([i]) * 5000 for i in range(8)]
    errors: list[BaseException] = []

    def write(content: bytes) -> None:
        try:
            for _ in range(5):
                write_bytes(path, content)
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=write, args=(content,)) for content in contents]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert path.read_bytes() in contents
    assert names(tmp_path) == ["file"]


@posix
def test_a_symbolic_link_is_followed_and_kept(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    target, link = tmp_path / "real" / "file", tmp_path / "link"
    target.write_bytes(b"old")
    link.symlink_to(target)
    write_bytes(link, b"new")
    assert link.is_symlink()
    assert target.read_bytes() == b"new"


@posix
def test_the_mode_is_that_of_an_ordinary_new_file(tmp_path: Path) -> None:
    write_bytes(tmp_path / "atomic", b"")
    (tmp_path / "plain").write_bytes(b"")
    assert stat.S_IMODE((tmp_path / "atomic").stat().st_mode) == stat.S_IMODE((tmp_path / "plain").stat().st_mode)


def test_a_missing_folder_and_a_folder_in_the_place_of_the_file(tmp_path: Path) -> None:
    path = tmp_path / "missing" / "file"
    with pytest.raises(FileNotFoundError) as caught:
        write_bytes(path, b"")
    assert caught.value.filename == str(path)
    with pytest.raises(IsADirectoryError) as caught_folder:
        write_bytes(tmp_path, b"")
    assert caught_folder.value.filename == str(tmp_path)


@posix
@pytest.mark.skipif(os.name != "nt" and os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_without_permission(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    try:
        with pytest.raises(PermissionError) as caught:
            write_bytes(tmp_path / "file", b"")
        assert caught.value.filename == str(tmp_path / "file")
    finally:
        tmp_path.chmod(0o700)


@posix
@pytest.mark.skipif(os.name != "nt" and os.geteuid() == 0, reason="root may write everywhere")
def test_a_write_protected_file_is_not_replaced(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"kept")
    path.chmod(0o400)
    with pytest.raises(PermissionError) as caught:
        write_bytes(path, b"")
    assert caught.value.filename == str(path)
    assert path.read_bytes() == b"kept"


@posix
def test_a_pipe_is_written_to_and_stays_a_pipe(tmp_path: Path) -> None:
    path = tmp_path / "pipe"
    os.mkfifo(path)
    read: list[bytes] = []
    reader = threading.Thread(target=lambda: read.append(path.read_bytes()))
    reader.start()
    write_bytes(path, b"through")
    reader.join(timeout=10)
    assert read == [b"through"]
    assert stat.S_ISFIFO(path.stat().st_mode)
    assert names(tmp_path) == ["pipe"]


def test_an_error_of_the_block_keeps_the_name_of_its_own_file(tmp_path: Path) -> None:
    other = tmp_path / "other"
    with pytest.raises(FileNotFoundError) as caught, atomic_write(tmp_path / "file"):
        other.read_bytes()
    assert caught.value.filename == str(other)


def test_a_long_name_has_room_for_the_temporary_one(tmp_path: Path) -> None:
    path = tmp_path / ("ä" * 120)  # 240 bytes of the 255 that file systems allow
    write_bytes(path, b"x")
    assert path.read_bytes() == b"x"
