"""What each epoch came to: losses, metrics, learning rate and time, as a table, a CSV file and a plot.

The ``Learner`` adds a row after each epoch, and gives the whole history back from ``fit``.
"""

from __future__ import annotations

import csv
import io
import math
import os
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from groundup.atomic import StrPath, write_bytes

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["History"]

Number = int | float | None


class History:
    """Rows of numbers under named columns; a column that a row does not have is empty (None) there.

    >>> from groundup.train import History
    >>> history = History()
    >>> history.append({"epoch": 1, "train_loss": 0.5, "valid_accuracy": 0.81})
    >>> history.append({"epoch": 2, "train_loss": 0.25})
    >>> print(history)
    epoch  train_loss  valid_accuracy
        1      0.5000          0.8100
        2      0.2500
    >>> history["train_loss"], history[-1]
    ([0.5, 0.25], {'epoch': 2, 'train_loss': 0.25, 'valid_accuracy': None})
    """

    def __init__(self, columns: Mapping[str, list[Number]] | None = None) -> None:
        self._columns: dict[str, list[Number]] = {name: list(values) for name, values in (columns or {}).items()}
        if len({len(values) for values in self._columns.values()}) > 1:
            raise ValueError("the columns of a history must have one length")

    @property
    def columns(self) -> list[str]:
        """The names of the columns, in the order in which they came."""
        return list(self._columns)

    def append(self, row: Mapping[str, Number]) -> None:
        """Add a row; a new column is empty in the rows before."""
        length = len(self)
        for name in row:
            self._columns.setdefault(name, [None] * length)
        for name, values in self._columns.items():
            values.append(row.get(name))

    def __len__(self) -> int:
        return len(next(iter(self._columns.values()), []))

    def __iter__(self) -> Iterator[dict[str, Number]]:
        return (self._row(i) for i in range(len(self)))

    def __getitem__(self, key: str | int) -> Any:
        """The column of that name as a list, or the row of that number as a dictionary."""
        if isinstance(key, str):
            if key not in self._columns:
                raise KeyError(f"no column {key!r}; there are: {', '.join(self._columns) or 'none yet'}")
            return list(self._columns[key])
        if not -len(self) <= key < len(self):
            raise IndexError(f"no row {key}: the history has {len(self)}")
        return self._row(key)

    def _row(self, index: int) -> dict[str, Number]:
        return {name: values[index] for name, values in self._columns.items()}

    def __str__(self) -> str:
        return "\n".join([header(self.columns), *(line(row) for row in self)]) if self._columns else "(no epochs)"

    __repr__ = __str__

    def state_dict(self) -> dict[str, Any]:
        """The columns, for a checkpoint."""
        return {"columns": {name: list(values) for name, values in self._columns.items()}}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Take the columns of ``state`` in place of these."""
        self._columns = History(state["columns"])._columns

    def save_csv(self, path: StrPath) -> None:
        """Write a CSV file, whole or not at all: a line of names, then a line for each epoch.

        Numbers are written so that reading them gives the same bits; an empty cell is None.
        """
        text = io.StringIO(newline="")
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(self._columns)
        writer.writerows(["" if value is None else repr(value) for value in row.values()] for row in self)
        write_bytes(path, text.getvalue().encode())

    @classmethod
    def load_csv(cls, path: StrPath) -> History:
        """Read what ``save_csv`` wrote. Raises ``ValueError``, naming the file, when it is no such table."""
        try:
            with open(path, newline="", encoding="utf-8") as file:
                rows = list(csv.reader(file, strict=True))
            names = rows[0] if rows else []
            columns: dict[str, list[Number]] = {name: [] for name in names}
            if len(columns) != len(names):
                raise ValueError("two columns have one name")
            for number, row in enumerate(rows[1:], start=2):
                if len(row) != len(names):
                    raise ValueError(f"line {number} has {len(row)} cells under {len(names)} names")
                for name, cell in zip(names, row, strict=True):
                    columns[name].append(_number(cell))
        except (csv.Error, ValueError) as error:
            raise ValueError(f"{os.fspath(path)} is no history: {error}") from error
        return cls(columns)

    def plot(self, path: StrPath | None = None) -> Figure:
        """Draw the losses and the metrics over the epochs; with a ``path`` save the picture there.

        The kind of picture goes by the name's ending (.png, .svg, .pdf). Needs matplotlib, and neither opens
        a window nor touches pyplot's state. Gives the figure back, for changes of your own.
        """
        from groundup.train import figures

        figure = figures.history_figure(self)
        if path is not None:
            figures.save_figure(figure, path)
        return figure


def header(columns: list[str]) -> str:
    """The line of names above a table."""
    return "  ".join(name.rjust(_width(name)) for name in columns)


def line(row: Mapping[str, Number]) -> str:
    """One row of a table, each number under its name."""
    return "  ".join(_cell(name, value).rjust(_width(name)) for name, value in row.items()).rstrip()


def _width(name: str) -> int:
    return max(len(name), 5 if name == "epoch" else 7)


def _cell(name: str, value: Number) -> str:
    if value is None:
        return ""
    if isinstance(value, int):
        return str(value)
    if name == "seconds":
        return f"{value:.2f}"
    # Four places serve losses and shares; a learning rate of 3e-5 needs figures instead.
    small = value != 0 and math.isfinite(value) and not 1e-3 <= abs(value) < 1e5
    return f"{value:.1e}" if small else f"{value:.4f}"


def _number(cell: str) -> Number:
    if cell == "":
        return None
    try:
        return int(cell)
    except ValueError:
        return float(cell)
