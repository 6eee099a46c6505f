"""Diagonals of matrices and batches of matrices, and the triangles beside them."""

from __future__ import annotations

from typing import Any

import numpy as np

from groundup import dtypes
from groundup.autograd.apply import apply
from groundup.autograd.tape import shown_as
from groundup.functions.axes import one_axis
from groundup.functions.creation.placing import finish
from groundup.ops import view as rows

__all__ = [
    "diag",
    "diag_embed",
    "diagflat",
    "diagonal",
    "tril",
    "tril_indices",
    "triu",
    "triu_indices",
]

Tensor = Any


def diagonal(input: Tensor, offset: int = 0, dim1: int = 0, dim2: int = 1) -> Tensor:
    """The diagonal of two axes as a new last axis, a view.

    >>> import groundup
    >>> groundup.diagonal(groundup.tensor([[1, 2], [3, 4]]))
    tensor([1, 4])
    """
    first, second = one_axis(dim1, input._array.ndim), one_axis(dim2, input._array.ndim)
    if first == second:
        raise RuntimeError(f"diagonal dimensions cannot be identical {dim1}, {dim2}")
    return apply(rows.diagonal, input, offset=offset, dim1=first, dim2=second)


def diag_embed(input: Tensor, offset: int = 0, dim1: int = -2, dim2: int = -1) -> Tensor:
    """Matrices of zeros with the last axis of `input` on their diagonal; `dim1` and `dim2` are their axes."""
    shape = input._array.shape
    first, second = one_axis(dim1, len(shape) + 1), one_axis(dim2, len(shape) + 1)
    if first == second:
        raise RuntimeError(f"diagonal dimensions cannot be identical {dim1}, {dim2}")
    if not shape:
        raise RuntimeError("diag_embed: Expected a tensor with at least one dimension")
    side = shape[-1] + abs(offset)
    size = list(shape[:-1])
    for axis in sorted((first, second)):
        size.insert(axis, side)
    made = apply(rows.on_diagonal, input, offset=offset, dim1=first, dim2=second, size=tuple(size))
    return shown_as(made, "DiagEmbedBackward0")


def diag(input: Tensor, diagonal: int = 0) -> Tensor:
    """The matrix with a vector on its diagonal; of a matrix, a copy of its diagonal.

    >>> import groundup
    >>> groundup.diag(groundup.tensor([1, 2]))
    tensor([[1, 0],
            [0, 2]])
    """
    rank = input._array.ndim
    if rank == 1:
        return diag_embed(input, diagonal)
    if rank == 2:
        line = apply(rows.diagonal, input, offset=diagonal, dim1=0, dim2=1)
        return shown_as(apply(rows.clone, line), "DiagonalBackward0")
    raise RuntimeError(
        f"diag(): Supports 1D or 2D tensors. Got {rank}D\n  Write diagonal or diag_embed for batches of matrices."
    )


def diagflat(input: Tensor, offset: int = 0) -> Tensor:
    """The matrix with all elements, in order, on its diagonal."""
    return diag_embed(apply(rows.reshape, input, size=(input._array.size,)), offset)


def check_matrix(input: Tensor, name: str) -> None:
    """Raise unless there are two axes at least."""
    if input._array.ndim < 2:
        raise RuntimeError(
            f"{name}: input tensor must have at least 2 dimensions\n  It has shape {input._array.shape}."
        )


def tril(input: Tensor, diagonal: int = 0) -> Tensor:
    """The lower triangle of the last two axes, zeros above it."""
    check_matrix(input, "tril")
    return apply(rows.tril, input, diagonal=diagonal)


def triu(input: Tensor, diagonal: int = 0) -> Tensor:
    """The upper triangle of the last two axes, zeros below it."""
    check_matrix(input, "triu")
    return apply(rows.triu, input, diagonal=diagonal)


def _positions(mask: np.ndarray, dtype: Any, device: Any, layout: Any, pin_memory: bool) -> Tensor:
    """The rows and columns where the mask holds, as a matrix of two rows."""
    kind = dtypes.to_numpy(dtypes.int64 if dtype is None else dtype)
    return finish(np.stack(np.nonzero(mask)).astype(kind), False, device, layout, pin_memory)


def _triangle(row: int, col: int, offset: int) -> np.ndarray:
    for what, size in (("row", row), ("col", col)):
        if size < 0:
            raise RuntimeError(f"{what} must be non-negative, got {size}")
    return np.tri(row, col, offset, dtype=bool)


def tril_indices(
    row: int,
    col: int,
    offset: int = 0,
    *,
    dtype: Any = None,
    device: Any = None,
    layout: Any = None,
    pin_memory: bool = False,
) -> Tensor:
    """The rows and columns of the lower triangle of a matrix, one position after the other.

    >>> import groundup
    >>> groundup.tril_indices(2, 2)
    tensor([[0, 1, 1],
            [0, 0, 1]])
    """
    return _positions(_triangle(row, col, offset), dtype, device, layout, pin_memory)


def triu_indices(
    row: int,
    col: int,
    offset: int = 0,
    *,
    dtype: Any = None,
    device: Any = None,
    layout: Any = None,
    pin_memory: bool = False,
) -> Tensor:
    """The rows and columns of the upper triangle of a matrix, one position after the other."""
    return _positions(~_triangle(row, col, offset - 1), dtype, device, layout, pin_memory)
