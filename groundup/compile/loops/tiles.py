"""Products of small or thin float32 matrices: tiles of the result that stay in registers until they are done.

BLAS first copies both matrices into an order of its own, which pays where each number is used often. These kernels
copy at most one, piece by piece, and are quicker where a matrix is small, or has few rows and they are long. Python in
the words of `atoms`, read together with `product_kernels`, which calls them; the plan of the tile is that of
``groundup.foundations.matmul.tile``.
"""

from __future__ import annotations

import numpy as np

from groundup.compile.loops.atoms import Numbers, apart, moved

f32 = float

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

    The sums of six rows fill 12 of the 16 registers of AVX2.
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


# A function for each number of rows: LLVM unrolls over a number that is written, and keeps the sums of a function that
# stands apart in registers.


@apart
def tile_of_one(
    a: Numbers,
    b: Numbers,
    c: Numbers,
    depth: int,
    down: int,
    along: int,
    step: int,
    ldc: int,
    alpha: float,
    beta: float,
) -> None:
    tile(a, b, c, depth, down, along, step, ldc, 1, alpha, beta)


@apart
def tile_of_two(
    a: Numbers,
    b: Numbers,
    c: Numbers,
    depth: int,
    down: int,
    along: int,
    step: int,
    ldc: int,
    alpha: float,
    beta: float,
) -> None:
    tile(a, b, c, depth, down, along, step, ldc, 2, alpha, beta)


@apart
def tile_of_four(
    a: Numbers,
    b: Numbers,
    c: Numbers,
    depth: int,
    down: int,
    along: int,
    step: int,
    ldc: int,
    alpha: float,
    beta: float,
) -> None:
    tile(a, b, c, depth, down, along, step, ldc, 4, alpha, beta)


@apart
def tile_of_six(
    a: Numbers,
    b: Numbers,
    c: Numbers,
    depth: int,
    down: int,
    along: int,
    step: int,
    ldc: int,
    alpha: float,
    beta: float,
) -> None:
    tile(a, b, c, depth, down, along, step, ldc, 6, alpha, beta)


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
) -> int:
    """The same for as many of so many rows as a tile has; how many these are."""
    if rows >= 6:
        tile_of_six(a, b, c, depth, down, along, step, ldc, alpha, beta)
        return 6
    if rows >= 4:
        tile_of_four(a, b, c, depth, down, along, step, ldc, alpha, beta)
        return 4
    if rows >= 2:
        tile_of_two(a, b, c, depth, down, along, step, ldc, alpha, beta)
        return 2
    tile_of_one(a, b, c, depth, down, along, step, ldc, alpha, beta)
    return 1


@apart
def pack(b: Numbers, panel: Numbers, depth: int, width: int, ldb: int) -> None:
    """panel[p, :width] = b[p, :width] for rows of 16, the rest of which is zero."""
    for p in range(depth):
        if width == 16:
            panel[16 * p : 16 * p + 16] = b[p * ldb : p * ldb + 16]
        else:
            panel[16 * p : 16 * p + 16] = np.full(16, f32(0))
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
    lda: int,
    ldb: int,
    ldc: int,
    alpha: float,
    beta: float,
) -> None:
    """c = alpha op(a) b + beta c, tile after tile: a column of tiles shares a panel of b."""
    copied = np.empty(4096, np.float32)
    edge = np.empty(96, np.float32)
    down = 1 if turn_a != 0 else lda
    along = lda if turn_a != 0 else 1
    for first in range(0, k, DEPTH):
        depth = min(DEPTH, k - first)
        more = beta if first == 0 else f32(1)
        for j in range(0, n, 16):
            width = min(16, n - j)
            panel = moved(b, first * ldb + j)
            near = width == 16 and n * k <= NEAR
            source = panel if near else copied
            step = ldb if near else 16
            if not near:
                pack(panel, copied, depth, width, ldb)
            i = 0
            while i < m:
                own = moved(a, i * down + first * along)
                out = moved(c, i * ldc + j)
                if width == 16:
                    i += some_rows(own, source, out, depth, down, along, step, ldc, m - i, alpha, more)
                else:
                    rows = some_rows(own, source, edge, depth, down, along, step, 16, m - i, alpha, alpha - alpha)
                    put_edge(edge, out, rows, width, ldc, more)
                    i += rows


@apart
def put_edge(edge: Numbers, c: Numbers, rows: int, width: int, ldc: int, beta: float) -> None:
    """c = edge + beta c, for rows of which so much is the result's."""
    for r in range(rows):
        for w in range(width):
            old = beta if beta == 0 else beta * c[r * ldc + w]
            c[r * ldc + w] = old + edge[16 * r + w]


def dot_tile(
    a: Numbers, b: Numbers, c: Numbers, k: int, lda: int, ldb: int, ldc: int, rows: int, columns: int, alpha: float
) -> None:
    """c[i, j] = alpha (row i of a . row j of b), for sides that are written where this is called.

    What stands behind the last multiple of 8 of k is left out.
    """
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
            c[i * ldc + j] = alpha * np.sum(sums[s : s + 8])


def dotted(
    a: Numbers, b: Numbers, c: Numbers, m: int, n: int, k: int, lda: int, ldb: int, ldc: int, alpha: float
) -> None:
    """c = alpha a b' for rows that lie in one piece in both: nothing is copied, and the last tiles overlap others."""
    small = m < 3 or n < 4
    down = 1 if small else 3
    across = 1 if small else 4
    for row in range((m + down - 1) // down):
        i = min(row * down, m - down)
        for column in range((n + across - 1) // across):
            j = min(column * across, n - across)
            own = moved(a, i * lda)
            other = moved(b, j * ldb)
            out = moved(c, i * ldc + j)
            if small:
                dot_tile(own, other, out, k, lda, ldb, ldc, 1, 1, alpha)
            else:
                dot_tile(own, other, out, k, lda, ldb, ldc, 3, 4, alpha)
    if k % 8 != 0:
        add_rest(a, b, c, m, n, k, lda, ldb, ldc, alpha)


@apart
def add_rest(
    a: Numbers, b: Numbers, c: Numbers, m: int, n: int, k: int, lda: int, ldb: int, ldc: int, alpha: float
) -> None:
    """Add what stands behind the last multiple of 8 of k."""
    for i in range(m):
        for j in range(n):
            for p in range(k // 8 * 8, k):
                c[i * ldc + j] = c[i * ldc + j] + alpha * (a[i * lda + p] * b[j * ldb + p])
