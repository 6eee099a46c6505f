"""The extension `linalg` of the standard, on `groundup.linalg`."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

from groundup.array_api.array import Array, operand, operands
from groundup.array_api.data_types import ALL, FLOATING, NUMERIC
from groundup.array_api.linear_algebra_functions import matmul, matrix_transpose, tensordot, vecdot
from groundup.array_api.manipulation_functions import Axis
from groundup.array_api.statistical_functions import reduced
from groundup.array_api.statistical_functions import sum as sum_along
from groundup.dtypes import dtype as DType
from groundup.functions import linalg as of_tensors
from groundup.functions import view
from groundup.tensor import Tensor

__all__ = [
    "cholesky",
    "cross",
    "det",
    "diagonal",
    "eigh",
    "eigvalsh",
    "inv",
    "matmul",
    "matrix_norm",
    "matrix_power",
    "matrix_rank",
    "matrix_transpose",
    "outer",
    "pinv",
    "qr",
    "slogdet",
    "solve",
    "svd",
    "svdvals",
    "tensordot",
    "trace",
    "vecdot",
    "vector_norm",
]


class EighResult(NamedTuple):
    """What `eigh` returns."""

    eigenvalues: Array
    eigenvectors: Array


class QRResult(NamedTuple):
    """What `qr` returns."""

    Q: Array
    R: Array


class SlogdetResult(NamedTuple):
    """What `slogdet` returns."""

    sign: Array
    logabsdet: Array


class SVDResult(NamedTuple):
    """What `svd` returns."""

    U: Array
    S: Array
    Vh: Array


# ---- matrices taken apart ------------------------------------------------------------------------------------


def cholesky(x: Array, /, *, upper: bool = False) -> Array:
    """The triangular factor of positive definite matrices."""
    return Array(of_tensors.cholesky(operand("cholesky", FLOATING, x), upper=upper))


def qr(x: Array, /, *, mode: str = "reduced") -> QRResult:
    """The factors with orthonormal columns and with a triangle."""
    if mode not in ("reduced", "complete"):
        raise ValueError(f"qr: mode must be 'reduced' or 'complete', got {mode!r}")
    return QRResult(*map(Array, of_tensors.qr(operand("qr", FLOATING, x), mode)))


def eigh(x: Array, /) -> EighResult:
    """The eigenvalues, in order, and eigenvectors of symmetric matrices."""
    return EighResult(*map(Array, of_tensors.eigh(operand("eigh", FLOATING, x))))


def eigvalsh(x: Array, /) -> Array:
    """The eigenvalues, in order, of symmetric matrices."""
    return Array(of_tensors.eigvalsh(operand("eigvalsh", FLOATING, x)))


def svd(x: Array, /, *, full_matrices: bool = True) -> SVDResult:
    """The singular values, largest first, between two factors with orthonormal columns and rows."""
    return SVDResult(*map(Array, of_tensors.svd(operand("svd", FLOATING, x), full_matrices)))


def svdvals(x: Array, /) -> Array:
    """The singular values, largest first."""
    return Array(of_tensors.svdvals(operand("svdvals", FLOATING, x)))


# ---- equations -----------------------------------------------------------------------------------------------


def inv(x: Array, /) -> Array:
    """The inverse of square matrices."""
    return Array(of_tensors.inv(operand("inv", FLOATING, x)))


def pinv(x: Array, /, *, rtol: float | Array | None = None) -> Array:
    """The pseudo-inverse, which treats singular values below `rtol` times the largest as zero."""
    return Array(of_tensors.pinv(operand("pinv", FLOATING, x), rtol=_tolerance(rtol)))


def solve(x1: Array, x2: Array, /) -> Array:
    """The solution of x1 @ x = x2, where `x2` is one vector or holds matrices."""
    a, b = operands("solve", FLOATING, x1, x2)
    if b.ndim == 1:
        return Array(of_tensors.solve(a, b.unsqueeze(-1)).squeeze(-1))
    return Array(of_tensors.solve(*_batched(a, b)))


def _batched(a: Tensor, b: Tensor) -> tuple[Tensor, Tensor]:
    """Both with the same axes before the last two, so that nothing is taken for a batch of vectors."""
    front = view.broadcast_shapes(a.shape[:-2], b.shape[:-2])
    return view.expand(a, *front, *a.shape[-2:]), view.expand(b, *front, *b.shape[-2:])


# ---- numbers -------------------------------------------------------------------------------------------------


def det(x: Array, /) -> Array:
    """The determinant of square matrices."""
    return Array(of_tensors.det(operand("det", FLOATING, x)))


def slogdet(x: Array, /) -> SlogdetResult:
    """The sign and the logarithm of the absolute value of the determinant."""
    return SlogdetResult(*map(Array, of_tensors.slogdet(operand("slogdet", FLOATING, x))))


def matrix_rank(x: Array, /, *, rtol: float | Array | None = None) -> Array:
    """How many singular values are above `rtol` times the largest."""
    return Array(of_tensors.matrix_rank(operand("matrix_rank", FLOATING, x), rtol=_tolerance(rtol)))


def _tolerance(rtol: Any) -> Any:
    return rtol.tensor if isinstance(rtol, Array) else rtol


def trace(x: Array, /, *, offset: int = 0, dtype: DType | None = None) -> Array:
    """The sum of a diagonal."""
    return sum_along(diagonal(x, offset=offset), axis=-1, dtype=dtype)


def matrix_norm(x: Array, /, *, keepdims: bool = False, ord: Any = "fro") -> Array:
    """A norm of the matrices in the last two axes: of elements ("fro"), of sums along an axis or of singular values."""
    found = operand("matrix_norm", FLOATING, x)
    if ord not in ("fro", "nuc", 1, -1, 2, -2, math.inf, -math.inf, None):
        raise ValueError(f"matrix_norm: ord must be 'fro', 'nuc', 1, -1, 2, -2, inf or -inf, got {ord!r}")
    return Array(of_tensors.matrix_norm(found, "fro" if ord is None else ord, (-2, -1), keepdims))


def vector_norm(x: Array, /, *, axis: Axis = None, keepdims: bool = False, ord: float = 2) -> Array:
    """A norm along some axes, or of all elements: the root of order `ord` of the sum of powers."""
    return reduced(
        lambda t, axes, keep: of_tensors.vector_norm(t, ord, axes, keep),
        operand("vector_norm", FLOATING, x),
        axis,
        keepdims,
    )


# ---- products ------------------------------------------------------------------------------------------------


def cross(x1: Array, x2: Array, /, *, axis: int = -1) -> Array:
    """The vector at right angles to two vectors of three elements."""
    a, b = operands("cross", NUMERIC, x1, x2)
    if a.shape[axis] != 3 or b.shape[axis] != 3:
        raise ValueError(f"cross: the vectors must have 3 elements, not {a.shape[axis]} and {b.shape[axis]}")
    return Array(of_tensors.cross(*view.broadcast_tensors(a, b), dim=axis))


def outer(x1: Array, x2: Array, /) -> Array:
    """The products of each element of one vector with each of another."""
    if x1.ndim != 1 or x2.ndim != 1:
        raise ValueError(f"outer: both arrays must have one axis, not {x1.ndim} and {x2.ndim}")
    a, b = operands("outer", NUMERIC, x1, x2)
    return Array(a.unsqueeze(1) * b)


def matrix_power(x: Array, n: int, /) -> Array:
    """The product of `n` times the matrix; of the inverse for a negative `n`."""
    return Array(of_tensors.matrix_power(operand("matrix_power", FLOATING, x), n))


def diagonal(x: Array, /, *, offset: int = 0) -> Array:
    """The diagonals of the matrices in the last two axes, `offset` above the main one."""
    return Array(view.diagonal(operand("diagonal", ALL, x), offset, -2, -1))
