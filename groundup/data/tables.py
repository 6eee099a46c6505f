"""Tables as data: CSV files, and NPZ archives of arrays.

Both give plain NumPy arrays and name the file, and the line or the array, that is wrong. `groundup.data.sets`
makes image sets of them.
"""

from __future__ import annotations

import csv
import io
import math
import os
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from groundup.data.errors import DataError, readable
from groundup.data.packed import lines_of

_LABEL_NAMES = ("label", "class", "target")
_DELIMITERS = ",;\t"


@dataclass(frozen=True, eq=False)
class Table:
    """A CSV file that was read: features, labels, and what the columns and classes are called.

    Attributes:
        features: float32, one row a line of the file, without the label's column.
        labels: int64 places in `classes`, or None where the table has no label.
        classes: the different labels, sorted (as numbers where all are numbers).
        columns: the names of the features, from the header or ``column 1``, ``column 2``, ...
    """

    features: np.ndarray[Any, Any]
    labels: np.ndarray[Any, Any] | None
    classes: tuple[str, ...]
    columns: tuple[str, ...]


def read_csv(
    path: str | os.PathLike[str],
    *,
    label: int | str | None = -1,
    header: bool | None = None,
    delimiter: str | None = None,
) -> Table:
    """Read a table of numbers with a column of labels, packed with gzip or xz or not at all.

    Args:
        path: the file, in UTF-8.
        label: the label's column, by its place (-1 is the last) or by its name in the header; None for a
            table that has no label. Labels may be any text; features are numbers. With -1, a column that the
            header calls label, class or target is taken first.
        header: whether the first line names the columns; None takes it for a header
            where no feature in it is a number.
        delimiter: what separates the fields; None takes the one of comma, semicolon and tab that the first
            line has most of.

    Raises:
        DataError: no such file or column, an empty table, a line of another length, a field that is no
            finite number; with the number of the line.

    >>> import pathlib, tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = pathlib.Path(folder, "flowers.csv")
    ...     _ = path.write_text("length,width,kind\\n5.1,3.5,setosa\\n7,3.2,versicolor\\n")
    ...     table = read_csv(path)
    >>> table.features
    array([[5.1, 3.5],
           [7. , 3.2]], dtype=float32)
    >>> table.labels, table.classes, table.columns
    (array([0, 1]), ('setosa', 'versicolor'), ('length', 'width'))
    """
    path = Path(path)
    text = lines_of(path)
    delimiter, first = _first_row(path, text, delimiter)
    named = _is_header(first, label) if header is None else header
    if not named:
        text.seek(0)
    names = [field.strip() for field in first] if named else None
    place = _label_place(path, label, names, len(first))
    columns = names or [f"column {number}" for number in range(1, len(first) + 1)]
    if place is not None:
        columns = columns[:place] + columns[place + 1 :]
    if not columns:
        raise DataError(path, "has a label and no feature; fields are separated by comma, semicolon or tab")
    numbers = _all_numbers(text, delimiter, len(first))
    if numbers is None:
        features, labels = _row_by_row(path, delimiter, named, place, columns)
    elif place is None:
        features, labels = numbers, []
    else:
        features, labels = np.delete(numbers, place, axis=1), numbers[:, place].tolist()
    places, classes = _encode(labels)
    return Table(features.astype(np.float32, copy=False), None if place is None else places, classes, tuple(columns))


def _first_row(path: Path, text: io.StringIO, delimiter: str | None) -> tuple[str, list[str]]:
    """The delimiter and the first line that is not empty; `text` is left after it."""
    for line in text:
        if "\0" in line:
            raise DataError(path, "is not a text file")
        if line.strip():
            delimiter = delimiter or max(_DELIMITERS, key=line.count)
            return delimiter, next(csv.reader([line], delimiter=delimiter))
    raise DataError(path, "is empty")


def _all_numbers(text: io.StringIO, delimiter: str, width: int) -> np.ndarray[Any, Any] | None:
    """The rest of a table of finite numbers only, read at NumPy's speed; None for other tables."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", UserWarning)  # a table without a line
            values = np.loadtxt(text, np.float64, comments=None, delimiter=delimiter, quotechar='"', ndmin=2)
    except (ValueError, UserWarning):
        return None
    return values if values.shape[1] == width and np.isfinite(values).all() else None


def _row_by_row(
    path: Path, delimiter: str, named: bool, place: int | None, columns: list[str]
) -> tuple[np.ndarray[Any, Any], list[str]]:
    """Features and labels of a table with labels in words, or the error of the first line that is wrong."""
    reader = csv.reader(lines_of(path), delimiter=delimiter, strict=True)
    width = len(columns) + (place is not None)
    features, labels = [], []
    try:
        rows = ((reader.line_num, row) for row in reader if row)
        if named:
            next(rows)
        for line, row in rows:
            if len(row) != width:
                raise DataError(path, f"line {line} has {len(row)} fields, the first line has {width}")
            if place is not None:
                labels.append(_label(path, line, row.pop(place)))
            features.append(_numbers(path, line, row, columns))
    except csv.Error as error:
        raise DataError(path, f"line {reader.line_num}: {error}") from None
    if not features:
        raise DataError(path, "has a header and no line below it")
    return np.array(features, np.float32), labels


def _label(path: Path, line: int, field: str) -> str:
    if not field.strip():
        raise DataError(path, f"line {line} has no label")
    return field.strip()


def _numbers(path: Path, line: int, row: list[str], columns: list[str]) -> list[float]:
    values = []
    for name, field in zip(columns, row, strict=True):
        try:
            value = float(field)
        except ValueError:
            value = math.nan
        if not math.isfinite(value):
            what = f"is {field!r}, not a finite number" if field.strip() else "is empty"
            raise DataError(path, f"line {line}: {name} {what}")
        values.append(value)
    return values


def _is_header(row: list[str], label: int | str | None) -> bool:
    """Names are wanted, or every field but the label is a word."""
    if isinstance(label, str):
        return True
    features = [field for place, field in enumerate(row) if label is None or place != label % len(row)]
    return bool(features) and all(field.strip() and not _is_number(field) for field in features)


def _is_number(field: str | float) -> bool:
    try:
        float(field)
    except ValueError:
        return False
    return True


def _label_place(path: Path, label: int | str | None, names: list[str] | None, width: int) -> int | None:
    if label is None:
        return None
    if isinstance(label, str):
        if names is None or label not in names:
            raise DataError(path, f"has no column {label!r}; its columns are {', '.join(names or ['unnamed'])}")
        return names.index(label)
    if not -width <= label < width:
        raise DataError(path, f"has no column {label}: it has {width} columns")
    if label == -1 and names is not None:
        found = [place for place, name in enumerate(names) if name.lower() in _LABEL_NAMES]
        if len(found) == 1:
            return found[0]
    return label % width


def _encode(labels: list[str] | list[float]) -> tuple[np.ndarray[Any, Any], tuple[str, ...]]:
    """Labels as places in the sorted list of the different ones."""
    numbers = all(_is_number(label) for label in labels)
    names = [_plain(float(label)) if numbers else str(label) for label in labels]
    classes = sorted(set(names), key=float if numbers else None)
    places = {name: place for place, name in enumerate(classes)}
    return np.array([places[name] for name in names], np.int64), tuple(classes)


def _plain(number: float) -> str:
    """3 for 3.0: the two are one class."""
    return str(int(number)) if number.is_integer() else str(number)


def read_npz(path: str | os.PathLike[str]) -> dict[str, np.ndarray[Any, Any]]:
    """All arrays of an NPZ archive, by their names. Pickled objects are refused: to load one is to run it.

    Raises:
        DataError: the file is missing, damaged, no archive of arrays, or holds pickled objects.

    >>> import numpy as np, pathlib, tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = pathlib.Path(folder, "two.npz")
    ...     np.savez(path, x=np.zeros(2), y=np.ones(1))
    ...     read_npz(path)
    {'x': array([0., 0.]), 'y': array([1.])}
    """
    path = Path(path)
    with readable(path), path.open("rb") as file:
        if file.read(2) != b"PK":
            raise DataError(path, "is not an NPZ archive (write one by numpy.savez)")
    name = ""
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as archive:
            arrays = {}
            for name in archive.files:
                arrays[name] = archive[name]
    except Exception as error:  # a damaged header makes NumPy's reader and its parser raise nearly anything
        where = f"array {name!r}: " if name else ""
        if name and "Object arrays" in str(error):
            raise DataError(path, f"{where}holds pickled objects, which are not loaded") from None
        reason = f" ({error})" if name else ""  # before the first array, NumPy speaks of pickles
        raise DataError(path, f"{where}the archive is damaged{reason}") from None
    for name, array in arrays.items():
        if not isinstance(array, np.ndarray):  # NumPy hands over other members of the archive as bytes
            raise DataError(path, f"holds {name!r}, which is not an array")
    if not arrays:
        raise DataError(path, "is an archive without any array")
    return arrays
