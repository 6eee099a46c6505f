"""What the functions with positions refuse: indices of another type, out of bounds, or of a shape that does not fit."""

from __future__ import annotations

from typing import Any

import numpy as np

from groundup import dtypes
from groundup.autograd.apply import apply
from groundup.autograd.state import LOCAL
from groundup.autograd.tape import TensorBase, wrap
from groundup.functions.axes import one_axis
from groundup.functions.elementwise import where
from groundup.ops.index.bounds import check, within

Tensor = Any


def legacy(tensor: Tensor) -> str:
    """PyTorch's older name of the tensor's type, as it stands in messages."""
    return dtypes.OF_NUMPY[tensor._array.dtype].legacy


def check_positions(index: Tensor, name: str) -> None:
    """Refuse an index that is not of whole numbers."""
    if index._array.dtype.kind not in "iu":
        raise RuntimeError(
            f"{name}(): Expected dtype int32/int64 for index\n"
            f"  It has dtype {dtypes.OF_NUMPY[index._array.dtype]}; convert with .long()."
        )


def check_long(index: Tensor, name: str) -> None:
    """The same, as `take`, `put` and `index_copy` say it."""
    if index._array.dtype.kind not in "iu":
        raise RuntimeError(f"{name}(): Expected a long tensor for index, but got {legacy(index)}")


def check_mask(mask: Tensor, name: str) -> None:
    """Refuse a mask that is not of bools."""
    if mask._array.dtype != dtypes.BOOL:
        found = legacy(mask).lower() if name == "masked_fill_" else legacy(mask)
        raise RuntimeError(
            f"{name} only supports boolean masks, but got mask with dtype {found}\n"
            "  Write a comparison, such as x > 0, or mask.bool()."
        )


def bounded(index: Tensor, size: int, dim: Any, told: str = "place") -> Tensor:
    """The index, if a dimension of that size has its positions; a traced function asks at each call."""
    check(index._array, size, dim, told)
    if LOCAL.state.watch is None or not index._array.size:
        return index
    return apply(within, index, size=size, dim=dim, told=told)


def wrapped(index: Tensor, size: int) -> Tensor:
    """Positions in a flattened tensor, negative ones counted from its end."""
    positions = index._array
    if LOCAL.state.watch is None or not positions.size:
        found = np.where(positions < 0, positions + size, positions)
        check(found, size, 0, "flat")
        return wrap(found)
    return bounded(where(index < 0, index + size, index), size, 0, "flat")


def _lengths(tensor: Tensor) -> tuple[int, ...]:
    """The shape, in which a 0-d tensor has one dimension of 1."""
    return tensor._array.shape or (1,)


def check_gather(input: Tensor, axis: int, index: Tensor) -> Tensor:
    """The index, if it fits `input` along that axis."""
    check_positions(index, "gather")
    have, wanted = _lengths(input), _lengths(index)
    if not index._array.size:
        return index
    if len(have) != len(wanted):
        raise RuntimeError("Index tensor must have the same number of dimensions as input tensor")
    for k, (n, m) in enumerate(zip(have, wanted, strict=True)):
        if k != axis and m > n:
            raise RuntimeError(
                f"Size does not match at dimension {k} expected index {list(wanted)} to be no larger than self "
                f"{list(have)} apart from dimension {axis}"
            )
    return bounded(index, have[axis], axis)


def check_scatter(input: Tensor, dim: int, index: Tensor, src: Any) -> tuple[int, Tensor]:
    """`dim` as a non-negative axis, and the index, after the checks that all forms of scatter share."""
    axis = one_axis(dim, input._array.ndim)
    check_positions(index, "scatter")
    if isinstance(src, TensorBase) and src._array.dtype != input._array.dtype:
        raise RuntimeError(
            f"scatter(): Expected self.dtype to be equal to src.dtype\n  They are {legacy(input)} and {legacy(src)}."
        )
    if not index._array.size:
        return axis, index
    have, wanted = _lengths(input), _lengths(index)
    given = _lengths(src) if isinstance(src, TensorBase) else wanted
    if have == wanted == given:
        return axis, bounded(index, have[axis], axis)
    for name, shape in (("self", have), ("src", given)):
        if len(shape) != len(wanted):
            raise RuntimeError(f"Index tensor must have the same number of dimensions as {name} tensor")
    sizes = zip(have, wanted, given, strict=True)
    if any((k != axis and m > n) or m > s for k, (n, m, s) in enumerate(sizes)):
        also = f" and to be no larger size than src {list(given)}" if isinstance(src, TensorBase) else ""
        raise RuntimeError(
            f"Expected index {list(wanted)} to be no larger than self {list(have)} apart from dimension {axis}{also}"
        )
    return axis, bounded(index, have[axis], axis)


def check_slices(input: Tensor, dim: int, index: Tensor, source: Tensor, name: str) -> tuple[int, Tensor]:
    """`dim` as a non-negative axis, and the index, after the checks that `index_add` and `index_reduce` share."""
    axis = one_axis(dim, input._array.ndim)
    if index._array.dtype.kind not in "iu":
        raise RuntimeError(f"{name}(): Expected dtype int32/int64 for index but got: {legacy(index)}")
    if index._array.ndim > 1:
        raise IndexError(
            f"{name}(): Index is supposed to be a vector, but got dim: {index._array.ndim} with type: {legacy(index)} "
            f"and size: {list(index._array.shape)}"
        )
    if input._array.dtype != source._array.dtype:
        raise RuntimeError(
            f"{name}(): self ({legacy(input)}) and source ({legacy(source)}) must have the same scalar type"
        )
    whole, part = input._array.shape, source._array.shape
    if len(whole) != len(part) or whole[:axis] + whole[axis + 1 :] != part[:axis] + part[axis + 1 :]:
        raise RuntimeError(
            "source tensor shape must match self tensor shape, excluding the specified dimension. "
            f"Got self.shape = {list(whole)} source.shape = {list(part)}"
        )
    have, given = _lengths(input), _lengths(source)
    if index._array.size != given[axis]:
        raise RuntimeError(
            f"{name}(): Number of indices ({index._array.size}) should be equal to source.size(dim): "
            f"({given[axis]}), for dim: {axis}"
        )
    return axis, bounded(index, have[axis], axis)
