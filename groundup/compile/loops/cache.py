"""Machine code kept on disk, a file for each kernel, so that a second process need not make it again.

What is read here is run, so only files are read that the user owns and nobody else can write, in a folder of
which the same holds. A cache is a convenience: a file that is damaged is deleted, a folder that cannot be
written is done without, and nothing here raises. Processes may share it at once, as a file appears whole.
"""

from __future__ import annotations

import hashlib
import os
import stat
import tempfile
import time
from pathlib import Path

from groundup.folders import cache_folder

#: What the cache may hold; beyond that the files that were used least recently go.
MOST_BYTES, MOST_FILES = 256 * 2**20, 4096
MARK = b"groundup kernel 1\n"
CHECKSUM = 32
EVERY = 64  # of so many files written one looks whether there are too many
STALE = 3600.0  # the seconds after which a half-written file belongs to nobody

_written = 0


def load(key: str) -> bytes | None:
    """The object code under this key; None where there is none that can be trusted."""
    folder = _folder()
    if folder is None:
        return None
    path = folder / key
    try:
        handle = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0))
        with os.fdopen(handle, "rb") as file:
            if not _mine_alone(os.fstat(handle)):
                return None
            content = file.read(MOST_BYTES)
        code = _checked(key, content)
        if code is None:
            path.unlink()
        else:
            os.utime(path)  # used just now
        return code
    except OSError:
        return None


def save(key: str, code: bytes) -> None:
    """Keeps object code under this key, if that is possible."""
    global _written
    folder = _folder(make=True)
    if folder is None:
        return
    temporary = None
    try:
        handle, temporary = tempfile.mkstemp(suffix=".tmp", dir=folder)
        with os.fdopen(handle, "wb") as file:
            file.write(MARK + _checksum(key, code) + code)
        os.replace(temporary, folder / key)
    except OSError:
        _forget(temporary)
    if _written % EVERY == 0:
        trim(folder)
    _written += 1


def trim(folder: Path, most_bytes: int = MOST_BYTES, most_files: int = MOST_FILES) -> None:
    """Deletes what was used least recently, down to three quarters, where the folder holds more than the most."""
    try:
        with os.scandir(folder) as entries:
            found = [(entry.stat(follow_symlinks=False), entry.path) for entry in entries]
    except OSError:
        return
    for info, path in found:
        if path.endswith(".tmp") and info.st_mtime < time.time() - STALE:
            _forget(path)
    kept = sorted(((info.st_mtime, info.st_size, path) for info, path in found if not path.endswith(".tmp")))
    total, count = sum(size for _, size, _ in kept), len(kept)
    if total <= most_bytes and count <= most_files:
        return
    for _, size, path in kept:
        if total <= most_bytes * 3 // 4 and count <= most_files * 3 // 4:
            return
        _forget(path)
        total, count = total - size, count - 1


def _checksum(key: str, code: bytes) -> bytes:
    return hashlib.sha256(key.encode() + code).digest()


def _checked(key: str, content: bytes) -> bytes | None:
    """The object code in a file, if the file is as it was written, and under its own name."""
    start = len(MARK) + CHECKSUM
    code = content[start:]
    whole = content.startswith(MARK) and content[len(MARK) : start] == _checksum(key, code)
    return code if whole else None


def _folder(make: bool = False) -> Path | None:
    """The folder of the cache, if it is the user's own; made, where that is asked."""
    folder = cache_folder() / "kernels"
    try:
        if make:
            folder.parent.mkdir(parents=True, exist_ok=True)
            folder.mkdir(mode=0o700, exist_ok=True)
        info = os.lstat(folder)
    except OSError:
        return None
    return folder if stat.S_ISDIR(info.st_mode) and _mine_alone(info) else None


def _mine_alone(info: os.stat_result) -> bool:
    """Whether the user owns it and nobody else can write it; Windows keeps such folders apart by itself."""
    if os.name != "posix":
        return True
    return info.st_uid == os.getuid() and not info.st_mode & 0o022


def _forget(path: str | None) -> None:
    try:
        if path is not None:
            os.unlink(path)
    except OSError:
        pass
