"""Fetching one file into a folder: from the first mirror that gives it whole and right, or not at all.

A file appears under its name only after its content has been checked. What a cut left behind is continued
where the server can, and begun anew where it cannot.
"""

from __future__ import annotations

import errno
import hashlib
import math
import os
import sys
import time
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING

from groundup.data.errors import DownloadError
from groundup.data.packed import GZIP
from groundup.data.progress import Progress

if TYPE_CHECKING:
    from http.client import HTTPResponse

TIMEOUT = 20.0
ATTEMPTS = 3
PAUSE = 1.0
_CHUNK = 1 << 16
_TRICKLE = 1 << 10
_OF_THE_DISK = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EACCES, errno.EPERM}


@dataclass(frozen=True)
class Packed:
    """A file packed with gzip, known by what is inside: mirrors may pack the same content differently.

    Attributes:
        name: the file's name, on the mirrors and here.
        size: the number of bytes inside.
        sha256: their checksum.
    """

    name: str
    size: int
    sha256: str

    def fault(self, path: Path) -> str | None:
        """What is wrong with the file at `path`; None where nothing is."""
        digest, size = hashlib.sha256(), 0
        try:
            for piece in _unpacked(path, self.size):
                digest.update(piece)
                size += len(piece)
        except zlib.error as error:
            return f"the gzip file is damaged ({error})"
        except EOFError:
            return f"the gzip file is cut short ({path.stat().st_size:,} bytes)"
        if size != self.size or digest.hexdigest() != self.sha256:
            return f"the content is not {self.name} (its checksum is wrong)"
        return None


class _Refused(Exception):
    """This mirror will not give the file: no use to ask again."""


class _Cut(Exception):
    """The connection failed or ended early: what has come so far is good."""


def fetch(
    wanted: Packed,
    mirrors: Sequence[str],
    folder: Path,
    *,
    timeout: float = TIMEOUT,
    attempts: int = ATTEMPTS,
    pause: float = PAUSE,
) -> Path:
    """The path of `wanted` in `folder`, fetched from the first of the `mirrors` that has it.

    Two processes at once do not disturb each other: one fetches, the other waits.

    Args:
        wanted: the file, and how its content is known.
        mirrors: addresses of folders that end in a slash, tried in turn.
        folder: where the file goes; it is made where it is missing.
        timeout: the seconds after which a connection that brings nothing counts as cut.
        attempts: how often a mirror whose connection is cut is asked again.
        pause: the seconds to wait before that; doubled each time.

    Raises:
        DownloadError: no mirror gave the file; says what each did.
        OSError: the folder cannot be written to, or the disk is full.
    """
    target = folder / wanted.name
    if target.exists():
        return target
    folder.mkdir(parents=True, exist_ok=True)
    with only_one(folder / f".{wanted.name}.lock"):
        if target.exists():  # another process was faster
            return target
        part = folder / f"{wanted.name}.part"
        failures = []
        for mirror in mirrors:
            url = mirror + wanted.name
            try:
                _from_mirror(wanted, url, part, timeout, attempts, pause)
            except _Refused as refusal:
                failures.append(f"{url}: {refusal}")
                continue
            os.replace(part, target)
            return target
    raise DownloadError(
        f"could not fetch {wanted.name}: " + "; ".join(failures) + f"\n  Try again later, or put the file into "
        f"{folder} yourself, or name a folder that has it by the environment variable GROUNDUP_DATA."
    )


def _from_mirror(wanted: Packed, url: str, part: Path, timeout: float, attempts: int, pause: float) -> None:
    """Complete `part` from one address and check it; raises `_Refused` after the last attempt."""
    furthest, failed = _size(part), 0
    while True:
        resumed = _size(part) > 0
        try:
            _receive(wanted, url, part, timeout)
        except _Cut as cut:
            problem = str(cut)
        else:
            fault = wanted.fault(part)
            if fault is None:
                return
            part.unlink()
            if not resumed:
                raise _Refused(fault)
            problem = fault  # the beginning may have come from elsewhere: once more, from there
        # Only attempts that bring nothing new count, so that a bad line is slow but gets there.
        failed = 0 if _size(part) > furthest else failed + 1
        furthest = max(furthest, _size(part))
        if failed == attempts:
            raise _Refused(f"{problem} ({attempts} attempts)")
        time.sleep(pause * 2 ** max(failed - 1, 0))


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _receive(wanted: Packed, url: str, part: Path, timeout: float) -> None:
    """Append to `part` what is missing of the file at `url`."""
    from http.client import HTTPException
    from urllib.error import HTTPError
    from urllib.request import Request, urlopen

    have = _size(part)
    headers = {"User-Agent": "groundup", "Accept-Encoding": "identity"}
    if have:
        headers["Range"] = f"bytes={have}-"
    try:
        with urlopen(Request(url, headers=headers), timeout=timeout) as response:
            _store(wanted, response, part, _starts_at(response, have, part), timeout)
    except HTTPError as error:
        error.close()
        if error.code == 416 and have:  # nothing is missing, or the beginning is of another file: the check tells
            return
        problem = f"HTTP {error.code} {error.reason}"
        if error.code >= 500 or error.code in (408, 429):
            raise _Cut(problem) from None
        raise _Refused(problem) from None
    except (OSError, HTTPException) as error:
        if isinstance(error, OSError) and error.errno in _OF_THE_DISK:
            part.unlink(missing_ok=True)
            raise OSError(error.errno, error.strerror, str(part)) from None
        raise _Cut(_in_words(error, timeout)) from None


def _starts_at(response: HTTPResponse, asked: int, part: Path) -> int:
    """The place in the file where the answer begins: where we asked, or its beginning."""
    if response.status == 206:
        if response.headers.get("Content-Range", "").startswith(f"bytes {asked}-"):
            return asked
        part.unlink()
        raise _Cut("the server answered with another part of the file than it was asked for")
    if response.status != 200:
        raise _Refused(f"HTTP {response.status} {response.reason}")
    return 0


def _store(wanted: Packed, response: HTTPResponse, part: Path, have: int, timeout: float) -> None:
    """Write the answer to `part` from `have` on; raises `_Cut` where it ends early or nearly stands still."""
    length = response.headers.get("Content-Length", "")
    total = have + int(length) if length.isdecimal() else None
    # gzip never makes its content longer by more than this.
    limit = wanted.size + wanted.size // 1000 + 4096
    try:
        if total is not None and total > limit:
            raise _Refused(f"the server offers {total:,} bytes, more than {wanted.name} can have")
        with part.open("r+b" if have else "wb") as file, Progress(wanted.name, total, have) as progress:
            file.seek(have)
            for chunk in _arriving(response, timeout):
                if have == 0 and not chunk.startswith(GZIP[: len(chunk)]):
                    kind = response.headers.get_content_type()
                    raise _Refused(f"the server sent something else than a gzip file ({kind})")
                have += len(chunk)
                if have > limit:
                    raise _Refused(f"the server sends more than {wanted.name} can have")
                file.write(chunk)
                progress.update(len(chunk))
    except _Refused:
        part.unlink(missing_ok=True)
        raise
    if total is not None and have < total:
        raise _Cut(f"the connection was cut after {have:,} of {total:,} bytes")


def _arriving(response: HTTPResponse, timeout: float) -> Iterator[bytes]:
    """What arrives, as it arrives, as long as more than a trickle does."""
    came, until = 0, time.monotonic() + timeout
    while chunk := response.read1(_CHUNK):
        yield chunk
        came += len(chunk)
        if time.monotonic() > until:
            if came < _TRICKLE:
                raise _Cut(f"only {came:,} bytes came in {timeout:g} seconds")
            came, until = 0, time.monotonic() + timeout


def _in_words(error: Exception, timeout: float) -> str:
    reason = getattr(error, "reason", error)  # URLError wraps what happened
    if isinstance(reason, TimeoutError):
        return f"no answer for {timeout:g} seconds"
    return str(reason) or type(reason).__name__


def _unpacked(path: Path, size: int) -> Iterator[bytes]:
    """The content of a gzip file, piece by piece, at most one byte more than `size`."""
    import gzip

    left = size + 1
    try:
        with gzip.open(path) as file:
            while left and (piece := file.read(min(left, 1 << 20))):
                left -= len(piece)
                yield piece
    except gzip.BadGzipFile as error:
        raise zlib.error(str(error)) from None


@contextmanager
def only_one(path: Path) -> Iterator[None]:
    """Hold a lock that one process at a time can have, and that ends with it; wait where another has it."""
    with path.open("a+b") as file:
        told = time.monotonic() + 1.0
        while not _lock(file):
            if time.monotonic() > told:
                sys.stderr.write(f"waiting for another process that is at work in {path.parent}\n")
                told = math.inf
            time.sleep(0.05)
        yield  # closing the file frees the lock


def _lock(file: IO[bytes]) -> bool:
    """Try to lock `file`; a file system that knows no locks is taken at its word."""
    if sys.platform == "win32":
        import msvcrt

        try:
            file.seek(0)
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
    else:
        try:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        except (ImportError, OSError):
            return True
    return True
