"""Reading at positions: gather and its relatives, rows, masks."""

from __future__ import annotations

from typing import Any

import numpy as np

from groundup import dtypes
from groundup.autograd.apply import apply
from groundup.autograd.tape import shown_as
from groundup.errors import broadcast_error
from groundup.functions.axes import one_axis
from groundup.functions.index.brackets import getitem
from groundup.functions.index.checks import check_gather, check_positions
from groundup.ops import index as rows

__all__ = [
    "gather",
    "index_select",
    "masked_select",
    "take_along_dim",
]

Tensor = Any


def gather(input: Tensor, dim: int, index: Tensor) -> Tensor:
    """The elements at `index` along `dim`: out[i][j] = input[i][index[i][j]] for dim=1.

    >>> import groundup
    >>> x = groundup.tensor([[1.0, 2.0], [3.0, 4.0]])
    >>> groundup.gather(x, 1, groundup.tensor([[1], [0]]))
    tensor([[2.],
            [3.]])
    """
    axis = one_axis(dim, input._array.ndim)
    check_gather(input, axis, index, "gather")
    return apply(rows.gather, input, index, dim=axis) if input._array.ndim else input.clone()


def index_select(input: Tensor, dim: int, index: Tensor) -> Tensor:
    """The slices at `index` along `dim`."""
    check_positions(index, "index_select")
    axis = one_axis(dim, input._array.ndim)
    if index._array.ndim > 1:
        raise IndexError(
            f"index_select(): Index is supposed to be a vector\n  It has shape {index._array.shape}; "
            "square brackets take any shape."
        )
    size = input._array.shape[axis] if input._array.ndim else 1
    wrong = index._array[(index._array < 0) | (index._array >= size)]
    if wrong.size:
        raise IndexError(
            f"index out of range in self\n  index {int(wrong.flat[0])}, and dimension {dim} has size {size}."
        )
    if not input._array.ndim:
        return input.clone()
    index = index if index._array.ndim else index.reshape(1)
    return shown_as(getitem(input, (slice(None),) * axis + (index,)), "IndexSelectBackward0")


def take_along_dim(input: Tensor, indices: Tensor, dim: int | None = None) -> Tensor:
    """`gather`, with `indices` broadcast against `input` in the other dimensions."""
    if dim is None:
        return gather(input.reshape(-1), 0, indices.reshape(-1))
    axis = one_axis(dim, input._array.ndim)
    if indices._array.ndim != input._array.ndim:
        raise RuntimeError(
            "torch.take_along_dim(): input and indices should have the same number of dimensions, but got "
            f"{input._array.ndim} dimensions for input, and {indices._array.ndim} dimensions for indices"
        )
    size = [max(n, m) for n, m in zip(input._array.shape, indices._array.shape, strict=True)]
    index_size, input_size = list(size), list(size)
    index_size[axis], input_size[axis] = indices._array.shape[axis], input._array.shape[axis]
    return gather(input.expand(input_size), dim, indices.expand(index_size))


def masked_select(input: Tensor, mask: Tensor) -> Tensor:
    """The elements where the mask holds, in one dimension."""
    if mask._array.dtype != dtypes.BOOL:
        raise RuntimeError("masked_select: expected BoolTensor for mask")
    if mask._array.shape != input._array.shape:
        problem = broadcast_error("masked_select", [mask._array.shape, input._array.shape])
        if problem is not None:
            raise problem
        size = np.broadcast_shapes(mask._array.shape, input._array.shape)
        input, mask = input.expand(size), mask.expand(size)
    return getitem(input, mask)
