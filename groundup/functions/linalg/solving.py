"""Inverses and systems of linear equations. All work on batches of matrices, in single and double precision.

A matrix that has no inverse raises `linalg.LinAlgError`, which says which one of a batch it was. All follow
``torch.linalg``'s functions of the same name.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np

from groundup.autograd.apply import apply
from groundup.autograd.tape import constant
from groundup.dtypes import OF_NUMPY
from groundup.functions.axes import one_axis
from groundup.functions.linalg.checks import (
    check_equation,
    check_floating,
    check_matrices,
    check_same_type,
    check_sides,
    check_square,
    no_info,
    rounding,
    tolerances,
)
from groundup.functions.view import movedim, reshape, squeeze, transpose, unsqueeze
from groundup.named import Result
from groundup.ops import linalg as rows

__all__ = [
    "cholesky_inverse",
    "cholesky_solve",
    "inv",
    "inv_ex",
    "lstsq",
    "pinv",
    "solve",
    "solve_ex",
    "solve_triangular",
    "tensorinv",
    "tensorsolve",
]

Tensor = Any


class linalg_inv_ex(Result):
    """What `inv_ex` returns."""

    __slots__ = ()

    inverse: Tensor
    info: Tensor


class linalg_solve_ex(Result):
    """What `solve_ex` returns."""

    __slots__ = ()

    result: Tensor
    info: Tensor


class linalg_lstsq(Result):
    """What `lstsq` returns."""

    __slots__ = ()

    solution: Tensor
    residuals: Tensor
    rank: Tensor
    singular_values: Tensor


def inv(A: Tensor) -> Tensor:
    """The inverse: inv(A) @ A is the identity.

    >>> import groundup
    >>> groundup.linalg.inv(groundup.tensor([[2.0, 0.0], [0.0, 4.0]]))
    tensor([[0.5000, 0.0000],
            [0.0000, 0.2500]])
    """
    check_square("linalg.inv", A)
    return apply(rows.inv, A)


def solve(A: Tensor, B: Tensor, *, left: bool = True) -> Tensor:
    """X with A X = B, or with X A = B if not `left`; B is a matrix or a vector, or a batch of them.

    >>> import groundup
    >>> groundup.linalg.solve(groundup.tensor([[2.0, 0.0], [0.0, 4.0]]), groundup.tensor([2.0, 2.0]))
    tensor([1.0000, 0.5000])
    """
    return _solved(partial(apply, rows.solve), A, B, left)


def _solved(row: Callable[[Tensor, Tensor], Tensor], A: Tensor, B: Tensor, left: bool) -> Tensor:
    """The solution that a row finds for matrices on the left and columns on the right."""
    check_square("linalg.solve", A)
    check_same_type("linalg.solve", A, B)
    if B._array.ndim == 1 or (B._array.ndim > 0 and B._array.shape == A._array.shape[:-1]):
        column = unsqueeze(B, -1)
        check_equation("linalg.solve", A, column, left)
        if not left:
            raise RuntimeError(
                "linalg.solve: Vector broadcasting of the left hand side is not supported for left=False. In this "
                "case linalg.solve is equivalent to B / A.squeeze(-1)"
            )
        return squeeze(row(A, column), -1)
    check_matrices("linalg.solve", B, "B")
    check_equation("linalg.solve", A, B, left)
    if left:
        return row(A, B)
    return transpose(row(transpose(A, -2, -1), transpose(B, -2, -1)), -2, -1)


def inv_ex(A: Tensor, *, check_errors: bool = False) -> linalg_inv_ex:
    """The inverse, and for each matrix 0, or which diagonal element of U was 0; then its inverse is nan."""
    check_square("linalg.inv_ex", A)
    if check_errors:
        return linalg_inv_ex(inv(A), no_info(A))
    found = apply(rows.inv_ex, A)
    return linalg_inv_ex(found, apply(rows.singular, A, found))


def solve_ex(A: Tensor, B: Tensor, *, left: bool = True, check_errors: bool = False) -> linalg_solve_ex:
    """The solution as `solve` gives it, and for each matrix 0, or which diagonal element of U was 0."""
    check_square("linalg.solve_ex", A)
    if check_errors:
        return linalg_solve_ex(solve(A, B, left=left), no_info(A))
    found = _solved(partial(apply, rows.solve_ex, across=not left), A, B, left)
    return linalg_solve_ex(found, apply(rows.singular, A, found))


def solve_triangular(A: Tensor, B: Tensor, *, upper: bool, left: bool = True, unitriangular: bool = False) -> Tensor:
    """X with A X = B, or with X A = B if not `left`, where only the upper or lower triangle of A is read.

    With `unitriangular` the diagonal counts as ones, and is not read either.
    """
    name = "linalg.solve_triangular"
    check_square(name, A)
    check_same_type(name, A, B)
    check_matrices(name, B, "B")
    check_equation(name, A, B, left)
    if left:
        return apply(rows.solve_triangular, A, B, upper=bool(upper), unitriangular=bool(unitriangular))
    A, B = transpose(A, -2, -1), transpose(B, -2, -1)
    found = apply(rows.solve_triangular, A, B, upper=not upper, unitriangular=bool(unitriangular))
    return transpose(found, -2, -1)


def cholesky_solve(B: Tensor, L: Tensor, upper: bool = False) -> Tensor:
    """X with A X = B, from the Cholesky factor of A: L, or U if `upper`."""
    for each, name in ((B, "b"), (L, "u")):
        if each._array.ndim < 2:
            raise RuntimeError(
                f"{name} should have at least 2 dimensions, but has {each._array.ndim} dimensions instead"
            )
    if L._array.shape[-1] != L._array.shape[-2]:
        rows_, columns = L._array.shape[-2:]
        raise RuntimeError(f"A must be batches of square matrices, but they are {rows_} by {columns} matrices")
    across = transpose(L, -2, -1)
    lower, above = (across, L) if upper else (L, across)
    return solve_triangular(above, solve_triangular(lower, B, upper=False), upper=True)


def cholesky_inverse(L: Tensor, upper: bool = False) -> Tensor:
    """The inverse of A, from its Cholesky factor: L, or U if `upper`."""
    check_square("cholesky_inverse", L)
    eye = constant(np.eye(L._array.shape[-1], dtype=L._array.dtype))
    return cholesky_solve(eye, L, upper)


def pinv(A: Tensor, rcond: Any = None, hermitian: bool = False, *, atol: Any = None, rtol: Any = None) -> Tensor:
    """The pseudo-inverse of Moore and Penrose: of all X that bring A X nearest to the identity, the smallest.

    Singular values up to max(atol, rtol * the largest one) count as 0; `rcond` is an older name of rtol.
    """
    if A._array.ndim < 2 or A._array.dtype.kind != "f":
        found = f"{OF_NUMPY[A._array.dtype].legacy}{{{list(A._array.shape)}}}"
        raise RuntimeError(
            f"linalg.pinv({found}): expected a tensor with 2 or more dimensions of float, double, cfloat or cdouble "
            "types"
        )
    check_floating("linalg.pinv", A)
    if hermitian:
        check_sides("linalg.pinv", A)
    atol, rtol = tolerances(A, atol, rtol if rcond is None else rcond)
    return apply(rows.pinv, A, atol=atol, rtol=rtol, hermitian=bool(hermitian))


_DRIVERS = ("gels", "gelsy", "gelsd", "gelss")


def lstsq(A: Tensor, B: Tensor, rcond: float | None = None, *, driver: str | None = None) -> linalg_lstsq:
    """The X that brings A X nearest to B in the sum of squares; of several, the smallest.

    All of PyTorch's drivers are one here, a singular value decomposition; `driver` says which of the other results
    are wanted: the rank (all but "gels"), the singular values ("gelsd" and "gelss"), and, of more rows than columns
    that are independent, the sums of squares that are left (all but "gelsy").
    """
    name = "torch.linalg.lstsq"
    vector = _check_lstsq(name, A, B, driver)
    if vector:
        B = unsqueeze(B, -1)
    m, n = A._array.shape[-2:]
    rtol = rounding(A) if rcond is None else float(rcond)
    driver = driver or "gelsy"
    solution = apply(rows.lstsq, A, B, rtol=rtol)
    values = apply(rows.svdvals, A.detach())
    rank = apply(rows.rank, values, 0.0, rtol, rounding=None)
    if m > n and (driver == "gels" or (driver != "gelsy" and bool((rank == n).all()))):
        residuals = ((A @ solution - B) ** 2).sum(-2)
    else:
        residuals = reshape(solution, (-1,))[:0]
    return linalg_lstsq(
        squeeze(solution, -1) if vector else solution,
        residuals,
        constant(np.zeros(0, np.int64)) if driver == "gels" else rank,
        values if driver in ("gelsd", "gelss") else constant(np.zeros(0, A._array.dtype)),
    )


def _check_lstsq(name: str, A: Tensor, B: Tensor, driver: str | None) -> bool:
    """Whether B holds vectors. Raises where the arguments do not fit."""
    a, b = A._array.shape, B._array.shape
    if len(a) < 2:
        raise RuntimeError(f"{name}: input must have at least 2 dimensions.")
    check_floating(name, A)
    if len(b) < 1:
        raise RuntimeError(f"{name}: other must have at least 1 dimension.")
    if A._array.dtype != B._array.dtype:
        raise RuntimeError(f"{name}: Expected input and other to have the same dtype, but got input's dtype "
                           f"{A.dtype} and other's dtype {B.dtype}.")  # fmt: skip
    if driver is not None and driver not in _DRIVERS:
        raise RuntimeError(f"{name}: parameter `driver` should be one of ({', '.join(_DRIVERS)})")
    vector = len(b) == 1 or (len(a) - 1 == len(b) and a[:-1] == b)
    if a[-2] != (b[-1] if vector else b[-2]):
        raise RuntimeError(f"{name}: input.size(-2) should match other.size({-1 if vector else -2})")
    return vector


def tensorinv(A: Tensor, ind: int = 2) -> Tensor:
    """The inverse for `tensordot`: the first `ind` dimensions as rows, the others as columns."""
    if ind <= 0:
        raise RuntimeError(f"Expected a strictly positive integer for 'ind', but got {ind}")
    shape = A._array.shape
    front, behind = shape[:ind], shape[ind:]
    if math.prod(front) != math.prod(behind):
        raise RuntimeError(
            "Expected self to satisfy the requirement prod(self.shape[ind:]) == prod(self.shape[:ind]), but got "
            f"{math.prod(behind)} != {math.prod(front)}"
        )
    return reshape(inv(reshape(A, (math.prod(front), math.prod(behind)))), (*behind, *front))


def tensorsolve(A: Tensor, B: Tensor, dims: Sequence[int] | None = None) -> Tensor:
    """X with tensordot(A, X, X.ndim) = B; `dims` are dimensions of A that are moved to the end first."""
    if dims is not None:
        places = [one_axis(dim, A._array.ndim) for dim in dims]
        A = movedim(A, places, list(range(-len(places), 0)))
    behind = A._array.shape[B._array.ndim :]
    rows_, columns = math.prod(A._array.shape[: B._array.ndim]), math.prod(behind)
    if rows_ != columns:
        raise RuntimeError(
            "Expected self to satisfy the requirement prod(self.shape[other.ndim:]) == prod(self.shape[:other.ndim]), "
            f"but got {columns} != {rows_}"
        )
    return reshape(solve(reshape(A, (rows_, columns)), reshape(B, (rows_,))), behind)
