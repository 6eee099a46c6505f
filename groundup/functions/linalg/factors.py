"""Factorizations: Cholesky, QR, eigenvalues of symmetric matrices and singular values. All work on batches.

Eigenvectors, singular vectors and the columns of Q are unique only up to a sign (or a rotation, where values repeat):
a loss should not depend on the choice. All follow ``torch.linalg``'s functions of the same name.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from groundup.autograd.apply import apply
from groundup.autograd.tape import constant
from groundup.functions.linalg.checks import check_matrices, check_square, no_info
from groundup.functions.view import transpose
from groundup.named import Result
from groundup.ops import linalg as rows

__all__ = ["cholesky", "cholesky_ex", "eigh", "eigvalsh", "qr", "svd", "svdvals"]

Tensor = Any


class linalg_cholesky_ex(Result):
    """What `cholesky_ex` returns."""

    __slots__ = ()

    L: Tensor
    info: Tensor


class linalg_qr(Result):
    """What `qr` returns."""

    __slots__ = ()

    Q: Tensor
    R: Tensor


class linalg_eigh(Result):
    """What `eigh` returns."""

    __slots__ = ()

    eigenvalues: Tensor
    eigenvectors: Tensor


class linalg_svd(Result):
    """What `svd` returns."""

    __slots__ = ()

    U: Tensor
    S: Tensor
    Vh: Tensor


def _piece(packed: Tensor, *key: Any) -> Tensor:
    """One of the factors that lie in one array, in memory of its own."""
    name = "" if packed._node is None else packed._node.name()
    return apply(rows.factor, packed, key=(Ellipsis, *key), name=name)


def cholesky(A: Tensor, *, upper: bool = False) -> Tensor:
    """The lower triangular L with A = L L^T, or U = L^T if `upper`, of a symmetric positive definite A.

    Only that triangle of A is read. Raises LinAlgError if A is not positive definite.

    >>> import groundup
    >>> groundup.linalg.cholesky(groundup.tensor([[4.0, 2.0], [2.0, 5.0]]))
    tensor([[2., 0.],
            [1., 2.]])
    """
    check_square("linalg.cholesky", A)
    if upper:
        return transpose(apply(rows.cholesky, transpose(A, -2, -1)), -2, -1)
    return apply(rows.cholesky, A)


def cholesky_ex(A: Tensor, *, upper: bool = False, check_errors: bool = False) -> linalg_cholesky_ex:
    """The Cholesky factor, and for each matrix 0, or the order of the first minor that is not positive definite.

    The factor of a matrix that is not positive definite is nan.
    """
    check_square("linalg.cholesky_ex", A)
    if check_errors:
        return linalg_cholesky_ex(cholesky(A, upper=upper), no_info(A))
    read = transpose(A, -2, -1) if upper else A
    found = apply(rows.cholesky_ex, read)
    info = apply(rows.indefinite, read, found)
    return linalg_cholesky_ex(transpose(found, -2, -1) if upper else found, info)


def qr(A: Tensor, mode: str = "reduced") -> linalg_qr:
    """Q with orthonormal columns and the upper triangular R with A = Q R.

    The mode "reduced" gives as many columns as there are rows or columns in A, whichever are fewer, "complete" a
    square Q, and "r" an empty Q (and no gradient).
    """
    if mode not in ("reduced", "complete", "r"):
        raise RuntimeError(
            f"qr received unrecognized mode '{mode}' but expected one of 'reduced' (default), 'r', or 'complete'"
        )
    check_matrices("linalg.qr", A)
    packed = apply(rows.qr, A, mode=mode)
    if mode == "r":
        return linalg_qr(constant(np.zeros(0, A._array.dtype)), transpose(packed, -2, -1))
    n = A._array.shape[-2]
    return linalg_qr(
        _piece(packed, slice(n), slice(None)), transpose(_piece(packed, slice(n, None), slice(None)), -2, -1)
    )


def eigh(A: Tensor, UPLO: str = "L") -> linalg_eigh:
    """Eigenvalues, ascending, and eigenvectors as columns, of a symmetric A: A = V diag(w) V^T.

    Only the lower triangle of A is read, or the upper one with UPLO "U".
    """
    _check_uplo("linalg.eigh", A, UPLO)
    packed = apply(rows.eigh, A, uplo=UPLO.upper())
    return linalg_eigh(_piece(packed, -1, slice(None)), _piece(packed, slice(-1), slice(None)))


def eigvalsh(A: Tensor, UPLO: str = "L") -> Tensor:
    """The eigenvalues of a symmetric A, ascending."""
    _check_uplo("linalg.eigh", A, UPLO)
    return _piece(apply(rows.eigh, A, uplo=UPLO.upper()), -1, slice(None))


def _check_uplo(name: str, A: Tensor, uplo: str) -> None:
    check_square(name, A)
    if uplo.upper() not in ("L", "U"):
        raise RuntimeError(f"Expected UPLO argument to be 'L' or 'U', but got {uplo}")


def svd(A: Tensor, full_matrices: bool = True, *, driver: str | None = None) -> linalg_svd:
    """U, the singular values S, descending, and V^T, with A = U diag(S) V^T.

    With `full_matrices` U and V^T are square; the vectors that are added get no gradient, since any will do.
    """
    check_matrices("linalg.svd", A)
    _check_driver(driver)
    m, n = A._array.shape[-2:]
    k = min(m, n)
    packed = apply(rows.svd, A, full=bool(full_matrices))
    return linalg_svd(
        _piece(packed, slice(m), slice(m if full_matrices else k)),
        _piece(packed, -1, slice(k)),
        transpose(_piece(packed, slice(m, -1), slice(n if full_matrices else k)), -2, -1),
    )


def svdvals(A: Tensor, *, driver: str | None = None) -> Tensor:
    """The singular values, descending; their derivative exists where they repeat, too."""
    check_matrices("linalg.svdvals", A)
    _check_driver(driver)
    return apply(rows.svdvals, A)


def _check_driver(driver: str | None) -> None:
    if driver is not None:
        raise RuntimeError(
            "torch.linalg.svd: keyword argument `driver=` is only supported on CUDA inputs with cuSOLVER backend."
        )
