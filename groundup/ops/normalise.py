"""Normalisation: rows that subtract the mean over some axes and divide by the standard deviation.

`moments` measures x; `normalise` uses what was measured. Its derivative with respect to x knows that the moments are
those of x, so that layer, batch, group and instance normalisation are one forward and one backward pass each; with
`centred` off the mean is left in place and the root of the mean square divides, which is RMS normalisation.
Large arrays go through in blocks of leading rows, so that the intermediate values stay in the cache.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from groundup.ops.reduce import column_sum, count, reduction
from groundup.ops.row import name_rows

Array = np.ndarray
Axes = tuple[int, ...]

BLOCK = 65536  # elements at a time
SHORT = 16  # elements of a row, below which sums along it are slow


def _blocks(x: Array) -> Iterator[slice]:
    """Leading rows, so many at a time that a block has about `BLOCK` elements."""
    step = max(1, BLOCK * len(x) // max(x.size, 1))
    for start in range(0, len(x), step):
        yield slice(start, start + step)


def _of(values: Any, part: slice) -> Any:
    """The part of `values` that goes with those leading rows: all of it, if it is the same for each of them."""
    return values[part] if isinstance(values, np.ndarray) and len(values) > 1 else values


def _aligned(values: Any, rank: int) -> Any:
    """An array with leading axes of size 1 up to that rank; a number as it is."""
    if isinstance(values, np.ndarray) and values.ndim < rank:
        return values.reshape((1,) * (rank - values.ndim) + values.shape)
    return values


def _dot(a: Array, b: Array | None, dim: Axes) -> Array:
    """The sum of a b over `dim` (of a alone, if b is None), whose axes are kept: as products, which BLAS adds up."""
    rank, shape = a.ndim, a.shape
    tail = 0  # axes at the end that are summed
    while tail < len(dim) and dim[-1 - tail] == rank - 1 - tail:
        tail += 1
    n = math.prod(shape[rank - tail :])
    if tail and (n >= SHORT or tail == len(dim)):
        rows = (math.prod(shape[: rank - tail]), n)
        flat = a.reshape(rows)
        sums = flat @ np.ones(n, a.dtype) if b is None else np.vecdot(flat, b.reshape(rows))
        sums = sums.reshape(shape[: rank - tail] + (1,) * tail)
        return np.add.reduce(sums, axis=dim[:-tail], keepdims=True) if tail < len(dim) else sums
    product = a if b is None else a * b
    if dim[:1] == (0,):
        product = column_sum(product.reshape(len(a), math.prod(shape[1:]))).reshape(1, *shape[1:])
        dim = dim[1:]
    return np.add.reduce(product, axis=dim, keepdims=True) if dim else product


def _moments(x: Array, dim: Axes, centred: bool) -> Array:
    """The means and the variances (or zeros and mean squares), the axes of `dim` kept: (2, ...).

    If the first axis is among them, each block's are merged into those of the blocks before it (Chan, Golub and
    LeVeque), so that one pass is enough and nothing cancels.
    """
    found = np.zeros((2, *(1 if axis in dim else n for axis, n in enumerate(x.shape))), x.dtype)
    seen = 0
    for part in _blocks(x):
        block = x[part]
        size = count(block.shape, dim)
        mean: Any = 0
        if centred:
            mean = _dot(block, None, dim) / size
            block = block - mean
            rest = _dot(block, None, dim) / size  # what rounding left of the mean, far from 0
            mean += rest
        squares = _dot(block, block, dim)
        if centred:
            squares -= rest * rest * size
        if dim[0] == 0:
            step = mean - found[0]
            seen += size
            found[0] += step * (size / seen)
            squares += step * step * (size * (seen - size) / seen) if centred else 0
            found[1] += squares
        else:
            found[0, part] = mean
            found[1, part] = squares
    found[1] /= count(x.shape, dim) or math.nan
    return found


def _scale(stats: Array, eps: float) -> Array:
    """1 / sqrt(var + eps)."""
    found = np.sqrt(stats[1] + stats.dtype.type(eps))
    return np.divide(1, found, out=found)


def _middle(x: Array, mean: Array, centred: bool) -> Array:
    """x - mean, or a copy of x, in memory of its own."""
    return np.subtract(x, mean) if centred else np.array(x)


def _normalise(x: Array, stats: Array, weight: Any, bias: Any, eps: float, centred: bool) -> Array:
    rstd, mean = _scale(stats, eps), stats[0]
    weight, bias = _aligned(weight, x.ndim), _aligned(bias, x.ndim)
    if len(rstd) == 1 and isinstance(weight, np.ndarray):  # one factor for each column serves all rows
        rstd, weight = rstd * weight, 1
    out = np.empty(x.shape, x.dtype)
    for part in _blocks(x):
        y = out[part]
        if centred:
            np.subtract(x[part], _of(mean, part), out=y)
            y *= _of(rstd, part)
        else:
            np.multiply(x[part], _of(rstd, part), out=y)
        if isinstance(weight, np.ndarray):
            y *= _of(weight, part)
        if isinstance(bias, np.ndarray):
            y += _of(bias, part)
    return out


def _normalise_back(g: Array, x: Array, stats: Array, weight: Any, dim: Axes, eps: float, centred: bool) -> Array:
    """rstd (h - mean(h) - c mean(h c) rstd ** 2) with h = g weight and c = x - mean."""
    weight = _aligned(weight, x.ndim)
    if dim[0] == 0:
        return _back_of_batch(g, x, stats, weight, dim, eps, centred)
    rstd, mean, n = _scale(stats, eps), stats[0], count(x.shape, dim)
    slope = rstd * rstd / n
    out = np.empty(x.shape, x.dtype)
    for part in _blocks(x):
        y = np.multiply(g[part], _of(weight, part), out=out[part])
        c = _middle(x[part], _of(mean, part), centred)
        c *= _dot(y, c, dim) * slope[part]
        if centred:
            y -= _dot(y, None, dim) / n
        y -= c
        y *= rstd[part]
    return out


def _back_of_batch(g: Array, x: Array, stats: Array, weight: Any, dim: Axes, eps: float, centred: bool) -> Array:
    """The same where all leading rows share their moments and the weight: the sums first."""
    rstd, mean = _scale(stats, eps), stats[0]
    total, along = np.zeros_like(rstd), np.zeros_like(rstd)
    for part in _blocks(x):
        total += _dot(g[part], None, dim)
        along += _dot(_middle(x[part], mean, centred), g[part], dim)
    n = count(x.shape, dim) or 1
    scale = rstd * weight
    slope = scale * rstd * rstd * along / n
    offset = scale * total / n
    out = np.empty(x.shape, x.dtype)
    for part in _blocks(x):
        c = _middle(x[part], mean, centred)
        c *= slope
        if centred:
            c += offset
        y = np.multiply(g[part], scale, out=out[part])
        y -= c
    return out


def _normalise_weight(g: Array, x: Array, stats: Array, size: Axes, eps: float, centred: bool) -> Array:
    """g times the normalised x, summed to `size`."""
    rstd, mean = _scale(stats, eps), stats[0]
    shape = (1,) * (x.ndim - len(size)) + size
    dim = tuple(axis for axis, n in enumerate(x.shape) if shape[axis] == 1 and n != 1)
    out = np.zeros(shape, x.dtype)
    for part in _blocks(x):
        z = _middle(x[part], _of(mean, part), centred)
        z *= _of(rstd, part)
        found = _dot(z, g[part], dim)
        if len(out) == 1:
            out += found
        else:
            out[part] = found
    return out.reshape(size)


def _second(m: Any, v: Any, g: Any, x: Any, weight: Any, dim: Axes, eps: float, centred: bool) -> Any:
    """The derivative of `normalise_back` with respect to x: everything measured anew, so that it has derivatives too.

    With h = g weight, z the normalised x, r = 1 / sqrt(var + eps) and M the mean over `dim`, what is differentiated is
    the sum of v r (h - M(h) - z M(h z)): through z, and through r, whose own derivative is -r ** 2 z / n.
    """
    n = count(x.shape, dim)
    average = m.mean(x, dim=dim, keepdim=True) if centred else 0
    middle = x - average
    r = m.rsqrt(m.mean(middle * middle, dim=dim, keepdim=True) + eps)
    z, h = middle * r, g * weight
    stats = m.moments(x, dim=dim, centred=centred)
    hz = m.mean(h * z, dim=dim, keepdim=True)
    through_z = -r * (v * hz + h * m.mean(v * z, dim=dim, keepdim=True))
    rest = h - z * hz
    if centred:
        rest = rest - m.mean(h, dim=dim, keepdim=True)
    through_r = m.sum(v * rest, dim=dim, keepdim=True) * (-(r * r) / n) * z
    return m.normalise_back(through_z, x, stats, 1, dim=dim, eps=eps, centred=centred) + through_r


moments = reduction(lambda m, x, *, dim, centred: _moments(x, dim, centred))
normalise = reduction(
    lambda m, x, stats, weight, bias, *, dim, eps, centred: _normalise(x, stats, weight, bias, eps, centred),
    lambda m, g, x, stats, weight, dim, eps, centred: m.normalise_back(
        g, x, stats, weight, dim=dim, eps=eps, centred=centred
    ),
    None,
    lambda m, g, x, stats, shape, dim, eps, centred: m.normalise_weight(
        g, x, stats, size=shape, dim=dim, eps=eps, centred=centred
    ),
    lambda m, g, shape: m.sum_to(g, size=shape),
)
normalise_back = reduction(
    lambda m, v, x, stats, weight, *, dim, eps, centred: _normalise_back(v, x, stats, weight, dim, eps, centred),
    lambda m, g, x, stats, weight, dim, eps, centred: (
        m.normalise_back(g, x, stats, 1, dim=dim, eps=eps, centred=centred) * weight
    ),
    lambda m, g, v, x, weight, dim, eps, centred: _second(m, g, v, x, weight, dim, eps, centred),
    None,
    lambda m, g, v, x, stats, shape, dim, eps, centred: m.sum_to(
        m.normalise_back(g, x, stats, 1, dim=dim, eps=eps, centred=centred) * v, size=shape
    ),
)
normalise_weight = reduction(
    lambda m, v, x, stats, *, size, dim, eps, centred: _normalise_weight(v, x, stats, size, eps, centred),
    lambda m, g, x, stats, dim, eps, centred: m.normalise(x, stats, g, 0, dim=dim, eps=eps, centred=centred),
    lambda m, g, v, x, stats, dim, eps, centred: m.normalise_back(v, x, stats, g, dim=dim, eps=eps, centred=centred),
)

ROWS = name_rows(globals())
