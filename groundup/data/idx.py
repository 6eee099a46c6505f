"""The IDX format of MNIST: a four-byte magic number, the sizes, and the numbers, all big-endian.

`read_idx` believes nothing that the header says before the file's length has confirmed it; `write_idx` is its
inverse. MNIST, Fashion-MNIST and the embedded sets are read through here.
"""

from __future__ import annotations

import math
import os
import struct
from pathlib import Path
from typing import Any

import numpy as np

from groundup.data.errors import DataError, readable
from groundup.data.packed import GZIP, read_at_most

_CODES = {0x08: "u1", 0x09: "i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}
_LONGEST_HEADER = 4 + 4 * 255
# What deflate can reach at best: beyond it a header promises more than the file can hold.
_GZIP_RATIO = 1032


def read_idx(path: str | os.PathLike[str]) -> np.ndarray[Any, Any]:
    """The array in an IDX file, plain or packed with gzip or xz, in the machine's byte order.

    Raises:
        DataError: the file is missing, is not IDX, or is shorter or longer than its header says.

    Source: the format's description on the page of MNIST (Y. LeCun, C. Cortes, C. Burges).

    >>> import numpy as np, pathlib, tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = pathlib.Path(folder, "numbers.idx")
    ...     write_idx(path, np.arange(6, dtype=np.uint8).reshape(2, 3))
    ...     read_idx(path)
    array([[0, 1, 2],
           [3, 4, 5]], dtype=uint8)
    """
    path = Path(path)
    dtype, shape, start = _read_header(path)
    expected = start + math.prod(shape) * dtype.itemsize
    if not _can_hold(path, expected):
        raise DataError(path, f"its header promises {_kind(dtype, shape)}, more than such a file can hold")
    content = read_at_most(path, expected + 1)
    if len(content) < expected:
        missing = expected - len(content)
        raise DataError(path, f"is cut short: {missing:,} bytes are missing of {_kind(dtype, shape)}")
    if len(content) > expected:
        raise DataError(path, f"goes on after the end of {_kind(dtype, shape)}")
    values = np.frombuffer(content, dtype, offset=start).reshape(shape)
    return values.astype(dtype.newbyteorder("="))  # a copy, so that the array may be written to


def write_idx(path: str | os.PathLike[str], values: np.ndarray[Any, Any]) -> None:
    """Write `values` (uint8, int8, int16, int32, float32 or float64) as an unpacked IDX file.

    Raises:
        TypeError: IDX has no code for the dtype.
    """
    Path(path).write_bytes(idx_bytes(values))


def idx_bytes(values: np.ndarray[Any, Any]) -> bytes:
    """The content of an IDX file that holds `values`."""
    for code, name in _CODES.items():
        if np.dtype(name) == values.dtype.newbyteorder(">"):
            header = struct.pack(f">HBB{values.ndim}I", 0, code, values.ndim, *values.shape)
            return header + values.astype(name).tobytes()
    raise TypeError(f"IDX cannot hold {values.dtype}; it holds uint8, int8, int16, int32, float32, float64")


def _read_header(path: Path) -> tuple[np.dtype[Any], tuple[int, ...], int]:
    """dtype, shape and the place where the numbers begin."""
    head = read_at_most(path, _LONGEST_HEADER)
    if len(head) < 4:
        raise DataError(path, f"is not an IDX file: it has {len(head)} bytes, not even a header")
    zero, code, rank = struct.unpack(">HBB", head[:4])
    if zero != 0 or code not in _CODES or rank == 0:
        looks = "a web page" if head.lstrip()[:1] == b"<" else "something else"
        raise DataError(path, f"is not an IDX file: it begins with {head[:4]!r}, like {looks}")
    start = 4 + 4 * rank
    if len(head) < start:
        raise DataError(path, f"is cut short within its header ({len(head)} bytes of {start})")
    return np.dtype(_CODES[code]), struct.unpack(f">{rank}I", head[4:start]), start


def _can_hold(path: Path, expected: int) -> bool:
    """Whether a file of this length can give `expected` bytes (xz, which packs without limit, always can)."""
    if expected > np.iinfo(np.intp).max:
        return False
    with readable(path), path.open("rb") as file:
        if file.read(2) != GZIP:
            return True
    return expected <= _GZIP_RATIO * path.stat().st_size


def _kind(dtype: np.dtype[Any], shape: tuple[int, ...]) -> str:
    return f"{' x '.join(f'{size:,}' for size in shape)} numbers of {dtype.newbyteorder('=').name}"
