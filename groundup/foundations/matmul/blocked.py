"""The matrix product by compiled loops in an order that memory likes: k outside of j, block by block.

With j innermost, b and c are read straight along their rows, so the compiler works on a whole vector at once; and a
block of b that is small enough for the cache is used for every row of a before the next one is fetched. What is left
to gain is in ``tile``: here each sum still goes to memory and comes back at every step of k.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from groundup.foundations.matmul.compiled import Array, numba, on_arrays

DEPTH, WIDTH = 64, 512  # of a block of b: 128 KiB of float32, a part of the second cache


@functools.cache
def kernel() -> Callable[[Array, Array, Array], None]:
    """The compiled loops: adds a @ b to c."""

    # fastmath lets a product and a sum be one instruction.
    @numba("the blocked loops").njit(fastmath=True)
    def accumulate(a: Array, b: Array, c: Array) -> None:
        (rows, inner), columns = a.shape, b.shape[1]
        for k_block in range(0, inner, DEPTH):
            for j_block in range(0, columns, WIDTH):
                for i in range(rows):
                    for k in range(k_block, min(k_block + DEPTH, inner)):
                        for j in range(j_block, min(j_block + WIDTH, columns)):
                            c[i, j] += a[i, k] * b[k, j]

    code: Callable[[Array, Array, Array], None] = accumulate
    return code


def multiply(a: Array, b: Array) -> Array:
    """a @ b by blocks."""
    c = np.zeros((a.shape[0], b.shape[1]), a.dtype)
    kernel()(a, b, c)
    return c


def matmul(m: Any, a: Any, b: Any) -> Any:
    """a @ b.

    >>> import groundup
    >>> matmul(groundup, groundup.ones(2, 3), groundup.ones(3, 2))
    tensor([[3., 3.],
            [3., 3.]])
    """
    return on_arrays(m, multiply, a, b)
