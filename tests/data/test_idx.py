"""IDX files: right ones give their arrays, and whatever is wrong with others is told with the file's name."""

from __future__ import annotations

import gzip
import lzma
import struct
from pathlib import Path

import numpy as np
import pytest

from groundup.data.errors import DataError
from groundup.data.idx import idx_bytes, read_idx, write_idx

IMAGES = np.arange(24, dtype=np.uint8).reshape(2, 3, 4)


@pytest.mark.parametrize("dtype", ["u1", "i1", "i2", "i4", "f4", "f8"])
@pytest.mark.parametrize("shape", [(1,), (5,), (2, 3, 4), (0, 3), (1, 1, 1, 1, 2)])
def test_what_is_written_is_read(tmp_path: Path, dtype: str, shape: tuple[int, ...]) -> None:
    values = np.random.default_rng(0).integers(0, 100, shape).astype(dtype)
    write_idx(tmp_path / "a.idx", values)
    got = read_idx(tmp_path / "a.idx")
    assert got.dtype == np.dtype(dtype) and got.dtype.isnative and got.flags.writeable
    np.testing.assert_array_equal(got, values)


def test_the_bytes_are_those_of_the_format() -> None:
    assert idx_bytes(np.array([[1, 2, 3]], np.int16)) == bytes.fromhex("00000b02 00000001 00000003 0001 0002 0003")


@pytest.mark.parametrize("pack", [bytes, gzip.compress, lzma.compress])
def test_packing_is_told_by_the_content(tmp_path: Path, pack: object) -> None:
    path = tmp_path / "images"
    path.write_bytes(pack(idx_bytes(IMAGES)))
    np.testing.assert_array_equal(read_idx(path), IMAGES)


def header(*sizes: int, code: int = 8, rank: int | None = None) -> bytes:
    return struct.pack(f">HBB{len(sizes)}I", 0, code, len(sizes) if rank is None else rank, *sizes)


WHOLE = idx_bytes(IMAGES)
ZIPPED = gzip.compress(WHOLE, mtime=0)  # the same bytes each time, as they name the tests


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "is not an IDX file: it has 0 bytes"),
        (b"\0\0\x08", "is not an IDX file: it has 3 bytes"),
        (b"<!doctype html>", "is not an IDX file: it begins with .* like a web page"),
        (b"\x89PNG....", "is not an IDX file: it begins with"),
        (header(3, code=7) + b"abc", "is not an IDX file"),
        (header() + b"a", "is not an IDX file"),
        (header(2, 3, rank=3), r"cut short within its header \(12 bytes of 16\)"),
        (header(1, rank=255), "cut short within its header"),
        (WHOLE[:-1], "cut short: 1 bytes are missing of 2 x 3 x 4 numbers of uint8"),
        (WHOLE[:16], "cut short: 24 bytes are missing"),
        (WHOLE + b"\0", "goes on after the end of 2 x 3 x 4 numbers of uint8"),
        (header(2**32 - 1, 2**32 - 1, 2**32 - 1), "promises .* more than such a file can hold"),
        (header(2**32 - 1, 2**32 - 1, code=0x0E), "more than such a file can hold"),
        (header(2**31, 2**31), "cut short: 4,611,686,018,427,387,904 bytes are missing"),
        (gzip.compress(header(2**31, 1024), mtime=0), "promises .* more than such a file can hold"),
        (ZIPPED[:-9], r"the gzip file is cut short"),
        (ZIPPED[:15], r"the gzip file is cut short"),
        (ZIPPED[:30] + b"?" + ZIPPED[31:], "the gzip file is damaged"),
        (ZIPPED + b"rest", "the gzip file is damaged"),
        (lzma.compress(WHOLE)[:-20], "the xz file is cut short"),
        (lzma.compress(WHOLE)[:40] + b"??" + lzma.compress(WHOLE)[42:], "the xz file is damaged"),
        (lzma.compress(header(2**31, 1024)), "bytes are missing"),
    ],
)
def test_what_is_wrong_is_told_with_the_name(tmp_path: Path, content: bytes, says: str) -> None:
    path = tmp_path / "train-images"
    path.write_bytes(content)
    with pytest.raises(DataError, match=says) as caught:
        read_idx(path)
    assert str(caught.value).startswith(f"{path}: ") and "\n" not in str(caught.value)
    assert caught.value.path == path


def test_every_truncation_is_told(tmp_path: Path) -> None:
    path = tmp_path / "a"
    for packed in (WHOLE, ZIPPED):
        for length in range(len(packed)):
            path.write_bytes(packed[:length])
            with pytest.raises(DataError):
                read_idx(path)


def test_missing_files_and_folders_are_told(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no such file"):
        read_idx(tmp_path / "nothing")
    with pytest.raises(DataError, match="is a folder, not a file"):
        read_idx(tmp_path)


def test_a_dtype_without_a_code_is_refused() -> None:
    with pytest.raises(TypeError, match="IDX cannot hold int64"):
        idx_bytes(np.arange(3))
