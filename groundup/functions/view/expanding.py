"""Axes that repeat one element: broadcasting with stride 0, and no copy."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from groundup import dtypes
from groundup.autograd.apply import apply
from groundup.errors import broadcast_error
from groundup.functions.axes import sizes
from groundup.ops import view as rows
from groundup.ops.elementwise import cast
from groundup.ops.reduce import sum_to
from groundup.size import Size

__all__ = ["broadcast_shapes", "broadcast_tensors", "broadcast_to"]

Tensor = Any


def expand(input: Tensor, *sizes_given: Any, size: Any = None, implicit: bool = False) -> Tensor:
    """Broadcast to `size` with stride 0 and no copy; -1 keeps a size.

    >>> import groundup
    >>> groundup.tensor([1, 2]).expand(3, 2).stride()
    (0, 1)
    """
    wanted = sizes(sizes_given if size is None else (size,))
    for n in wanted:
        if n < 0:
            wanted = _kept(wanted, input._array.shape)
            break
    return apply(rows.expand, input, size=wanted)


def _kept(wanted: tuple[int, ...], shape: tuple[int, ...]) -> tuple[int, ...]:
    """The sizes wanted, those of -1 taken from the shape that is there."""
    lead = len(wanted) - len(shape)
    if lead < 0:
        return wanted
    for axis, n in enumerate(wanted[:lead]):
        if n < 0:
            raise RuntimeError(
                f"The expanded size of the tensor ({n}) isn't allowed in a leading, non-existing dimension {axis}"
            )
    return (*wanted[:lead], *[have if n == -1 else n for n, have in zip(wanted[lead:], shape)])


def expand_as(input: Tensor, other: Tensor) -> Tensor:
    """`expand` to the shape of `other`."""
    return apply(rows.expand, input, size=other._array.shape)


def broadcast_to(input: Tensor, size: Sequence[int]) -> Tensor:
    """`expand` to `size`."""
    return expand(input, size)


def broadcast_shapes(*shapes: Any) -> Size:
    """The shape that tensors of these shapes broadcast to.

    >>> import groundup
    >>> groundup.broadcast_shapes((2, 1), (3,))
    groundup.Size([2, 3])
    """
    found = [sizes((shape,)) for shape in shapes]
    if any(n < 0 for shape in found for n in shape):
        raise ValueError("Attempting to broadcast a dimension with negative length!")
    common = [1] * max((len(shape) for shape in found), default=0)
    for i, shape in enumerate(found):
        for k in range(-1, -len(shape) - 1, -1):
            if common[k] == 1:
                common[k] = shape[k]
            elif shape[k] not in (1, common[k]):
                raise RuntimeError(
                    f"Attempting to broadcast a dimension of length {shape[k]} at {k}! Mismatching argument at index "
                    f"{i} had {shape}; but expected shape should be broadcastable to {common}"
                )
    return Size(common)


def broadcast_tensors(*tensors: Any) -> tuple[Tensor, ...]:
    """All tensors expanded to the shape that they broadcast to."""
    if len(tensors) == 1 and isinstance(tensors[0], (tuple, list)):
        tensors = tuple(tensors[0])
    shapes = [each._array.shape for each in tensors]
    try:
        size = np.broadcast_shapes(*shapes)
    except ValueError as error:
        raise (broadcast_error("broadcast_tensors", shapes) or error) from None
    return tuple(apply(rows.expand, each, size=size) for each in tensors)


def sum_to_size(input: Tensor, *size: Any) -> Tensor:
    """The sum over the axes along which a tensor of `size` would have to be expanded to this one's shape."""
    wanted, shape = sizes(size), input._array.shape
    lead = len(shape) - len(wanted)
    if lead < 0 or any(n not in (1, have) for n, have in zip(wanted, shape[lead:])):
        raise RuntimeError(f"size {{{list(wanted)}}} is not expandable to size {{{list(shape)}}}.")
    if wanted == shape:
        return apply(rows.alias, input)
    if input._array.dtype.kind not in dtypes.REAL:  # whole numbers add up in int64
        input = apply(cast, input, to=dtypes.INT64)
    return apply(sum_to, input, size=wanted)
