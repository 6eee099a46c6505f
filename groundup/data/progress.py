"""Progress of a download on the standard error: a bar by tqdm where it is installed, else plain lines."""

from __future__ import annotations

import sys
from types import TracebackType
from typing import Any


class Progress:
    """Shows how much of a file has come. Used as a context manager."""

    def __init__(self, name: str, total: int | None, have: int = 0) -> None:
        self._name, self._total, self._have = name, total, have
        self._bar = self._make_bar()

    def _make_bar(self) -> Any:
        try:
            from tqdm import tqdm
        except ImportError:
            size = "" if self._total is None else f" ({_megabytes(self._total)})"
            sys.stderr.write(f"fetching {self._name}{size}\n")
            return None
        return tqdm(
            desc=self._name,
            total=self._total,
            initial=self._have,
            unit="B",
            unit_scale=True,
            unit_divisor=1024,
        )

    def update(self, count: int) -> None:
        """`count` more bytes have come."""
        self._have += count
        if self._bar is not None:
            self._bar.update(count)

    def __enter__(self) -> Progress:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar is not None:
            self._bar.close()
        else:
            sys.stderr.write(f"  {_megabytes(self._have)} of {self._name} are here\n")


def _megabytes(count: int) -> str:
    return f"{count / 1e6:,.1f} MB"
