"""Reading and writing at positions: square brackets, gather and scatter, embedding. All follow ``torch``'s functions.

Square brackets take every key of NumPy's: integers, slices (negative steps too, as views), None, `...`, boolean
masks and integer arrays. Slices give views; arrays give copies.
"""

from __future__ import annotations

import operator
from typing import Any

import numpy as np

from groundup import dtypes
from groundup.autograd.apply import apply
from groundup.autograd.inplace import apply_, changed, check_leaf, check_overlap, write
from groundup.autograd.settle import holdable
from groundup.autograd.state import LOCAL, quiet
from groundup.autograd.tape import TensorBase, shown_as, wrap
from groundup.errors import broadcast_error
from groundup.functions.axes import one_axis
from groundup.functions.view import reshape
from groundup.ops import elementwise
from groundup.ops import index as rows
from groundup.ops.view import slice_

__all__ = [
    "gather",
    "index_select",
    "masked_select",
    "nonzero",
    "scatter",
    "scatter_add",
    "take_along_dim",
]

Tensor = Any


def _as_index(part: Any) -> Any:
    """A part of a key as an integer, slice, None, `...` or index array."""
    if part is None or part is Ellipsis or type(part) is int:
        return part
    if type(part) is slice:
        return slice(*(None if edge is None else operator.index(edge) for edge in (part.start, part.stop, part.step)))
    given = part
    if isinstance(part, TensorBase):
        part = part._array
    elif isinstance(part, (bool, list, tuple, range)):
        part = np.asarray(part)
        if part.size == 0:
            part = part.astype(np.int64)
    if isinstance(part, (np.ndarray, np.bool_)):
        part = np.asarray(part)
        if part.dtype.kind in "iu" and part.ndim == 0:
            return int(part)  # as in PyTorch: it selects, and the result is a view
        if part.dtype.kind in "biu":
            # A tensor stays one, so that the tape notices if it is changed before backward.
            return given if isinstance(given, TensorBase) else part
        raise IndexError(f"tensors used as indices must be long, int, byte or bool tensors, not {part.dtype}")
    try:
        return operator.index(part)
    except TypeError:
        raise IndexError(
            "only integers, slices (`:`), ellipsis (`...`), None and long or byte Variables are valid indices "
            f"(got {type(part).__name__})"
        ) from None


BASIC = frozenset((int, slice, type(None), type(Ellipsis)))


def _is_basic(key: tuple[Any, ...]) -> bool:
    for part in key:
        if type(part) not in BASIC:
            return False
    return True


def _split_key(key: Any) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
    """The key as a pattern, and the index arrays (or tensors) that belong into it."""
    single = key if type(key) is tuple else (key,)
    if _is_basic(single):
        return single, ()
    if isinstance(key, TensorBase) and key._array.ndim and key._array.dtype.kind in "biu":
        return (rows.ARRAY,), single
    if isinstance(key, list) and any(isinstance(part, slice) or part is None or part is Ellipsis for part in key):
        key = tuple(key)
    parts = [_as_index(part) for part in (key if isinstance(key, tuple) else (key,))]
    indices = tuple(part for part in parts if isinstance(part, (np.ndarray, TensorBase)))
    pattern = tuple(rows.ARRAY if isinstance(part, (np.ndarray, TensorBase)) else part for part in parts)
    return pattern, indices


def _arrays(indices: tuple[Any, ...]) -> tuple[np.ndarray, ...]:
    return tuple(each._array if isinstance(each, TensorBase) else each for each in indices)


def _integers_apart(pattern: tuple[Any, ...]) -> bool:
    """Whether something stands between an integer and an index array.

    NumPy then counts the integer as an index array and moves their common axes to the front; PyTorch selects with
    the integer first.
    """
    if len(pattern) < 3:
        return False
    places = [i for i, part in enumerate(pattern) if part is rows.ARRAY or type(part) is int]
    return places[-1] - places[0] >= len(places) and any(type(pattern[i]) is int for i in places)


def _selected(input: Tensor, pattern: tuple[Any, ...], indices: tuple[Any, ...]) -> tuple[Tensor, tuple[Any, ...]]:
    """The view that the integers of a key select, and the rest of the key, for that view."""
    whole = slice(None)
    ranks = iter([each.ndim if each.dtype.kind == "b" else 1 for each in _arrays(indices)])
    integers: list[Any] = []
    for part in pattern:
        if part is rows.ARRAY:
            integers += [whole] * next(ranks)
        elif part is not None:
            integers.append(whole if type(part) is slice else part)
    rest = tuple(part for part in pattern if type(part) is not int)
    return getitem(input, tuple(integers)), rows.rebuild(rest, indices)


def _explain(
    error: Exception, array: np.ndarray, pattern: tuple[Any, ...], arrays: tuple[np.ndarray, ...]
) -> Exception:
    """PyTorch's message for an index that does not fit."""
    used = sum(1 for part in pattern if part is not None and part is not Ellipsis and part is not rows.ARRAY)
    used += sum(each.ndim if each.dtype.kind == "b" else 1 for each in arrays)
    if array.ndim == 0 and used:
        return IndexError(
            "invalid index of a 0-dim tensor. Use `tensor.item()` in Python to convert a 0-dim tensor to a number"
        )
    if used > array.ndim:
        return IndexError(f"too many indices for tensor of dimension {array.ndim}")
    axis = 0
    keys = iter(arrays)
    for part in pattern:
        if part is Ellipsis:
            axis += array.ndim - used
        elif part is rows.ARRAY:
            found = next(keys)
            if found.dtype.kind == "b":
                for k in range(found.ndim):
                    if found.shape[k] != array.shape[axis + k]:
                        return IndexError(
                            f"The shape of the mask {list(found.shape)} at index {k} does not match the shape of the "
                            f"indexed tensor {list(array.shape)} at index {axis + k}"
                        )
                axis += found.ndim
                continue
            size = array.shape[axis]
            wrong = found[(found < -size) | (found >= size)]
            if wrong.size:
                return IndexError(f"index {int(wrong.flat[0])} is out of bounds for dimension {axis} with size {size}")
            axis += 1
        elif part is not None:
            if isinstance(part, int) and not -array.shape[axis] <= part < array.shape[axis]:
                return IndexError(f"index {part} is out of bounds for dimension {axis} with size {array.shape[axis]}")
            axis += 1
    shapes = ", ".join(str(list(each.shape)) for each in arrays)
    return IndexError(
        f"shape mismatch: indexing tensors could not be broadcast together with shapes {shapes}\n  NumPy says: {error}"
    )


def getitem(input: Tensor, key: Any) -> Tensor:
    """input[key]: a view for integers, slices, None and `...`; a copy for masks and index arrays."""
    pattern, indices = _split_key(key)
    if type(key) is int and not input._array.ndim:
        raise _explain(IndexError(), input._array, pattern, ())
    try:
        if not indices:
            return apply(slice_, input, key=pattern)
        if _integers_apart(pattern):
            return getitem(*_selected(input, pattern, indices))
        return apply(rows.index, input, *indices, pattern=pattern)
    except IndexError as error:
        raise _explain(error, input._array, pattern, _arrays(indices)) from None


def setitem(input: Tensor, key: Any, value: Any) -> None:
    """input[key] = value, in place, with gradients to both where they are wanted."""
    if input._view is not None:
        input._view.refresh(input)
    pattern, indices = _split_key(key)
    place = rows.rebuild(pattern, _arrays(indices)) if indices else pattern
    array = input._array
    number = array.dtype.kind == "f" and (type(value) is float or type(value) is int)
    if not number:
        value = _as_value(value, array.dtype)
    tracked = (
        LOCAL.state.grad
        and array.dtype.kind == "f"
        and (input._node is not None or (isinstance(value, TensorBase) and value._node is not None))
    )
    if 0 in array.strides and array.size > 1:
        check_overlap(array)
    if tracked:
        check_leaf(input)
    try:
        if indices and _integers_apart(pattern):
            setitem(*_selected(input, pattern, indices), value)
            return
        if number and not tracked:
            write(array, place, holdable(value, array.dtype))
            changed(input, "setitem")
            return
        region = array[place]
    except IndexError as error:
        raise _explain(error, array, pattern, _arrays(indices)) from None
    source = value._array if isinstance(value, TensorBase) else value
    if isinstance(source, np.ndarray):
        source = _fitted(source, np.shape(region))
    if tracked:
        if isinstance(value, TensorBase) and source is not value._array:
            value = reshape(value, source.shape)
        apply_(rows.assign, input, value, *indices, pattern=pattern)
        return
    write(array, place, source)
    changed(input, "setitem")


def _as_value(value: Any, dtype: np.dtype[Any]) -> Any:
    """What is to be written, as a tensor or a number that the type can hold."""
    if isinstance(value, TensorBase):
        return value
    found = np.asarray(value) if isinstance(value, (int, float, np.generic, np.ndarray, list, tuple)) else None
    if found is None or found.dtype.kind not in "biuf":
        raise TypeError(f"can't assign a {type(value).__name__} to a groundup.{dtypes.OF_NUMPY[dtype].legacy}Tensor")
    if found.ndim:
        return wrap(quiet(found.astype, dtype))
    return holdable(value if isinstance(value, float) else found.item(), dtype)


def _fitted(source: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """The value without leading axes of size 1 that the place does not have. Raises if it does not broadcast."""
    while source.ndim > len(shape) and source.shape[0] == 1:
        source = source[0]
    lead = len(shape) - source.ndim
    if lead < 0 or any(n not in (1, m) for n, m in zip(source.shape, shape[lead:], strict=True)):
        raise RuntimeError(
            f"shape mismatch: value tensor of shape {list(source.shape)} cannot be broadcast to indexing result "
            f"of shape {list(shape)}"
        )
    return source


def _positions(index: Tensor, name: str) -> None:
    if index._array.dtype.kind not in "iu":
        found = dtypes.OF_NUMPY[index._array.dtype]
        raise RuntimeError(f"{name}(): Expected dtype int64 for index\n  It has dtype {found}; convert with .long().")


def _outside(positions: np.ndarray, size: int) -> bool:
    """Whether some index is negative or not below `size`: read as unsigned, a negative one is large."""
    if not positions.size:
        return False
    if positions.dtype == np.int64:
        return bool(np.maximum.reduce(positions.view(np.uint64), axis=None) >= size)
    return bool(positions.min() < 0 or positions.max() >= size)


def _check_gather(input: Tensor, axis: int, index: Tensor, name: str) -> None:
    _positions(index, name)
    have, wanted = input._array.shape, index._array.shape
    if len(have) != len(wanted):
        raise RuntimeError("Index tensor must have the same number of dimensions as input tensor")
    larger = [k for k in range(len(have)) if k != axis and wanted[k] > have[k]]
    if larger:
        raise RuntimeError(
            f"Size does not match at dimension {larger[0]} "
            f"expected index {list(wanted)} to be no larger than self {list(have)} apart from dimension {axis}"
        )
    positions = index._array
    if _outside(positions, have[axis]):
        wrong = int(positions.min()) if positions.min() < 0 else int(positions.max())
        raise RuntimeError(f"index {wrong} is out of bounds for dimension {axis} with size {have[axis]}")


def gather(input: Tensor, dim: int, index: Tensor) -> Tensor:
    """The elements at `index` along `dim`: out[i][j] = input[i][index[i][j]] for dim=1.

    >>> import groundup
    >>> x = groundup.tensor([[1.0, 2.0], [3.0, 4.0]])
    >>> groundup.gather(x, 1, groundup.tensor([[1], [0]]))
    tensor([[2.],
            [3.]])
    """
    axis = one_axis(dim, input._array.ndim)
    _check_gather(input, axis, index, "gather")
    return apply(rows.gather, input, index, dim=axis) if input._array.ndim else input.clone()


def _check_src(index: Tensor, src: Any, name: str) -> None:
    if isinstance(src, TensorBase) and any(n > m for n, m in zip(index._array.shape, src._array.shape, strict=True)):
        raise RuntimeError(
            f"Expected index {list(index._array.shape)} to be no larger than src {list(src._array.shape)} in {name}"
        )


def check_scatter(input: Tensor, dim: int, index: Tensor, src: Any, name: str) -> int:
    """`dim` as a non-negative axis, after the checks that all forms of scatter share."""
    axis = one_axis(dim, input._array.ndim)
    _check_gather(input, axis, index, name)
    _check_src(index, src, name)
    return axis


def scatter(input: Tensor, dim: int, index: Tensor, src: Tensor | float) -> Tensor:
    """A copy of `input` with `src` written at `index` along `dim`: out[i][index[i][j]] = src[i][j] for dim=1."""
    written = apply(rows.scatter, input, index, src, dim=check_scatter(input, dim, index, src, "scatter"))
    return written if isinstance(src, TensorBase) else shown_as(written, "ScatterBackward1")


def scatter_add(input: Tensor, dim: int, index: Tensor, src: Tensor) -> Tensor:
    """A copy of `input` with `src` added at `index` along `dim`, repeated positions adding up."""
    return apply(rows.scatter_add, input, index, src, dim=check_scatter(input, dim, index, src, "scatter_add"))


def index_select(input: Tensor, dim: int, index: Tensor) -> Tensor:
    """The slices at `index` along `dim`."""
    _positions(index, "index_select")
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


def nonzero(input: Tensor, *, as_tuple: bool = False) -> Any:
    """The indices of the elements that are not 0, a row for each; or a tuple with a tensor for each axis."""
    found = np.nonzero(np.atleast_1d(input._array)) if input._array.ndim else ()
    if as_tuple:
        return tuple(wrap(each) for each in found)
    if not input._array.ndim:
        return wrap(np.zeros((int(bool(input._array)), 0), np.int64))
    return wrap(np.stack(found, axis=1))


def embedding(input: Tensor, weight: Tensor) -> Tensor:
    """The rows of `weight` that the indices in `input` name. Follows ``torch.nn.functional.embedding``."""
    _positions(input, "embedding")
    positions = input._array
    if positions.size and (positions.min() < 0 or positions.max() >= len(weight._array)):
        wrong = positions[(positions < 0) | (positions >= len(weight._array))].flat[0]
        raise IndexError(f"index out of range in self\n  index {wrong}, and weight has {len(weight._array)} rows")
    return apply(rows.embedding, weight, input)


def one_hot(tensor: Tensor, num_classes: int = -1) -> Tensor:
    """For each index a row of `num_classes` zeros (one more than the largest index, if -1) with a 1 at the index.

    >>> import groundup
    >>> groundup.nn.functional.one_hot(groundup.tensor([0, 2]))
    tensor([[1, 0, 0],
            [0, 0, 1]])
    """
    _positions(tensor, "one_hot")
    positions = tensor._array
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
