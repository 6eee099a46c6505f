"""Where values are: not 0, in order, between boundaries, among others, and which of them are distinct."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from groundup import dtypes
from groundup.autograd.apply import apply
from groundup.autograd.state import is_traced
from groundup.autograd.tape import TensorBase, constant, wrap
from groundup.functions.axes import one_axis
from groundup.functions.index.checks import bounded, legacy
from groundup.functions.index.table import embedding
from groundup.functions.view import unbind
from groundup.ops import elementwise
from groundup.ops import index as index_rows
from groundup.ops.index.bounds import outside

__all__ = [
    "argwhere",
    "bincount",
    "bucketize",
    "isin",
    "nonzero",
    "nonzero_static",
    "searchsorted",
    "unique",
    "unique_consecutive",
    "unravel_index",
]

Tensor = Any
_ENDLESS = 2**63  # above every index


def nonzero(input: Tensor, *, as_tuple: bool = False) -> Any:
    """The indices of the elements that are not 0, a row for each; or a tuple with a tensor for each axis.

    >>> import groundup
    >>> groundup.nonzero(groundup.tensor([[0, 3], [4, 0]]))
    tensor([[0, 1],
            [1, 0]])
    """
    array = input._array
    found = np.nonzero(array if array.ndim else array.reshape(1))
    if as_tuple:
        return tuple(wrap(each) for each in found)
    if not array.ndim:
        return wrap(np.zeros((len(found[0]), 0), np.int64))
    return wrap(np.stack(found, axis=1))


def argwhere(input: Tensor) -> Tensor:
    """The indices of the elements that are not 0, a row for each."""
    return nonzero(input)


def nonzero_static(input: Tensor, *, size: int, fill_value: int = -1) -> Tensor:
    """`nonzero` in a given number of rows: what is beyond is left out, what is missing is `fill_value`."""
    if size < 0:
        raise RuntimeError("nonzero_static: 'size' must be an non-negative integer")
    return apply(index_rows.nonzero_static, input, size=size, fill=fill_value)


def _runs(rows: np.ndarray) -> np.ndarray:
    """Where in a sequence of values, or of rows of values, something new begins."""
    if not len(rows):
        return np.zeros(0, bool)
    new = rows[1:] != rows[:-1]
    return np.concatenate(([True], new.any(axis=1) if new.ndim > 1 else new))


def _distinct(input: Tensor, axis: int | None, in_order: bool, with_inverse: bool, with_counts: bool) -> Any:
    """The first of each run of equal values (or slices along an axis), after sorting unless they are `in_order`."""
    array = input._array
    if axis is None:
        rows, shape = array.reshape(-1), array.shape
    else:
        if 0 in array.shape[:axis] + array.shape[axis + 1 :]:
            raise RuntimeError(
                "There are 0 sized dimensions, and they aren't selected, so unique cannot be applied\n"
                f"  The tensor has shape {array.shape}."
            )
        moved = np.moveaxis(array, axis, 0) if array.ndim else array.reshape(1)
        rows, shape = moved.reshape(len(moved), math.prod(moved.shape[1:])), (len(moved),)
    order = None
    if not in_order and rows.ndim == 1 and not with_inverse:
        rows = np.sort(rows)
    elif not in_order:
        # The last key of lexsort counts most, and the first column is to.
        order = np.lexsort(rows.T[::-1]) if rows.ndim > 1 else np.argsort(rows, kind="stable")
        rows = rows[order]
    new = _runs(rows)
    found = rows[new]
    if axis is not None:
        found = np.moveaxis(found.reshape(len(found), *moved.shape[1:]), 0, axis)
    if not (with_inverse or with_counts):
        return wrap(np.ascontiguousarray(found))
    results = [wrap(np.ascontiguousarray(found))]
    run = np.cumsum(new) - 1  # of each element, in their order
    if with_inverse:
        inverse = run
        if order is not None:
            inverse = np.empty_like(run)
            inverse[order] = run
        results.append(wrap(inverse.reshape(shape)))
    if with_counts:
        results.append(wrap(np.bincount(run, minlength=int(np.count_nonzero(new)))))
    return tuple(results)


def unique(
    input: Tensor,
    sorted: bool = True,
    return_inverse: bool = False,
    return_counts: bool = False,
    dim: int | None = None,
) -> Any:
    """The distinct elements (or slices along `dim`), always sorted; on demand also where each went, and how many.

    >>> import groundup
    >>> groundup.unique(groundup.tensor([3, 1, 3]), return_counts=True)
    (tensor([1, 3]), tensor([1, 2]))
    """
    axis = None if dim is None else one_axis(dim, input._array.ndim)
    return _distinct(input, axis, False, return_inverse, return_counts)


def unique_consecutive(
    input: Tensor, return_inverse: bool = False, return_counts: bool = False, dim: int | None = None
) -> Any:
    """The first of each run of equal elements (or slices along `dim`).

    >>> import groundup
    >>> groundup.unique_consecutive(groundup.tensor([1, 1, 2, 1]))
    tensor([1, 2, 1])
    """
    axis = None if dim is None else one_axis(dim, input._array.ndim)
    return _distinct(input, axis, True, return_inverse, return_counts)


def bincount(input: Tensor, weights: Tensor | None = None, minlength: int = 0) -> Tensor:
    """How often each number 0, 1, 2, ... occurs; with weights, the sum of those where it occurs.

    >>> import groundup
    >>> groundup.bincount(groundup.tensor([0, 2, 2]), minlength=4)
    tensor([1, 0, 2, 0])
    """
    array = input._array
    if array.ndim != 1 or array.dtype.kind not in "iu" or outside(array, _ENDLESS):
        raise RuntimeError("bincount only supports 1-d non-negative integral inputs.")
    if minlength < 0:
        raise RuntimeError("minlength should be >= 0")
    if weights is None:
        return wrap(np.bincount(array, minlength=minlength))
    if weights._array.shape != array.shape:
        raise RuntimeError("weights should be 1-d and have the same length as input")
    found = np.bincount(array, weights._array, minlength)
    return wrap(found.astype(np.float32) if weights._array.dtype == np.float32 else found)


def _values(values: Any, like: np.ndarray) -> Tensor:
    """A tensor as it is, or a number as one of the type that it has beside `like`."""
    if isinstance(values, TensorBase):
        return values
    made = constant if type(values) in (bool, int, float) else wrap
    return made(np.asarray(values, dtypes.result_of([like, values])))


def searchsorted(
    sorted_sequence: Tensor,
    input: Tensor | float,
    *,
    out_int32: bool = False,
    right: bool = False,
    side: str | None = None,
    sorter: Tensor | None = None,
) -> Tensor:
    """Where in a sorted sequence each value belongs: before its equals, or behind them if `right`.

    Sequences in rows of more dimensions are each searched for the values in the same row; `sorter` is the order
    that sorts them.

    >>> import groundup
    >>> groundup.searchsorted(groundup.tensor([1, 3, 5]), groundup.tensor([3, 6]))
    tensor([1, 3])
    """
    sequence = sorted_sequence._array
    input = _values(input, sequence)
    values = input._array
    if side not in (None, "left", "right"):
        raise RuntimeError(f"torch.searchsorted(): side can only be 'left' or 'right' but got {side}")
    if side == "left" and right:
        raise RuntimeError(
            "torch.searchsorted(): side and right can't be set to opposites, got side of left while right was True"
        )
    if not sequence.ndim:
        raise RuntimeError(
            "torch.searchsorted(): boundaries tensor should have positive dimension, but got 0 dimension"
        )
    if sequence.ndim > 1 and not values.ndim:
        raise RuntimeError(
            "torch.searchsorted(): input value can be a scalar only when boundaries tensor dimension is 1, but we got "
            f"boundaries tensor dim({sequence.ndim}) and input value's dim(0) numel(1)"
        )
    if sequence.ndim > 1 and (values.ndim != sequence.ndim or values.shape[:-1] != sequence.shape[:-1]):
        raise RuntimeError(
            "torch.searchsorted(): boundaries tensor should be 1 dimension or the first N-1 dimensions of boundaries "
            f"tensor and input value tensor must match, but we got boundaries tensor {list(sequence.shape)} and input "
            f"value tensor {list(values.shape)}"
        )
    if sorter is not None:
        if sorter._array.shape != sequence.shape:
            raise RuntimeError(
                "torch.searchsorted(): boundary and sorter must have the same size, but got boundary tensor "
                f"{list(sequence.shape)}and got sorter tensor {list(sorter._array.shape)}"
            )
        if sorter._array.dtype != np.int64:
            raise RuntimeError(
                f"torch.searchsorted(): sorter must be a tensor of long dtype but got dtype {legacy(sorter)}"
            )
        sorter = bounded(sorter, sequence.shape[-1], sequence.ndim - 1, "sorter")
        sorted_sequence = apply(index_rows.gather, sorted_sequence, sorter, dim=sequence.ndim - 1)
    right = bool(right or side == "right")
    return apply(index_rows.searchsorted, sorted_sequence, input, right=right, out_int32=bool(out_int32))


def bucketize(input: Tensor | float, boundaries: Tensor, *, out_int32: bool = False, right: bool = False) -> Tensor:
    """The number of the interval between boundaries that each value lies in.

    >>> import groundup
    >>> groundup.bucketize(groundup.tensor([0.5, 2.0, 9.0]), groundup.tensor([1.0, 2.0, 3.0]))
    tensor([0, 1, 3])
    """
    if boundaries._array.ndim != 1:
        raise RuntimeError(f"boundaries tensor must be 1 dimension, but got dim({boundaries._array.ndim})")
    return searchsorted(boundaries, input, out_int32=out_int32, right=right)


def isin(elements: Any, test_elements: Any, *, assume_unique: bool = False, invert: bool = False) -> Tensor:
    """Whether each element is one of the test elements.

    >>> import groundup
    >>> groundup.isin(groundup.tensor([1, 2, 3]), groundup.tensor([2]))
    tensor([False,  True, False])
    """
    if not isinstance(elements, TensorBase):
        elements = wrap(np.asarray(elements))
    if not isinstance(test_elements, (TensorBase, bool, int, float)):
        test_elements = wrap(np.asarray(test_elements))
    return apply(index_rows.isin, elements, test_elements, assume_unique=bool(assume_unique), invert=bool(invert))


def unravel_index(indices: Tensor, shape: Any) -> tuple[Tensor, ...]:
    """Positions in the flattened tensor as an index for each axis of its shape.

    >>> import groundup
    >>> groundup.unravel_index(groundup.tensor([0, 5]), (2, 3))
    (tensor([0, 1]), tensor([0, 2]))
    """
    if indices._array.dtype.kind not in "iu":
        raise TypeError(f"expected 'indices' to be integer dtype, but got {indices.dtype}")
    sizes = (shape,) if isinstance(shape, int) else tuple(shape)
    if any(size < 0 for size in sizes):
        raise ValueError(f"'shape' cannot have negative values, but got {sizes}")
    return unbind(apply(index_rows.unraveled, indices, sizes=sizes)) if sizes else ()


def one_hot(tensor: Tensor, num_classes: int = -1) -> Tensor:
    """For each index a row of `num_classes` zeros (one more than the largest index, if -1) with a 1 at the index.

    >>> import groundup
    >>> groundup.nn.functional.one_hot(groundup.tensor([0, 2]))
    tensor([[1, 0, 0],
            [0, 0, 1]])
    """
    positions = tensor._array
    if positions.dtype.kind not in "iu":
        raise RuntimeError("one_hot is only applicable to index tensor of type LongTensor.\n  Convert it with .long().")
    if is_traced() and num_classes != -1:  # rows of a table, whose indices are looked at whenever the program runs
        known = apply(elementwise.where, tensor < 0, num_classes, tensor)
        return embedding(known, constant(np.eye(num_classes, dtype=np.int64)))
    if is_traced():
        num_classes = int(tensor.max().item()) + 1  # which says that it cannot be traced
    if positions.size and positions.min() < 0:
        raise RuntimeError("Class values must be non-negative.")
    if num_classes == -1:
        if not positions.size:
            raise RuntimeError("Can not infer total number of classes from empty tensor.")
        num_classes = int(positions.max()) + 1
    elif positions.size and positions.max() >= num_classes:
        raise RuntimeError(
            f"Class values must be smaller than num_classes.\n  found {int(positions.max())}, num_classes={num_classes}"
        )
    classes = wrap(np.arange(num_classes))
    return apply(elementwise.cast, apply(elementwise.eq, tensor.unsqueeze(-1), classes), to=np.dtype(np.int64))
