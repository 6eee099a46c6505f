"""Eager kernels of rows whose formula, read operation by operation, would make many temporaries.

Each is tested against its row. Large arrays go through in blocks, so that the temporaries stay in the cache.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from groundup.ops import select
from groundup.ops.readings.arrays import ARRAYS

Array = np.ndarray
BLOCK = 16384  # elements at a time

# NumPy takes twice as long for a Python number beside a small array as for a 0-d array of the same type.
_ZERO = {np.dtype(name): np.zeros((), name) for name in ("float16", "float32", "float64", "int64", "int32", "bool")}
_ONE = {np.dtype(name): np.ones((), name) for name in ("float16", "float32", "float64")}

# From here on tanh(log(1 + exp(x))) is 1 in that type; the square of exp(x) must still be a number.
_ENOUGH = {np.dtype("float16"): 5.0, np.dtype("float32"): 20.0, np.dtype("float64"): 20.0}


def in_blocks(function: Callable[..., Any]) -> Callable[..., Array]:
    """`function(x, out, *settings)` over blocks of a large array that lies in order in memory; else over the whole."""

    def kernel(x: Any, *settings: Any) -> Array:
        out = np.empty_like(x)
        if out.size <= BLOCK or not (x.flags.c_contiguous and out.flags.c_contiguous):
            function(x, out, *settings)
            return out
        source, target = x.reshape(-1), out.reshape(-1)
        for start in range(0, out.size, BLOCK):
            function(source[start : start + BLOCK], target[start : start + BLOCK], *settings)
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
    half = ARRAYS.erf(out)
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
    np.divide(x, out, out=out)


@in_blocks
def mish(x: Array, out: Array) -> None:
    """x tanh(log(1 + e)) with e = exp(x), which is x (e e + 2 e) / (e e + 2 e + 2)."""
    np.minimum(x, _ENOUGH[x.dtype], out=out)
    np.exp(out, out)
    out *= out + 2
    out /= out + 2
    out *= x


def leaky_relu(x: Any, slope: Any) -> Array:
    """The larger of x and slope x, or the smaller one for a slope above 1; slopes for each channel choose."""
    if isinstance(slope, np.ndarray) or not slope:
        return select.chosen(x > 0, x, slope * x)
    return _leaking(x, slope)


@in_blocks
def _leaking(x: Array, out: Array, slope: float) -> None:
    np.multiply(x, slope, out)
    (np.maximum if slope <= 1 else np.minimum)(x, out, out=out)


@in_blocks
def elu(x: Array, out: Array, alpha: float, scale: float, rate: float) -> None:
    """scale (max(x, 0) + alpha (exp(rate min(x, 0)) - 1)); NumPy's tanh has vector code in float32, expm1 none."""
    np.minimum(x, 0, out=out)
    if out.dtype == np.float64:
        out *= rate
        np.expm1(out, out)
        out *= scale * alpha
    else:  # exp(z) - 1 = 2 t / (1 - t) with t = tanh(z / 2), without cancellation for z < 0
        out *= 0.5 * rate
        np.tanh(out, out)
        rest = np.subtract(1, out)
        out *= 2 * scale * alpha
        out /= rest
    positive = np.maximum(x, 0)
    positive *= scale
    out += positive


@in_blocks
def softplus(x: Array, out: Array, beta: float, threshold: float) -> None:
    """log(1 + exp(beta x)) / beta, and x where beta x exceeds the threshold."""
    scaled = np.multiply(x, beta)
    _log_of_sum(scaled, out)
    out += np.maximum(scaled, 0)
    out /= beta
    np.copyto(out, x, where=scaled > threshold)


@in_blocks
def log_sigmoid(x: Array, out: Array) -> None:
    """min(x, 0) - log(1 + exp(-|x|))."""
    _log_of_sum(x, out)
    np.subtract(np.minimum(x, 0), out, out)


def _log_of_sum(x: Array, out: Array) -> None:
    """log(1 + exp(-|x|)), by the logarithm of the rounded sum and the part that the rounding lost.

    NumPy has vector code for log and none for log1p; in float32 the result is within three last places.
    """
    np.abs(x, out)
    np.negative(out, out)
    np.exp(out, out)
    total = np.add(out, 1)
    lost = np.subtract(total, 1)
    np.subtract(out, lost, out)
    out /= total
    out += np.log(total)
