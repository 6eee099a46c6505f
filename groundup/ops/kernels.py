"""Eager kernels of rows whose formula, read operation by operation, would make many temporaries.

Each is tested against its row. Large arrays go through in blocks, so that the temporaries stay in the cache.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from groundup.ops import special

Array = np.ndarray
BLOCK = 16384  # elements at a time

# NumPy takes twice as long for a Python number beside a small array as for a 0-d array of the same type.
_ZERO = {np.dtype(name): np.zeros((), name) for name in ("float16", "float32", "float64", "int64", "int32", "bool")}
_ONE = {np.dtype(name): np.ones((), name) for name in ("float16", "float32", "float64")}

# From here on tanh(log(1 + exp(x))) is 1 in that type; the square of exp(x) must still be a number.
_ENOUGH = {np.dtype("float16"): 5.0, np.dtype("float32"): 20.0, np.dtype("float64"): 20.0}


def in_blocks(function: Callable[[Array, Array], Any]) -> Callable[[Array], Array]:
    """`function(x, out)` over blocks of a large array that lies in order in memory; over the whole of any other."""

    def kernel(x: Any) -> Array:
        out = np.empty_like(x)
        if out.size <= BLOCK or not (x.flags.c_contiguous and out.flags.c_contiguous):
            function(x, out)
            return out
        source, target = x.reshape(-1), out.reshape(-1)
        for start in range(0, out.size, BLOCK):
            function(source[start : start + BLOCK], target[start : start + BLOCK])
        return out

    return kernel


def relu(x: Array) -> Array:
    """max(x, 0)."""
    return np.maximum(x, _ZERO.get(x.dtype, 0))


@in_blocks
def sigmoid(x: Array, out: Array) -> None:
    """1 / (1 + exp(-x))."""
    np.negative(x, out)
    np.exp(out, out)
    np.add(out, _ONE[x.dtype], out)
    np.reciprocal(out, out)


@in_blocks
def gelu(x: Array, out: Array) -> None:
    """x (1 + erf(x / sqrt(2))) / 2."""
    np.multiply(x, 0.7071067811865476, out)
    half = special.erf(out)
    half += 1
    half *= 0.5
    np.multiply(x, half, out)


@in_blocks
def gelu_tanh(x: Array, out: Array) -> None:
    """x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x**3))) / 2."""
    np.multiply(x, x, out)
    out *= x
    out *= 0.044715
    out += x
    out *= 0.7978845608028654
    np.tanh(out, out)
    out += 1
    out *= x * 0.5


@in_blocks
def silu(x: Array, out: Array) -> None:
    """x / (1 + exp(-x))."""
    np.negative(x, out)
    np.exp(out, out)
    np.add(out, _ONE[x.dtype], out)
    np.divide(x, out, out)


@in_blocks
def mish(x: Array, out: Array) -> None:
    """x tanh(log(1 + e)) with e = exp(x), which is x (e e + 2 e) / (e e + 2 e + 2)."""
    np.minimum(x, _ENOUGH[x.dtype], out=out)
    np.exp(out, out)
    out *= out + 2
    out /= out + 2
    out *= x
