"""Sums of products: matrix products in all their forms, and einsum. All follow ``torch``'s functions of the same name.

Shapes whose inner sizes differ raise RuntimeError with both shapes and, where one is likely, the transpose that fits.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from groundup.autograd.apply import apply
from groundup.autograd.tape import TensorBase, shown_as
from groundup.errors import batches_error, matmul_error
from groundup.functions.axes import axes
from groundup.functions.subscripts import parse
from groundup.functions.view import diagonal, reshape, squeeze, unsqueeze
from groundup.ops import contract as rows
from groundup.ops import elementwise

__all__ = [
    "addmm",
    "bmm",
    "dot",
    "einsum",
    "matmul",
    "mm",
    "mv",
    "outer",
    "tensordot",
]

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
}


def _check_ranks(name: str, first: Tensor, second: Tensor) -> None:
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
    _check_ranks("mm", input, mat2)
    return apply(rows.mm, input, mat2)


def bmm(input: Tensor, mat2: Tensor) -> Tensor:
    """The products of two batches of matrices."""
    _check_ranks("bmm", input, mat2)
    if input._array.shape[0] != mat2._array.shape[0]:
        raise batches_error(input._array.shape, mat2._array.shape)
    return apply(rows.matmul, input, mat2)


def mv(input: Tensor, vec: Tensor) -> Tensor:
    """A matrix times a vector."""
    _check_ranks("mv", input, vec)
    return apply(rows.mv, input, vec)


def dot(input: Tensor, tensor: Tensor) -> Tensor:
    """The sum of the products of two vectors."""
    _check_ranks("dot", input, tensor)
    return apply(rows.dot, input, tensor)


def outer(input: Tensor, vec2: Tensor) -> Tensor:
    """Every element of one vector times every element of the other."""
    _check_ranks("outer", input, vec2)
    return apply(elementwise.mul, unsqueeze(input, 1), vec2)


def addmm(input: Tensor, mat1: Tensor, mat2: Tensor, *, beta: float = 1, alpha: float = 1) -> Tensor:
    """beta * input + alpha * (mat1 @ mat2)."""
    product = mm(mat1, mat2)
    product = product if alpha == 1 else product * alpha
    return shown_as((input if beta == 1 else input * beta) + product, "AddmmBackward0")


def linear(input: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """input @ weight.T + bias, with weight (n_out, n_in). Follows ``torch.nn.functional.linear``.

    >>> import groundup
    >>> groundup.nn.functional.linear(groundup.ones(1, 2), groundup.tensor([[1.0, 2.0]]), groundup.tensor([0.5]))
    tensor([[3.5000]])
    """
    if bias is None:
        return matmul(input, weight.t())
    return apply(rows.linear, input, weight, bias)


def tensordot(a: Tensor, b: Tensor, dims: int | Sequence[Sequence[int]] = 2) -> Tensor:
    """The sum of products over several axes of each: the last `dims` of `a` and first of `b`, or two lists of axes."""
    if isinstance(dims, int):
        left = tuple(range(a._array.ndim - dims, a._array.ndim))
        right = tuple(range(dims))
    else:
        left, right = axes(tuple(dims[0]), a._array.ndim), axes(tuple(dims[1]), b._array.ndim)
        if not dims[0]:
            left = right = ()
    for i, j in zip(left, right, strict=True):
        if a._array.shape[i] != b._array.shape[j]:
            raise RuntimeError(
                f"contracted dimensions need to match, but first has size {a._array.shape[i]} in dim {i} and second "
                f"has size {b._array.shape[j]} in dim {j}"
            )
    letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
    first = list(letters[: a._array.ndim])
    second = list(letters[a._array.ndim : a._array.ndim + b._array.ndim])
    for i, j in zip(left, right, strict=True):
        second[j] = first[i]
    kept = [c for i, c in enumerate(first) if i not in left] + [c for j, c in enumerate(second) if j not in right]
    return einsum(f"{''.join(first)},{''.join(second)}->{''.join(kept)}", a, b)


def einsum(equation: str, *operands: Any) -> Tensor:
    """Sums of products in Einstein's notation: letters name axes, those not behind the arrow are summed over.

    A letter may repeat within an operand (its diagonal), in several operands (matched), and be kept in the output;
    `...` stands for axes that broadcast; without an arrow the letters that occur once are kept, in alphabetical
    order. Errors name the letter and the operand.

    >>> import groundup
    >>> a, b = groundup.ones(2, 3), groundup.ones(3, 4)
    >>> groundup.einsum("ik,kj->ij", a, b).shape
    groundup.Size([2, 4])
    """
    tensors = list(operands[0]) if len(operands) == 1 and not isinstance(operands[0], TensorBase) else list(operands)
    parsed = parse(equation, [each._array.shape for each in tensors])
    ready = []
    for tensor, letters in zip(tensors, parsed.written, strict=True):
        ready.append(_without_repeats(tensor, letters, parsed.sizes))
    subscripts = tuple(letters for _, letters in ready)
    return apply(
        rows.einsum,
        *(each for each, _ in ready),
        subscripts=subscripts,
        output=parsed.output,
        sizes=parsed.sizes,
    )


def _without_repeats(tensor: Tensor, letters: str, sizes: dict[str, int]) -> tuple[Tensor, str]:
    """Take the diagonal of a letter that repeats, and drop axes of size 1 that broadcast against larger ones."""
    for letter in dict.fromkeys(letters):
        while letters.count(letter) > 1:
            first = letters.index(letter)
            second = letters.index(letter, first + 1)
            tensor = diagonal(tensor, 0, first, second)
            letters = letters[:first] + letters[first + 1 : second] + letters[second + 1 :] + letter
    for axis in range(len(letters) - 1, -1, -1):
        if tensor._array.shape[axis] == 1 and sizes[letters[axis]] != 1:
            tensor = squeeze(tensor, axis)
            letters = letters[:axis] + letters[axis + 1 :]
    return tensor, letters
