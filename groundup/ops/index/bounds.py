"""Positions that a dimension does not have: how they are found, and what is said of them.

Eager functions look at their positions once, before a row reads them. In a traced function the same look is a row of
its own, since later calls bring other positions; no user calls it, and it stands in no table.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from groundup.ops.index.family import indexing
from groundup.ops.row import name_rows

#: What is said of a wrong position, of a size and of the dimension that has it, by what the positions are of.
TOLD: dict[str, Callable[[int, int, Any], Exception]] = {
    "place": lambda wrong, size, dim: RuntimeError(_sentence(wrong, size, dim)),
    "slice": lambda wrong, size, dim: IndexError(f"index out of range in self\n  {_sentence(wrong, size, dim)}"),
    "row": lambda wrong, size, dim: IndexError(
        f"index out of range in self\n  index {wrong}, and weight has {size} rows"
    ),
    "volume": lambda wrong, size, image: RuntimeError(  # `image` is the shape whose places are counted
        f"Found an invalid max index: {wrong} (output volumes are of size {'x'.join(map(str, image))})"
    ),
    "sorter": lambda wrong, size, dim: RuntimeError("torch.searchsorted(): sorter index out of range"),
    "copied": lambda wrong, size, dim: IndexError(f"index_copy_(): {_sentence(wrong, size, dim)}"),
    "filled": lambda wrong, size, dim: IndexError(_sentence(wrong, size, dim)),
    "flat": lambda wrong, size, dim: IndexError(  # the size has been added to negative ones
        f"out of range: tried to access index {wrong if wrong >= 0 else wrong - size} on a tensor of {size} elements."
    ),
}


def _sentence(wrong: int, size: int, dim: int) -> str:
    return f"index {wrong} is out of bounds for dimension {dim} with size {size}"


def outside(positions: np.ndarray, size: int) -> bool:
    """Whether some index is negative or not below `size`: read as unsigned, a negative one is large."""
    if not positions.size:
        return False
    if positions.dtype == np.int64:
        return bool(np.maximum.reduce(positions.view(np.uint64), axis=None) >= size)
    return bool(positions.min() < 0 or positions.max() >= size)


def check(positions: np.ndarray, size: int, dim: Any, told: str) -> None:
    """Raise what is told of the first wrong position, if there is one."""
    if outside(positions, size):
        wrong = positions[(positions < 0) | (positions >= size)].flat[0]
        raise TOLD[told](int(wrong), size, dim)


def _within(index: np.ndarray, size: int, dim: Any, told: str) -> np.ndarray:
    check(index, size, dim, told)
    return index.copy()


within = indexing(lambda m, index, *, size, dim, told: _within(index, size, dim, told))
name_rows({"within": within})
