"""Write a file so that its name always holds a whole one: the old or the new, never a piece.

The bytes go to a temporary name in the same folder, are forced to the disk, and are then moved over the old
file in one step. Everything that groundup saves (weights, checkpoints, tables, plots) is written this way.
"""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
from collections.abc import Iterator
from typing import BinaryIO

StrPath = str | os.PathLike[str]

_PARTIAL = ".partial"
_UNSUPPORTED = {errno.EINVAL, errno.ENOTSUP, errno.EBADF, errno.EACCES, errno.EPERM}


@contextlib.contextmanager
def atomic_write(path: StrPath) -> Iterator[BinaryIO]:
    """Open ``path`` for writing bytes; the file appears, or is replaced, when the block ends without error.

    When the block raises, when the disk is full or when the process dies, whatever stood at ``path`` before
    stays whole. The temporary file is removed at once, or, after a death, by the next write to ``path``. A
    symbolic link is followed, and the mode of a new file is what ``open`` would have given it. A file that is
    write-protected is not replaced, and what is no regular file (a pipe) is written to as it is.

    Raises ``OSError`` naming the path when the file cannot be written.

    >>> import os, tempfile
    >>> from groundup.io import atomic_write
    >>> folder = tempfile.mkdtemp()
    >>> with atomic_write(os.path.join(folder, "note.txt")) as file:
    ...     _ = file.write(b"all or nothing")
    >>> os.listdir(folder)
    ['note.txt']
    """
    target = os.path.realpath(path)
    with _naming(path, target):
        if os.path.isdir(target):
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
        if os.path.exists(target) and not os.access(target, os.W_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
        if os.path.exists(target) and not os.path.isfile(target):  # a pipe or /dev/null, which must stay one
            with open(target, "wb") as special:
                yield special
            return
        _remove_leftovers(target)
        file, partial = _open_partial(target)
        with file:
            try:
                yield file
                file.flush()
                os.fsync(file.fileno())
                if os.name == "nt":  # Windows moves no open file; elsewhere the lock is held to the end
                    file.close()
                os.replace(partial, target)
            except BaseException:
                # Also on Ctrl-C. Removed before it is closed: while it is open, the lock is ours.
                with contextlib.suppress(OSError):
                    if os.name == "nt":
                        file.close()
                    os.unlink(partial)
                raise
        _sync_folder(os.path.dirname(target))


def write_bytes(path: StrPath, data: bytes) -> None:
    """Replace the content of ``path`` with ``data``, whole or not at all (see :func:`atomic_write`).

    >>> import pathlib, tempfile
    >>> from groundup.io import write_bytes
    >>> path = pathlib.Path(tempfile.mkdtemp(), "note.txt")
    >>> write_bytes(path, b"first")
    >>> write_bytes(path, b"second")
    >>> path.read_bytes()
    b'second'
    """
    with atomic_write(path) as file:
        file.write(data)


@contextlib.contextmanager
def _naming(path: StrPath, target: str) -> Iterator[None]:
    """Put the path into an ``OSError`` that names nothing ("No space left on device") or a temporary name."""
    try:
        yield
    except OSError as error:
        named = error.filename
        if error.errno is not None and (named is None or str(named).startswith(_prefix(target))):
            error.filename, error.filename2 = os.fspath(path), None
        raise


def is_partial(name: str) -> bool:
    """Whether a file of that name is the beginning of one that is being written, or never will be whole."""
    return name.startswith(".") and name.endswith(_PARTIAL)


def _open_partial(target: str) -> tuple[BinaryIO, str]:
    """Create and lock a new temporary file beside ``target``."""
    prefix = _prefix(target)
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)
    while True:
        partial = prefix + secrets.token_hex(4) + _PARTIAL
        try:
            descriptor = os.open(partial, flags, 0o666)
        except FileExistsError:
            continue
        # Another writer may have taken the new file for a leftover before it was locked: then start again.
        if _lock(descriptor) is not False and os.path.exists(partial):
            return os.fdopen(descriptor, "wb"), partial
        os.close(descriptor)


def _remove_leftovers(target: str) -> None:
    """Remove the temporary files of writers to ``target`` that died: nobody holds the lock on those."""
    folder, prefix = os.path.split(_prefix(target))
    try:
        names = os.listdir(folder)
    except OSError:  # a folder that may be written but not read, or none: then opening the file says so
        return
    for name in names:
        if not (name.startswith(prefix) and name.endswith(_PARTIAL)):
            continue
        leftover = os.path.join(folder, name)
        with contextlib.suppress(OSError):
            descriptor = os.open(leftover, os.O_RDWR)
            try:
                if os.name != "nt" and _lock(descriptor):
                    os.unlink(leftover)
            finally:
                os.close(descriptor)
            if os.name == "nt":  # which refuses while the writer has it open
                os.unlink(leftover)


def _prefix(target: str) -> str:
    """How the temporary names of ``target`` begin; short enough for every file system."""
    folder, name = os.path.split(target)
    return os.path.join(folder, f".{name[:50]}.")


def _lock(descriptor: int) -> bool | None:
    """Lock an open file until it is closed: False if another has it, None where there are no locks."""
    try:
        import fcntl
    except ImportError:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return None
    return True


def _sync_folder(folder: str) -> None:
    """Force the folder's entry to the disk, so that the move itself outlives a power cut."""
    if os.name == "nt":
        return
    try:
        descriptor = os.open(folder, os.O_RDONLY)
    except OSError:  # a folder that may be written but not read
        return
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in _UNSUPPORTED:
            raise
    finally:
        os.close(descriptor)
