"""What the reductions ask of their arguments, in PyTorch's words, and the types that they compute in."""

from __future__ import annotations

from typing import Any

from groundup import dtypes
from groundup.autograd.apply import apply
from groundup.ops import elementwise

Tensor = Any


def typed(input: Tensor, dtype: Any) -> Tensor:
    """The tensor in that type, if one is given."""
    return input if dtype is None else apply(elementwise.cast, input, to=dtypes.to_numpy(dtype))


def counted(input: Tensor, dtype: Any) -> Tensor:
    """The tensor in the type that a sum is taken in: integers and bools add up as int64."""
    if dtype is None and input._array.dtype.kind not in dtypes.REAL:
        dtype = dtypes.int64
    return typed(input, dtype)


def legacy(input: Tensor) -> str:
    """The type's older name, which PyTorch's errors use: Float, Long."""
    return dtypes.OF_NUMPY[input._array.dtype].legacy


def is_real(input: Tensor) -> bool:
    """Whether the elements are floating-point numbers."""
    return input._array.dtype.kind in dtypes.REAL


def check_floating(input: Tensor, name: str, which: str = "Input") -> None:
    """Refuse integers and bools."""
    if not is_real(input):
        raise RuntimeError(
            f"{name}(): could not infer output dtype. {which} dtype must be either a floating point or complex dtype. "
            f"Got: {legacy(input)}\n  Convert it first: x.float().{name}()"
        )


def implemented_for_floats(input: Tensor, kernel: str, name: str) -> None:
    """Refuse integers and bools, as PyTorch does where it has no loop for them."""
    if not is_real(input):
        raise NotImplementedError(
            f"\"{kernel}\" not implemented for '{legacy(input)}'\n  Convert it first: x.float().{name}(...)"
        )


def check_not_empty(input: Tensor, dims: tuple[int, ...], name: str) -> None:
    """Refuse axes without elements, of which there is no extreme."""
    for axis in dims:
        if input._array.ndim and input._array.shape[axis] == 0:
            raise IndexError(
                f"{name}(): Expected reduction dim {axis} to have non-zero size.\n"
                f"  The tensor has shape {input._array.shape}."
            )
