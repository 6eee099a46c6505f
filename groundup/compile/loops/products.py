"""Products of matrices as calls of machine code: which kernel, which arguments, and how many threads pay.

`gemm_call` takes what BLAS takes, and `product_call` arrays with strides, which it puts into BLAS's terms where they
fit. Both give a row for the team's table. None means that the product stays with NumPy. The work is cut by the shape
and by the number of threads that is set now; a run by fewer gives the same bits.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any, NamedTuple

import numpy as np

from groundup.compile.loops import blas, product_kernels, tiles
from groundup.compile.loops.atoms import bits_of_float64, machine_functions
from groundup.compile.loops.items import Product
from groundup.compile.threads import get_num_threads

# Panels are of whole tiles of BLAS, or of such parts of one as OpenBLAS has code for. That they are of one length
# matters more: who has the shorter one waits, and the rows that a thread has made are those that it needs next. The
# last bits of a result may depend on the cut, and so on the number of threads that are set, not on how many take part.
ROWS, COLUMNS = 4, 8
LOOPED = 64  # rows or columns of a unit where loops do the product
BLAS = 16  # which of the arguments of a product is the address of BLAS's
SECOND = 1 << 18  # elements of b that stay in the second cache
FEW, THIN, LONG = 16, 64, 512  # sides of matrices whose numbers are used too rarely to be copied for BLAS
FLOPS_OF_A_THREAD = 40_000  # about a microsecond of BLAS: less is not worth a meeting at a barrier

Place = tuple[int, int]  # of a matrix: its index in memory, and an offset in elements


class ProductCall(NamedTuple):
    """A row for the team's table: the kernel, its arguments (to be kept), how many threads pay, the work, its name."""

    address: int
    args: np.ndarray
    threads: int
    flops: int
    name: str


class Operand(NamedTuple):
    """An array of up to two leading axes and two of a matrix: place in memory, shape and strides in elements."""

    place: Place
    shape: tuple[int, ...]
    strides: tuple[int, ...]


def gemm_call(
    dtype: Any,
    a: Place,
    b: Place,
    c: Place,
    m: int,
    n: int,
    k: int,
    transa: bool = False,
    transb: bool = False,
    lda: int = 0,
    ldb: int = 0,
    ldc: int = 0,
    beta: int = 0,
    alpha: float = 1.0,
    batch: tuple[int, int] = (1, 1),
    steps: Sequence[int] = (0, 0, 0, 0, 0, 0),
) -> ProductCall | None:
    """c = alpha op(a) op(b) + beta c for matrices of m x k and k x n, rows `ld` elements apart (0: without gaps).

    A batch has two leading axes; `steps` are the distances of a, b and c in elements along the one and the other. Its
    results must not overlap.
    """
    name = {"float32": "f32", "float64": "f64"}.get(np.dtype(dtype).name)
    library = blas.find()
    alone = plain(m, n, k, transa, transb, lda, ldb, ldc, batch)
    if name is None or (library is None and not alone):
        return None
    flops = 2 * m * n * k * batch[0] * batch[1]
    parts = max(1, min(get_num_threads(), flops // FLOPS_OF_A_THREAD))
    items = batch[0] * batch[1]
    columns = n > m and not (alone and k == 1)  # the smaller matrix is the one that every thread reads
    extent = n if columns else m
    panel = LOOPED if alone else _panel(extent, 1 if items >= parts else parts, COLUMNS if columns else ROWS)
    args = [*a, *b, *c, int(transa), int(transb), m, n, k]
    # BLAS wants distances of at least one row, also where no second row follows.
    args += [max(lda, m if transa else k, 1), max(ldb, k if transb else n, 1), max(ldc, n, 1)]
    args += [beta, bits_of_float64(alpha)]
    args += [0, 64] if library is None else [getattr(library, f"{'s' if name == 'f32' else 'd'}gemm"), library.width]
    args += [int(columns), panel, *batch, *steps]
    threads = max(1, min(parts, -(-extent // panel) * items))
    if not alone and library is not None and not library.serial:
        threads = 1  # it has threads of its own
    kernel = f"{'vectors' if alone else _way(name, m, n, k, transa, transb, beta)}_{name}"
    return ProductCall(machine(kernel), np.array(args, np.int64), threads, flops, kernel)


def _way(name: str, m: int, n: int, k: int, transa: bool, transb: bool, beta: int) -> str:
    """What does a product of matrices: tiles or dots where they were quicker than OpenBLAS, else BLAS."""
    few = m <= FEW and n * k <= SECOND
    if name != "f32" or k < 4:
        return "gemm"
    if transb:
        dots = not transa and not beta and k >= LONG and (n <= THIN or few) and m >= 3 and n >= 4
        return "dots" if dots else "gemm"
    return "tiles" if n * k <= tiles.NEAR or (k <= THIN and m <= 4 * THIN and n <= 2 * LONG) or few else "gemm"


def renewed(kernel: str, args: np.ndarray) -> int:
    """The address of a kernel in this process, for arguments of another: BLAS is where it is here."""
    library = blas.find()
    if library is not None:
        args[BLAS] = getattr(library, f"{'s' if kernel.endswith('f32') else 'd'}gemm")
    return machine(kernel)


def _panel(extent: int, parts: int, tile: int) -> int:
    """How many rows or columns to a unit, for so many parts of whole tiles."""
    return max(1, extent) if parts == 1 else max(1, -(-extent // (parts * tile))) * tile


def plain(
    m: int, n: int, k: int, transa: bool, transb: bool, lda: int, ldb: int, ldc: int, batch: tuple[int, int] = (1, 1)
) -> bool:
    """Whether loops are quicker than BLAS: there is one product, of vectors or of a vector and a matrix.

    What a loop goes through must lie side by side.
    """
    if batch != (1, 1) or 0 in (m, n, k):
        return False
    if k == 1:
        return True
    if n == 1:
        return ldc in (0, 1) if transa else transb or ldb in (0, 1)
    return m == 1 and (not transb or not transa or lda in (0, 1))


def product_call(
    dtype: Any, a: Operand, b: Operand, c: Operand, beta: int = 0, alpha: float = 1.0
) -> ProductCall | None:
    """c = alpha a @ b + beta c for arrays as they lie, None if BLAS has no terms for them.

    Leading axes of a and b of length 1, or none, are spread over those of c.
    """
    m, n = c.shape[-2:]
    k = a.shape[-1]
    leading = c.shape[:-2]
    if a.shape[-2:] != (m, k) or b.shape[-2:] != (k, n):
        return None
    rows = [_rows(each) for each in (a, b, c)]
    spread = [_spread(each, leading) for each in (a, b, c)]
    if None in rows or None in spread:
        return None
    (transa, lda), (transb, ldb), (turned, ldc) = (each for each in rows if each is not None)
    axes = two_axes(leading, [each for each in spread if each is not None])
    if turned or axes is None:
        return None
    batch, far_and_near = axes
    if not transa:
        m, batch, far_and_near = _as_rows(m, lda, ldc, batch, far_and_near)
    places = (a.place, b.place, c.place)
    return gemm_call(dtype, *places, m, n, k, transa, transb, lda, ldb, ldc, beta, alpha, batch, far_and_near)


def multiplied(product: Product) -> Any:
    """A product of a plan as a `ProductCall`; None if it must stay with NumPy."""
    a, b, out = (
        Operand((max(each.buffer.slot, 0), each.offset), each.shape, each.strides)
        for each in (product.a, product.b, product.out)
    )
    return product_call(product.out.buffer.dtype, a, b, out, product.beta)


def _as_rows(
    m: int, lda: int, ldc: int, batch: tuple[int, int], steps: list[int]
) -> tuple[int, tuple[int, int], list[int]]:
    """One product for a batch whose matrices share b and follow on each other: rows after rows."""
    (outer, inner), (a_far, a_near, b_far, b_near, c_far, c_near) = batch, steps
    if inner > 1 and b_near == 0 and (a_near, c_near) == (m * lda, m * ldc):
        m, inner, a_near, c_near = m * inner, 1, 0, 0
    if inner == 1 and outer > 1 and b_far == 0 and (a_far, c_far) == (m * lda, m * ldc):
        m, outer, a_far, c_far = m * outer, 1, 0, 0
    return m, (outer, inner), [a_far, a_near, b_far, b_near, c_far, c_near]


def _rows(matrix: Operand) -> tuple[bool, int] | None:
    """Whether the matrix lies turned, and the distance of its rows (or columns, if it does)."""
    rows, columns = matrix.shape[-2:]
    down, across = matrix.strides[-2:]
    if (across == 1 or columns <= 1) and (down >= columns or rows <= 1):
        return False, max(down, columns, 1) if rows > 1 else max(columns, 1)
    if (down == 1 or rows <= 1) and (across >= rows or columns <= 1):
        return True, max(across, rows, 1) if columns > 1 else max(rows, 1)
    return None


def _spread(operand: Operand, leading: tuple[int, ...]) -> list[int] | None:
    """Its strides along the leading axes of the result."""
    own, strides = operand.shape[:-2], operand.strides[:-2]
    if len(own) > len(leading):
        return None
    found = [0] * (len(leading) - len(own))
    for length, stride, whole in zip(own, strides, leading[len(found) :], strict=True):
        if length not in (1, whole):
            return None
        found.append(stride if length == whole else 0)
    return found


def two_axes(leading: tuple[int, ...], strides: list[list[int]]) -> tuple[tuple[int, int], list[int]] | None:
    """The leading axes as two, with two distances of each operand: axes that follow on each other in all are joined."""
    joined: list[tuple[int, list[int]]] = []
    for axis, length in enumerate(leading):
        if length == 1:
            continue
        own = [each[axis] for each in strides]
        if joined and all(before == length * step for before, step in zip(joined[-1][1], own, strict=True)):
            joined[-1] = (joined[-1][0] * length, own)
        else:
            joined.append((length, own))
    if len(joined) > 2:
        return None
    joined = [(1, [0] * len(strides))] * (2 - len(joined)) + joined
    (outer, far), (inner, near) = joined
    return (outer, inner), [step for pair in zip(far, near, strict=True) for step in pair]


@cache
def machine(name: str) -> int:
    """The address of a kernel; each is made alone, since few programs need all of them."""
    kinds = ["int64*", "float64*", "int64*", "int64", "int64"]
    return machine_functions(product_kernels, {name: kinds}, tiles)[name]
