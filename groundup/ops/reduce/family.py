"""What all reductions are made by: the kind of row, and the way back over the axes that were lost."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from groundup.ops.row import Formula, Row

total: Callable[..., Any] = np.add.reduce  # NumPy's types only know a keepdims that is written out


def reduction(
    forward: Formula,
    *grads: Formula | None,
    label: str | Callable[..., str] | None = None,
    judge: str | None = None,
) -> Row:
    """A row that reduces or runs along axes."""
    return Row("reduce", forward, grads, label=label, judge=judge)


def spread(m: Any, g: Any, shape: tuple[int, ...], dim: tuple[int, ...], keepdim: bool) -> Any:
    """The gradient of a reduction of `shape` over `dim`, expanded back to `shape` without a copy."""
    if not keepdim and dim and len(dim) < len(shape):
        g = m.reshape(g, size=tuple(1 if axis in dim else size for axis, size in enumerate(shape)))
    return m.expand(g, size=shape)


def count(shape: tuple[int, ...], dim: tuple[int, ...]) -> int:
    """How many elements a reduction of `shape` over `dim` puts into one."""
    return math.prod(shape[axis] for axis in dim)


def full(name: str) -> Callable[..., str]:
    """PyTorch counts the reduction of everything and the one over chosen axes as two functions."""
    return lambda dim, keepdim, rank, **_: f"{name}Backward{0 if len(dim) == rank and not keepdim else 1}"


def has_nan(x: np.ndarray) -> bool:
    """Whether there is a nan, which a maximum hands on."""
    return x.dtype.kind == "f" and bool(np.isnan(np.maximum.reduce(x, axis=None, initial=-np.inf)))


def shifted(m: Any, x: Any, dim: int, by: int, value: float) -> Any:
    """x moved by one place along `dim`, `value` taking the free one."""
    widths = tuple((by, -by) if axis == dim else (0, 0) for axis in range(x.ndim))
    return m.pad(x, widths=widths, value=value)
