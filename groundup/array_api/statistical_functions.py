"""The functions of the standard that reduce along axes or run along one: sums, means, extremes, truth, differences."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from groundup.array_api.array import Array, operand, operands
from groundup.array_api.data_types import ALL, FLOATING, INTEGRAL, NUMERIC, checked, int64
from groundup.array_api.manipulation_functions import Axis, as_axes
from groundup.dtypes import dtype as DType
from groundup.functions import creation, reduce, view
from groundup.tensor import Tensor

__all__ = [
    "all",
    "any",
    "cumulative_prod",
    "cumulative_sum",
    "diff",
    "max",
    "mean",
    "min",
    "prod",
    "std",
    "sum",
    "var",
]


def reduced(function: Callable[..., Tensor], x: Tensor, axis: Axis, keepdims: bool) -> Array:
    """`function(x, axes, keepdims)`; where there is no axis to go, it is given one of length 1."""
    axes = as_axes(axis, x.ndim)
    return Array(function(x, axes, keepdims) if axes else function(x.unsqueeze(0), (0,), False))


def _types(found: DType, dtype: DType | None) -> tuple[DType, DType]:
    """The type of a sum of elements of the type `found`, and one with room for it on the way.

    Integers make int64. (For uint8 the standard asks for uint64, which is not here.)
    """
    target = checked(dtype, int64 if found in INTEGRAL else found)
    return target, int64 if target in INTEGRAL else target


def sum(x: Array, /, *, axis: Axis = None, dtype: DType | None = None, keepdims: bool = False) -> Array:
    """The sum, along some axes or all."""
    return _total(reduce.sum, operand("sum", NUMERIC, x), axis, dtype, keepdims)


def prod(x: Array, /, *, axis: Axis = None, dtype: DType | None = None, keepdims: bool = False) -> Array:
    """The product, along some axes or all."""

    def function(t: Tensor, axes: tuple[int, ...], keep: bool) -> Tensor:
        for each in sorted((axis % t.ndim for axis in axes), reverse=True):  # so that the others keep their numbers
            t = reduce.prod(t, each, keep)
        return t

    return _total(function, operand("prod", NUMERIC, x), axis, dtype, keepdims)


def _total(function: Any, x: Tensor, axis: Axis, dtype: DType | None, keepdims: bool) -> Array:
    target, room = _types(x.dtype, dtype)
    return Array(reduced(function, x.to(room), axis, keepdims).tensor.to(target))


def mean(x: Array, /, *, axis: Axis = None, keepdims: bool = False) -> Array:
    """The mean, along some axes or all."""
    return reduced(reduce.mean, operand("mean", FLOATING, x), axis, keepdims)


def var(x: Array, /, *, axis: Axis = None, correction: float = 0.0, keepdims: bool = False) -> Array:
    """The variance, with the divisor N - `correction`."""
    return _spread(reduce.var, operand("var", FLOATING, x), axis, correction, keepdims)


def std(x: Array, /, *, axis: Axis = None, correction: float = 0.0, keepdims: bool = False) -> Array:
    """The standard deviation, with the divisor N - `correction`."""
    return _spread(reduce.std, operand("std", FLOATING, x), axis, correction, keepdims)


def _spread(function: Any, x: Tensor, axis: Axis, correction: float, keepdims: bool) -> Array:
    def corrected(t: Tensor, axes: tuple[int, ...], keep: bool) -> Tensor:
        return function(t, axes, correction=correction, keepdim=keep)

    return reduced(corrected, x, axis, keepdims)


def max(x: Array, /, *, axis: Axis = None, keepdims: bool = False) -> Array:
    """The largest element, along some axes or all; nan where one is nan."""
    return reduced(reduce.amax, operand("max", NUMERIC, x), axis, keepdims)


def min(x: Array, /, *, axis: Axis = None, keepdims: bool = False) -> Array:
    """The smallest element, along some axes or all; nan where one is nan."""
    return reduced(reduce.amin, operand("min", NUMERIC, x), axis, keepdims)


def all(x: Array, /, *, axis: Axis = None, keepdims: bool = False) -> Array:
    """Whether no element is zero, along some axes or all."""
    return reduced(reduce.all, operand("all", ALL, x) != 0, axis, keepdims)


def any(x: Array, /, *, axis: Axis = None, keepdims: bool = False) -> Array:
    """Whether some element is not zero, along some axes or all."""
    return reduced(reduce.any, operand("any", ALL, x) != 0, axis, keepdims)


# ---- along one axis ------------------------------------------------------------------------------------------


def cumulative_sum(
    x: Array, /, *, axis: int | None = None, dtype: DType | None = None, include_initial: bool = False
) -> Array:
    """The sums of the first 1, 2, ... elements along an axis; before them 0 if `include_initial`."""
    return _running(reduce.cumsum, operand("cumulative_sum", NUMERIC, x), axis, dtype, 0 if include_initial else None)


def cumulative_prod(
    x: Array, /, *, axis: int | None = None, dtype: DType | None = None, include_initial: bool = False
) -> Array:
    """The products of the first 1, 2, ... elements along an axis; before them 1 if `include_initial`."""
    return _running(reduce.cumprod, operand("cumulative_prod", NUMERIC, x), axis, dtype, 1 if include_initial else None)


def _running(function: Any, x: Tensor, axis: int | None, dtype: DType | None, start: int | None) -> Array:
    if axis is None:
        if x.ndim != 1:
            raise ValueError(f"the axis must be given for an array with {x.ndim} axes")
        axis = 0
    target, room = _types(x.dtype, dtype)
    found = function(x.to(room), axis).to(target)
    if start is not None:
        sizes = list(x.shape)
        sizes[axis] = 1
        found = view.cat([creation.full(sizes, start, dtype=target), found], axis)
    return Array(found)


def diff(
    x: Array, /, *, axis: int = -1, n: int = 1, prepend: Array | None = None, append: Array | None = None
) -> Array:
    """The differences of neighbours along an axis, `n` times over."""
    if n < 0:
        raise ValueError(f"diff: n must not be negative, got {n}")
    parts = [each for each in (prepend, x, append) if each is not None]
    found = view.cat(operands("diff", NUMERIC, *parts), axis).movedim(axis, 0)
    for _ in range(n):
        found = found[1:] - found[:-1]
    return Array(found.movedim(0, axis))
