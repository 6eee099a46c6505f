"""What the dense layers compute; these are functions of `nn.functional`."""

from __future__ import annotations

from typing import Any

from groundup.autograd.apply import apply
from groundup.functions.contract.products import matmul
from groundup.functions.contract.sums import einsum
from groundup.ops import contract as rows

__all__ = ["bilinear", "linear"]

Tensor = Any


def linear(input: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """input @ weight.T + bias, with weight (n_out, n_in). Follows ``torch.nn.functional.linear``.

    >>> import groundup
    >>> groundup.nn.functional.linear(groundup.ones(1, 2), groundup.tensor([[1.0, 2.0]]), groundup.tensor([0.5]))
    tensor([[3.5000]])
    """
    if bias is None:
        return matmul(input, weight.t())
    if weight._array.ndim != 2:
        raise RuntimeError(
            f"mat2 must be a matrix, got {weight._array.ndim}-D tensor\n"
            f"  linear's weight has shape {weight._array.shape}; with a bias it is (n_out, n_in)."
        )
    return apply(rows.linear, input, weight, bias)


def bilinear(input1: Tensor, input2: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """x1 @ weight[k] @ x2 + bias[k] for each output k, with weight (n_out, n_in1, n_in2).

    Follows ``torch.nn.functional.bilinear``.
    """
    _check_bilinear(input1._array.shape, input2._array.shape, weight._array.shape, bias)
    found = einsum("...i,kij,...j->...k", input1, weight, input2)
    return found if bias is None else found + bias


def _check_bilinear(a: tuple[int, ...], b: tuple[int, ...], weight: tuple[int, ...], bias: Tensor | None) -> None:
    if len(a) != len(b):
        raise RuntimeError(f"bilinear(): input dimensions do not match: got {len(a)} and {len(b)}")
    for dim, (first, second) in enumerate(zip(a[:-1], b[:-1])):
        if first != second:
            raise RuntimeError(
                f"bilinear(): input batch dimensions do not match at dim {dim}: got {first} and {second}"
            )
    for number, (have, wanted) in enumerate(((a, weight[1]), (b, weight[2])), 1):
        if have[-1] != wanted:
            raise RuntimeError(
                f"bilinear(): input{number} size does not match weight size: got {have[-1]} but expected {wanted}"
            )
    if bias is not None and bias._array.shape[0] != weight[0]:
        raise RuntimeError(
            f"bilinear(): bias size does not match weight size: got {bias._array.shape[0]} but expected {weight[0]}"
        )
