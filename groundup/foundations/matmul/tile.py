"""The matrix product as the fast libraries compute it: a small tile of the result is kept in registers.

A number that is loaded once should be used many times. Six rows of a and one register row of b make a tile of 6 x 16
results; each step of k loads 6 + 16 numbers and does 96 multiplications with them, and no result goes to memory before
the sum is complete. Around the tile, a and b are copied ("packed") block by block into the order in which the tile
reads them, so that the reads run straight on and the blocks stay in the caches. This is the plan of Goto and van de
Geijn, "Anatomy of High-Performance Matrix Multiplication" (2008), and of OpenBLAS and BLIS after it.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from groundup.foundations.matmul.compiled import Array, numba, on_arrays
from groundup.foundations.matmul.registers import BYTES, registers

ROWS = 6  # of a tile: with 16 columns its sums fill 12 of the 16 registers of AVX2
DEPTH = 512  # steps of k in a block: a panel of b, a register row wide, takes 32 KiB, a first cache
HEIGHT = 24 * ROWS  # rows of a in a block: 288 KiB of float32, about half of a second cache


@functools.cache
def kernel() -> Callable[[Array, Array, Array], None]:
    """The compiled product: adds a @ b to c, whose sides are multiples of the tile's."""
    njit = numba("the tile kernel").njit
    row = registers()
    zeros, load, multiply_add, add, store = row.zeros, row.load, row.multiply_add, row.add, row.store

    @njit
    def tile(depth: int, a: Array, b: Array, c: Array, i: int, j: int) -> None:
        """Add to c[i:i+6, j:j+16] the product of a panel of a, (depth, 6), and a panel of b, (depth, 16)."""
        c0 = c1 = c2 = c3 = c4 = c5 = zeros(c)
        for k in range(depth):
            b_k = load(b, k, 0)
            c0 = multiply_add(a[k, 0], b_k, c0)
            c1 = multiply_add(a[k, 1], b_k, c1)
            c2 = multiply_add(a[k, 2], b_k, c2)
            c3 = multiply_add(a[k, 3], b_k, c3)
            c4 = multiply_add(a[k, 4], b_k, c4)
            c5 = multiply_add(a[k, 5], b_k, c5)
        store(c, i + 0, j, add(load(c, i + 0, j), c0))
        store(c, i + 1, j, add(load(c, i + 1, j), c1))
        store(c, i + 2, j, add(load(c, i + 2, j), c2))
        store(c, i + 3, j, add(load(c, i + 3, j), c3))
        store(c, i + 4, j, add(load(c, i + 4, j), c4))
        store(c, i + 5, j, add(load(c, i + 5, j), c5))

    @njit
    def pack_rows(a: Array, panels: Array) -> int:
        """Copy a block of a so that panel p holds rows 6p to 6p + 5, column after column; how many panels."""
        rows, depth = a.shape
        for i in range(0, rows - ROWS + 1, ROWS):
            for k in range(depth):
                for r in range(ROWS):
                    panels[i // ROWS, k, r] = a[i + r, k]
        whole = rows // ROWS * ROWS
        if whole < rows:  # the last panel, filled up with zeros
            panels[rows // ROWS] = 0
            for i in range(whole, rows):
                for k in range(depth):
                    panels[rows // ROWS, k, i - whole] = a[i, k]
        return -(-rows // ROWS)

    @njit
    def pack_columns(b: Array, panels: Array) -> None:
        """Copy a block of b so that panel p holds columns 16p to 16p + 15, row after row."""
        depth, columns = b.shape
        width = panels.shape[2]
        for j in range(0, columns - width + 1, width):
            for k in range(depth):
                store(panels[j // width], k, 0, load(b, k, j))
        whole = columns // width * width
        if whole < columns:
            panels[columns // width] = 0
            for k in range(depth):
                for j in range(whole, columns):
                    panels[columns // width, k, j - whole] = b[k, j]

    @njit
    def multiply(a: Array, b: Array, c: Array) -> None:
        width = BYTES // c.itemsize
        a_panels = np.empty((HEIGHT // ROWS, DEPTH, ROWS), c.dtype)
        b_panels = np.empty((c.shape[1] // width, DEPTH, width), c.dtype)
        for k in range(0, a.shape[1], DEPTH):
            depth = min(DEPTH, a.shape[1] - k)
            pack_columns(b[k : k + depth], b_panels)
            for i in range(0, a.shape[0], HEIGHT):
                count = pack_rows(a[i : i + HEIGHT, k : k + depth], a_panels)
                for q in range(b_panels.shape[0]):  # a panel of b stays in the first cache ...
                    for p in range(count):  # ... while the block of a passes from the second
                        tile(depth, a_panels[p], b_panels[q], c, i + p * ROWS, q * width)

    code: Callable[[Array, Array, Array], None] = multiply
    return code


def multiply(a: Array, b: Array) -> Array:
    """a @ b for arrays of float32 or float64; the result is a corner of an array of whole tiles."""
    if a.dtype != b.dtype:
        raise TypeError(f"the tile kernel multiplies arrays of one type, not {a.dtype} and {b.dtype}")
    if a.dtype not in (np.float32, np.float64):
        raise TypeError(f"the tile kernel multiplies arrays of float32 or float64, not {a.dtype}")
    (rows, _), (_, columns) = a.shape, b.shape
    width = BYTES // a.itemsize
    c = np.zeros((-(-rows // ROWS) * ROWS, -(-columns // width) * width), a.dtype)
    kernel()(a, b, c)
    return c[:rows, :columns]


def matmul(m: Any, a: Any, b: Any) -> Any:
    """a @ b for tensors of float32 or float64.

    >>> import groundup
    >>> matmul(groundup, groundup.ones(2, 3), groundup.ones(3, 2))
    tensor([[3., 3.],
            [3., 3.]])
    """
    return on_arrays(m, multiply, a, b)
