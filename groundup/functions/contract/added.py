"""Products that are added to a tensor: beta * input + alpha * product, where beta 0 ignores whatever `input` holds."""

from __future__ import annotations

from typing import Any

from groundup import dtypes
from groundup.autograd.tape import shown_as
from groundup.functions.contract.products import bmm, check_ranks, mm, mv, outer
from groundup.functions.contract.sums import tensordot
from groundup.functions.view import expand

__all__ = ["addbmm", "addmm", "addmv", "addr", "baddbmm"]

Tensor = Any

_BATCHES = "Input dtypes must be the same, got: input {0.c_name}, batch1: {1.c_name}, batch2: {2.c_name}"


def _added(input: Tensor, product: Tensor, beta: float, alpha: float, name: str) -> Tensor:
    """beta * input + alpha * product, in the shape of the product."""
    have, shape = input._array.shape, product._array.shape
    if have != shape and (len(have) > len(shape) or any(n not in (1, m) for n, m in zip(have[::-1], shape[::-1]))):
        expand(input, shape)  # raises PyTorch's error
    if product._array.dtype.kind in "iu":
        beta, alpha = int(beta), int(alpha)
    product = product if alpha == 1 else product * alpha
    if beta == 0:
        return shown_as(product, name)
    return shown_as((input if beta == 1 else input * beta) + product, name)


def _check_types(tensors: tuple[Tensor, ...], message: str) -> None:
    """Raises RuntimeError with PyTorch's message, which names the types, where they are not one."""
    kinds = [dtypes.OF_NUMPY[each._array.dtype] for each in tensors]
    if kinds.count(kinds[0]) < len(kinds):
        raise RuntimeError(f"{message.format(*kinds)}\n  Convert with .to(groundup.{kinds[0].name}).")


def addmm(input: Tensor, mat1: Tensor, mat2: Tensor, *, beta: float = 1, alpha: float = 1) -> Tensor:
    """beta * input + alpha * (mat1 @ mat2)."""
    _check_types((mat1, mat2), "mat1 and mat2 must have the same dtype, but got {0.legacy} and {1.legacy}")
    _check_types((input, mat2), "self and mat2 must have the same dtype, but got {0.legacy} and {1.legacy}")
    return _added(input, mm(mat1, mat2), beta, alpha, "AddmmBackward0")


def addmv(input: Tensor, mat: Tensor, vec: Tensor, *, beta: float = 1, alpha: float = 1) -> Tensor:
    """beta * input + alpha * (mat @ vec)."""
    types = "addmv input tensors must have the same dtype, but got {0.legacy}, {1.legacy}, and {2.legacy}"
    _check_types((input, mat, vec), types)
    return _added(input, mv(mat, vec), beta, alpha, "AddmvBackward0")


def addr(input: Tensor, vec1: Tensor, vec2: Tensor, *, beta: float = 1, alpha: float = 1) -> Tensor:
    """beta * input + alpha * outer(vec1, vec2)."""
    check_ranks("addr", vec1, vec2)
    return _added(input, outer(vec1, vec2), beta, alpha, "AddrBackward0")


def baddbmm(input: Tensor, batch1: Tensor, batch2: Tensor, *, beta: float = 1, alpha: float = 1) -> Tensor:
    """beta * input + alpha * (batch1 @ batch2), for each matrix of the batches."""
    _check_types((input, batch1, batch2), _BATCHES)
    return _added(input, bmm(batch1, batch2), beta, alpha, "BaddbmmBackward0")


def addbmm(input: Tensor, batch1: Tensor, batch2: Tensor, *, beta: float = 1, alpha: float = 1) -> Tensor:
    """beta * input + alpha * the sum of batch1 @ batch2 over the batch."""
    _check_types((input, batch1, batch2), _BATCHES)
    check_ranks("bmm", batch1, batch2)
    product = tensordot(batch1, batch2, ((0, 2), (0, 1)))
    return _added(input, product, beta, alpha, "AddbmmBackward0")
