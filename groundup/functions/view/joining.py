"""Several tensors into one: along an axis that they have, along a new one, or in every combination."""

from __future__ import annotations

import builtins
import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np

from groundup import dtypes
from groundup.autograd.apply import apply
from groundup.autograd.tape import TensorBase, constant, shown_as
from groundup.functions.axes import one_axis
from groundup.functions.view.shapes import atleast_1d, atleast_2d, atleast_3d, reshape
from groundup.ops import index as index_rows
from groundup.ops import view as rows
from groundup.ops.elementwise import cast

__all__ = [
    "block_diag",
    "cartesian_prod",
    "cat",
    "column_stack",
    "combinations",
    "concat",
    "concatenate",
    "dstack",
    "hstack",
    "meshgrid",
    "row_stack",
    "stack",
    "vstack",
]

Tensor = Any


def _joined(tensors: Sequence[Tensor], name: str) -> list[Tensor]:
    """The tensors as a list, all in the type that they promote to."""
    if isinstance(tensors, TensorBase):
        raise TypeError(f"{name}(): argument 'tensors' (position 1) must be tuple of Tensors, not Tensor")
    found = list(tensors)
    if not found:
        if name == "cat":
            raise ValueError("torch.cat(): expected a non-empty list of Tensors")
        raise RuntimeError(f"{name} expects a non-empty TensorList")
    mixed = False
    kind = found[0]._array.dtype if isinstance(found[0], TensorBase) else None
    for i, each in enumerate(found):
        if not isinstance(each, TensorBase):
            raise TypeError(f"expected Tensor as element {i} in argument 0, but got {type(each).__name__}")
        mixed = mixed or each._array.dtype is not kind
    if mixed:
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
    first = found[0]._array.shape
    for each in found:
        if each._array.shape != first or not first:
            return _cat_of_many_shapes(found, dim)
    axis = one_axis(dim, len(first))
    return apply(rows.cat, *found, dim=axis, sizes=(first[axis],) * len(found))


def _cat_of_many_shapes(found: list[Tensor], dim: int) -> Tensor:
    """`cat` where shapes must be looked at: they may differ along `dim`, and an empty vector joins anything."""
    for i, each in enumerate(found):
        if not each._array.ndim:
            raise RuntimeError(
                f"zero-dimensional tensor (at position {i}) cannot be concatenated\n  Use stack instead."
            )
    full = [each for each in found if each._array.shape != (0,)] or found[:1]
    first = full[0]._array.shape
    axis = one_axis(dim, len(first))
    for i, each in enumerate(found):
        shape = each._array.shape
        if shape == (0,):
            continue
        if len(shape) != len(first):
            raise RuntimeError(f"Tensors must have same number of dimensions: got {len(first)} and {len(shape)}")
        if shape[:axis] != first[:axis] or shape[axis + 1 :] != first[axis + 1 :]:
            k = next(k for k in builtins.range(len(shape)) if k != axis and shape[k] != first[k])
            raise RuntimeError(
                f"Sizes of tensors must match except in dimension {axis}. Expected size {first[k]} but got size "
                f"{shape[k]} for tensor number {i} in the list."
            )
    return apply(rows.cat, *full, dim=axis, sizes=tuple([each._array.shape[axis] for each in full]))


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


def hstack(tensors: Sequence[Tensor]) -> Tensor:
    """The tensors side by side: joined along the second axis, vectors along their own.

    >>> import groundup
    >>> groundup.hstack([groundup.tensor([[1], [2]]), groundup.tensor([[3], [4]])])
    tensor([[1, 3],
            [2, 4]])
    """
    found = [atleast_1d(each) for each in _joined(tensors, "hstack")]
    return cat(found, 0 if found[0]._array.ndim == 1 else 1)


def vstack(tensors: Sequence[Tensor]) -> Tensor:
    """The tensors one below the other: joined along the first axis, a vector being one row."""
    return cat([atleast_2d(each) for each in _joined(tensors, "vstack")], 0)


def dstack(tensors: Sequence[Tensor]) -> Tensor:
    """The tensors one behind the other: joined along the third axis."""
    return cat([atleast_3d(each) for each in _joined(tensors, "dstack")], 2)


def column_stack(tensors: Sequence[Tensor]) -> Tensor:
    """The tensors side by side, a vector or number being one column."""
    found = _joined(tensors, "column_stack")
    return cat([each if each._array.ndim > 1 else reshape(each, (-1, 1)) for each in found], 1)


def block_diag(*tensors: Tensor) -> Tensor:
    """The matrices along the diagonal of one, with zeros around; a vector is one row.

    >>> import groundup
    >>> groundup.block_diag(groundup.tensor([[1, 2]]), groundup.tensor([3]))
    tensor([[1, 2, 0],
            [0, 0, 3]])
    """
    if not tensors:
        raise RuntimeError("block_diag expects a non-empty TensorList")
    for i, each in enumerate(tensors):
        if each._array.ndim > 2:
            raise RuntimeError(
                f"torch.block_diag: Input tensors must have 2 or fewer dimensions. Input {i} has {each._array.ndim} "
                "dimensions"
            )
    found = _joined([atleast_2d(each) for each in tensors], "block_diag")
    ends = np.cumsum([each._array.shape[1] for each in found]).tolist()
    blocks = [
        apply(rows.pad, each, widths=((0, 0), (end - each._array.shape[1], ends[-1] - end)), value=0)
        for each, end in zip(found, ends, strict=True)
    ]
    return shown_as(cat(blocks, 0), "BlockDiagBackward0")


def meshgrid(*tensors: Any, indexing: str | None = None) -> tuple[Tensor, ...]:
    """The coordinates of a grid, from those of its axes: each vector expanded along all the others.

    With `indexing` "xy" the first two axes of the results are exchanged, as in a picture; "ij" is the default.

    >>> import groundup
    >>> groundup.meshgrid(groundup.tensor([1, 2]), groundup.tensor([3, 4, 5]), indexing="ij")[1]
    tensor([[3, 4, 5],
            [3, 4, 5]])
    """
    found = list(tensors[0] if len(tensors) == 1 and isinstance(tensors[0], (tuple, list)) else tensors)
    if not found:
        raise RuntimeError("meshgrid expects a non-empty TensorList")
    for each in found:
        if each._array.ndim > 1:
            raise RuntimeError(
                f"torch.meshgrid: Expected 0D or 1D tensor in the tensor list but got: {each._array.ndim}D"
            )
        if each._array.dtype != found[0]._array.dtype:
            raise RuntimeError("torch.meshgrid expects all tensors to have the same dtype")
    if indexing not in (None, "ij", "xy"):
        raise RuntimeError(f'torch.meshgrid: indexing must be one of "xy" or "ij", but received: {indexing}')
    shape = tuple(each._array.size for each in found)
    grids = []
    for i, each in enumerate(found):
        line = apply(rows.reshape, each, size=tuple(n if k == i else 1 for k, n in enumerate(shape)))
        grids.append(apply(rows.expand, line, size=shape))
    if indexing == "xy" and len(shape) > 1:
        grids = [apply(rows.transpose, grid, dim0=0, dim1=1) for grid in grids]
    return tuple(grids)


def cartesian_prod(*tensors: Tensor) -> Tensor:
    """Every choice of one element from each vector, a row for each; of one vector, the vector.

    >>> import groundup
    >>> groundup.cartesian_prod(groundup.tensor([1, 2]), groundup.tensor([3, 4]))
    tensor([[1, 3],
            [1, 4],
            [2, 3],
            [2, 4]])
    """
    for each in tensors:
        if each._array.ndim != 1:
            raise RuntimeError(f"Expect a 1D vector, but got shape {list(each._array.shape)}")
    if len(tensors) == 1:
        return tensors[0]
    return stack([reshape(grid, (-1,)) for grid in meshgrid(*tensors, indexing="ij")], 1)


def combinations(input: Tensor, r: int = 2, with_replacement: bool = False) -> Tensor:
    """Every choice of `r` elements of a vector, in the order that they have there, a row for each.

    >>> import groundup
    >>> groundup.combinations(groundup.tensor([1, 2, 3]))
    tensor([[1, 2],
            [1, 3],
            [2, 3]])
    """
    if input._array.ndim != 1:
        raise RuntimeError(f"Expect a 1D vector, but got shape {list(input._array.shape)}")
    if r < 0:
        raise RuntimeError(f"Expect a non-negative number, but got {r}")
    choose = itertools.combinations_with_replacement if with_replacement else itertools.combinations
    if not r:
        return apply(rows.slice_, input, key=(slice(0),))
    every = itertools.chain.from_iterable(choose(builtins.range(input._array.size), r))
    chosen = np.fromiter(every, np.int64).reshape(-1, r)
    return apply(index_rows.index, input, constant(chosen), pattern=(index_rows.ARRAY,))


# Other names for the same functions
concat = cat
concatenate = cat
row_stack = vstack
