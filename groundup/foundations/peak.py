"""The peak of this machine: the most that one core can multiply and add, which no rung can pass.

It is the loop of the tile kernel with everything taken out that could wait: no memory, only registers.
"""

from __future__ import annotations

import functools
from collections.abc import Callable

import numpy as np

from groundup.foundations.matmul.compiled import Array, numba
from groundup.foundations.matmul.registers import lanes, registers
from groundup.foundations.stopwatch import good_times

STEPS = 500_000


def peak() -> float:
    """Floating-point operations per second of one core, in float32."""
    loop, numbers = peak_loop(), np.zeros((6, lanes(np.dtype(np.float32))), np.float32)
    return 2 * numbers.size * STEPS / good_times({"peak": lambda: loop(numbers, STEPS)}, 0.2)["peak"]


@functools.cache
def peak_loop() -> Callable[[Array, int], None]:
    """Multiply-adds on six rows of sums, as in the tile kernel, but with nothing to load: the limit of one core.

    ``numbers`` are the six rows that the sums start from.
    """
    njit = numba("the peak of this machine").njit
    row = registers()
    load, multiply_add, add, store = row.load, row.multiply_add, row.add, row.store

    @njit
    def loop(numbers: Array, steps: int) -> None:
        x, factors = numbers[0, 0], load(numbers, 0, 0)
        c0, c1, c2 = load(numbers, 0, 0), load(numbers, 1, 0), load(numbers, 2, 0)
        c3, c4, c5 = load(numbers, 3, 0), load(numbers, 4, 0), load(numbers, 5, 0)
        for _ in range(steps):
            c0 = multiply_add(x, factors, c0)
            c1 = multiply_add(x, factors, c1)
            c2 = multiply_add(x, factors, c2)
            c3 = multiply_add(x, factors, c3)
            c4 = multiply_add(x, factors, c4)
            c5 = multiply_add(x, factors, c5)
        store(numbers, 0, 0, add(add(add(c0, c1), add(c2, c3)), add(c4, c5)))

    code: Callable[[Array, int], None] = loop
    return code
