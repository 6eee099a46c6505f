"""Normalisation over a batch: each column, or channel, of an array is measured over all of it and then scaled.

x is (batch, channels) or (batch, channels, places). What belongs to a channel broadcasts along the rows, and is laid
out as a whole block where there are several.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from groundup.ops.normalise_rows import BLOCK, Array, Axes, blocks, height, leading, repeated
from groundup.ops.reduce import column_sum, count

SHORT = 16  # places, below which sums along them are slow


def _sums(a: Array, b: Array | None = None) -> Array:
    """The sum of a (or of a b, which may overwrite a) over everything but the channels."""
    if a.ndim == 3 and a.shape[2] >= SHORT:
        along = np.vecdot(a, b) if b is not None else a @ np.ones(a.shape[2], a.dtype)
        return np.add.reduce(along, axis=0)
    if b is not None:
        a *= b
    found = column_sum(a.reshape(len(a), math.prod(a.shape[1:])))
    return found if a.ndim == 2 else np.add.reduce(found.reshape(a.shape[1:]), axis=1)


def _none(x: Array) -> Array:
    """Two sums of nothing for each channel, in double precision if they are added up over many blocks."""
    return np.zeros((2, x.shape[1]), x.dtype if x.size <= 4 * BLOCK else np.float64)


def _shaped(values: Array, x: Array) -> Array:
    """Numbers of channels in the type of x, and so that they broadcast over it."""
    values = values if values.dtype == x.dtype else values.astype(x.dtype)
    return values[None] if x.ndim == 2 else values[None, :, None]


def _scale(stats: Array, eps: float) -> Array:
    """1 / sqrt(var + eps)."""
    root = np.sqrt(stats[1] + stats.dtype.type(eps))
    return np.divide(1, root, out=root)


def moments(x: Array, dim: Axes) -> Array:
    """The means and the variances, the axes of `dim` kept: (2, ...).

    One pass: the means of the first block are subtracted from all, so that next to nothing cancels in the difference
    of the mean square and the square of the mean.
    """
    n = count(x.shape, dim) or math.nan
    first = x[: height(x)]
    centre = _shaped(_sums(first) / (count(first.shape, dim) or 1), x)
    wide = repeated(centre, x)
    spare = np.empty(first.shape, x.dtype)
    sums = _none(x)
    for part in blocks(x):
        c = np.subtract(x[part], leading(wide, x[part]), out=spare[: len(x[part])])
        sums[0] += _sums(c)
        sums[1] += _sums(c, c)
    sums /= n
    sums[1] -= sums[0] * sums[0]
    np.maximum(sums[1], 0, out=sums[1])
    found = np.empty((2, *centre.shape), x.dtype)
    np.add(centre, _shaped(sums[0], x), out=found[0])
    found[1] = _shaped(sums[1], x)
    return found


def normalise(x: Array, stats: Array, weight: Any, bias: Any, eps: float) -> Array:
    """(x - mean) / sqrt(var + eps) weight + bias."""
    mean, factor, shift = (repeated(each, x) for each in (stats[0], _scale(stats, eps) * weight, bias))
    out = np.empty(x.shape, x.dtype)
    for part in blocks(x):
        y = out[part]
        np.subtract(x[part], leading(mean, y), out=y)
        y *= leading(factor, y)
        if shift is not None:
            y += leading(shift, y)
    return out


def back(g: Array, x: Array, stats: Array, weight: Any, dim: Axes, eps: float) -> Array:
    """rstd (h - mean(h) - c mean(h c) rstd ** 2) with h = g weight and c = x - mean: the sums first."""
    mean, rstd, n = repeated(stats[0], x), _scale(stats, eps), count(x.shape, dim) or 1
    scale = rstd * weight
    total, along = _sums_back(g, x, mean)
    slope = scale * rstd * rstd * _shaped(along / n, x)
    offset = scale * _shaped(total / n, x)
    scale, slope, offset = (repeated(each, x) for each in (scale, slope, offset))
    out = np.empty(x.shape, x.dtype)
    spare = np.empty(out[: height(x)].shape, x.dtype)
    for part in blocks(x):
        y = out[part]
        c = np.subtract(x[part], leading(mean, y), out=spare[: len(y)])
        c *= leading(slope, y)
        c += leading(offset, y)
        np.multiply(g[part], leading(scale, y), out=y)
        y -= c
    return out


def weight_back(g: Array, x: Array, stats: Array, size: Axes, dim: Axes, eps: float) -> Array:
    """g times the normalised x, summed to `size`."""
    along = _shaped(_sums_back(g, x, repeated(stats[0], x))[1], x)
    return (along * _scale(stats, eps)).reshape(size)


def _sums_back(g: Array, x: Array, mean: Array) -> Array:
    """The sums of g, and of g (x - mean), of each channel in double precision."""
    found = _none(x)
    spare = np.empty(x[: height(x)].shape, x.dtype)
    for part in blocks(x):
        flow = g[part]
        c = np.subtract(x[part], leading(mean, flow), out=spare[: len(flow)])
        found[0] += _sums(flow)
        found[1] += _sums(c, flow)
    return found
