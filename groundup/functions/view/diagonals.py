"""Diagonals of matrices and batches of matrices, and the triangles beside them."""

from __future__ import annotations

from typing import Any

from groundup.autograd.apply import apply
from groundup.functions.axes import one_axis
from groundup.ops import view as rows

__all__ = ["diagonal", "tril", "triu"]

Tensor = Any


def diagonal(input: Tensor, offset: int = 0, dim1: int = 0, dim2: int = 1) -> Tensor:
    """The diagonal of two axes as a new last axis, a view."""
    first, second = one_axis(dim1, input._array.ndim), one_axis(dim2, input._array.ndim)
    if first == second:
        raise RuntimeError(f"diagonal dimensions cannot be identical {dim1}, {dim2}")
    return apply(rows.diagonal, input, offset=offset, dim1=first, dim2=second)


def _matrix(input: Tensor, name: str) -> None:
    if input._array.ndim < 2:
        raise RuntimeError(
            f"{name}: input tensor must have at least 2 dimensions\n  It has shape {input._array.shape}."
        )


def tril(input: Tensor, diagonal: int = 0) -> Tensor:
    """The lower triangle of the last two axes, zeros above it."""
    _matrix(input, "tril")
    return apply(rows.tril, input, diagonal=diagonal)


def triu(input: Tensor, diagonal: int = 0) -> Tensor:
    """The upper triangle of the last two axes, zeros below it."""
    _matrix(input, "triu")
    return apply(rows.triu, input, diagonal=diagonal)
