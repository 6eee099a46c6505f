"""A tensor cut into pieces along one axis, each a view: of one size, of sizes given, so many, or one by one."""

from __future__ import annotations

import builtins
import itertools
from collections.abc import Sequence
from typing import Any

from groundup.autograd.apply import apply
from groundup.autograd.tape import TensorBase, shown_as
from groundup.functions.axes import one_axis, sizes
from groundup.functions.view.parts import before
from groundup.ops import view as rows

__all__ = [
    "chunk",
    "dsplit",
    "hsplit",
    "split",
    "split_with_sizes",
    "tensor_split",
    "unbind",
    "unsafe_chunk",
    "unsafe_split",
    "vsplit",
]

Tensor = Any


def _cut(input: Tensor, axis: int, bounds: Sequence[tuple[int, int]], name: str) -> tuple[Tensor, ...]:
    """The ranges between those bounds along the axis."""
    lead = before(axis)
    pieces = [apply(rows.slice_, input, key=(*lead, slice(start, end))) for start, end in bounds]
    return tuple([shown_as(piece, name) for piece in pieces])


def unbind(input: Tensor, dim: int = 0) -> tuple[Tensor, ...]:
    """The slices along `dim`, without that axis."""
    shape = input._array.shape
    if not shape:
        raise RuntimeError("Dimension specified as 0 but tensor has no dimensions")
    axis = one_axis(dim, len(shape))
    lead = before(axis)
    pieces = [apply(rows.slice_, input, key=(*lead, i)) for i in builtins.range(shape[axis])]
    return tuple([shown_as(piece, "UnbindBackward0") for piece in pieces])


def split(tensor: Tensor, split_size_or_sections: Any, dim: int = 0) -> tuple[Tensor, ...]:
    """Pieces along `dim` of one size (the last may be smaller), or of the sizes given.

    >>> import groundup
    >>> groundup.split(groundup.arange(5), 2)
    (tensor([0, 1]), tensor([2, 3]), tensor([4]))
    """
    step = split_size_or_sections
    if not isinstance(step, int):
        return split_with_sizes(tensor, step, dim)
    shape = tensor._array.shape
    if not shape:
        raise RuntimeError("split expects at least a 1-dimensional tensor")
    axis = one_axis(dim, len(shape))
    size = shape[axis]
    if step < 0:
        raise RuntimeError(f"split expects split_size be non-negative, but got split_size={step}")
    if step == 0 and size:
        raise RuntimeError(f"split_size can only be 0 if dimension size is 0, but got dimension size of {size}")
    starts = builtins.range(0, size, step) if size else (0,)
    return _cut(tensor, axis, [(i, min(i + step, size)) for i in starts], "SplitBackward0")


def split_with_sizes(input: Tensor, split_sizes: Sequence[int], dim: int = 0) -> tuple[Tensor, ...]:
    """Pieces along `dim` of the sizes given, which add up to that of the axis."""
    lengths, shape = sizes((split_sizes,)), input._array.shape
    if not shape:
        raise RuntimeError("split_with_sizes expects at least a 1-dimensional tensor")
    axis = one_axis(dim, len(shape))
    if any(length < 0 for length in lengths):
        raise RuntimeError(
            f"split_with_sizes expects split_sizes have only non-negative entries, but got split_sizes={list(lengths)}"
        )
    if sum(lengths) != shape[axis]:
        raise RuntimeError(
            f"split_with_sizes expects split_sizes to sum exactly to {shape[axis]} (input tensor's size at dimension "
            f"{axis}), but got split_sizes={list(lengths)}"
        )
    bounds, start = [], 0
    for length in lengths:
        bounds.append((start, start + length))
        start += length
    return _cut(input, axis, bounds, "SplitWithSizesBackward0")


def chunk(input: Tensor, chunks: int, dim: int = 0) -> tuple[Tensor, ...]:
    """At most `chunks` pieces of equal size along `dim`, the last possibly smaller."""
    shape = input._array.shape
    if not shape:
        raise RuntimeError("chunk expects at least a 1-dimensional tensor")
    if chunks <= 0:
        raise RuntimeError(f"chunk expects `chunks` to be greater than 0, got: {chunks}")
    size = shape[one_axis(dim, len(shape))]
    if not size:
        return split_with_sizes(input, (0,) * chunks, dim)
    return split(input, -(-size // chunks), dim)


def tensor_split(input: Tensor, indices_or_sections: Any, dim: int = 0) -> tuple[Tensor, ...]:
    """So many pieces along `dim`, whose sizes differ by one at most; or pieces that end before the indices given.

    >>> import groundup
    >>> groundup.tensor_split(groundup.arange(5), 2), groundup.tensor_split(groundup.arange(5), (1, 4))
    ((tensor([0, 1, 2]), tensor([3, 4])), (tensor([0]), tensor([1, 2, 3]), tensor([4])))
    """
    shape = input._array.shape
    if not shape:
        raise RuntimeError("tensor_split expected at least a 1-dimensional tensor, but got a tensor with 0 dims")
    axis = one_axis(dim, len(shape))
    size, where = shape[axis], indices_or_sections
    if isinstance(where, TensorBase):
        if where._array.dtype.kind != "i" or where._array.ndim > 1:
            raise RuntimeError(
                "tensor_split expected tensor_indices_or_sections to be a zero-dimensional or one-dimensional int64 "
                f"tensor, but got a tensor with {where._array.ndim} dims and type {where._array.dtype}"
            )
        where = where._array.tolist()
    if isinstance(where, int):
        if where <= 0:
            raise RuntimeError(f"number of sections must be larger than 0, got {where}")
        least, more = divmod(size, where)
        cuts = [i * least + min(i, more) for i in builtins.range(where + 1)]
        bounds = list(itertools.pairwise(cuts))
    else:
        ends = [slice(end).indices(size)[1] for end in where]
        bounds = [(start, max(start, end)) for start, end in zip([0, *ends], [*ends, size])]
    return _cut(input, axis, bounds, "SliceBackward0")


def _split_along(input: Tensor, where: Any, axis: int, least: int, name: str) -> tuple[Tensor, ...]:
    """`tensor_split` where sections must come out equal, for a tensor of enough axes."""
    shape = input._array.shape
    if isinstance(where, str):
        raise TypeError(
            f"{name}() received an invalid combination of arguments - got (Tensor, str), but expected one of:\n"
            "  (Tensor input, int sections), (Tensor input, tuple of ints indices)"
        )
    if len(shape) < least:
        raise RuntimeError(
            f"torch.{name} requires a tensor with at least {least} dimension{'s' if least > 1 else ''}, but got a "
            f"tensor with {len(shape)} dimensions!"
        )
    if isinstance(where, int) and (where <= 0 or shape[axis] % where):
        raise RuntimeError(
            f"torch.{name} attempted to split along dimension {axis}, but the size of the dimension {shape[axis]} is "
            f"not divisible by the split_size {where}!"
        )
    return tensor_split(input, where, axis)


def hsplit(input: Tensor, indices_or_sections: Any) -> tuple[Tensor, ...]:
    """Pieces along the columns (the second axis; of a vector the first): so many equal ones, or at the indices."""
    return _split_along(input, indices_or_sections, 0 if input._array.ndim == 1 else 1, 1, "hsplit")


def vsplit(input: Tensor, indices_or_sections: Any) -> tuple[Tensor, ...]:
    """Pieces along the rows (the first axis): so many equal ones, or at the indices."""
    return _split_along(input, indices_or_sections, 0, 2, "vsplit")


def dsplit(input: Tensor, indices_or_sections: Any) -> tuple[Tensor, ...]:
    """Pieces along the depth (the third axis): so many equal ones, or at the indices."""
    return _split_along(input, indices_or_sections, 2, 3, "dsplit")


# Other names for the same functions: views are counted as others are
unsafe_split = split
unsafe_chunk = chunk
