"""The row of interpolation: along one axis, each element of the result is a weighted sum of a few of the source.

The weights of a mode are tables, worked out once for each pair of lengths; the derivative reads the same table by
column, where the function reads it by row. Short axes go through a small matrix and BLAS.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np

from groundup.named import Named
from groundup.ops.contract import contraction
from groundup.ops.row import name_rows
from groundup.ops.windows import along

SHORT = 256  # up to this length a product with the whole matrix is faster than gathering


class Resampling(Named):
    """A table's key: how `results` elements are made of `length` ones. `scale` is source elements for each of them."""

    __slots__ = ()

    mode: str
    length: int
    results: int
    corners: bool  # whether the first and last elements fall on each other, or the edges beyond them
    scale: float
    antialias: bool


class Terms(Named):
    """A sparse matrix: each target is the sum of source elements times weights, from its start to the next one's."""

    __slots__ = ()

    targets: np.ndarray
    starts: np.ndarray
    sources: np.ndarray
    weights: np.ndarray


def _positions(key: Resampling, kind: Any) -> np.ndarray:
    """Where each element of the result lies in the source, in the type that PyTorch counts in."""
    steps = np.arange(key.results, dtype=kind)
    if key.corners:
        return steps * kind((key.length - 1) / (key.results - 1) if key.results > 1 else 0)
    return kind(key.scale) * (steps + kind(0.5)) - kind(0.5)


def _nearest(key: Resampling) -> tuple[np.ndarray, np.ndarray]:
    steps = np.arange(key.results, dtype=np.float32) + np.float32(0.5 if key.mode == "nearest-exact" else 0)
    index = np.floor(steps * np.float32(key.scale)).astype(np.int64)
    return np.minimum(index, key.length - 1)[:, None], np.ones((key.results, 1))


def _linear(key: Resampling, kind: Any) -> tuple[np.ndarray, np.ndarray]:
    at = np.maximum(_positions(key, kind), kind(0))
    low = np.minimum(at.astype(np.int64), key.length - 1)
    share = np.clip(at - low, 0, 1)
    return np.stack([low, np.minimum(low + 1, key.length - 1)], 1), np.stack([1 - share, share], 1)


def cubic(x: np.ndarray, a: float) -> np.ndarray:
    """Keys' cubic convolution kernel: 1 at 0, 0 at other whole numbers and beyond 2."""
    x = np.abs(x)
    near, far = ((a + 2) * x - (a + 3)) * x * x + 1, ((a * x - 5 * a) * x + 8 * a) * x - 4 * a
    return np.where(x <= 1, near, np.where(x < 2, far, 0))


def _cubic(key: Resampling, kind: Any) -> tuple[np.ndarray, np.ndarray]:
    at = _positions(key, kind)
    low = np.floor(at)
    offsets = np.arange(-1, 3)
    index = np.clip(low[:, None].astype(np.int64) + offsets, 0, key.length - 1)
    return index, cubic((at - low)[:, None] - offsets, -0.75)


def _antialiased(key: Resampling) -> tuple[np.ndarray, np.ndarray]:
    """Wide enough to see every source element: the kernel stretched by the scale, its weights summing to 1."""
    scale = key.scale
    if key.corners:  # PyTorch takes the scale between the corners, but counts from the edge
        scale = (key.length - 1) / (key.results - 1) if key.results > 1 else 0.0
    stretch = max(scale, 1.0)
    centre = scale * (np.arange(key.results) + 0.5)
    support = (2 if key.mode == "cubic" else 1) * stretch
    first = np.maximum((centre - support + 0.5).astype(np.int64), 0)
    last = np.minimum((centre + support + 0.5).astype(np.int64), key.length)
    index = first[:, None] + np.arange(int((last - first).max()))
    x = (index - centre[:, None] + 0.5) / stretch
    weights = cubic(x, -0.5) if key.mode == "cubic" else np.maximum(1 - np.abs(x), 0)
    weights = np.where(index < last[:, None], weights, 0)
    return np.minimum(index, key.length - 1), weights / weights.sum(1, keepdims=True)


@lru_cache(maxsize=128)
def terms(key: Resampling, kind: np.dtype[Any], back: bool) -> Terms:
    """The table of a resampling, or (`back`) of its adjoint."""
    if key.mode in ("nearest", "nearest-exact"):
        index, weights = _nearest(key)
    elif key.antialias:
        index, weights = _antialiased(key)
    else:
        made = {"linear": _linear, "cubic": _cubic}[key.mode]
        index, weights = made(key, np.float64 if kind == np.float64 else np.float32)
    rows = np.repeat(np.arange(key.results), index.shape[1])
    targets, sources, used = (index.ravel(), rows, weights.ravel()) if back else (rows, index.ravel(), weights.ravel())
    order = np.flatnonzero(used)
    order = order[np.argsort(targets[order], kind="stable")]
    found, starts = np.unique(targets[order], return_index=True)
    return Terms(found, starts, sources[order], used[order].astype(kind))


@lru_cache(maxsize=64)
def _matrix(key: Resampling, kind: np.dtype[Any]) -> np.ndarray:
    """The same as a matrix, a row for each element of the result."""
    table = terms(key, kind, False)
    rows = np.repeat(table.targets, np.diff(table.starts, append=len(table.sources)))
    matrix = np.zeros((key.results, key.length), kind)
    np.add.at(matrix, (rows, table.sources), table.weights)
    return matrix


def _resampled(x: np.ndarray, key: Resampling, axis: int, back: bool) -> np.ndarray:
    count = key.length if back else key.results
    shape = (*x.shape[:axis], count, *x.shape[axis + 1 :])
    if not key.mode.startswith("nearest") and max(key.length, key.results) <= SHORT and np.isfinite(x).all():
        matrix = _matrix(key, x.dtype)
        if back:
            matrix = matrix.T
        if axis == x.ndim - 1:
            return x @ matrix.T
        return (matrix @ x.reshape(*x.shape[: axis + 1], -1)).reshape(shape)
    table = terms(key, x.dtype, back)
    gathered = np.take(x, table.sources, axis)
    if not key.mode.startswith("nearest"):
        gathered *= table.weights.reshape(-1, *(1,) * (x.ndim - axis - 1))
    if len(table.starts) == len(table.sources) and len(table.targets) == count:
        return gathered
    sums = np.add.reduceat(gathered, table.starts, axis) if gathered.size else gathered
    if len(table.targets) == count:
        return sums
    out = np.zeros(shape, x.dtype)
    out[along(axis, table.targets)] = sums
    return out


resample = contraction(
    lambda m, x, *, key, axis, back: _resampled(x, key, axis, back),
    lambda m, g, key, axis, back: m.resample(g, key=key, axis=axis, back=not back),
    judge="finite differences and PyTorch",
)

ROWS = name_rows(globals())
