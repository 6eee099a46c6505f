"""Normalisation over the last axes of an array: each row is measured, centred and scaled while it is in the cache.

The kernels go through blocks of rows. Sums along rows are products with ones, which BLAS adds up several times faster
than `add.reduce`; what is left to pay for are the loops over whole blocks, so that each kernel has as few as can be.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

import numpy as np

Array = np.ndarray
Axes = tuple[int, ...]

BLOCK = 131072  # elements at a time
FEW = 8192  # elements, up to which a call costs more than a loop over them
PRECISION = {"f": 2.0**-23, "d": 2.0**-52}
LONG = 512  # elements of a row, from which broadcasting costs little


def height(x: Array) -> int:
    """How many leading rows of x make a block of about `BLOCK` elements."""
    return BLOCK * len(x) // max(x.size, 1) or 1


def blocks(x: Array) -> Iterator[slice]:
    """The leading rows of x, block by block."""
    step = height(x)
    return (slice(start, start + step) for start in range(0, len(x), step))


def repeated(values: Any, x: Array) -> Any:
    """What broadcasts over x in its rank, for short rows laid out as a whole block, since equal shapes loop faster.

    None if it is a number, which stands for none.
    """
    if not isinstance(values, np.ndarray):
        return None
    if values.ndim < x.ndim:
        values = values.reshape((1,) * (x.ndim - values.ndim) + values.shape)
    if x.size <= 2 * BLOCK or x.shape[-1] >= LONG:
        return values
    return np.ascontiguousarray(np.broadcast_to(values, (min(height(x), len(x)), *x.shape[1:])))


def leading(values: Array, block: Array) -> Array:
    """As much of what `repeated` gave as goes with a block."""
    return values if len(values) == 1 else values[: len(block)]


@lru_cache(maxsize=64)
def _constants(n: int, eps: float, dtype: np.dtype[Any]) -> tuple[Array, Array, Array]:
    """What a row times which is its mean, n eps, and the root of n, which small arrays would spend much time on."""
    ones = np.full((n, 1), 1 / n if n else math.nan, dtype)
    return ones, np.array(n * eps, dtype), np.array(math.sqrt(n), dtype)


class _Rows:
    """What the rows of a block are measured with."""

    __slots__ = ("dim", "n", "offset", "ones", "precision", "size")

    def __init__(self, x: Array, dim: Axes, eps: float) -> None:
        self.dim = dim
        self.n = math.prod(x.shape[dim[0] :])
        self.ones, self.offset, self.size = _constants(self.n, eps, x.dtype)
        self.precision = PRECISION[x.dtype.char]

    def flat(self, block: Array) -> Array:
        """The block as a matrix of rows."""
        return block if block.ndim == 2 else block.reshape(math.prod(block.shape[: self.dim[0]]), self.n)

    def centre(self, block: Array, out: Array) -> Array:
        """Write the block less its rows' means; give what rounding left of the means, far from 0."""
        np.subtract(block, block @ self.ones, out=out)
        return out @ self.ones

    def squares(self, c: Array, rest: Array | None = None) -> Array:
        """n (var + eps) of each row: a column. `rest` is what is still to be subtracted from c."""
        found = np.vecdot(c, c)[:, None]
        if rest is not None:
            found -= rest * rest * self.n
        found += self.offset
        return found

    def scale(self, squares: Array) -> Array:
        """1 / sqrt(var + eps)."""
        root = np.sqrt(squares)
        return np.divide(self.size, root, out=root)

    def column(self, values: Array, block: Array) -> Array:
        """One number for each row, so that it broadcasts over the block."""
        return values.reshape(block.shape[: self.dim[0]] + (1,) * len(self.dim))


def moments(x: Array, dim: Axes) -> Array:
    """The means and the variances, the axes of `dim` kept: (2, ...)."""
    mean = np.mean(x, axis=dim, keepdims=True)
    middle = x - mean
    mean += np.mean(middle, axis=dim, keepdims=True)
    return np.stack([mean, np.var(middle, axis=dim, keepdims=True)])


def normalise(x: Array, weight: Any, bias: Any, dim: Axes, eps: float, centred: bool) -> Array:
    """(x - mean) / sqrt(var + eps) weight + bias."""
    rows = _Rows(x, dim, eps)
    folded = isinstance(weight, np.ndarray) and weight.shape[-1] == 1  # the same along the last axis
    factor, shift = None if folded else repeated(weight, x), repeated(bias, x)
    out = np.empty(x.shape, x.dtype)
    for part in blocks(x):
        y, source = out[part], rows.flat(x[part])
        flat = rows.flat(y)
        if centred:
            rest, source = rows.centre(source, flat), flat
            scale = rows.scale(rows.squares(flat, rest))
            if flat.size <= FEW or np.any(np.abs(rest) * scale > rows.precision):
                flat -= rest
        else:
            scale = rows.scale(rows.squares(source))
        if folded:
            np.multiply(source.reshape(y.shape), rows.column(scale, y) * weight, out=y)
        else:
            np.multiply(source, scale, out=flat)
        if factor is not None:
            y *= leading(factor, y)
        if shift is not None:
            y += leading(shift, y)
    return out


def back(g: Array, x: Array, weight: Any, dim: Axes, eps: float, centred: bool) -> Array:
    """rstd (h - mean(h) - c mean(h c) rstd ** 2) with h = g weight and c = x - mean.

    The part of c that is left of the mean is taken out of the numbers of each row, not out of its elements.
    """
    rows = _Rows(x, dim, eps)
    factor = repeated(weight, x)
    out = np.empty(x.shape, x.dtype)
    spare = np.empty_like(rows.flat(out[: height(x)]))
    for part in blocks(x):
        y, source = out[part], rows.flat(x[part])
        h = rows.flat(g[part] if factor is None else np.multiply(g[part], leading(factor, y), out=y))
        flat, c = rows.flat(y), spare[: len(source)]
        if centred:
            rest, mean = rows.centre(source, c), h @ rows.ones
            squares = rows.squares(c, rest)
            slope = np.vecdot(h, c)[:, None] - rest * mean * rows.n
            slope /= squares
            c *= slope
            mean -= rest * slope
            c += mean
        else:
            squares = rows.squares(source)
            np.multiply(source, np.vecdot(h, source)[:, None] / squares, out=c)
        np.subtract(h, c, out=flat)
        flat *= rows.scale(squares)
    return out


def weight_back(g: Array, x: Array, size: Axes, dim: Axes, eps: float, centred: bool) -> Array:
    """g times the normalised x, summed to `size`."""
    rows = _Rows(x, dim, eps)
    out = np.zeros(size, x.dtype)
    spare = np.empty_like(rows.flat(x[: height(x)]))
    for part in blocks(x):
        source, flow = rows.flat(x[part]), rows.flat(g[part])
        c = spare[: len(source)]
        rest = rows.centre(source, c) if centred else None
        scale = rows.scale(rows.squares(c if centred else source, rest))
        if size[-1] == 1:  # the same along the last axis
            z = source if rest is None else np.subtract(c, rest, out=c)
            along = np.vecdot(z.reshape(x[part].shape), g[part])
            out += np.add.reduce(along * rows.column(scale, x[part])[..., 0], axis=0).reshape(size)
        else:
            found = scale.T @ np.multiply(c if centred else source, flow, out=c)
            if rest is not None:
                found -= (scale * rest).T @ flow
            out += found.reshape(size)
    return out
