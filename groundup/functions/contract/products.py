"""Products of vectors and matrices, one of each or batches of them."""

from __future__ import annotations

from typing import Any

from groundup.autograd.apply import apply
from groundup.autograd.tape import shown_as
from groundup.errors import batches_error, matmul_error
from groundup.functions.view import reshape, squeeze, unsqueeze
from groundup.ops import contract as rows
from groundup.ops import elementwise

__all__ = ["bmm", "dot", "ger", "kron", "matmul", "mm", "mv", "outer", "vdot"]

Tensor = Any


def matmul(input: Tensor, other: Tensor) -> Tensor:
    """The matrix product over the last axis of `input` and the one before last of `other`, batches broadcasting.

    A vector is a row on the left and a column on the right, and that axis is missing from the result.

    >>> import groundup
    >>> groundup.tensor([[1.0, 2.0], [3.0, 4.0]]) @ groundup.tensor([1.0, 1.0])
    tensor([3., 7.])
    """
    a, b = input._array.ndim, other._array.ndim
    if a == 2 and b == 2:
        return apply(rows.mm, input, other)
    if a == 2 and b == 1:
        return apply(rows.mv, input, other)
    if a == 1 and b == 1:
        return apply(rows.dot, input, other)
    if not a or not b:
        raise matmul_error(input._array.shape, other._array.shape)
    if a == 1:
        return shown_as(squeeze(matmul(unsqueeze(input, 0), other), -2), "SqueezeBackward4")
    if b == 1:
        if input._array.shape[-1] != other._array.shape[0]:
            raise matmul_error(input._array.shape, other._array.shape)
        return squeeze(matmul(input, unsqueeze(other, 1)), -1)
    if b == 2:
        shape = input._array.shape
        if shape[-1] != other._array.shape[0]:
            raise matmul_error(shape, other._array.shape)
        product = apply(rows.mm, reshape(input, (-1, shape[-1])), other) if input._array.size else None
        if product is not None:
            return shown_as(reshape(product, (*shape[:-1], other._array.shape[1])), "UnsafeViewBackward0")
    return shown_as(apply(rows.matmul, input, other), "UnsafeViewBackward0")


# How many dimensions each argument has, and PyTorch's words when it has others (0 and 1 stand for what it has).
_RANKS = {
    "mm": ((2, "self must be a matrix"), (2, "mat2 must be a matrix")),
    "bmm": ((3, "batch1 must be a 3D tensor"), (3, "batch2 must be a 3D tensor")),
    "mv": (
        (2, "vector + matrix @ vector expected, got 1, {0}, {1}"),
        (1, "vector + matrix @ vector expected, got 1, {0}, {1}"),
    ),
    "dot": ((1, "1D tensors expected, but got {0}D and {1}D tensors"),) * 2,
    "outer": (
        (1, "outer: Expected 1-D argument self, but got {0}-D"),
        (1, "outer: Expected 1-D argument vec2, but got {1}-D"),
    ),
    "addr": (
        (1, "addr: Expected 1-D argument vec1, but got {0}-D"),
        (1, "addr: Expected 1-D argument vec2, but got {1}-D"),
    ),
}


def check_ranks(name: str, first: Tensor, second: Tensor) -> None:
    """Raises RuntimeError where an argument of the product of that name has another number of dimensions."""
    have = first._array.ndim, second._array.ndim
    for found, (rank, message) in zip(have, _RANKS[name], strict=True):
        if found != rank:
            raise RuntimeError(
                f"{message.format(*have)}\n"
                f"  {name} was given shapes {first._array.shape} and {second._array.shape}; "
                "matmul (@) takes any number of dimensions."
            )


def mm(input: Tensor, mat2: Tensor) -> Tensor:
    """The product of two matrices."""
    check_ranks("mm", input, mat2)
    return apply(rows.mm, input, mat2)


def bmm(input: Tensor, mat2: Tensor) -> Tensor:
    """The products of two batches of matrices."""
    check_ranks("bmm", input, mat2)
    if input._array.shape[0] != mat2._array.shape[0]:
        raise batches_error(input._array.shape, mat2._array.shape)
    return apply(rows.matmul, input, mat2)


def mv(input: Tensor, vec: Tensor) -> Tensor:
    """A matrix times a vector."""
    check_ranks("mv", input, vec)
    return apply(rows.mv, input, vec)


def dot(input: Tensor, tensor: Tensor) -> Tensor:
    """The sum of the products of two vectors."""
    check_ranks("dot", input, tensor)
    return apply(rows.dot, input, tensor)


def vdot(input: Tensor, other: Tensor) -> Tensor:
    """The sum of the products of two vectors: there are no complex numbers here to be conjugated."""
    check_ranks("dot", input, other)
    return apply(rows.dot, input, other)


def outer(input: Tensor, vec2: Tensor) -> Tensor:
    """Every element of one vector times every element of the other."""
    check_ranks("outer", input, vec2)
    return apply(elementwise.mul, unsqueeze(input, 1), vec2)


ger = outer


def kron(input: Tensor, other: Tensor) -> Tensor:
    """The Kronecker product: every element of `input` replaced by its product with all of `other`.

    >>> import groundup
    >>> groundup.kron(groundup.tensor([1.0, 10.0]), groundup.tensor([1.0, 2.0, 3.0]))
    tensor([ 1.,  2.,  3., 10., 20., 30.])
    """
    a, b = input._array.shape, other._array.shape
    rank = max(len(a), len(b))
    a, b = (1,) * (rank - len(a)) + a, (1,) * (rank - len(b)) + b
    outside = tuple(size for each in a for size in (each, 1))
    inside = tuple(size for each in b for size in (1, each))
    product = apply(elementwise.mul, reshape(input, outside), reshape(other, inside))
    return reshape(product, tuple(i * j for i, j in zip(a, b)))
