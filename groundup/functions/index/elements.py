"""Single elements: gather and take, put, masks, and keys of index tensors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from groundup import dtypes
from groundup.autograd.apply import apply
from groundup.autograd.state import LOCAL
from groundup.autograd.tape import shown_as
from groundup.errors import broadcast_error
from groundup.functions.axes import one_axis
from groundup.functions.elementwise import where
from groundup.functions.index.brackets import arrays_of, explain, fitted, getitem, split_key
from groundup.functions.index.checks import check_gather, check_long, check_mask, legacy, wrapped
from groundup.functions.index.writing import Writing
from groundup.functions.view import expand, reshape, unbind
from groundup.ops import index as rows

__all__ = [
    "gather",
    "index_put",
    "masked_scatter",
    "masked_select",
    "put",
    "take",
    "take_along_dim",
]

Tensor = Any


def gather(input: Tensor, dim: int, index: Tensor, *, sparse_grad: bool = False) -> Tensor:
    """The elements at `index` along `dim`: out[i][j] = input[i][index[i][j]] for dim=1.

    The gradient is dense, whatever `sparse_grad` says.

    >>> import groundup
    >>> x = groundup.tensor([[1.0, 2.0], [3.0, 4.0]])
    >>> groundup.gather(x, 1, groundup.tensor([[1], [0]]))
    tensor([[2.],
            [3.]])
    """
    axis = one_axis(dim, input._array.ndim)
    index = check_gather(input, axis, index)
    shape = index._array.shape
    if shape and len(shape) == input._array.ndim:
        return apply(rows.gather, input, index, dim=axis)
    # One of them has no dimensions and the other one, or there is no index at all.
    found = apply(rows.index, reshape(input, (-1,)), reshape(index, (-1,)), pattern=(rows.ARRAY,))
    return shown_as(reshape(found, shape), "GatherBackward0")


def take_along_dim(input: Tensor, indices: Tensor, dim: int | None = None) -> Tensor:
    """`gather`, with `indices` broadcast against `input` in the other dimensions; negative ones count from the end."""
    if indices._array.dtype.kind not in "iu":
        raise RuntimeError(f"torch.take_along_dim(): dtype of indices should be Long but got {legacy(indices)}")
    if dim is None:
        input, indices, dim = reshape(input, (-1,)), reshape(indices, (-1,)), 0
    axis = one_axis(dim, input._array.ndim)
    have, wanted = input._array.shape, indices._array.shape
    if len(have) != len(wanted):
        raise RuntimeError(
            "torch.take_along_dim(): input and indices should have the same number of dimensions, but got "
            f"{len(have)} dimensions for input, and {len(wanted)} dimensions for indices"
        )
    others = [shape[:axis] + shape[axis + 1 :] for shape in (have, wanted)]
    if others[0] != others[1]:
        problem = broadcast_error("take_along_dim", others)
        if problem is not None:
            raise problem
        common = np.broadcast_shapes(*others)
        input = expand(input, (*common[:axis], have[axis], *common[axis:]))
        indices = expand(indices, (*common[:axis], wanted[axis], *common[axis:]))
    if have and indices._array.size and (LOCAL.state.watch is not None or indices._array.min() < 0):
        indices = where(indices < 0, indices + have[axis], indices)
    return gather(input, axis, indices)


def take(input: Tensor, index: Tensor) -> Tensor:
    """The elements at `index` of the flattened tensor, in the shape of `index`.

    >>> import groundup
    >>> groundup.tensor([[1, 2], [3, 4]]).take(groundup.tensor([0, -1]))
    tensor([1, 4])
    """
    check_long(index, "take")
    if index._array.size and not input._array.size:
        raise IndexError("take(): tried to take from an empty tensor")
    index = wrapped(index, input._array.size)
    return shown_as(apply(rows.index, reshape(input, (-1,)), index, pattern=(rows.ARRAY,)), "TakeBackward0")


def put_writing(input: Tensor, index: Tensor, source: Tensor, accumulate: bool) -> Writing:
    """What `put` and `put_` do."""
    check_long(index, "put_")
    if input._array.dtype != source._array.dtype:
        raise RuntimeError(
            "put_(): self and source expected to have the same dtype, but got self.dtype = "
            f"{legacy(input)} and source.dtype = {legacy(source)}"
        )
    if index._array.size != source._array.size:
        raise IndexError(
            "put_(): Expected source and index to have the same number of elements, but got source.numel() = "
            f"{source._array.size}, index.numel() = {index._array.size}"
        )
    row = rows.add_at if accumulate else rows.assign
    places = [reshape(wrapped(index, input._array.size), (-1,))]
    shape = input._array.shape
    if len(shape) > 1:
        places = list(unbind(apply(rows.unraveled, places[0], sizes=shape), 0))
    return Writing(row, (reshape(source, (-1,)), *places), {"pattern": (rows.ARRAY,) * len(places)})


def put(input: Tensor, index: Tensor, source: Tensor, accumulate: bool = False) -> Tensor:
    """A copy of `input` with `source` at the positions `index` of its flattened elements; added, if `accumulate`."""
    return shown_as(put_writing(input, index, source, accumulate).on(input), "PutBackward0")


def index_put_writing(input: Tensor, indices: Sequence[Tensor | None], values: Tensor, accumulate: bool) -> Writing:
    """What `index_put` and `index_put_` do."""
    if input._array.dtype != values._array.dtype:
        raise RuntimeError(
            "Index put requires the source and destination dtypes match, "
            f"got {legacy(input)} for the destination and {legacy(values)} for the source."
        )
    pattern, given = split_key(tuple(slice(None) if each is None else each for each in indices))
    key = rows.rebuild(pattern, arrays_of(given))
    try:
        region = np.shape(input._array[key])
    except IndexError as error:
        raise explain(error, input._array, pattern, arrays_of(given)) from None
    values = reshape(values, fitted(values._array, region).shape)
    return Writing(rows.add_at if accumulate else rows.assign, (values, *given), {"pattern": pattern})


def index_put(input: Tensor, indices: Sequence[Tensor | None], values: Tensor, accumulate: bool = False) -> Tensor:
    """A copy of `input` with `values` at `indices`, a tensor for each axis (None: all of it); added, if `accumulate`.

    >>> import groundup
    >>> twice = groundup.tensor([1, 1])
    >>> groundup.zeros(3).index_put((twice,), groundup.ones(2), accumulate=True)
    tensor([0., 2., 0.])
    """
    return shown_as(index_put_writing(input, indices, values, accumulate).on(input), "IndexPutBackward0")


def masked_select(input: Tensor, mask: Tensor) -> Tensor:
    """The elements where the mask holds, in one dimension."""
    if mask._array.dtype != dtypes.BOOL:
        raise RuntimeError("masked_select: expected BoolTensor for mask")
    input, mask = _together(input, mask, "masked_select")
    return shown_as(getitem(input, mask), "MaskedSelectBackward0")


def masked_scatter_writing(input: Tensor, mask: Tensor, source: Tensor) -> Writing:
    """What `masked_scatter` and `masked_scatter_` do, with a mask of the shape of `input`."""
    check_mask(mask, "masked_scatter_")
    if input._array.dtype != source._array.dtype:
        raise RuntimeError(
            f"masked_scatter: expected self and source to have same dtypes but got {legacy(input)} and {legacy(source)}"
        )
    return Writing(rows.masked_put, (mask, source), {})


def masked_scatter(input: Tensor, mask: Tensor, source: Tensor) -> Tensor:
    """A copy of `input` in which the elements of `source`, in order, stand where the mask holds."""
    input, mask = _together(input, mask, "masked_scatter")
    return shown_as(masked_scatter_writing(input, mask, source).on(input), "MaskedScatterBackward0")


def _together(input: Tensor, mask: Tensor, name: str) -> tuple[Tensor, Tensor]:
    """Both in the shape to which they broadcast."""
    if mask._array.shape == input._array.shape:
        return input, mask
    problem = broadcast_error(name, [mask._array.shape, input._array.shape])
    if problem is not None:
        raise problem
    size = np.broadcast_shapes(mask._array.shape, input._array.shape)
    return expand(input, size), expand(mask, size)
