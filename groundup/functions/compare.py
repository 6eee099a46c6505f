"""Questions about tensors: equality, closeness, kinds and sizes. All follow ``torch``'s functions of the same name."""

from __future__ import annotations

from typing import Any

import numpy as np

from groundup import dtypes
from groundup.autograd.state import quiet
from groundup.autograd.tape import TensorBase, wrap
from groundup.errors import broadcast_error

__all__ = [
    "allclose",
    "equal",
    "is_complex",
    "is_floating_point",
    "is_nonzero",
    "is_signed",
    "is_tensor",
    "isclose",
    "numel",
    "result_type",
]

Tensor = Any


def isclose(input: Tensor, other: Tensor, rtol: float = 1e-5, atol: float = 1e-8, equal_nan: bool = False) -> Tensor:
    """Where |input - other| <= atol + rtol * |other|."""
    _same_type(input, other)
    for name, tolerance in (("rtol", rtol), ("atol", atol)):
        if tolerance < 0:
            raise RuntimeError(f"{name} must be greater than or equal to zero, but got {tolerance}")
    problem = broadcast_error("isclose", [input._array.shape, other._array.shape])
    if problem is not None:
        raise problem
    return wrap(quiet(np.isclose, input._array, other._array, rtol=rtol, atol=atol, equal_nan=equal_nan))


def allclose(input: Tensor, other: Tensor, rtol: float = 1e-5, atol: float = 1e-8, equal_nan: bool = False) -> bool:
    """Whether all elements are close: |input - other| <= atol + rtol * |other|.

    >>> import groundup
    >>> groundup.allclose(groundup.ones(2), groundup.ones(2) + 1e-7)
    True
    """
    return bool(isclose(input, other, rtol, atol, equal_nan)._array.all())


def _same_type(input: Tensor, other: Tensor) -> None:
    if not isinstance(input, TensorBase) or not isinstance(other, TensorBase):
        place, name = (2, "other") if isinstance(input, TensorBase) else (1, "input")
        found = type(input if place == 1 else other).__name__
        raise TypeError(f"isclose(): argument '{name}' (position {place}) must be Tensor, not {found}")
    if input._array.dtype != other._array.dtype:
        names = [dtypes.OF_NUMPY[each._array.dtype].legacy for each in (input, other)]
        raise RuntimeError(f"{names[0]} did not match {names[1]}\n  isclose compares tensors of one type.")


def equal(input: Tensor, other: Tensor) -> bool:
    """Whether two tensors have the same shape and the same elements."""
    if not isinstance(other, TensorBase):
        raise TypeError(f"equal(): argument 'other' (position 2) must be Tensor, not {type(other).__name__}")
    return bool(np.array_equal(input._array, other._array))


def is_tensor(obj: Any) -> bool:
    """Whether it is a tensor."""
    return isinstance(obj, TensorBase)


def numel(input: Tensor) -> int:
    """The number of elements."""
    return int(input._array.size)


def is_floating_point(input: Tensor) -> bool:
    """Whether its type is a floating type."""
    return bool(input._array.dtype.kind in dtypes.REAL)


def is_complex(input: Tensor) -> bool:
    """Whether its type is a complex one; none is."""
    return False


def is_signed(input: Tensor) -> bool:
    """Whether its type holds negative numbers."""
    return bool(input._array.dtype.kind in "fiV")


def is_nonzero(input: Tensor) -> bool:
    """Whether the only element of the tensor is not 0. Raises RuntimeError if there are more elements, or none."""
    return bool(input)


def result_type(tensor1: Any, tensor2: Any) -> dtypes.dtype:
    """The type that an operation on the two would have, by PyTorch's promotion.

    >>> import groundup
    >>> groundup.result_type(groundup.tensor([1, 2]), 1.0)
    groundup.float32
    """
    plain = [each._array if isinstance(each, TensorBase) else each for each in (tensor1, tensor2)]
    return dtypes.OF_NUMPY[dtypes.result_of(plain)]
