"""The functions of linear algebra that stand in `groundup` itself, some with older arguments than in `linalg`.

They are methods of tensors too, so that they must be here from the start; what they call is loaded by the first call.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from groundup.autograd.tape import constant, shown_as
from groundup.functions.reduce import sum as sum_
from groundup.functions.view import clone, diagonal, flip, transpose
from groundup.named import Result

if TYPE_CHECKING:
    from groundup.functions.linalg.scalars import linalg_slogdet

__all__ = [
    "cholesky",
    "cholesky_inverse",
    "cholesky_solve",
    "cross",
    "det",
    "inverse",
    "logdet",
    "lu",
    "lu_solve",
    "lu_unpack",
    "matrix_exp",
    "matrix_power",
    "pinverse",
    "qr",
    "slogdet",
    "svd",
    "trace",
    "triangular_solve",
    "vander",
]

Tensor = Any


class lu_unpack_result(Result):
    """What `lu_unpack` returns."""

    __slots__ = ()

    P: Tensor
    L: Tensor
    U: Tensor


class qr_result(Result):
    """What `qr` returns."""

    __slots__ = ()

    Q: Tensor
    R: Tensor


class svd_result(Result):
    """What `svd` returns."""

    __slots__ = ()

    U: Tensor
    S: Tensor
    V: Tensor


class triangular_solve_result(Result):
    """What `triangular_solve` returns."""

    __slots__ = ()

    solution: Tensor
    cloned_coefficient: Tensor


def cholesky(input: Tensor, upper: bool = False) -> Tensor:
    """The Cholesky factor, as `linalg.cholesky` gives it."""
    from groundup.functions import linalg

    return linalg.cholesky(input, upper=upper)


def cholesky_inverse(L: Tensor, upper: bool = False) -> Tensor:
    """The inverse of A, from its Cholesky factor: L, or U if `upper`."""
    from groundup.functions import linalg

    return linalg.cholesky_inverse(L, upper)


def cholesky_solve(B: Tensor, L: Tensor, upper: bool = False) -> Tensor:
    """X with A X = B, from the Cholesky factor of A: L, or U if `upper`."""
    from groundup.functions import linalg

    return linalg.cholesky_solve(B, L, upper)


def cross(input: Tensor, other: Tensor, dim: int | None = None) -> Tensor:
    """The vectors at right angles to both, along `dim`, or else the first dimension of size 3."""
    from groundup.functions import linalg

    if dim is None:
        if 3 not in input._array.shape:
            raise RuntimeError("no dimension of size 3 in input")
        dim = input._array.shape.index(3)
    return linalg.cross(input, other, dim=dim)


def det(A: Tensor) -> Tensor:
    """The determinant, as `linalg.det` gives it."""
    from groundup.functions import linalg

    return linalg.det(A)


def inverse(input: Tensor) -> Tensor:
    """The inverse, as `linalg.inv` gives it."""
    from groundup.functions import linalg

    return linalg.inv(input)


def logdet(A: Tensor) -> Tensor:
    """The logarithm of the determinant: -inf where that is 0, nan where it is negative."""
    from groundup.functions import linalg

    return linalg.logdet(A)


def lu(A: Tensor, pivot: bool = True, get_infos: bool = False) -> tuple[Tensor, ...]:
    """L and U in one matrix and the pivots, as `linalg.lu_factor_ex` gives them; its info too with `get_infos`."""
    from groundup.functions import linalg

    found = linalg.lu_factor_ex(A, pivot=pivot)
    return found if get_infos else found[:2]


def lu_solve(b: Tensor, LU_data: Tensor, LU_pivots: Tensor) -> Tensor:
    """X with A X = b, as `linalg.lu_solve` gives it."""
    from groundup.functions import linalg

    return linalg.lu_solve(LU_data, LU_pivots, b)


def lu_unpack(
    LU_data: Tensor, LU_pivots: Tensor, unpack_data: bool = True, unpack_pivots: bool = True
) -> lu_unpack_result:
    """P, L and U from the one matrix and the pivots; those that are not wanted are empty."""
    from groundup.functions.linalg import elimination

    nothing = LU_data.new_empty((0,))
    P = elimination.permutation(LU_pivots, LU_data) if unpack_pivots else nothing
    return lu_unpack_result(P, *(elimination.triangles(LU_data) if unpack_data else (nothing, nothing)))


def matrix_exp(A: Tensor) -> Tensor:
    """The exponential I + A + A @ A / 2 + ..., of square matrices."""
    from groundup.functions import linalg

    return linalg.matrix_exp(A)


def matrix_power(A: Tensor, n: int) -> Tensor:
    """A @ A @ ... of n factors; of the inverse if n is negative, the identity if it is 0."""
    from groundup.functions import linalg

    return linalg.matrix_power(A, n)


def pinverse(input: Tensor, rcond: float = 1e-15) -> Tensor:
    """The pseudo-inverse, as `linalg.pinv` gives it with this rtol."""
    from groundup.functions import linalg

    return linalg.pinv(input, rcond)


def qr(input: Tensor, some: bool = True) -> qr_result:
    """Q and R, as `linalg.qr` gives them; a square Q if not `some`."""
    from groundup.functions import linalg

    return qr_result(*linalg.qr(input, "reduced" if some else "complete"))


def slogdet(A: Tensor) -> linalg_slogdet:
    """The sign of the determinant and the logarithm of its absolute value, which does not overflow."""
    from groundup.functions import linalg

    return linalg.slogdet(A)


def svd(input: Tensor, some: bool = True, compute_uv: bool = True) -> svd_result:
    """U, S and V (not its transpose), with input = U diag(S) V^T; square U and V if not `some`.

    Without `compute_uv` U and V are zeros.
    """
    from groundup.functions import linalg

    if compute_uv:
        u, s, vh = linalg.svd(input, not some)
        return svd_result(u, s, transpose(vh, -2, -1))
    *batch, rows, columns = input._array.shape
    u, v = (constant(np.zeros((*batch, n, n), input._array.dtype)) for n in (rows, columns))
    return svd_result(u, linalg.svdvals(input), v)


def trace(input: Tensor) -> Tensor:
    """The sum of the diagonal of a matrix."""
    if input._array.ndim != 2:
        raise RuntimeError(f"trace: expected a matrix, but got tensor with dim {input._array.ndim}")
    return shown_as(sum_(diagonal(input)), "TraceBackward0")


def triangular_solve(
    b: Tensor, A: Tensor, upper: bool = True, transpose: bool = False, unitriangular: bool = False
) -> triangular_solve_result:
    """X with A X = b, or A^T X = b with `transpose`, as `linalg.solve_triangular` gives it; and a copy of A."""
    from groundup.functions import linalg

    read = A.mT if transpose else A
    found = linalg.solve_triangular(read, b, upper=upper != transpose, unitriangular=unitriangular)
    return triangular_solve_result(found, clone(A))


def vander(x: Tensor, N: int | None = None, increasing: bool = False) -> Tensor:
    """The powers N - 1 to 0 of each element of a vector as a row, or 0 to N - 1 if `increasing`."""
    from groundup.functions.linalg import products

    if x._array.ndim != 1:
        raise RuntimeError("x must be a one-dimensional tensor.")
    found = products.powers(x, x._array.shape[0] if N is None else N)
    return found if increasing else flip(found, (-1,))
