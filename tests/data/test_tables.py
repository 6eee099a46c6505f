"""CSV and NPZ files: right ones give arrays, wrong ones a message with the file and the line or array."""

from __future__ import annotations

import gzip
import pickle
import zipfile
from pathlib import Path

import numpy as np
import pytest

from groundup.data.errors import DataError
from groundup.data.tables import read_csv, read_npz


def csv_file(folder: Path, text: str) -> Path:
    path = folder / "table.csv"
    path.write_bytes(text.encode())
    return path


@pytest.mark.parametrize(
    ("text", "options", "features", "labels", "classes", "columns"),
    [
        ("1,2,0\n3,4,1\n", {}, [[1, 2], [3, 4]], [0, 1], ("0", "1"), ("column 1", "column 2")),
        ("1,2,0\r\n3,4,1", {}, [[1, 2], [3, 4]], [0, 1], ("0", "1"), ("column 1", "column 2")),
        ("a;b;kind\n1;2;x\n3;4;y\n", {}, [[1, 2], [3, 4]], [0, 1], ("x", "y"), ("a", "b")),
        ("label\ta\tb\n7\t1\t2\n5\t3\t4\n", {}, [[1, 2], [3, 4]], [1, 0], ("5", "7"), ("a", "b")),
        ("7,1,2\n10,3,4\n", {"label": 0}, [[1, 2], [3, 4]], [0, 1], ("7", "10"), ("column 2", "column 3")),
        ("a,b,c\n1,z,2\n3,y,4\n", {"label": "b"}, [[1, 2], [3, 4]], [1, 0], ("y", "z"), ("a", "c")),
        ("1,2\n3,4\n", {"label": None}, [[1, 2], [3, 4]], None, (), ("column 1", "column 2")),
        ("0,1,2\n1,2,3\n", {"header": True}, [[1, 2]], [0], ("3",), ("0", "1")),
        ("\n1,2,3.0\n\n3,4,3\n\n", {}, [[1, 2], [3, 4]], [0, 0], ("3",), ("column 1", "column 2")),
        ('1,"2","a,b"\n3,4,"c"\n', {}, [[1, 2], [3, 4]], [0, 1], ("a,b", "c"), ("column 1", "column 2")),
        ("\ufeffa,b,k\n1,2,3\n", {}, [[1, 2]], [0], ("3",), ("a", "b")),
        ("1e2, -.5 ,x\n", {}, [[100, -0.5]], [0], ("x",), ("column 1", "column 2")),
        ("0.1,1.5\n0.2,-2\n", {}, [[0.1], [0.2]], [1, 0], ("-2", "1.5"), ("column 1",)),
    ],
)
def test_tables_are_read(
    tmp_path: Path,
    text: str,
    options: dict[str, object],
    features: list[list[float]],
    labels: list[int] | None,
    classes: tuple[str, ...],
    columns: tuple[str, ...],
) -> None:
    table = read_csv(csv_file(tmp_path, text), **options)
    assert table.features.dtype == np.float32
    np.testing.assert_array_equal(table.features, np.array(features, np.float32))
    assert table.classes == classes and table.columns == columns
    if labels is None:
        assert table.labels is None
    else:
        assert table.labels.dtype == np.int64 and table.labels.tolist() == labels


def test_a_packed_table_is_read(tmp_path: Path) -> None:
    path = tmp_path / "table.csv.gz"
    path.write_bytes(gzip.compress(b"1,2,0\n"))
    assert read_csv(path).features.tolist() == [[1, 2]]


@pytest.mark.parametrize(
    ("text", "options", "says"),
    [
        ("", {}, "is empty"),
        ("\n\n", {}, "is empty"),
        ("a,b,c\n", {}, "has a header and no line below it"),
        ("1,2,3\n4,5\n", {}, "line 2 has 2 fields, the first line has 3"),
        ("1,2,3\n\n4,5,6,7\n", {}, "line 3 has 4 fields, the first line has 3"),
        ("a,b,c\n1,2,3\n4,oops,6\n", {}, "line 3: b is 'oops', not a finite number"),
        ("1,2,3\n4,,6\n", {}, "line 2: column 2 is empty"),
        ("1,2,3\n4,nan,6\n", {}, "line 2: column 2 is 'nan', not a finite number"),
        ("1,2,3\n4,1e999,6\n", {}, "line 2: column 2 is '1e999', not a finite number"),
        ("1,2,3\n4,5,\n", {}, "line 2 has no label"),
        ("1,2,x\n3,oops,y\n", {}, "line 2: column 2 is 'oops'"),
        ("1,oops,3\n", {}, "line 1: column 2 is 'oops'"),
        ('1,2,x\n3,"4\n', {}, "line 2: unexpected end of data"),
        ("a,b\n1,2\n", {"label": "c"}, "has no column 'c'; its columns are a, b"),
        ("1,2\n", {"label": 2}, "has no column 2: it has 2 columns"),
        ("1 2 3\n", {}, "has a label and no feature"),
        ("a\0b,c\n", {}, "is not a text file"),
    ],
)
def test_what_is_wrong_is_told_with_the_line(tmp_path: Path, text: str, options: dict[str, object], says: str) -> None:
    path = csv_file(tmp_path, text)
    with pytest.raises(DataError, match=says) as caught:
        read_csv(path, **options)
    assert str(caught.value).startswith(f"{path}: ")


def test_what_is_no_text_is_told(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(b"1,2\n\xff\xfe,3\n")
    with pytest.raises(DataError, match=r"is not UTF-8 text \(byte 4\)"):
        read_csv(path)
    with pytest.raises(DataError, match="no such file"):
        read_csv(tmp_path / "b.csv")


def test_numbers_are_read_fast_and_slowly_alike(tmp_path: Path) -> None:
    """A label in words takes the slow path; the features must come out the same, bit for bit."""
    values = np.random.default_rng(0).standard_normal((50, 3)).astype(np.float32)
    lines = [",".join(map(str, row)) for row in values.tolist()]
    fast = read_csv(csv_file(tmp_path, "\n".join(f"{line},1" for line in lines)))
    slow = read_csv(csv_file(tmp_path, "\n".join(f"{line},word" for line in lines)))
    np.testing.assert_array_equal(fast.features, values)
    np.testing.assert_array_equal(slow.features, values)


def test_archives_are_read(tmp_path: Path) -> None:
    np.savez_compressed(tmp_path / "a.npz", x=np.arange(3), y=np.eye(2))
    arrays = read_npz(tmp_path / "a.npz")
    assert sorted(arrays) == ["x", "y"] and arrays["x"].tolist() == [0, 1, 2]


class Bomb:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return pytest.fail, ("a pickle was loaded",)


def test_pickles_are_refused(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", x=np.arange(3), bad=np.array([Bomb()], object))
    with pytest.raises(DataError, match="array 'bad': holds pickled objects, which are not loaded"):
        read_npz(tmp_path / "a.npz")
    (tmp_path / "b.npz").write_bytes(pickle.dumps(Bomb()))
    with pytest.raises(DataError, match="is not an NPZ archive"):
        read_npz(tmp_path / "b.npz")


def test_damaged_archives_are_told(tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    np.savez_compressed(path, x=np.arange(1000))
    whole = path.read_bytes()
    for length in (0, 1, 2, 50, len(whole) // 2, len(whole) - 1):
        path.write_bytes(whole[:length])
        with pytest.raises(DataError, match=r"is not an NPZ archive|is damaged"):
            read_npz(path)
    path.write_bytes(whole[:80] + b"????" + whole[84:])
    with pytest.raises(DataError, match="array 'x': the archive is damaged"):
        read_npz(path)


@pytest.mark.parametrize(
    "header",
    [
        "{'descr': '<f8', 'fortran_order': False, 'shape': (4000000000000,)}",
        "{'descr': '<f8', 'fortran_order': False, 'shape': (4611686018427387904, 4611686018427387904)}",
        "{'descr': '<f8', 'fortran_order': False, 'shape': (-1,)}",
        "{'descr': '<f8', 'fortran_order': False, 'shape': (3,",
        "{'descr': '<f8', 'shape': (3,)}",
        "__import__('os').abort()",
    ],
)
def test_hostile_headers_are_told(tmp_path: Path, header: str) -> None:
    padded = header.ljust(117) + "\n"
    content = b"\x93NUMPY\x01\x00" + len(padded).to_bytes(2, "little") + padded.encode() + bytes(24)
    with zipfile.ZipFile(tmp_path / "a.npz", "w") as archive:
        archive.writestr("x.npy", content)
    with pytest.raises(DataError, match=r"a\.npz: array 'x': the archive is damaged"):
        read_npz(tmp_path / "a.npz")


def test_archives_of_other_things_are_told(tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    with zipfile.ZipFile(path, "w"):
        pass
    with pytest.raises(DataError, match="is an archive without any array"):
        read_npz(path)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("notes.txt", "hello")
    with pytest.raises(DataError, match=r"holds 'notes.txt', which is not an array"):
        read_npz(path)
