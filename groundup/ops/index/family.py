"""What all rows with positions are made by: the kind of row, and keys as patterns."""

from __future__ import annotations

from typing import Any

import numpy as np

from groundup.ops.row import Formula, Row

ARRAY = "array"  # stands in a pattern where an index array goes


def indexing(forward: Formula, *grads: Formula | None, label: str | None = None, judge: str | None = None) -> Row:
    """A row that reads or writes at positions."""
    return Row("index", forward, grads, dtypes="own", label=label, judge=judge)


def rebuild(pattern: tuple[Any, ...], indices: tuple[np.ndarray, ...]) -> tuple[Any, ...]:
    """The key that the user wrote: the pattern with its arrays back in place."""
    arrays = iter(indices)
    return tuple(next(arrays) if part is ARRAY else part for part in pattern)
