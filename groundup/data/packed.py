"""Reading a file that may be packed with gzip or xz, never taking more memory than its caller allows.

The packing is told by the first bytes and not by the name. The readers of IDX and CSV stand on it.
"""

from __future__ import annotations

import gzip
import io
import os
import zlib
from pathlib import Path
from typing import BinaryIO, cast

from groundup.data.errors import DataError, readable

GZIP, XZ = b"\x1f\x8b", b"\xfd7zXZ\x00"
# Read in pieces: `read(n)` sets aside n bytes at once, and n may be the promise of a hostile header.
_PIECE = 1 << 22


def read_at_most(path: str | os.PathLike[str], limit: int | None = None) -> bytes:
    """The unpacked content of a plain, gzip or xz file, or its first `limit` bytes where it is longer.

    Raises:
        DataError: the file is missing or unreadable, or its packing is damaged or cut short.
    """
    path = Path(path)
    with readable(path), path.open("rb") as file:
        magic = file.read(len(XZ))
        file.seek(0)
        if magic.startswith(GZIP):
            return _unpack(path, cast(BinaryIO, gzip.GzipFile(fileobj=file)), limit, "gzip")
        if magic == XZ:
            return _unpack(path, _open_xz(path, file), limit, "xz")
        return _pieces(file, limit)


def _pieces(file: BinaryIO, limit: int | None) -> bytes:
    content = bytearray()
    while limit is None or len(content) < limit:
        piece = file.read(_PIECE if limit is None else min(_PIECE, limit - len(content)))
        if not piece:
            break
        content += piece
    return bytes(content)


def _open_xz(path: Path, file: BinaryIO) -> BinaryIO:
    """A reader of xz. Python may have been built without it, hence the import at its use."""
    try:
        import lzma
    except ImportError:
        raise DataError(path, "is packed with xz, and this Python was built without the module lzma") from None
    return cast(BinaryIO, lzma.LZMAFile(file))


def _unpack(path: Path, packed: BinaryIO, limit: int | None, kind: str) -> bytes:
    try:
        with packed:
            return _pieces(packed, limit)
    except EOFError:
        raise DataError(path, f"the {kind} file is cut short ({path.stat().st_size:,} bytes)") from None
    except (zlib.error, OSError) as error:
        raise DataError(path, f"the {kind} file is damaged ({error})") from None
    except Exception as error:  # lzma.LZMAError, whose module may be missing
        if type(error).__name__ != "LZMAError":
            raise
        raise DataError(path, f"the {kind} file is damaged ({error})") from None


def lines_of(path: str | os.PathLike[str]) -> io.StringIO:
    """The unpacked content as text (UTF-8, with or without a byte order mark)."""
    try:
        return io.StringIO(read_at_most(path).decode("utf-8-sig"), newline="")
    except UnicodeDecodeError as error:
        raise DataError(path, f"is not UTF-8 text (byte {error.start:,})") from None
