"""Norms of vectors and matrices, and the condition number."""

from __future__ import annotations

import math
from typing import Any

from groundup import dtypes
from groundup.autograd.apply import apply
from groundup.autograd.tape import shown_as
from groundup.functions.axes import Dim, axes, one_axis
from groundup.functions.elementwise import abs as abs_
from groundup.functions.linalg.factors import svdvals
from groundup.functions.linalg.solving import inv
from groundup.functions.reduce import amax, amin
from groundup.functions.reduce import sum as sum_
from groundup.functions.reduce.checks import is_real, legacy, typed
from groundup.functions.view import movedim, unsqueeze
from groundup.ops import reduce as rows

__all__ = ["cond", "matrix_norm", "norm", "vector_norm"]

Tensor = Any
Order = float | str | None


def vector_norm(x: Tensor, ord: float = 2, dim: Dim = None, keepdim: bool = False, *, dtype: Any = None) -> Tensor:
    """(sum |x|**ord) ** (1/ord) over `dim`; inf and -inf are the largest and the smallest size, 0 counts what is not 0.

    >>> import groundup
    >>> groundup.linalg.vector_norm(groundup.tensor([3.0, -4.0]), ord=1)
    tensor(7.)
    """
    x = _wide_enough("linalg.vector_norm", x, dtype)
    dims = axes(dim, x._array.ndim)
    if (ord < 0 or ord == math.inf) and any(x._array.shape[axis] == 0 for axis in dims):
        raise _no_identity(ord, dim, dims, x._array.shape)
    if ord in (math.inf, -math.inf):
        found = (amax if ord > 0 else amin)(abs_(x), dims, keepdim)
    elif ord == 1:
        found = sum_(abs_(x), dims, keepdim)
    else:
        return apply(rows.norm, x, dim=dims, keepdim=keepdim, p=ord)
    return shown_as(found, "LinalgVectorNormBackward0")


def _no_identity(ord: float, dim: Dim, dims: tuple[int, ...], shape: tuple[int, ...]) -> RuntimeError:
    first = f"linalg.vector_norm cannot compute the {ord:g} norm on "
    if dim is None:
        return RuntimeError(f"{first}an empty tensor because the operation does not have an identity")
    empty = next(axis for axis in dims if shape[axis] == 0)
    return RuntimeError(
        f"{first}the dimension {empty}because this dimension is empty and the operation does not have an identity"
    )


def _wide_enough(name: str, x: Tensor, dtype: Any) -> Tensor:
    """x in `dtype`, which may not hold less; a floating tensor."""
    if dtype is not None and not is_real(x):
        wanted = dtypes.OF_NUMPY[dtypes.to_numpy(dtype)]
        raise RuntimeError(
            f"{name}: dtype should be floating point or complex if the input is, but it is {wanted.legacy} and the "
            f"input {legacy(x)}"
        )
    if not is_real(x):
        raise RuntimeError(
            f"{name}: Expected a floating point or complex tensor as input. Got {legacy(x)}\n"
            "  Convert it first, with .float() or .double()."
        )
    if dtype is None:
        return x
    wanted = dtypes.OF_NUMPY[dtypes.to_numpy(dtype)]
    if not wanted.is_floating_point:
        raise RuntimeError(f"{name}: dtype should be floating point or complex. Got {wanted.legacy}")
    if dtypes.to_numpy(dtypes.promote_types(x.dtype, wanted)) != dtypes.to_numpy(wanted):
        raise RuntimeError(
            f"{name}: the dtype of the input ({legacy(x)}) should be convertible without narrowing to the specified "
            f"dtype ({wanted.legacy})"
        )
    return typed(x, dtype)


def matrix_norm(
    A: Tensor, ord: float | str = "fro", dim: Any = (-2, -1), keepdim: bool = False, *, dtype: Any = None
) -> Tensor:
    """A norm of the matrices in two axes: 'fro' of all elements, 'nuc', 2 and -2 of the singular values (their sum,
    the largest, the smallest), 1 and -1 of the sums down the columns, inf and -inf of those along the rows.

    >>> import groundup
    >>> groundup.linalg.matrix_norm(groundup.tensor([[1.0, 2.0], [3.0, 4.0]]), 1)
    tensor(6.)
    """
    name = "linalg.matrix_norm"
    if not isinstance(dim, (tuple, list)) or len(dim) != 2:
        raise RuntimeError(f"{name}: dim must be a 2-tuple. Got {dim}")
    if A._array.ndim < 2:
        raise RuntimeError(f"{name}: The input tensor A must have at least 2 dimensions.")
    row, column = (one_axis(each, A._array.ndim) for each in dim)
    if row == column:
        raise RuntimeError(f"{name}: dims must be different. Got ({dim[0]}, {dim[1]})")
    if ord == "fro":
        return vector_norm(A, 2, (row, column), keepdim, dtype=dtype)
    A = _wide_enough(name, A, dtype)
    if ord in ("nuc", 2, -2):
        return _of_singular_values(A, ord, row, column, keepdim)
    if isinstance(ord, str) or abs(ord) not in (1, math.inf):
        kind = "Order" if isinstance(ord, str) else "order"
        raise RuntimeError(f"{name}: {kind} {ord} not supported.")
    if abs(ord) == math.inf:
        row, column = column, row
    sums = vector_norm(A, 1, row, True)
    found = _largest(sums, ord, column)
    return found if keepdim else found.squeeze((row, column))


def _largest(x: Tensor, ord: float, dim: int) -> Tensor:
    return (amax if ord > 0 else amin)(x, dim, True)


def _of_singular_values(A: Tensor, ord: Any, row: int, column: int, keepdim: bool) -> Tensor:
    values = svdvals(movedim(A, (row, column), (-2, -1)))
    found = sum_(values, -1, True) if ord == "nuc" else _largest(values, ord, -1)
    found = found.squeeze(-1)
    for axis in sorted((row, column)) if keepdim else ():
        found = unsqueeze(found, axis)
    return found


def norm(A: Tensor, ord: Order = None, dim: Dim = None, keepdim: bool = False, *, dtype: Any = None) -> Tensor:
    """The norm of a vector (one axis) or of matrices (two axes); without `ord` that of all elements, ord=2.

    >>> import groundup
    >>> groundup.linalg.norm(groundup.tensor([[3.0, 0.0], [0.0, 4.0]]))
    tensor(5.)
    """
    if ord is None:
        return vector_norm(A, 2, dim, keepdim, dtype=dtype)
    if dim is None and A._array.ndim > 2:
        raise RuntimeError(
            f"linalg.norm: If dim is not specified but ord is, the input must be 1D or 2D. Got {A._array.ndim}D."
        )
    if isinstance(dim, (tuple, list)) and len(dim) not in (1, 2):
        raise RuntimeError(f"linalg.norm: If dim is specified, it must be of length 1 or 2. Got {list(dim)}")
    if A._array.ndim < 2 if dim is None else isinstance(dim, int) or len(dim) == 1:
        if isinstance(ord, str):
            raise RuntimeError(f"linalg.norm: ord '{ord}' is a norm of matrices, and dim names one axis: use a number")
        return vector_norm(A, ord, dim, keepdim, dtype=dtype)
    return matrix_norm(A, ord, (0, 1) if dim is None else dim, keepdim, dtype=dtype)


def cond(A: Tensor, p: Order = None) -> Tensor:
    """How much A can stretch a relative error: its norm times that of its inverse; inf for a singular matrix."""
    if p is None or p in (2, -2):
        values = svdvals(A)
        first, last = values[..., 0], values[..., -1]
        return last / first if p == -2 else first / last
    return matrix_norm(A, p) * matrix_norm(inv(A), p)
