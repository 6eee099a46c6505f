"""What this machine can do at best: the limits that every other number is read against.

Three of them: how fast NumPy's BLAS multiplies matrices, how fast memory is copied, and what one call of
NumPy costs when there is nothing to compute.
"""

from __future__ import annotations

import os
import platform
from dataclasses import dataclass
from functools import partial

import numpy as np

from bench.timing import Effort, medians


@dataclass(frozen=True)
class Machine:
    """Measured limits: floating-point operations and bytes (read and written) per second, seconds per
    call."""

    flops: float
    bandwidth: float
    call: float

    def limit(self, flops: float, traffic: float) -> float:
        """The least time for so many operations and so many bytes, in seconds."""
        return max(self.call, flops / self.flops, traffic / self.bandwidth)


def measure(effort: Effort) -> Machine:
    """Measure the limits with NumPy, in float32."""
    n = 1024
    a, b, product = (np.ones((n, n), np.float32) for _ in range(3))
    source, target = np.ones(16 << 20, np.float32), np.ones(16 << 20, np.float32)
    small, result = np.ones(10, np.float32), np.ones(10, np.float32)
    times = medians(
        {
            "sgemm": partial(np.matmul, a, b, out=product),
            "copy": partial(np.copyto, target, source),
            "call": partial(np.multiply, small, small, result),
        },
        effort,
    )
    return Machine(2 * n**3 / times["sgemm"], 2 * source.nbytes / times["copy"], times["call"])


def describe(machine: Machine) -> str:
    """One paragraph: the machine's name, the versions and the limits."""
    return (
        f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}, "
        f"NumPy {np.__version__}: sgemm {machine.flops / 1e9:.0f} GFLOP/s, "
        f"copy {machine.bandwidth / 1e9:.1f} GB/s (read and written), "
        f"one NumPy call {machine.call * 1e9:.0f} ns"
    )
