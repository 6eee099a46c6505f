"""Products and functions of whole matrices: powers, the exponential, chains, cross products and Vandermonde matrices.

All follow ``torch.linalg``'s functions of the same name.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from groundup import dtypes
from groundup.autograd.apply import apply
from groundup.autograd.tape import constant, shown_as
from groundup.errors import broadcast_error
from groundup.functions.axes import one_axis
from groundup.functions.contract import matmul
from groundup.functions.elementwise import mul, where
from groundup.functions.linalg.checks import check_floating, check_rank, check_same_type, check_sides, check_square
from groundup.functions.linalg.solving import inv
from groundup.functions.reduce import sum as sum_
from groundup.functions.view import diagonal as diagonal_of
from groundup.functions.view import expand, squeeze, stack, unsqueeze
from groundup.ops import contract as rows
from groundup.ops import linalg

__all__ = ["cross", "diagonal", "matrix_exp", "matrix_power", "multi_dot", "vander", "vecdot"]

Tensor = Any


def matrix_power(A: Tensor, n: int) -> Tensor:
    """A @ A @ ... of n factors, by repeated squaring; of the inverse if n is negative, the identity if it is 0."""
    check_rank("linalg.matrix_power", A)
    check_sides("linalg.matrix_power", A)
    if n == 0:
        eye = constant(np.eye(A._array.shape[-1], dtype=A._array.dtype))
        return where(constant(np.zeros(A._array.shape, bool)), A, eye)  # no element of A, but in its shape and history
    if n < 0:
        A, n = inv(A), -n
    power, found = A, None
    while n:
        if n & 1:
            found = power if found is None else matmul(found, power)
        n >>= 1
        if n:
            power = matmul(power, power)
    return found


def matrix_exp(A: Tensor) -> Tensor:
    """The exponential I + A + A @ A / 2 + ..., of square matrices.

    >>> import groundup
    >>> groundup.linalg.matrix_exp(groundup.zeros(2, 2))
    tensor([[1., 0.],
            [0., 1.]])
    """
    check_square("linalg.matrix_exp", A)
    return apply(linalg.matrix_exp, A)


def multi_dot(tensors: Sequence[Tensor]) -> Tensor:
    """The product of several matrices, in the order that takes the fewest multiplications.

    The first and the last may be vectors: a row and a column, whose axis is missing from the result.
    """
    chain = list(tensors)
    _check_chain(chain)
    first, last = chain[0]._array.ndim == 1, chain[-1]._array.ndim == 1
    if first:
        chain[0] = unsqueeze(chain[0], 0)
    if last:
        chain[-1] = unsqueeze(chain[-1], 1)
    for i, (a, b) in enumerate(pairwise(chain)):
        if a._array.shape[1] != b._array.shape[0]:
            shapes = [list(each._array.shape) for each in tensors[i : i + 2]]
            raise RuntimeError(
                f"multi_dot(): tensors {i} and {i + 1} with shapes {shapes[0]} and {shapes[1]} cannot be multiplied"
            )
    found = _chained(chain, _splits([each._array.shape[0] for each in chain] + [chain[-1]._array.shape[1]]))
    if first:
        found = squeeze(found, 0)
    return squeeze(found, -1) if last else found


def _check_chain(chain: list[Tensor]) -> None:
    if len(chain) < 2:
        raise RuntimeError(f"multi_dot(): expected at least 2 tensors but got {len(chain)}")
    for i, each in enumerate(chain):
        rank, outer = each._array.ndim, i in (0, len(chain) - 1)
        if rank != 2 and not (outer and rank == 1):
            place = "the first tensor" if i == 0 else "the last tensor" if outer else f"tensor {i}"
            raise RuntimeError(f"multi_dot(): {place} must be {'1D or 2D' if outer else '2D'} but got {rank}D")
        if each._array.dtype != chain[0]._array.dtype:
            have, other = (dtypes.OF_NUMPY[t._array.dtype].c_name for t in (chain[0], each))
            raise RuntimeError(
                f"multi_dot(): all tensors must have be the same dtype but tensor 0 is {have} and tensor {i} {other}"
            )


def _splits(sizes: list[int]) -> dict[tuple[int, int], int]:
    """For each run of matrices where to cut it in two, by dynamic programming over the length of the run."""
    count = len(sizes) - 1
    cost = {(i, i): 0 for i in range(count)}
    split = {}
    for length in range(1, count):
        for i in range(count - length):
            j = i + length
            cost[i, j], split[i, j] = min(
                (cost[i, k] + cost[k + 1, j] + sizes[i] * sizes[k + 1] * sizes[j + 1], k) for k in range(i, j)
            )
    return split


def _chained(chain: list[Tensor], split: dict[tuple[int, int], int]) -> Tensor:
    def product(i: int, j: int) -> Tensor:
        if i == j:
            return chain[i]
        return matmul(product(i, split[i, j]), product(split[i, j] + 1, j))

    return product(0, len(chain) - 1)


def cross(input: Tensor, other: Tensor, *, dim: int = -1) -> Tensor:
    """The vectors at right angles to both, along a dimension of size 3.

    >>> import groundup
    >>> groundup.linalg.cross(groundup.tensor([1.0, 0.0, 0.0]), groundup.tensor([0.0, 1.0, 0.0]))
    tensor([0., 0., 1.])
    """
    a, b = input._array.shape, other._array.shape
    if len(a) != len(b):
        raise RuntimeError("linalg.cross: inputs must have the same number of dimensions.")
    axis = one_axis(dim, len(a))
    if a[axis] != 3 or b[axis] != 3:
        raise RuntimeError(f"linalg.cross: inputs dimension {dim} must have length 3. Got {a[axis]} and {b[axis]}")
    if input._array.dtype != other._array.dtype:
        kinds = (dtypes.OF_NUMPY[each._array.dtype].legacy for each in (input, other))
        raise RuntimeError("expected scalar type {} but found {}".format(*kinds))
    if a != b:
        clash = broadcast_error("linalg.cross", [a, b])
        if clash is not None:
            raise clash
        shape = np.broadcast_shapes(a, b)
        input, other = expand(input, shape), expand(other, shape)
    return apply(rows.cross, input, other, dim=axis)


def vecdot(x: Tensor, y: Tensor, *, dim: int = -1) -> Tensor:
    """The sums of products of vectors along `dim`, batches broadcasting."""
    check_floating("linalg.vecdot", x, low=True)
    check_same_type("linalg.vecdot", x, y, "xy")
    return shown_as(sum_(mul(x, y), dim), "SumBackward1")


def vander(x: Tensor, N: int | None = None) -> Tensor:
    """The powers 0 to N - 1 of each element, as a last dimension; N is the last size of `x` unless given."""
    if x._array.dtype == dtypes.BOOL:
        raise RuntimeError("linalg.vander supports floating point, complex, and integer tensors, but got Bool")
    if not x._array.ndim:
        x = unsqueeze(x, 0)
    if N is None:
        N = x._array.shape[-1]
    if N <= 1:
        raise RuntimeError("N must be greater than 1.")
    return powers(x, N)


def powers(x: Tensor, count: int) -> Tensor:
    """The powers 0 to count - 1 of each element, as a last dimension."""
    found = [x**0, x][:count]
    while len(found) < count:
        found.append(found[-1] * x)
    return stack(found, -1) if found else x.new_empty((*x._array.shape, 0))


def diagonal(A: Tensor, *, offset: int = 0, dim1: int = -2, dim2: int = -1) -> Tensor:
    """The diagonal of matrices as a view: `groundup.diagonal` over the last two dimensions."""
    return diagonal_of(A, offset, dim1, dim2)
