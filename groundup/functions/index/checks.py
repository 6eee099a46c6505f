"""What the functions with positions refuse: indices of another type, out of bounds, or of a shape that does not fit."""

from __future__ import annotations

from typing import Any

import numpy as np

from groundup import dtypes
from groundup.autograd.tape import TensorBase
from groundup.functions.axes import one_axis

Tensor = Any


def check_positions(index: Tensor, name: str) -> None:
    """Refuse an index that is not of whole numbers."""
    if index._array.dtype.kind not in "iu":
        found = dtypes.OF_NUMPY[index._array.dtype]
        raise RuntimeError(f"{name}(): Expected dtype int64 for index\n  It has dtype {found}; convert with .long().")


def outside(positions: np.ndarray, size: int) -> bool:
    """Whether some index is negative or not below `size`: read as unsigned, a negative one is large."""
    if not positions.size:
        return False
    if positions.dtype == np.int64:
        return bool(np.maximum.reduce(positions.view(np.uint64), axis=None) >= size)
    return bool(positions.min() < 0 or positions.max() >= size)


def check_gather(input: Tensor, axis: int, index: Tensor, name: str) -> None:
    """Refuse an index that does not fit `input` along that axis."""
    check_positions(index, name)
    have, wanted = input._array.shape, index._array.shape
    if len(have) != len(wanted):
        raise RuntimeError("Index tensor must have the same number of dimensions as input tensor")
    larger = [k for k in range(len(have)) if k != axis and wanted[k] > have[k]]
    if larger:
        raise RuntimeError(
            f"Size does not match at dimension {larger[0]} "
            f"expected index {list(wanted)} to be no larger than self {list(have)} apart from dimension {axis}"
        )
    positions = index._array
    if outside(positions, have[axis]):
        wrong = int(positions.min()) if positions.min() < 0 else int(positions.max())
        raise RuntimeError(f"index {wrong} is out of bounds for dimension {axis} with size {have[axis]}")


def check_src(index: Tensor, src: Any, name: str) -> None:
    """Refuse a source that has no value for some index."""
    if isinstance(src, TensorBase) and any(n > m for n, m in zip(index._array.shape, src._array.shape, strict=True)):
        raise RuntimeError(
            f"Expected index {list(index._array.shape)} to be no larger than src {list(src._array.shape)} in {name}"
        )


def check_scatter(input: Tensor, dim: int, index: Tensor, src: Any, name: str) -> int:
    """`dim` as a non-negative axis, after the checks that all forms of scatter share."""
    axis = one_axis(dim, input._array.ndim)
    check_gather(input, axis, index, name)
    check_src(index, src, name)
    return axis
