"""Products of small or thin float32 matrices: tiles of the result that stay in registers until they are done.

BLAS first copies both matrices into an order of its own, which pays where each number is used often. These kernels
copy at most one, piece by piece, and are quicker where a matrix is small, or has few rows and they are long. Python in
the words of `atoms`, read together with `product_kernels`, which calls them; the plan of the tile is that of
``groundup.foundations.matmul.tile``.
"""

from __future__ import annotations

import numpy as np

from groundup.compile.loops.atoms import Numbers, moved

f32 = float

ROWS = 6  # of a tile: with 16 columns its sums fill 12 of the 16 registers of AVX2
DEPTH = 256  # steps of k between two visits of the result: a panel of b, 16 wide, is half of a first cache
NEAR = 4096  # elements of b that are read where they lie, since all of them stay in the first cache


def tile(
    a: Numbers,
    b: Numbers,
    c: Numbers,
    depth: int,
    down: int,
    along: int,
    step: int,
    ldc: int,
    rows: int,
    alpha: float,
    beta: float,
) -> None:
    """c[:rows, :16] = alpha a b + beta c, for a number of rows that is written where this is called.

    a[i, p] lies at i * down + p * along, and row p of b at p * step.
    """
    sums = np.empty(96, np.float32)
    for r in range(rows):
        sums[16 * r : 16 * r + 16] = np.full(16, alpha - alpha)
    here = 0
    there = 0
    for _ in range(depth):
        row = b[there : there + 16]
        for r in range(rows):
            sums[16 * r : 16 * r + 16] = sums[16 * r : 16 * r + 16] + np.full(16, a[here + r * down]) * row
        here += along
        there += step
    for r in range(rows):
        if beta == 0:
            c[r * ldc : r * ldc + 16] = np.full(16, alpha) * sums[16 * r : 16 * r + 16]
        else:
            old = np.full(16, beta) * c[r * ldc : r * ldc + 16]
            c[r * ldc : r * ldc + 16] = old + np.full(16, alpha) * sums[16 * r : 16 * r + 16]


def some_rows(
    a: Numbers,
    b: Numbers,
    c: Numbers,
    depth: int,
    down: int,
    along: int,
    step: int,
    ldc: int,
    rows: int,
    alpha: float,
    beta: float,
) -> None:
    """The same for any number of rows from 1 to 6."""
    if rows == 6:
        tile(a, b, c, depth, down, along, step, ldc, 6, alpha, beta)
    elif rows == 5:
        tile(a, b, c, depth, down, along, step, ldc, 5, alpha, beta)
    elif rows == 4:
        tile(a, b, c, depth, down, along, step, ldc, 4, alpha, beta)
    elif rows == 3:
        tile(a, b, c, depth, down, along, step, ldc, 3, alpha, beta)
    elif rows == 2:
        tile(a, b, c, depth, down, along, step, ldc, 2, alpha, beta)
    else:
        tile(a, b, c, depth, down, along, step, ldc, 1, alpha, beta)


def pack(b: Numbers, panel: Numbers, depth: int, width: int, turned: int, ldb: int) -> None:
    """panel[p, :width] = b[p, :width] for rows of 16, the rest of which is zero."""
    if width < 16:
        for p in range(depth):
            panel[16 * p : 16 * p + 16] = np.full(16, f32(0))
    if turned != 0:
        for p in range(depth):
            for j in range(width):
                panel[16 * p + j] = b[j * ldb + p]
    elif width == 16:
        for p in range(depth):
            panel[16 * p : 16 * p + 16] = b[p * ldb : p * ldb + 16]
    else:
        for p in range(depth):
            for j in range(width):
                panel[16 * p + j] = b[p * ldb + j]


def tiled(
    a: Numbers,
    b: Numbers,
    c: Numbers,
    m: int,
    n: int,
    k: int,
    turn_a: int,
    turn_b: int,
    lda: int,
    ldb: int,
    ldc: int,
    alpha: float,
    beta: float,
) -> None:
    """c = alpha op(a) op(b) + beta c, tile after tile: a column of tiles shares a panel of b."""
    copied = np.empty(4096, np.float32)
    edge = np.empty(96, np.float32)
    down = 1 if turn_a != 0 else lda
    along = lda if turn_a != 0 else 1
    tiles = (m + ROWS - 1) // ROWS
    near = turn_b == 0 and n * k <= NEAR
    for first in range(0, k, DEPTH):
        depth = min(DEPTH, k - first)
        more = beta if first == 0 else f32(1)
        for j in range(0, n, 16):
            width = min(16, n - j)
            panel = moved(b, j * ldb + first if turn_b != 0 else first * ldb + j)
            if near and width == 16:
                for s in range(tiles):
                    i = m * s // tiles
                    rows = m * (s + 1) // tiles - i
                    own = moved(a, i * down + first * along)
                    some_rows(own, panel, moved(c, i * ldc + j), depth, down, along, ldb, ldc, rows, alpha, more)
            else:
                pack(panel, copied, depth, width, turn_b, ldb)
                for s in range(tiles):
                    i = m * s // tiles
                    rows = m * (s + 1) // tiles - i
                    own = moved(a, i * down + first * along)
                    out = moved(c, i * ldc + j)
                    if width == 16:
                        some_rows(own, copied, out, depth, down, along, 16, ldc, rows, alpha, more)
                    else:
                        some_rows(own, copied, edge, depth, down, along, 16, 16, rows, alpha, alpha - alpha)
                        for r in range(rows):
                            for w in range(width):
                                old = more if more == 0 else more * out[r * ldc + w]
                                out[r * ldc + w] = old + edge[16 * r + w]


def dot_tile(
    a: Numbers,
    b: Numbers,
    c: Numbers,
    k: int,
    lda: int,
    ldb: int,
    ldc: int,
    rows: int,
    columns: int,
    alpha: float,
    beta: float,
) -> None:
    """c[i, j] = alpha (row i of a . row j of b) + beta c[i, j], for sides that are written where this is called."""
    sums = np.empty(96, np.float32)
    for s in range(rows * columns):
        sums[8 * s : 8 * s + 8] = np.full(8, alpha - alpha)
    p = 0
    while p + 8 <= k:
        for j in range(columns):
            row = b[j * ldb + p : j * ldb + p + 8]
            for i in range(rows):
                s = 8 * (i * columns + j)
                sums[s : s + 8] = sums[s : s + 8] + a[i * lda + p : i * lda + p + 8] * row
        p += 8
    for i in range(rows):
        for j in range(columns):
            s = 8 * (i * columns + j)
            total = np.sum(sums[s : s + 8])
            for q in range(p, k):
                total = total + a[i * lda + q] * b[j * ldb + q]
            if beta == 0:
                c[i * ldc + j] = alpha * total
            else:
                c[i * ldc + j] = alpha * total + beta * c[i * ldc + j]


def dotted(
    a: Numbers, b: Numbers, c: Numbers, m: int, n: int, k: int, lda: int, ldb: int, ldc: int, alpha: float, beta: float
) -> None:
    """c = alpha a b' + beta c for rows that lie in one piece in both: nothing is copied."""
    i = 0
    while i < m:
        rows = 3 if i + 3 <= m else 1
        j = 0
        while j < n:
            columns = 4 if j + 4 <= n else 1
            own = moved(a, i * lda)
            other = moved(b, j * ldb)
            out = moved(c, i * ldc + j)
            if rows == 3:
                if columns == 4:
                    dot_tile(own, other, out, k, lda, ldb, ldc, 3, 4, alpha, beta)
                else:
                    dot_tile(own, other, out, k, lda, ldb, ldc, 3, 1, alpha, beta)
            elif columns == 4:
                dot_tile(own, other, out, k, lda, ldb, ldc, 1, 4, alpha, beta)
            else:
                dot_tile(own, other, out, k, lda, ldb, ldc, 1, 1, alpha, beta)
            j += columns
        i += rows
