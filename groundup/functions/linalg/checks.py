"""What the functions of linear algebra ask of their arguments, in PyTorch's words."""

from __future__ import annotations

from typing import Any

import numpy as np

from groundup import dtypes
from groundup.autograd.state import LOCAL
from groundup.autograd.tape import TensorBase, constant
from groundup.errors import broadcast_error
from groundup.ops import matrices

Tensor = Any


def check_matrices(name: str, x: Tensor, what: str = "A") -> None:
    """Two dimensions or more, of single or double precision."""
    check_rank(name, x, what)
    check_floating(name, x)


def check_rank(name: str, x: Tensor, what: str = "A") -> None:
    """Two dimensions or more."""
    if x._array.ndim < 2:
        raise RuntimeError(
            f"{name}: The input tensor {what} must have at least 2 dimensions.\n"
            f"  The tensor has shape {x._array.shape}; A.unsqueeze(-1) makes columns of vectors."
        )


def check_floating(name: str, x: Tensor, low: bool = False) -> None:
    """Single or double precision, or half too if `low`."""
    found = dtypes.OF_NUMPY[x._array.dtype].legacy
    if x._array.dtype.kind not in dtypes.REAL:
        raise RuntimeError(
            f"{name}: Expected a floating point or complex tensor as input. Got {found}\n"
            "  Convert it first, with .float() or .double()."
        )
    if x._array.dtype.itemsize < 4 and not low:
        raise RuntimeError(
            f"{name}: Low precision dtypes not supported. Got {found}\n  Convert it first, with .float()."
        )


def check_square(name: str, x: Tensor, what: str = "A") -> None:
    """Square matrices of single or double precision."""
    check_matrices(name, x, what)
    check_sides(name, x, what)


def check_sides(name: str, x: Tensor, what: str = "A") -> None:
    """As many rows as columns."""
    rows, columns = x._array.shape[-2:]
    if rows != columns:
        raise RuntimeError(
            f"{name}: {what} must be batches of square matrices, but they are {rows} by {columns} matrices"
        )


def check_same_type(name: str, a: Tensor, b: Tensor, names: str = "AB") -> None:
    """Two tensors of one type."""
    if a._array.dtype != b._array.dtype:
        first, second = (dtypes.OF_NUMPY[each._array.dtype] for each in (a, b))
        raise RuntimeError(
            f"{name}: Expected {names[0]} and {names[1]} to have the same dtype, but found {names[0]} of type "
            f"{first.legacy} and {names[1]} of type {second.legacy} instead\n"
            f"  Convert one of them, e.g. {names[1]}.to(groundup.{first.name})."
        )


def check_equation(name: str, a: Tensor, b: Tensor, left: bool) -> None:
    """Shapes that fit in A X = B, or X A = B, with batches that broadcast."""
    axis = -2 if left else -1
    if a._array.shape[axis] != b._array.shape[axis]:
        sides = " and ".join("x".join(map(str, each._array.shape[-2:])) for each in (a, b))
        raise RuntimeError(
            f"{name}: Incompatible shapes of A and B for the equation {'AX' if left else 'XA'} = B ({sides})"
        )
    clash = broadcast_error(f"the batch dimensions of {name}", [b._array.shape[:-2], a._array.shape[:-2]])
    if clash is not None:
        raise clash


def tolerances(A: Tensor, atol: Any, rtol: Any) -> tuple[np.ndarray, np.ndarray]:
    """The absolute and the relative bound up to which a singular value counts as 0."""
    for each in (atol, rtol):
        if isinstance(each, TensorBase) and LOCAL.state.watch is not None:
            LOCAL.state.watch.looked(each, "a tolerance")
    atol, rtol = (each._array if isinstance(each, TensorBase) else each for each in (atol, rtol))
    return matrices.tolerances(
        A._array.dtype, 0.0 if atol is None else atol, rtol, None if rtol is not None else rounding(A)
    )


def rounding(A: Tensor) -> float:
    """The relative bound where none is given: what rounding alone leaves of singular values that are 0."""
    return max(A._array.shape[-2:]) * float(np.finfo(A._array.dtype).eps)


def no_info(A: Tensor) -> Tensor:
    """What is said of matrices of which none was refused."""
    return constant(np.zeros(A._array.shape[:-2], np.int32))
