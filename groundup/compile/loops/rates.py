"""What this machine can do on one thread: bytes copied and operations of products in a second, measured when asked for.

Copies are measured at sizes that the levels of the cache hold and that they do not, since what a kernel works on is
most often in one of them. The figures are kept for as long as the process lives.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np

SIZES = (1 << 14, 1 << 15, 1 << 17, 1 << 19, 1 << 21, 1 << 23, 1 << 26)  # bytes that are read and written
SECONDS = 0.002  # of a measurement
ROUNDS = 12  # of what is measured once in a process
SQUARE = 512  # rows of the matrices that are multiplied

COPY = """def copy(x, out, begin, end):
    for i in range(begin, end):
        out[i] = x[i]
"""


def seconds(function: Callable[[int], Any], least: float = SECONDS, rounds: int = 3) -> float:
    """The shortest time of one turn in several rounds, `function(n)` doing n of them."""
    turns, best = 1, math.inf
    while True:
        begin = time.perf_counter()
        function(turns)
        took = time.perf_counter() - begin
        best = min(best, took / turns)
        if took >= least / 4:
            break
        turns *= 4
    for _ in range(rounds):
        begin = time.perf_counter()
        function(turns)
        best = min(best, (time.perf_counter() - begin) / turns)
    return best


@cache
def copies() -> tuple[tuple[int, float], ...]:
    """For each size the bytes that a copy of it reads and writes in a second."""
    from groundup.compile.loops.machine import Kernel, machine_code
    from groundup.compile.loops.team import Run

    (kernel,) = machine_code([Kernel("copy", COPY, ("float32*", "float32*"))])
    found = []
    for size in SIZES:
        arrays = [np.zeros(size // 8, np.float32) for _ in range(2)]
        args = np.array([size // 8, 0, 0, 0, 1, 0], np.int64)
        table = np.array([[kernel, args.ctypes.data, 1, 1]], np.int64)
        memory = np.array([each.ctypes.data for each in arrays], np.int64)
        found.append((size, size / seconds(Run(table, memory, np.zeros(1), alone=True), rounds=ROUNDS)))
    return tuple(found)


def bytes_in_a_second(size: int) -> float:
    """How fast so many bytes could at most be moved."""
    return next((rate for limit, rate in copies() if size <= limit), copies()[-1][1])


@cache
def flops_in_a_second(dtype: str) -> float:
    """Operations of a product of matrices on one thread, by the BLAS that programs use."""
    from groundup.compile.loops.products import gemm_call
    from groundup.compile.loops.team import Run

    matrices = [np.ones((SQUARE, SQUARE), dtype) for _ in range(3)]
    call = gemm_call(dtype, (0, 0), (1, 0), (2, 0), SQUARE, SQUARE, SQUARE)
    if call is None:
        a, b, c = matrices
        return 2 * SQUARE**3 / seconds(lambda turns: [np.matmul(a, b, c) for _ in range(turns)], rounds=ROUNDS)
    table = np.array([[call.address, call.args.ctypes.data, 1, 1]], np.int64)
    memory = np.array([each.ctypes.data for each in matrices], np.int64)
    return 2 * SQUARE**3 / seconds(Run(table, memory, np.zeros(1), alone=True), rounds=ROUNDS)
