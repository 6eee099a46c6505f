"""Every primitive operation, as tables of rows in five families. The tables know nothing of tensors.

`autograd.apply` is the one way that a row happens to a tensor; the readings in `readings` are the other ways.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Mapping

from groundup.ops import contract, elementwise, index, reduce, view
from groundup.ops.row import EXACT, Row

__all__ = ["EXACT", "ROWS", "Row", "find"]

# The modules whose rows layers and linear algebra use, and many programs do not.
LATER = ("attention", "distance", "elimination", "linalg", "normalise", "pooling", "resampling", "windows")


class Table(Mapping[str, Row]):
    """All rows by name. Those of `LATER` are loaded when one of them, or the whole table, is first asked for."""

    def __init__(self, *parts: dict[str, Row]) -> None:
        self._rows = {name: row for part in parts for name, row in part.items()}
        self._whole = False

    def _all(self) -> dict[str, Row]:
        if not self._whole:
            parts = [importlib.import_module(f"groundup.ops.{module}").ROWS for module in LATER]
            self._rows = {name: row for part in (self._rows, *parts) for name, row in part.items()}
            self._whole = True
        return self._rows

    def __getitem__(self, name: str) -> Row:
        try:
            return self._rows[name]
        except KeyError:
            return self._all()[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._all())

    def __len__(self) -> int:
        return len(self._all())


ROWS = Table(elementwise.ROWS, reduce.ROWS, view.ROWS, contract.ROWS, index.ROWS)


def find(name: str) -> Row:
    """The row of that name."""
    return ROWS[name]
