"""Numbers that belong to a matrix: determinants, rank and condition. All work on batches.

All follow ``torch.linalg``'s functions of the same name.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from groundup.autograd.apply import apply
from groundup.autograd.tape import TensorBase
from groundup.functions.elementwise import where
from groundup.functions.linalg.checks import check_floating, check_sides, check_square, rounding
from groundup.named import Result
from groundup.ops import linalg as rows

__all__ = ["det", "logdet", "matrix_rank", "slogdet"]

Tensor = Any


class linalg_slogdet(Result):
    """What `slogdet` returns."""

    __slots__ = ()

    sign: Tensor
    logabsdet: Tensor


def det(A: Tensor) -> Tensor:
    """The determinant; its derivative, the cofactors, holds for singular matrices too.

    >>> import groundup
    >>> groundup.linalg.det(groundup.tensor([[1.0, 2.0], [3.0, 4.0]]))
    tensor(-2.)
    """
    check_square("linalg.det", A)
    return apply(rows.det, A)


def slogdet(A: Tensor) -> linalg_slogdet:
    """The sign of the determinant and the logarithm of its absolute value, which does not overflow."""
    check_square("linalg.slogdet", A)
    packed = apply(rows.slogdet, A)
    sign, logabs = (apply(rows.factor, packed, key=(Ellipsis, i), name="LinalgSlogdetBackward0") for i in (0, 1))
    return linalg_slogdet(sign, logabs)


def logdet(A: Tensor) -> Tensor:
    """The logarithm of the determinant: -inf where that is 0, nan where it is negative."""
    check_square("logdet", A)
    sign, logabs = slogdet(A)
    return where(sign == -1, math.nan, logabs)


def matrix_rank(A: Tensor, tol: Any = None, hermitian: bool = False, *, atol: Any = None, rtol: Any = None) -> Tensor:
    """How many singular values are above max(atol, rtol * the largest one); `tol` is an older name of atol."""
    name = "torch.linalg.matrix_rank"
    if A._array.ndim < 2:
        raise RuntimeError(f"{name}: The input tensor input must have at least 2 dimensions.")
    check_floating(name, A)
    if tol is not None:
        atol, rtol = tol, 0.0
    A = A.detach()
    if hermitian:
        check_sides(name, A)
        values = abs(apply(rows.factor, apply(rows.eigh, A, uplo="L"), key=(Ellipsis, -1, slice(None)), name=""))
    else:
        values = apply(rows.svdvals, A)
    given = (0.0 if each is None else _number_or_tensor(each, A) for each in (atol, rtol))
    return apply(rows.rank, values, *given, rounding=rounding(A) if rtol is None else None)


def _number_or_tensor(value: Any, A: Tensor) -> Any:
    """A tolerance as an operand."""
    return value if isinstance(value, (TensorBase, float, int)) else np.asarray(value, A._array.dtype)
