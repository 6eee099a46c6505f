"""Sorting, and where the elements of a given rank are along an axis."""

from __future__ import annotations

import numpy as np

from groundup.ops.reduce.family import has_nan, reduction

_SHORT = 256  # elements, up to which sorting is as quick as partitioning

argsort = reduction(lambda m, x, *, dim, descending: _argsort(x, dim, descending))
argtop = reduction(lambda m, x, *, dim, k, largest: _argtop(x, dim, k, largest))
argkth = reduction(lambda m, x, *, dim, k: _ranked(x, dim, k))
argmedian = reduction(lambda m, x, *, dim, skip: _argmedian(x, dim, skip))
argmode = reduction(lambda m, x, *, dim: _argmode(x, dim))


def _argsort(x: np.ndarray, dim: int, descending: bool) -> np.ndarray:
    """Stable in both directions; nan counts as the largest."""
    if not descending:
        return np.argsort(x, axis=dim, kind="stable")
    back = np.flip(np.argsort(np.flip(x, dim), axis=dim, kind="stable"), dim)
    return x.shape[dim] - 1 - back


def _argtop(x: np.ndarray, dim: int, k: int, largest: bool) -> np.ndarray:
    """Where the `k` largest (or smallest) are, in their order; equals in the order of their places; nan is largest."""
    n = x.shape[dim]
    if n <= _SHORT or not 0 < k < n // 4:  # short enough, or most of it, to sort
        return np.take(_argsort(x, dim, largest), range(k), axis=dim)
    apart = np.argpartition(x, n - k if largest else k - 1, axis=dim)
    found = np.sort(np.take(apart, range(n - k, n) if largest else range(k), axis=dim), axis=dim)
    order = _argsort(np.take_along_axis(x, found, dim), dim, largest)
    return np.take_along_axis(found, order, dim)


def _ranked(x: np.ndarray, dim: int, rank: int) -> np.ndarray:
    """Where the element of that rank is, along an axis that stays with size 1."""
    order = _argsort(x, dim, False) if x.shape[dim] <= _SHORT else np.argpartition(x, rank, axis=dim)
    return np.take(order, [rank], axis=dim)


def _argmedian(x: np.ndarray, dim: int, skip: bool) -> np.ndarray:
    """Where the lower of the middle elements is; the first nan, or that of the numbers if nans are skipped."""
    n = x.shape[dim]
    if not has_nan(x):
        return _ranked(x, dim, (n - 1) // 2)
    missing = np.count_nonzero(x != x, axis=dim, keepdims=True)
    if skip:
        rank = np.maximum(n - missing - 1, 0) // 2
    else:
        rank = np.where(missing == 0, (n - 1) // 2, n - missing)
    return np.take_along_axis(_argsort(x, dim, False), rank, dim)


def _argmode(x: np.ndarray, dim: int) -> np.ndarray:
    """Where the most frequent element is last (the smallest of several), along an axis that stays with size 1."""
    order = _argsort(x, dim, False)
    line = np.moveaxis(np.take_along_axis(x, order, dim), dim, -1)
    places = np.arange(line.shape[-1])
    new = np.concatenate([np.ones_like(line[..., :1], bool), line[..., 1:] != line[..., :-1]], axis=-1)
    length = places - np.maximum.accumulate(np.where(new, places, 0), axis=-1)
    best = np.moveaxis(length.argmax(-1, keepdims=True), -1, dim)
    return np.take_along_axis(order, best, dim)
