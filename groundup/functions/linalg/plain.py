"""The functions of linear algebra that stand in `groundup` itself, some with older arguments than in `linalg`."""

from __future__ import annotations

from typing import Any

import numpy as np

from groundup.autograd.tape import wrap
from groundup.functions.linalg import elimination, factors, products
from groundup.functions.linalg.products import matrix_exp, matrix_power
from groundup.functions.linalg.scalars import det, logdet, slogdet, trace
from groundup.functions.linalg.solving import cholesky_inverse, cholesky_solve, inverse, pinverse, solve_triangular
from groundup.functions.view import clone, flip, transpose
from groundup.named import Result

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
    return factors.cholesky(input, upper=upper)


def cross(input: Tensor, other: Tensor, dim: int | None = None) -> Tensor:
    """The vectors at right angles to both, along `dim`, or else the first dimension of size 3."""
    if dim is None:
        if 3 not in input._array.shape:
            raise RuntimeError("no dimension of size 3 in input")
        dim = input._array.shape.index(3)
    return products.cross(input, other, dim=dim)


def lu(A: Tensor, pivot: bool = True, get_infos: bool = False) -> tuple[Tensor, ...]:
    """L and U in one matrix and the pivots, as `linalg.lu_factor_ex` gives them; its info too with `get_infos`."""
    found = elimination.lu_factor_ex(A, pivot=pivot)
    return found if get_infos else found[:2]


def lu_solve(b: Tensor, LU_data: Tensor, LU_pivots: Tensor) -> Tensor:
    """X with A X = b, as `linalg.lu_solve` gives it."""
    return elimination.lu_solve(LU_data, LU_pivots, b)


def lu_unpack(
    LU_data: Tensor, LU_pivots: Tensor, unpack_data: bool = True, unpack_pivots: bool = True
) -> lu_unpack_result:
    """P, L and U from the one matrix and the pivots; those that are not wanted are empty."""
    nothing = LU_data.new_empty((0,))
    P = elimination.permutation(LU_pivots, LU_data) if unpack_pivots else nothing
    return lu_unpack_result(P, *(elimination.triangles(LU_data) if unpack_data else (nothing, nothing)))


def qr(input: Tensor, some: bool = True) -> qr_result:
    """Q and R, as `linalg.qr` gives them; a square Q if not `some`."""
    return qr_result(*factors.qr(input, "reduced" if some else "complete"))


def svd(input: Tensor, some: bool = True, compute_uv: bool = True) -> svd_result:
    """U, S and V (not its transpose), with input = U diag(S) V^T; square U and V if not `some`.

    Without `compute_uv` U and V are zeros.
    """
    if compute_uv:
        u, s, vh = factors.svd(input, not some)
        return svd_result(u, s, transpose(vh, -2, -1))
    *batch, rows, columns = input._array.shape
    u, v = (wrap(np.zeros((*batch, n, n), input._array.dtype)) for n in (rows, columns))
    return svd_result(u, factors.svdvals(input), v)


def triangular_solve(
    b: Tensor, A: Tensor, upper: bool = True, transpose: bool = False, unitriangular: bool = False
) -> triangular_solve_result:
    """X with A X = b, or A^T X = b with `transpose`, as `linalg.solve_triangular` gives it; and a copy of A."""
    read = A.mT if transpose else A
    found = solve_triangular(read, b, upper=upper != transpose, unitriangular=unitriangular)
    return triangular_solve_result(found, clone(A))


def vander(x: Tensor, N: int | None = None, increasing: bool = False) -> Tensor:
    """The powers N - 1 to 0 of each element of a vector as a row, or 0 to N - 1 if `increasing`."""
    if x._array.ndim != 1:
        raise RuntimeError("x must be a one-dimensional tensor.")
    found = products.powers(x, x._array.shape[0] if N is None else N)
    return found if increasing else flip(found, (-1,))
