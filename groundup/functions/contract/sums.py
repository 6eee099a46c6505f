"""Sums of products over named or numbered axes: einsum, tensordot and inner."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from groundup.autograd.apply import apply
from groundup.autograd.tape import TensorBase
from groundup.functions.axes import axes
from groundup.functions.contract.subscripts import LETTERS, from_sublists, parse
from groundup.functions.elementwise import mul
from groundup.functions.view import diagonal, permute, reshape, squeeze
from groundup.ops import contract as rows

__all__ = ["einsum", "inner", "tensordot"]

Tensor = Any


def tensordot(a: Tensor, b: Tensor, dims: int | Sequence[Sequence[int]] = 2) -> Tensor:
    """The sum of products over several axes of each: the last `dims` of `a` and first of `b`, or two lists of axes.

    >>> import groundup
    >>> groundup.tensordot(groundup.ones(2, 3, 4), groundup.ones(4, 3, 5), dims=([2, 1], [0, 1])).shape
    groundup.Size([2, 5])
    """
    rank, other = a._array.ndim, b._array.ndim
    if a._array.dtype != b._array.dtype:
        raise RuntimeError(
            "both inputs should have same dtype\n"
            f"  a has {a.dtype}, b has {b.dtype}; convert one of them, e.g. b.to({a.dtype})."
        )
    left, right = _paired(dims, rank, other)
    for i, j in zip(left, right):
        first, second = a._array.shape[i], b._array.shape[j]
        if first != second and 1 not in (first, second):
            raise RuntimeError(
                f"contracted dimensions need to match, but first has size {first} in dim {i} and second "
                f"has size {second} in dim {j}"
            )
    rest = [axis for axis in range(rank) if axis not in left]
    others = [axis for axis in range(other) if axis not in right]
    if any(a._array.shape[i] != b._array.shape[j] for i, j in zip(left, right)):  # a size of 1 broadcasts
        mine, yours = list(LETTERS[:rank]), list(LETTERS[rank : rank + other])
        for i, j in zip(left, right):
            yours[j] = mine[i]
        kept = [mine[i] for i in rest] + [yours[j] for j in others]
        return einsum(f"{''.join(mine)},{''.join(yours)}->{''.join(kept)}", a, b)
    product = apply(rows.mm, _matrix(a, [*rest, *left], len(rest)), _matrix(b, [*right, *others], len(right)))
    shape = tuple([a._array.shape[i] for i in rest] + [b._array.shape[j] for j in others])
    return product if product._array.shape == shape else reshape(product, shape)


def _matrix(x: Tensor, order: list[int], count: int) -> Tensor:
    """The axes in that order, the first `count` folded into rows and the others into columns."""
    if order != list(range(len(order))):
        x = permute(x, order)
    shape = x._array.shape
    size = math.prod(shape[:count]), math.prod(shape[count:])
    return x if shape == size else reshape(x, size)


def _paired(dims: Any, rank: int, other: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """The axes of each tensor that are summed over together."""
    if isinstance(dims, TensorBase):
        dims = dims._array.tolist()
    if isinstance(dims, int):
        if dims < 0:
            raise RuntimeError(f"tensordot expects dims >= 0, but got dims={dims}")
        if dims > min(rank, other):
            raise RuntimeError(f"tensordot expects dims < ndim_a or ndim_b, but got dims={dims}")
        return tuple(range(rank - dims, rank)), tuple(range(dims))
    first, second = ([each] if isinstance(each, int) else list(each) for each in dims)
    if len(first) != len(second):
        raise RuntimeError(
            f"both dimension lists should have same length\n  a has {len(first)} of them, b {len(second)}."
        )
    return (axes(tuple(first), rank), axes(tuple(second), other)) if first else ((), ())


def inner(input: Tensor, other: Tensor) -> Tensor:
    """The sums of products over the last axis of both; with a number, the product."""
    a, b = input._array.shape, other._array.shape
    if not a or not b:
        return mul(input, other)
    if a[-1] != b[-1]:
        raise RuntimeError(
            f"inner() the last dimension must match on both input tensors but got shapes {list(a)} and {list(b)}"
        )
    return tensordot(input, other, ((-1,), (-1,)))


def einsum(*args: Any) -> Tensor:
    """Sums of products in Einstein's notation: letters name axes, those not behind the arrow are summed over.

    A letter may repeat within an operand (its diagonal), in several operands (matched), and be kept in the output;
    `...` stands for axes that broadcast; without an arrow the letters that occur once are kept, in alphabetical
    order. Instead of an equation, each operand may be followed by a list of numbers for its axes, and the last one
    by a list for the output. Errors name the letter and the operand.

    >>> import groundup
    >>> a, b = groundup.ones(2, 3), groundup.ones(3, 4)
    >>> groundup.einsum("ik,kj->ij", a, b).shape
    groundup.Size([2, 4])
    >>> groundup.einsum(a, [0, 1], b, [1, 2], [0, 2]).shape
    groundup.Size([2, 4])
    """
    if len(args) < 2:
        raise ValueError(
            "einsum(): must specify the equation string and at least one operand, or at least one operand and its "
            "subscripts list"
        )
    equation, *operands = args if isinstance(args[0], str) else from_sublists(args)
    tensors = list(operands[0]) if len(operands) == 1 and not isinstance(operands[0], TensorBase) else operands
    parsed = parse(equation, tuple([each._array.shape for each in tensors]))
    ready = [_without_repeats(each, letters, parsed.sizes) for each, letters in zip(tensors, parsed.written)]
    return apply(
        rows.einsum,
        *(each for each, _ in ready),
        subscripts=tuple(letters for _, letters in ready),
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
