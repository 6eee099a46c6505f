"""Square brackets: reading and writing at a key of integers, slices, None, `...`, masks and integer arrays.

They take every key of NumPy's (negative steps too, as views). Slices give views; arrays give copies.
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
from groundup.autograd.tape import TensorBase, constant
from groundup.autograd.watch import Symbol
from groundup.functions.view import reshape
from groundup.ops import index as rows
from groundup.ops.view import slice_

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
        raise IndexError(
            f"tensors used as indices must be long, int, byte or bool tensors\n  One has dtype {part.dtype}."
        )
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


def split_key(key: Any) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
    """The key as a pattern, and the index arrays (or tensors) that belong into it."""
    single = key if type(key) is tuple else (key,)
    if _is_basic(single):
        return single, ()
    if isinstance(key, TensorBase) and key._array.ndim and key._array.dtype.kind in "biu":
        return (rows.ARRAY,), single
    if isinstance(key, list) and any(isinstance(part, slice) or part is None or part is Ellipsis for part in key):
        key = tuple(key)
    given = key if isinstance(key, tuple) else (key,)
    parts = [_as_index(part) for part in given]
    if LOCAL.state.watch is not None:  # a list is the same at each call; an array of the user's may not be
        parts = [constant(part) if isinstance(each, list) else part for each, part in zip(given, parts)]
    indices = tuple(part for part in parts if isinstance(part, (np.ndarray, TensorBase)))
    pattern = tuple(rows.ARRAY if isinstance(part, (np.ndarray, TensorBase)) else part for part in parts)
    return pattern, indices


def arrays_of(indices: tuple[Any, ...]) -> tuple[np.ndarray, ...]:
    """The index arrays behind what may be tensors."""
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
    ranks = iter([each.ndim if each.dtype.kind == "b" else 1 for each in arrays_of(indices)])
    integers: list[Any] = []
    for part in pattern:
        if part is rows.ARRAY:
            integers += [whole] * next(ranks)
        elif part is not None:
            integers.append(whole if type(part) is slice else part)
    rest = tuple(part for part in pattern if type(part) is not int)
    return getitem(input, tuple(integers)), rows.rebuild(rest, indices)


def explain(error: Exception, array: np.ndarray, pattern: tuple[Any, ...], arrays: tuple[np.ndarray, ...]) -> Exception:
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
    pattern, indices = split_key(key)
    if type(key) is int and not input._array.ndim:
        raise explain(IndexError(), input._array, pattern, ())
    try:
        if not indices:
            return apply(slice_, input, key=pattern)
        if _integers_apart(pattern):
            return getitem(*_selected(input, pattern, indices))
        return apply(rows.index, input, *indices, pattern=pattern)
    except IndexError as error:
        raise explain(error, input._array, pattern, arrays_of(indices)) from None


def setitem(input: Tensor, key: Any, value: Any) -> None:
    """input[key] = value, in place, with gradients to both where they are wanted."""
    if input._view is not None:
        input._view.refresh(input)
    pattern, indices = split_key(key)
    place = rows.rebuild(pattern, arrays_of(indices)) if indices else pattern
    array = input._array
    number = array.dtype.kind in dtypes.REAL and (type(value) is float or type(value) is int)
    if not number:
        value = _as_value(value, array.dtype)
    tracked = LOCAL.state.watch is not None or (
        LOCAL.state.grad
        and array.dtype.kind in dtypes.REAL
        and (input._node is not None or (isinstance(value, TensorBase) and value._node is not None))
    )
    if 0 in array.strides and array.size > 1:
        check_overlap(array)
    if tracked and LOCAL.state.grad:
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
        raise explain(error, array, pattern, arrays_of(indices)) from None
    source = value._array if isinstance(value, TensorBase) else value
    if isinstance(source, np.ndarray):
        source = fitted(source, np.shape(region))
    if tracked:
        if isinstance(value, TensorBase) and source is not value._array:
            value = reshape(value, source.shape)
        apply_(rows.assign, input, value, *indices, pattern=pattern)
        return
    write(array, place, source)
    changed(input, "setitem")


def _as_value(value: Any, dtype: np.dtype[Any]) -> Any:
    """What is to be written, as a tensor or a number that the type can hold."""
    if isinstance(value, (TensorBase, Symbol)):
        return value
    found = np.asarray(value) if isinstance(value, (int, float, np.generic, np.ndarray, list, tuple)) else None
    if found is None or found.dtype.kind not in "biufV":
        raise TypeError(f"can't assign a {type(value).__name__} to a groundup.{dtypes.OF_NUMPY[dtype].legacy}Tensor")
    if found.ndim:
        return constant(quiet(found.astype, dtype))
    return holdable(value if isinstance(value, float) else found.item(), dtype)


def fitted(source: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
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
