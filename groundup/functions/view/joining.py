"""Several tensors into one: along an axis that they have, or along a new one."""

from __future__ import annotations

import builtins
from collections.abc import Sequence
from typing import Any

from groundup import dtypes
from groundup.autograd.apply import apply
from groundup.autograd.tape import TensorBase
from groundup.functions.axes import one_axis
from groundup.ops import view as rows
from groundup.ops.elementwise import cast

__all__ = ["cat", "concat", "concatenate", "stack"]

Tensor = Any


def _joined(tensors: Sequence[Tensor], name: str) -> list[Tensor]:
    if isinstance(tensors, TensorBase):
        raise TypeError(f"{name}(): argument 'tensors' (position 1) must be tuple of Tensors, not Tensor")
    found = list(tensors)
    if not found:
        if name == "cat":
            raise ValueError("torch.cat(): expected a non-empty list of Tensors")
        raise RuntimeError(f"{name} expects a non-empty TensorList")
    for i, each in enumerate(found):
        if not isinstance(each, TensorBase):
            raise TypeError(f"expected Tensor as element {i} in argument 0, but got {type(each).__name__}")
    kinds = {each._array.dtype for each in found}
    if len(kinds) > 1:
        target = dtypes.result_of([each._array for each in found])
        found = [each if each._array.dtype == target else apply(cast, each, to=target) for each in found]
    return found


def cat(tensors: Sequence[Tensor], dim: int = 0) -> Tensor:
    """The tensors one behind the other along an existing axis.

    >>> import groundup
    >>> groundup.cat([groundup.tensor([1, 2]), groundup.tensor([3])])
    tensor([1, 2, 3])
    """
    found = _joined(tensors, "cat")
    if any(each._array.ndim == 0 for each in found):
        raise RuntimeError("zero-dimensional tensor (at position 0) cannot be concatenated\n  Use stack instead.")
    found = [each for each in found if each._array.shape != (0,)] or found[:1]
    axis = one_axis(dim, found[0]._array.ndim)
    first = found[0]._array.shape
    for i, each in enumerate(found):
        shape = each._array.shape
        if len(shape) != len(first):
            raise RuntimeError(f"Tensors must have same number of dimensions: got {len(first)} and {len(shape)}")
        for k in builtins.range(len(shape)):
            if k != axis and shape[k] != first[k]:
                raise RuntimeError(
                    f"Sizes of tensors must match except in dimension {axis}. Expected size {first[k]} but got size "
                    f"{shape[k]} for tensor number {i} in the list."
                )
    return apply(rows.cat, *found, dim=axis, sizes=tuple(each._array.shape[axis] for each in found))


def stack(tensors: Sequence[Tensor], dim: int = 0) -> Tensor:
    """Tensors of one shape along a new axis."""
    found = _joined(tensors, "stack")
    first = found[0]._array.shape
    for i, each in enumerate(found):
        if each._array.shape != first:
            raise RuntimeError(
                f"stack expects each tensor to be equal size, but got {list(first)} at entry 0 and "
                f"{list(each._array.shape)} at entry {i}"
            )
    return apply(rows.stack, *found, dim=one_axis(dim, len(first) + 1))


# Other names for the same function
concat = cat
concatenate = cat
