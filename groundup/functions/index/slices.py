"""Whole slices at positions along one axis: reading, adding, copying, filling and combining them."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from groundup import dtypes
from groundup.autograd.apply import apply
from groundup.autograd.settle import holdable
from groundup.autograd.tape import TensorBase, constant, shown_as
from groundup.functions.axes import one_axis
from groundup.functions.elementwise import clamp_min, where
from groundup.functions.index.checks import bounded, check_long, check_slices, legacy
from groundup.functions.index.scattering import scatter_reduce
from groundup.functions.index.writing import Writing
from groundup.functions.view import clone, expand, reshape
from groundup.ops import elementwise
from groundup.ops import index as rows

__all__ = [
    "index_add",
    "index_copy",
    "index_fill",
    "index_reduce",
    "index_select",
]

Tensor = Any


def _pattern(axis: int) -> tuple[Any, ...]:
    """The key of an index array along that axis."""
    return (slice(None),) * axis + (rows.ARRAY,)


def _vector(index: Tensor) -> Tensor:
    return index if index._array.ndim else reshape(index, (1,))


def index_select(input: Tensor, dim: int, index: Tensor) -> Tensor:
    """The slices at `index` along `dim`.

    >>> import groundup
    >>> groundup.tensor([[1, 2], [3, 4]]).index_select(1, groundup.tensor([1, 1, 0]))
    tensor([[2, 2, 1],
            [4, 4, 3]])
    """
    if index._array.dtype.kind not in "iu":
        raise RuntimeError(f"index_select(): Expected dtype int32 or int64 for index\n  It has dtype {index.dtype}.")
    axis = one_axis(dim, input._array.ndim)
    if index._array.ndim > 1:
        raise IndexError(
            f"index_select(): Index is supposed to be a vector\n  It has shape {index._array.shape}; "
            "square brackets take any shape."
        )
    size = input._array.shape[axis] if input._array.ndim else 1
    index = bounded(index, size, axis, "slice")
    if not input._array.ndim:
        return clone(input)
    return apply(rows.index_select, input, _vector(index), dim=axis)


def add_writing(input: Tensor, dim: int, index: Tensor, source: Tensor, alpha: float) -> Writing:
    """What `index_add` and `index_add_` do."""
    axis, index = check_slices(input, dim, index, source, "index_add_")
    return Writing(rows.add_at, (source if alpha == 1 else source * alpha, _vector(index)), {"pattern": _pattern(axis)})


def index_add(input: Tensor, dim: int, index: Tensor, source: Tensor, *, alpha: float = 1) -> Tensor:
    """A copy of `input` with the slices of alpha * source added at `index` along `dim`, repeated ones adding up."""
    return shown_as(add_writing(input, dim, index, source, alpha).on(input), "IndexAddBackward0")


def copy_writing(input: Tensor, dim: int, index: Tensor, source: Tensor) -> Writing:
    """What `index_copy` and `index_copy_` do."""
    axis = one_axis(dim, input._array.ndim)
    check_long(index, "index_copy_")
    have, given = input._array.shape, source._array.shape
    if index._array.ndim > 1:
        raise IndexError(f"index_copy_(): Index should have dimension 1 or 0 (got {index._array.ndim})")
    if input._array.dtype != source._array.dtype:
        raise RuntimeError(
            "index_copy_(): self and source expected to have the same dtype, but got (self) "
            f"{legacy(input)} and (source) {legacy(source)}"
        )
    if have and given:
        if len(have) != len(given):
            raise IndexError(
                "index_copy_(): When source and destination are not scalars, their dimensionality must match. "
                f"Source dimensionality ({len(given)}), destination dimensionality ({len(have)})"
            )
        slices = [" ".join(map(str, shape[:axis] + shape[axis + 1 :])) for shape in (have, given)]
        if slices[0] != slices[1]:
            raise RuntimeError(
                "index_copy_(): Source/destination tensor must have same slice shapes. Destination slice shape: "
                f"{slices[0]} at dimension {axis} and source slice shape: {slices[1]} at dimension {axis}."
            )
    if index._array.size != (given[axis] if given else 1):
        raise IndexError(
            f"index_copy_(): Number of indices ({index._array.size}) should be equal to source.size(dim) "
            f"({given[axis] if given else 1})"
        )
    index = bounded(index, have[axis] if have else 1, axis, "copied")
    return Writing(rows.assign, (source, _vector(index)), {"pattern": _pattern(axis)})


def index_copy(input: Tensor, dim: int, index: Tensor, source: Tensor) -> Tensor:
    """A copy of `input` with the slices of `source` in the places of those at `index` along `dim`."""
    return shown_as(copy_writing(input, dim, index, source).on(input), "IndexCopyBackward0")


def fill_writing(input: Tensor, dim: int, index: Tensor, value: Any) -> Writing:
    """What `index_fill` and `index_fill_` do."""
    axis = one_axis(dim, input._array.ndim)
    if index._array.dtype.kind not in "iu":
        raise IndexError("index_fill_(): Expected dtype int64 for index.")
    if index._array.ndim > 1:
        raise RuntimeError("Index has to be a vector/scalar")
    kind = input._array.dtype
    if not isinstance(value, TensorBase):
        value = holdable(value, kind)
    elif value._array.ndim:
        raise RuntimeError(
            "index_fill_ only supports a 0-dimensional value tensor, but got tensor with "
            f"{value._array.ndim} dimension(s)."
        )
    elif value._array.dtype != kind:
        value = apply(elementwise.cast, value, to=kind)
    shape = input._array.shape or (1,)
    size = shape[axis]
    index = reshape(index, (-1,))
    index = bounded(where(index < 0, index + size, index), size, axis, "filled")
    if isinstance(value, TensorBase):
        return Writing(rows.assign, (value, _filled(shape, axis, index)), {"pattern": (rows.ARRAY,)})
    return Writing(rows.assign, (value, index), {"pattern": _pattern(axis)})


def _filled(shape: tuple[int, ...], axis: int, index: Tensor) -> Tensor:
    """The mask of those slices: by it the gradient of a value counts each of them once."""
    size = shape[axis]
    mask = apply(rows.assign, constant(np.zeros(size, bool)), True, index, pattern=(rows.ARRAY,))
    return expand(reshape(mask, (size,) + (1,) * (len(shape) - axis - 1)), shape)


def index_fill(input: Tensor, dim: int, index: Tensor, value: Tensor | float) -> Tensor:
    """A copy of `input` with one value in the slices at `index` along `dim`."""
    writing = fill_writing(input, dim, index, value)
    if isinstance(value, TensorBase):  # a choice, whose derivative needs no shape that depends on the index
        value, mask = writing.args
        filled = where(reshape(mask, input._array.shape), value, input)
    else:
        filled = writing.on(input)
    return shown_as(filled, "IndexFillBackward0")


def index_reduce(
    input: Tensor, dim: int, index: Tensor, source: Tensor, reduce: str, *, include_self: bool = True
) -> Tensor:
    """Slices of `source` that `index` sends to one place along `dim` combined, by "prod", "mean", "amax" or "amin"."""
    if reduce not in ("prod", "mean", "amax", "amin"):
        raise RuntimeError(
            f"index_reduce(): Expected reduce to be one of prod, mean, amax or amin but got {reduce}.\n"
            "  The sum is index_add."
        )
    axis, index = check_slices(input, dim, index, source, "index_reduce_")
    shape = source._array.shape
    if reduce == "mean" and input._array.dtype.kind in dtypes.REAL and shape:
        return _index_mean(input, axis, _vector(index), source, include_self)
    if shape:
        lone = (math.prod(index._array.shape),) + (1,) * (len(shape) - axis - 1)
        index = expand(reshape(index, lone), shape)
    reduced = scatter_reduce(input, axis, index, source, reduce, include_self=include_self)
    return shown_as(reduced, "IndexReduceBackward0")


def _index_mean(input: Tensor, axis: int, index: Tensor, source: Tensor, include_self: bool) -> Tensor:
    """The sum of the slices that meet in a place, divided by their number."""
    kept = input if include_self else Writing(rows.assign, (0, index), {"pattern": _pattern(axis)}).on(input)
    total = Writing(rows.add_at, (source, index), {"pattern": _pattern(axis)}).on(kept)
    size, kind = input._array.shape[axis], input._array.dtype
    start = constant(np.full(size, int(include_self), kind))
    count = apply(rows.add_at, start, constant(np.ones(index._array.shape, kind)), index, pattern=(rows.ARRAY,))
    lined_up = reshape(clamp_min(count, 1), (size,) + (1,) * (input._array.ndim - axis - 1))
    return shown_as(total / lined_up, "IndexReduceBackward0")
