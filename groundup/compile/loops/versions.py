"""What decides what a graph becomes, beside the graph: the code of this library, of others, the machine, the settings.

What is kept on disk for a graph is kept under all of this, so that whatever changes, nothing that was kept before is
found. The code is known by its files and not by its version, which stays the same during development.
"""

from __future__ import annotations

import hashlib
import os
import sys
from functools import cache
from typing import Any

import numpy as np

import groundup
from groundup.compile.loops import blas, machine
from groundup.compile.threads import get_num_threads

#: Raised whenever what is kept is written or read otherwise.
FORMAT = 3
FOLDERS = ("compile", "ops")  # with the modules of the package itself, all that passes and plans are made of
SETTLED = 5.0  # seconds: files that changed later before the import may not be what was imported


def versions() -> tuple[Any, ...] | None:
    """All of it; None where it cannot be told which code runs.

    Raises:
        MissingExtra: llvmlite, which Numba brings, is not installed.
    """
    code = _code(os.path.dirname(groundup.__file__), groundup._imported - SETTLED)
    if code is None:
        return None
    library = blas.find()
    known = None if library is None else (library.name, library.width, library.serial)
    return FORMAT, code, machine.fingerprint(), sys.version, np.__version__, known, get_num_threads()


@cache
def _code(package: str, before: float) -> str | None:
    """A digest of which files there are, their sizes and times; None if one has changed since, or is not a file.

    To read them all would take as long as all else that a start needs. The second of the times changes with every
    change of a file, also where the first is put back.
    """
    try:
        found = _files(package, 1)
        for folder in FOLDERS:
            found += _files(os.path.join(package, folder))
    except OSError:
        return None
    if max(max(times) for _, _, *times in found) > before * 1e9:
        return None
    return hashlib.sha256(repr(sorted(found)).encode()).hexdigest()


def _files(folder: str, depth: int = 99) -> list[tuple[str, int, int, int]]:
    """Path, size, and the times of the last change of the text and of anything, in nanoseconds."""
    found = []
    with os.scandir(folder) as entries:
        for each in entries:
            if each.name.endswith(".py"):
                info = os.stat(each.path)
                found.append((each.path, info.st_size, info.st_mtime_ns, info.st_ctime_ns))
            elif depth > 1 and each.is_dir() and each.name != "__pycache__":
                found += _files(each.path, depth - 1)
    return found
