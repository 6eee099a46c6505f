"""The machine code of products: panels of the result by BLAS or in tiles, and loops where the product is no matrix.

Python in the words of `atoms`, compiled by `products` together with `tiles`. Each entry is a kernel of the machine
form; its arguments are laid out by the constants below. The planner cuts the work into units and each thread takes a
run of them; a unit is done in the same way whoever does it, so that the bits do not depend on how many threads take
part in a run.
"""

from __future__ import annotations

from groundup.compile.loops.atoms import (
    Numbers,
    Words,
    call_gemm,
    float32_at,
    float64_at,
    float64_of_bits,
    moved,
)
from groundup.compile.loops.tiles import dotted, tiled

f32 = float
f64 = float

# Arguments of every product. A matrix is a place in memory and an offset in elements.
A = 0
A_AT = 1
B = 2
B_AT = 3
C = 4
C_AT = 5
TURN_A = 6
TURN_B = 7
M = 8
N = 9
K = 10
LDA = 11
LDB = 12
LDC = 13
BETA = 14  # 0 or 1; the bits of a float64
ALPHA = 15
GEMM = 16  # address of BLAS's function, bits of its integers
WIDTH = 17
COLUMNS = 18  # whether columns of C are shared out, or rows; how many to a unit
PANEL = 19
OUTER = 20  # how many products along two leading axes,
INNER = 21
STEPS = 22  # and six distances: of A, B and C along the one and the other
ARGUMENTS = 28


def plus_f32(total: float, term: float) -> float:
    """A sum that may be taken in any order; the name says so to who translates it."""
    return total + term


def blas(args: Words, a: Numbers, b: Numbers, c: Numbers, m: int, n: int, alpha: float, beta: float) -> None:
    """c = alpha op(a) op(b) + beta c for a part of the product, by BLAS."""
    turn_a = 112 if args[TURN_A] != 0 else 111
    turn_b = 112 if args[TURN_B] != 0 else 111
    k, lda, ldb, ldc = args[K], args[LDA], args[LDB], args[LDC]
    if args[WIDTH] == 64:
        call_gemm(64, args[GEMM], turn_a, turn_b, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc)
    else:
        call_gemm(32, args[GEMM], turn_a, turn_b, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc)


def units(args: Words) -> int:
    """How many parts the work is cut into: panels of the product after product of a batch."""
    extent = args[N] if args[COLUMNS] != 0 else args[M]
    return args[OUTER] * args[INNER] * ((extent + args[PANEL] - 1) // args[PANEL])


def place(args: Words, unit: int) -> tuple[int, int, int, int, int]:
    """Where a unit begins in a, b and c, and how many rows and columns it has."""
    extent = args[N] if args[COLUMNS] != 0 else args[M]
    each = (extent + args[PANEL] - 1) // args[PANEL]
    item = unit // each
    outer = item // args[INNER]
    inner = item - outer * args[INNER]
    in_a = outer * args[STEPS] + inner * args[STEPS + 1]
    in_b = outer * args[STEPS + 2] + inner * args[STEPS + 3]
    in_c = outer * args[STEPS + 4] + inner * args[STEPS + 5]
    begin = (unit - item * each) * args[PANEL]
    length = min(args[PANEL], extent - begin)
    m, n = args[M], args[N]
    if args[COLUMNS] != 0:
        n = length
        in_b += begin * args[LDB] if args[TURN_B] != 0 else begin
        in_c += begin
    else:
        m = length
        in_a += begin if args[TURN_A] != 0 else begin * args[LDA]
        in_c += begin * args[LDC]
    return in_a, in_b, in_c, m, n


def panels(args: Words, a: Numbers, b: Numbers, c: Numbers, alpha: float, beta: float, t: int, n: int) -> None:
    """Thread t's units, one call of BLAS each."""
    count = units(args)
    for unit in range(count * t // n, count * (t + 1) // n):
        in_a, in_b, in_c, rows, columns = place(args, unit)
        blas(args, moved(a, in_a), moved(b, in_b), moved(c, in_c), rows, columns, alpha, beta)


def dots(
    matrix: Numbers,
    vector: Numbers,
    out: Numbers,
    ld: int,
    length: int,
    out_step: int,
    alpha: float,
    beta: float,
    begin: int,
    end: int,
) -> None:
    """out[i] = alpha (row i of a matrix . vector) + beta out[i], four rows at a time."""
    zero = beta - beta  # of the type of the others, which 0 is not
    i = begin
    while i + 4 <= end:
        first, second, third, fourth = i * ld, (i + 1) * ld, (i + 2) * ld, (i + 3) * ld
        s0 = zero
        s1 = zero
        s2 = zero
        s3 = zero
        for p in range(length):
            x = vector[p]
            s0 = plus_f32(s0, matrix[first + p] * x)
            s1 = plus_f32(s1, matrix[second + p] * x)
            s2 = plus_f32(s2, matrix[third + p] * x)
            s3 = plus_f32(s3, matrix[fourth + p] * x)
        put(out, i * out_step, alpha * s0, beta)
        put(out, (i + 1) * out_step, alpha * s1, beta)
        put(out, (i + 2) * out_step, alpha * s2, beta)
        put(out, (i + 3) * out_step, alpha * s3, beta)
        i += 4
    while i < end:
        s0 = zero
        for p in range(length):
            s0 = plus_f32(s0, matrix[i * ld + p] * vector[p])
        put(out, i * out_step, alpha * s0, beta)
        i += 1


def put(out: Numbers, at: int, value: float, beta: float) -> None:
    """out[at] = value + beta out[at], where nothing is read if beta is zero: it may be NaN."""
    if beta == 0:
        out[at] = value
    else:
        out[at] = value + beta * out[at]


def sums_of_rows(
    matrix: Numbers,
    vector: Numbers,
    out: Numbers,
    ld: int,
    step: int,
    length: int,
    alpha: float,
    beta: float,
    begin: int,
    end: int,
) -> None:
    """out[j] = alpha sum over p of vector[p] (row p of a matrix)[j] + beta out[j], four rows at a time."""
    if beta == 0:
        for j in range(begin, end):
            out[j] = beta
    p = 0
    while p + 4 <= length:
        x0, x1 = alpha * vector[p * step], alpha * vector[(p + 1) * step]
        x2, x3 = alpha * vector[(p + 2) * step], alpha * vector[(p + 3) * step]
        first, second, third, fourth = p * ld, (p + 1) * ld, (p + 2) * ld, (p + 3) * ld
        for j in range(begin, end):
            both = x0 * matrix[first + j] + x1 * matrix[second + j]
            out[j] = out[j] + (both + (x2 * matrix[third + j] + x3 * matrix[fourth + j]))
        p += 4
    while p < length:
        x0 = alpha * vector[p * step]
        for j in range(begin, end):
            out[j] = out[j] + x0 * matrix[p * ld + j]
        p += 1


def times_each_other(
    column: Numbers,
    row: Numbers,
    out: Numbers,
    column_step: int,
    row_step: int,
    ldc: int,
    width: int,
    alpha: float,
    beta: float,
    begin: int,
    end: int,
) -> None:
    """out[i, j] = alpha column[i] row[j] + beta out[i, j]."""
    for i in range(begin, end):
        x = alpha * column[i * column_step]
        start = i * ldc
        if row_step == 1 and beta == 0:
            for j in range(width):
                out[start + j] = x * row[j]
        else:
            for j in range(width):
                put(out, start + j, x * row[j * row_step], beta)


def vectors(args: Words, a: Numbers, b: Numbers, c: Numbers, alpha: float, beta: float, t: int, n: int) -> None:
    """Products in which m, n or k is 1; what `products.plain` lets through."""
    m, columns, k = args[M], args[N], args[K]
    step_a = args[LDA] if args[TURN_A] != 0 else 1  # from one p to the next
    step_b = 1 if args[TURN_B] != 0 else args[LDB]
    extent = columns if args[COLUMNS] != 0 else m
    units = (extent + args[PANEL] - 1) // args[PANEL]
    begin, end = units * t // n * args[PANEL], min(extent, units * (t + 1) // n * args[PANEL])
    if k == 1:
        down = 1 if args[TURN_A] != 0 else args[LDA]
        across = args[LDB] if args[TURN_B] != 0 else 1
        times_each_other(a, b, c, down, across, args[LDC], columns, alpha, beta, begin, end)
    elif columns == 1:
        if args[TURN_A] == 0:
            dots(a, b, c, args[LDA], k, args[LDC], alpha, beta, begin, end)
        else:
            sums_of_rows(a, b, c, args[LDA], step_b, k, alpha, beta, begin, end)
    elif args[TURN_B] != 0:
        dots(b, a, c, args[LDB], k, 1, alpha, beta, begin, end)
    else:
        sums_of_rows(b, a, c, args[LDB], step_a, k, alpha, beta, begin, end)


def gemm_f32(memory: Words, numbers: Numbers, args: Words, t: int, n: int) -> None:
    a = moved(float32_at(memory[args[A]]), args[A_AT])
    b = moved(float32_at(memory[args[B]]), args[B_AT])
    c = moved(float32_at(memory[args[C]]), args[C_AT])
    panels(args, a, b, c, f32(float64_of_bits(args[ALPHA])), f32(args[BETA]), t, n)


def tiles_f32(memory: Words, numbers: Numbers, args: Words, t: int, n: int) -> None:
    a = moved(float32_at(memory[args[A]]), args[A_AT])
    b = moved(float32_at(memory[args[B]]), args[B_AT])
    c = moved(float32_at(memory[args[C]]), args[C_AT])
    alpha, beta = f32(float64_of_bits(args[ALPHA])), f32(args[BETA])
    k, lda, ldb, ldc = args[K], args[LDA], args[LDB], args[LDC]
    count = units(args)
    for unit in range(count * t // n, count * (t + 1) // n):
        in_a, in_b, in_c, rows, columns = place(args, unit)
        own = moved(a, in_a)
        out = moved(c, in_c)
        tiled(own, moved(b, in_b), out, rows, columns, k, args[TURN_A], lda, ldb, ldc, alpha, beta)


def dots_f32(memory: Words, numbers: Numbers, args: Words, t: int, n: int) -> None:
    a = moved(float32_at(memory[args[A]]), args[A_AT])
    b = moved(float32_at(memory[args[B]]), args[B_AT])
    c = moved(float32_at(memory[args[C]]), args[C_AT])
    alpha = f32(float64_of_bits(args[ALPHA]))
    k, lda, ldb, ldc = args[K], args[LDA], args[LDB], args[LDC]
    count = units(args)
    for unit in range(count * t // n, count * (t + 1) // n):
        in_a, in_b, in_c, rows, columns = place(args, unit)
        dotted(moved(a, in_a), moved(b, in_b), moved(c, in_c), rows, columns, k, lda, ldb, ldc, alpha)


def gemm_f64(memory: Words, numbers: Numbers, args: Words, t: int, n: int) -> None:
    a = moved(float64_at(memory[args[A]]), args[A_AT])
    b = moved(float64_at(memory[args[B]]), args[B_AT])
    c = moved(float64_at(memory[args[C]]), args[C_AT])
    panels(args, a, b, c, float64_of_bits(args[ALPHA]), f64(args[BETA]), t, n)


def vectors_f32(memory: Words, numbers: Numbers, args: Words, t: int, n: int) -> None:
    a = moved(float32_at(memory[args[A]]), args[A_AT])
    b = moved(float32_at(memory[args[B]]), args[B_AT])
    c = moved(float32_at(memory[args[C]]), args[C_AT])
    vectors(args, a, b, c, f32(float64_of_bits(args[ALPHA])), f32(args[BETA]), t, n)


def vectors_f64(memory: Words, numbers: Numbers, args: Words, t: int, n: int) -> None:
    a = moved(float64_at(memory[args[A]]), args[A_AT])
    b = moved(float64_at(memory[args[B]]), args[B_AT])
    c = moved(float64_at(memory[args[C]]), args[C_AT])
    vectors(args, a, b, c, float64_of_bits(args[ALPHA]), f64(args[BETA]), t, n)
