"""Softmax over the places that a mask leaves: what attention does between its two products.

The mask is read where it is, broadcast, and never becomes an array of -inf; a row that is masked altogether gives
zeros, so that nothing makes a nan of it, forwards or backwards.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from groundup.ops.reduce import reduction
from groundup.ops.row import name_rows


def _masked_softmax(x: np.ndarray, keep: Any) -> np.ndarray:
    out = np.array(x)
    if isinstance(keep, np.ndarray):
        np.copyto(out, -math.inf, where=~keep)
    top = np.maximum.reduce(out, axis=-1, keepdims=True, initial=-math.inf)
    top[top == -math.inf] = 0
    out -= top
    np.exp(out, out=out)
    total = np.add.reduce(out, axis=-1, keepdims=True)
    total[total == 0] = 1
    out /= total
    return out


masked_softmax = reduction(
    lambda m, x, keep: _masked_softmax(x, keep),
    # As for softmax; where the mask cuts, y is 0 and so is the gradient.
    lambda m, g, y: m.softmax_back(g, y, dim=y.ndim - 1),
    label="SoftmaxBackward0",
)

ROWS = name_rows(globals())
