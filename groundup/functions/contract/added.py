"""Products that are added to a tensor: beta * input + alpha * product, where beta 0 ignores whatever `input` holds."""

from __future__ import annotations

from typing import Any

from groundup.autograd.tape import shown_as
from groundup.functions.contract.products import bmm, check_ranks, mm, mv, outer
from groundup.functions.contract.sums import tensordot
from groundup.functions.view import expand

__all__ = ["addbmm", "addmm", "addmv", "addr", "baddbmm"]

Tensor = Any


def _added(input: Tensor, product: Tensor, beta: float, alpha: float, name: str) -> Tensor:
    """beta * input + alpha * product, in the shape of the product."""
    shape = product._array.shape
    if input._array.shape != shape:
        input = expand(input, shape)
    if product._array.dtype.kind in "iu":
        beta, alpha = int(beta), int(alpha)
    product = product if alpha == 1 else product * alpha
    if beta == 0:
        return shown_as(product, name)
    return shown_as((input if beta == 1 else input * beta) + product, name)


def addmm(input: Tensor, mat1: Tensor, mat2: Tensor, *, beta: float = 1, alpha: float = 1) -> Tensor:
    """beta * input + alpha * (mat1 @ mat2)."""
    return _added(input, mm(mat1, mat2), beta, alpha, "AddmmBackward0")


def addmv(input: Tensor, mat: Tensor, vec: Tensor, *, beta: float = 1, alpha: float = 1) -> Tensor:
    """beta * input + alpha * (mat @ vec)."""
    return _added(input, mv(mat, vec), beta, alpha, "AddmvBackward0")


def addr(input: Tensor, vec1: Tensor, vec2: Tensor, *, beta: float = 1, alpha: float = 1) -> Tensor:
    """beta * input + alpha * outer(vec1, vec2)."""
    check_ranks("addr", vec1, vec2)
    return _added(input, outer(vec1, vec2), beta, alpha, "AddrBackward0")


def baddbmm(input: Tensor, batch1: Tensor, batch2: Tensor, *, beta: float = 1, alpha: float = 1) -> Tensor:
    """beta * input + alpha * (batch1 @ batch2), for each matrix of the batches."""
    return _added(input, bmm(batch1, batch2), beta, alpha, "BaddbmmBackward0")


def addbmm(input: Tensor, batch1: Tensor, batch2: Tensor, *, beta: float = 1, alpha: float = 1) -> Tensor:
    """beta * input + alpha * the sum of batch1 @ batch2 over the batch."""
    check_ranks("bmm", batch1, batch2)
    product = tensordot(batch1, batch2, ((0, 2), (0, 1)))
    return _added(input, product, beta, alpha, "AddbmmBackward0")
