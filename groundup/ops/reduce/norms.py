"""Vector norms."""

from __future__ import annotations

from typing import Any

import numpy as np

from groundup.ops.reduce.family import reduction, spread
from groundup.ops.reduce.sums import sum_array

norm = reduction(
    lambda m, x, *, dim, keepdim, p: _norm(x, dim, keepdim, p),
    lambda m, g, x, y, shape, dim, keepdim, p: _along(
        m, x, spread(m, g, shape, dim, keepdim), spread(m, y, shape, dim, keepdim), p
    ),
    label="LinalgVectorNormBackward0",
)


def _norm(x: np.ndarray, dim: tuple[int, ...], keepdim: bool, p: float) -> np.ndarray:
    if p == 2:
        return np.sqrt(sum_array(x * x, dim, keepdim))
    if p == 0:
        return sum_array((x != 0).astype(x.dtype), dim, keepdim)
    return sum_array(np.abs(x) ** p, dim, keepdim) ** (1 / p)


def _along(m: Any, x: Any, g: Any, y: Any, p: float) -> Any:
    """g sign(x) (|x| / y) ** (p - 1); 0 where the norm is 0, as PyTorch chooses, and where elements are counted."""
    if p == 0:
        return m.where(m.abs(g) < 0, g, 0)
    if p == 2:
        return m.where(y == 0, 0, g * (x / y))
    return m.where(x == 0, 0, g * m.sign(x) * m.pow(m.abs(x) / y, p - 1))
