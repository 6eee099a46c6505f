"""The products of the standard that stand in the namespace itself; `groundup.array_api.linalg` has them too."""

from __future__ import annotations

from collections.abc import Sequence

from groundup.array_api.array import Array, operands, tensor_of
from groundup.array_api.data_types import NUMERIC
from groundup.functions import contract, reduce, view

__all__ = ["matmul", "matrix_transpose", "tensordot", "vecdot"]


def matmul(x1: Array, x2: Array, /) -> Array:
    """The products of the matrices in the last two axes; a vector where there is one axis."""
    if x1.ndim == 0 or x2.ndim == 0:
        raise ValueError("matmul needs arrays with one axis or more")
    return Array(contract.matmul(*operands("matmul", NUMERIC, x1, x2)))


def matrix_transpose(x: Array, /) -> Array:
    """The transposes of the matrices in the last two axes."""
    return Array(tensor_of(x, "matrix_transpose").transpose(-2, -1))


def tensordot(x1: Array, x2: Array, /, *, axes: int | tuple[Sequence[int], Sequence[int]] = 2) -> Array:
    """The sum of products along the last `axes` of `x1` and the first of `x2`, or along two lists of axes."""
    a, b = operands("tensordot", NUMERIC, x1, x2)
    return Array(contract.tensordot(a, b, axes))


def vecdot(x1: Array, x2: Array, /, *, axis: int = -1) -> Array:
    """The products of the vectors along an axis, counted from the end; the other axes broadcast."""
    if axis >= 0:
        raise ValueError(f"vecdot: the axis is counted from the end, so it is negative, got {axis}")
    a, b = operands("vecdot", NUMERIC, x1, x2)
    if a.shape[axis] != b.shape[axis]:
        raise ValueError(f"vecdot: the vectors have lengths {a.shape[axis]} and {b.shape[axis]}")
    a, b = view.broadcast_tensors(a, b)
    return Array(reduce.sum(a * b, axis).to(a.dtype))
