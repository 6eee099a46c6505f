"""The functions of the standard that search, sort, pick and tell apart. Positions are int64."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from groundup.array_api.array import Array, operand, operands, tensor_of
from groundup.array_api.data_types import ALL, BOOLEAN, INTEGRAL, NUMERIC, int64
from groundup.array_api.manipulation_functions import Axis, as_axes
from groundup.functions import creation, elementwise, index, reduce
from groundup.tensor import Tensor

__all__ = [
    "argmax",
    "argmin",
    "argsort",
    "count_nonzero",
    "nonzero",
    "searchsorted",
    "sort",
    "take",
    "take_along_axis",
    "unique_all",
    "unique_counts",
    "unique_inverse",
    "unique_values",
    "where",
]


# ---- searching -----------------------------------------------------------------------------------------------


def argmax(x: Array, /, *, axis: int | None = None, keepdims: bool = False) -> Array:
    """Where the largest element is, the first of several."""
    return _position(reduce.argmax, operand("argmax", NUMERIC, x), axis, keepdims)


def argmin(x: Array, /, *, axis: int | None = None, keepdims: bool = False) -> Array:
    """Where the smallest element is, the first of several."""
    return _position(reduce.argmin, operand("argmin", NUMERIC, x), axis, keepdims)


def _position(function: Any, x: Tensor, axis: int | None, keepdims: bool) -> Array:
    if axis is not None:
        return Array(function(x, axis, keepdims))
    found = function(x)
    return Array(found.reshape((1,) * x.ndim) if keepdims else found)


def count_nonzero(x: Array, /, *, axis: Axis = None, keepdims: bool = False) -> Array:
    """How many elements are not zero."""
    truth = operand("count_nonzero", ALL, x) != 0
    axes = as_axes(axis, x.ndim)
    return Array(reduce.sum(truth, axes, keepdims) if axes else truth.to(int64))


def nonzero(x: Array, /) -> tuple[Array, ...]:
    """Where the elements are that are not zero: the positions along each axis."""
    if x.ndim == 0:
        raise ValueError("nonzero is not defined for an array with no axes")
    return tuple(Array(part) for part in index.nonzero(operand("nonzero", ALL, x), as_tuple=True))


def where(condition: Array, x1: Any, x2: Any, /) -> Array:
    """Elements of `x1` where the condition holds, of `x2` elsewhere."""
    return Array(elementwise.where(operand("where", BOOLEAN, condition), *operands("where", ALL, x1, x2)))


def searchsorted(x1: Array, x2: Array, /, *, side: str = "left", sorter: Array | None = None) -> Array:
    """Where the elements of `x2` belong in the sorted `x1`: before (`"left"`) or after its equals."""
    if side not in ("left", "right"):
        raise ValueError(f"searchsorted: side must be 'left' or 'right', got {side!r}")
    line, values = operands("searchsorted", NUMERIC, x1, x2)
    order = None if sorter is None else operand("searchsorted", INTEGRAL, sorter).to(int64)
    return Array(index.searchsorted(line, values, side=side, sorter=order))


# ---- sorting -------------------------------------------------------------------------------------------------


def sort(x: Array, /, *, axis: int = -1, descending: bool = False, stable: bool = True) -> Array:
    """The elements in order along an axis."""
    return Array(reduce.sort(operand("sort", NUMERIC, x), axis, descending, stable=stable)[0])


def argsort(x: Array, /, *, axis: int = -1, descending: bool = False, stable: bool = True) -> Array:
    """Where the elements are that come first, second, ... in order along an axis."""
    return Array(reduce.argsort(operand("argsort", NUMERIC, x), axis, descending, stable=stable))


# ---- picking -------------------------------------------------------------------------------------------------


def take(x: Array, indices: Array, /, *, axis: int | None = None) -> Array:
    """The parts along an axis that are at `indices`, which have one axis."""
    found, places = tensor_of(x, "take"), operand("take", INTEGRAL, indices).to(int64)
    if axis is None:
        if x.ndim != 1:
            raise ValueError(f"take: the axis must be given for an array with {x.ndim} axes")
        axis = 0
    if places.ndim != 1:
        raise ValueError(f"take: the indices must have one axis, not {places.ndim}")
    return Array(found.movedim(axis, 0)[places].movedim(0, axis))


def take_along_axis(x: Array, indices: Array, /, *, axis: int = -1) -> Array:
    """Elements along an axis, each at its own index; the other axes broadcast."""
    found, places = tensor_of(x, "take_along_axis"), operand("take_along_axis", INTEGRAL, indices).to(int64)
    if places.ndim != x.ndim:
        raise ValueError(f"take_along_axis: indices have {places.ndim} axes and the array {x.ndim}")
    places = elementwise.where(places < 0, places + x.shape[axis], places)
    return Array(index.take_along_dim(found, places, axis))


# ---- telling apart -------------------------------------------------------------------------------------------


class UniqueAll(NamedTuple):
    """What `unique_all` returns."""

    values: Array
    indices: Array
    inverse_indices: Array
    counts: Array


class UniqueCounts(NamedTuple):
    """What `unique_counts` returns."""

    values: Array
    counts: Array


class UniqueInverse(NamedTuple):
    """What `unique_inverse` returns."""

    values: Array
    inverse_indices: Array


def unique_all(x: Array, /) -> UniqueAll:
    """The distinct elements in order, where each occurs first, which of them each element is, how often each occurs.

    Every nan is distinct from every other; 0.0 and -0.0 are one.
    """
    found = operand("unique_all", ALL, x)
    parts = np.unique(
        found.detach().numpy(), return_index=True, return_inverse=True, return_counts=True, equal_nan=False
    )
    first, inverse, counts = (creation.tensor(np.asarray(part, np.int64)) for part in parts[1:])
    return UniqueAll(Array(found.reshape(-1)[first]), Array(first), Array(inverse.reshape(x.shape)), Array(counts))


def unique_counts(x: Array, /) -> UniqueCounts:
    """The distinct elements in order, and how often each occurs."""
    found = unique_all(x)
    return UniqueCounts(found.values, found.counts)


def unique_inverse(x: Array, /) -> UniqueInverse:
    """The distinct elements in order, and which of them each element is."""
    found = unique_all(x)
    return UniqueInverse(found.values, found.inverse_indices)


def unique_values(x: Array, /) -> Array:
    """The distinct elements in order."""
    return unique_all(x).values
