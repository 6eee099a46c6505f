"""The element that the class of each example names: what nll_loss and cross_entropy read."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from groundup.named import Named
from groundup.ops.index.family import indexing


class _Targets(Named):
    """The elements of an array that the class of each example names, and how much each of them counts."""

    __slots__ = ()

    shape: tuple[int, ...]  # of the array with its classes in the middle
    place: tuple[np.ndarray, ...]
    weight: np.ndarray | None  # None stands for ones
    ignored: np.ndarray | None

    def total(self) -> float:
        """The sum of the weights, by which a mean divides."""
        return self.place[1].size if self.weight is None else np.add.reduce(self.weight, axis=None)


def _targets(size: tuple[int, ...], target: np.ndarray, weight: Any, axis: int, ignore: int) -> _Targets:
    before, classes, after = math.prod(size[:axis]), size[axis], math.prod(size[axis + 1 :])
    lowest = np.minimum.reduce(target, axis=None, initial=0)
    ignored = None
    if lowest < 0 or ignore >= 0:  # otherwise nothing is ignored, and indexing itself finds what is too large
        ignored = target == ignore
        target = np.where(ignored, 0, target)
        lowest = np.minimum.reduce(target, axis=None, initial=0)
    if lowest < 0:
        raise _out_of_bounds(target, classes)
    try:
        counts = weight[target] if isinstance(weight, np.ndarray) else None
    except IndexError:
        raise _out_of_bounds(target, classes) from None
    if ignored is not None:
        counts = np.where(ignored, 0, 1 if counts is None else counts)
    if after == 1:
        return _Targets((before, classes), (np.arange(before), target.ravel()), counts, ignored)
    place = (np.arange(before)[:, None], target.reshape(before, after), np.arange(after))
    return _Targets((before, classes, after), place, counts, ignored)


def _out_of_bounds(target: np.ndarray, classes: int) -> IndexError:
    wrong = target[(target < 0) | (target >= classes)].flat[0]
    return IndexError(f"Target {wrong} is out of bounds.\n  There are {classes} classes: 0 to {classes - 1}.")


def _nll(x: np.ndarray, target: np.ndarray, weight: Any, axis: int, ignore: int, reduction: str) -> np.ndarray:
    found = _targets(x.shape, target, weight, axis, ignore)
    try:
        out = x.reshape(found.shape)[found.place].reshape(target.shape)
    except IndexError:
        raise _out_of_bounds(target, x.shape[axis]) from None
    np.negative(out, out=out)
    if found.weight is not None:
        out = out * found.weight.astype(out.dtype)
    if found.ignored is not None:
        out = np.where(found.ignored, 0, out)
    if reduction == "none":
        return out
    total = np.add.reduce(out, axis=None)
    if reduction == "mean":
        count = found.total()
        total = total / count if count else total * math.nan
    return np.asarray(total, x.dtype)


def _nll_back(
    g: np.ndarray, target: np.ndarray, weight: Any, axis: int, ignore: int, reduction: str, size: tuple[int, ...]
) -> np.ndarray:
    found = _targets(size, target, weight, axis, ignore)
    share = -g
    if reduction == "mean":
        count = found.total()
        share = share / count if count else share * math.nan
    if found.weight is not None:
        share = np.where(found.weight == 0, 0, share * found.weight)
    out = np.zeros(size, g.dtype)
    place = found.place
    out.reshape(found.shape)[place] = np.broadcast_to(share, target.shape).reshape(place[1].shape)
    return out


# The negative of the target's class of each example, weighted, and 0 where it is `ignore`.
nll = indexing(
    lambda m, x, target, weight, *, axis, ignore, reduction: _nll(x, target, weight, axis, ignore, reduction),
    lambda m, g, target, weight, shape, axis, ignore, reduction: m.nll_back(
        g, target, weight, axis=axis, ignore=ignore, reduction=reduction, size=shape
    ),
    label="NllLossBackward0",
)

nll_back = indexing(
    lambda m, v, target, weight, *, axis, ignore, reduction, size: _nll_back(
        v, target, weight, axis, ignore, reduction, size
    ),
    lambda m, g, target, weight, axis, ignore, reduction: m.nll(
        g, target, weight, axis=axis, ignore=ignore, reduction=reduction
    ),
)
