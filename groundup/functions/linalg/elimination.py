"""Gaussian elimination: the factors P, L and U of a matrix, and systems of equations solved with them.

`pivots` counts rows from 1, as LAPACK does: row k was exchanged with row pivots[k]. All follow ``torch.linalg``'s
functions of the same name.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from groundup.autograd.apply import apply
from groundup.autograd.tape import constant
from groundup.functions.contract import matmul
from groundup.functions.elementwise import where
from groundup.functions.linalg.checks import check_equation, check_matrices, check_same_type, check_square
from groundup.functions.linalg.solving import solve_triangular
from groundup.functions.view import transpose, tril, triu
from groundup.named import Result
from groundup.ops import elimination
from groundup.ops import linalg as rows

__all__ = ["lu", "lu_factor", "lu_factor_ex", "lu_solve"]

Tensor = Any


class linalg_lu(Result):
    """What `lu` returns."""

    __slots__ = ()

    P: Tensor
    L: Tensor
    U: Tensor


class linalg_lu_factor(Result):
    """What `lu_factor` returns."""

    __slots__ = ()

    LU: Tensor
    pivots: Tensor


class linalg_lu_factor_ex(Result):
    """What `lu_factor_ex` returns."""

    __slots__ = ()

    LU: Tensor
    pivots: Tensor
    info: Tensor


def lu_factor_ex(A: Tensor, *, pivot: bool = True, check_errors: bool = False) -> linalg_lu_factor_ex:
    """L below and U on and above the diagonal of one matrix, the pivots, and 0 or the first k where U[k, k] is 0."""
    check_matrices("torch.lu_factor", A)
    if not pivot:
        raise RuntimeError("linalg.lu_factor: LU without pivoting is not implemented on the CPU")
    packed = apply(elimination.lu, A, check=bool(check_errors))
    m, n = A._array.shape[-2:]
    found = apply(rows.factor, packed, key=(Ellipsis, slice(n)), name="LinalgLuFactorExBackward0")
    pivots = apply(elimination.lu_pivots, packed, size=min(m, n))
    return linalg_lu_factor_ex(found, pivots, apply(elimination.lu_info, found))


def lu_factor(A: Tensor, *, pivot: bool = True) -> linalg_lu_factor:
    """L below and U on and above the diagonal of one matrix, and the pivots. Raises RuntimeError if U is singular."""
    found, pivots, _ = lu_factor_ex(A, pivot=pivot, check_errors=True)
    return linalg_lu_factor(found, pivots)


def lu(A: Tensor, *, pivot: bool = True) -> linalg_lu:
    """P, L and U with A = P L U: a permutation, a lower triangle with ones on its diagonal, and an upper triangle."""
    found, pivots, _ = lu_factor_ex(A, pivot=pivot)
    return linalg_lu(permutation(pivots, found), *triangles(found))


def permutation(pivots: Tensor, LU: Tensor) -> Tensor:
    """P, from the pivots and in the type of LU."""
    m = LU._array.shape[-2]
    return apply(elimination.permutation, pivots, rows=m, to=LU._array.dtype)


def triangles(LU: Tensor) -> tuple[Tensor, Tensor]:
    """L and U, which lie in one matrix."""
    m, n = LU._array.shape[-2:]
    k = min(m, n)
    lower = where(constant(np.eye(m, k, dtype=bool)), 1.0, tril(LU[..., :, :k], -1))
    return lower, triu(LU[..., :k, :])


def lu_solve(LU: Tensor, pivots: Tensor, B: Tensor, *, left: bool = True, adjoint: bool = False) -> Tensor:
    """X with A X = B, or X A = B if not `left`, from the factors of A; with `adjoint` of its transpose."""
    check_square("torch.linalg.lu_solve", LU, "LU")
    check_same_type("linalg.lu_solve", LU, B)
    check_matrices("torch.linalg.lu_solve", B, "B")
    check_equation("linalg.lu_solve", LU, B, left)
    if not left:
        return transpose(lu_solve(LU, pivots, transpose(B, -2, -1), adjoint=not adjoint), -2, -1)
    P = permutation(pivots, LU)
    if not adjoint:
        ordered = matmul(transpose(P, -2, -1), B)
        return solve_triangular(LU, solve_triangular(LU, ordered, upper=False, unitriangular=True), upper=True)
    across = transpose(LU, -2, -1)
    found = solve_triangular(across, B, upper=False)
    return matmul(P, solve_triangular(across, found, upper=True, unitriangular=True))
