"""The functions of the standard that make arrays."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from groundup.array_api.array import Array, operand, tensor_of
from groundup.array_api.data_types import ALL, bool, checked, default_float, int64
from groundup.dtypes import dtype as DType
from groundup.functions import creation, view
from groundup.tensor import Tensor

__all__ = [
    "arange",
    "asarray",
    "empty",
    "empty_like",
    "eye",
    "from_dlpack",
    "full",
    "full_like",
    "linspace",
    "meshgrid",
    "ones",
    "ones_like",
    "tril",
    "triu",
    "zeros",
    "zeros_like",
]

Shape = int | Sequence[int]


def asarray(obj: Any, /, *, dtype: DType | None = None, device: Any = None, copy: Any = None) -> Array:
    """An array of numbers, nested sequences of them, arrays of any library, buffers, or a `Tensor`.

    Memory is shared where it can be, unless `copy` is True; if `copy` is False, an error is raised where it cannot.

    >>> import groundup.array_api as xp
    >>> xp.asarray([[1, 2], [3, 4]]).T
    Array(tensor([[1, 3],
            [2, 4]]))
    """
    _check_device(device)
    found = _shared(obj)
    if found is None:
        if copy is False:
            raise ValueError(f"copy=False: a {type(obj).__name__} has no memory that an array could share")
        return Array(_of_numbers(obj, dtype))
    if checked(dtype, found.dtype) is found.dtype and not copy:
        return Array(found)
    if copy is False:
        raise ValueError(f"copy=False: {found.dtype.name} cannot become {checked(dtype).name} without a copy")
    return Array(found.to(checked(dtype, found.dtype), copy=True))


def _shared(obj: Any) -> Tensor | None:
    """A tensor on the memory of another object; None if it has none."""
    if isinstance(obj, (Array, Tensor)):
        return obj.tensor if isinstance(obj, Array) else obj
    if not isinstance(obj, (np.ndarray, np.generic)):
        if hasattr(obj, "__dlpack__"):
            return creation.from_dlpack(obj)
        try:
            obj = memoryview(obj)
        except TypeError:
            return None
    array = np.asarray(obj)
    plain = array.flags.writeable and array.dtype.isnative
    return creation.from_numpy(array) if plain else creation.tensor(array)


def _of_numbers(obj: Any, dtype: DType | None) -> Tensor:
    if isinstance(obj, complex):
        raise TypeError("groundup has no complex numbers")
    return creation.tensor(_with_tensors(obj), dtype=None if dtype is None else checked(dtype))


def _with_tensors(obj: Any) -> Any:
    if isinstance(obj, (list, tuple)):
        return [_with_tensors(each) for each in obj]
    return obj.tensor.detach() if isinstance(obj, Array) else obj


def from_dlpack(x: Any, /, *, device: Any = None, copy: Any = None) -> Array:
    """An array on the memory of an object with the DLPack protocol; a new one if `copy` is True."""
    _check_device(device)
    found = x.tensor if isinstance(x, Array) else creation.from_dlpack(x)
    return Array(found.clone() if copy else found)


def _check_device(device: Any) -> None:
    creation.device("cpu" if device is None else device)


def _sizes(shape: Shape) -> tuple[int, ...]:
    return tuple(shape) if isinstance(shape, Sequence) else (shape,)


# ---- of one value --------------------------------------------------------------------------------------------


def zeros(shape: Shape, *, dtype: DType | None = None, device: Any = None) -> Array:
    """An array of zeros."""
    _check_device(device)
    return Array(creation.zeros(_sizes(shape), dtype=checked(dtype, default_float())))


def ones(shape: Shape, *, dtype: DType | None = None, device: Any = None) -> Array:
    """An array of ones."""
    _check_device(device)
    return Array(creation.ones(_sizes(shape), dtype=checked(dtype, default_float())))


def empty(shape: Shape, *, dtype: DType | None = None, device: Any = None) -> Array:
    """An array whose elements have any values."""
    _check_device(device)
    return Array(creation.empty(_sizes(shape), dtype=checked(dtype, default_float())))


def full(shape: Shape, fill_value: Any, *, dtype: DType | None = None, device: Any = None) -> Array:
    """An array of one value (a number or an array with no axes), in the type that Python's number stands for."""
    _check_device(device)
    if isinstance(fill_value, Array):
        return Array(fill_value.tensor.to(checked(dtype, fill_value.dtype)).expand(_sizes(shape)).clone())
    if isinstance(fill_value, complex):
        raise TypeError("groundup has no complex numbers")
    natural = bool if fill_value is True or fill_value is False else int64
    natural = default_float() if isinstance(fill_value, float) else natural
    return Array(creation.full(_sizes(shape), fill_value, dtype=checked(dtype, natural)))


def zeros_like(x: Array, /, *, dtype: DType | None = None, device: Any = None) -> Array:
    """Zeros in the shape and type of `x`."""
    return zeros(x.shape, dtype=checked(dtype, x.dtype), device=device)


def ones_like(x: Array, /, *, dtype: DType | None = None, device: Any = None) -> Array:
    """Ones in the shape and type of `x`."""
    return ones(x.shape, dtype=checked(dtype, x.dtype), device=device)


def empty_like(x: Array, /, *, dtype: DType | None = None, device: Any = None) -> Array:
    """Any values in the shape and type of `x`."""
    return empty(x.shape, dtype=checked(dtype, x.dtype), device=device)


def full_like(x: Array, /, fill_value: Any, *, dtype: DType | None = None, device: Any = None) -> Array:
    """One value in the shape and type of `x`."""
    return full(x.shape, fill_value, dtype=checked(dtype, x.dtype), device=device)


# ---- of many values ------------------------------------------------------------------------------------------


def arange(
    start: float,
    /,
    stop: float | None = None,
    step: float = 1,
    *,
    dtype: DType | None = None,
    device: Any = None,
) -> Array:
    """start, start + step, ... up to but without `stop`; nothing where `step` leads away from it."""
    _check_device(device)
    if stop is None:
        start, stop = 0, start
    whole = all(isinstance(each, int) for each in (start, stop, step))
    target = checked(dtype, int64 if whole else default_float())
    if step != 0 and (stop - start) * step <= 0:
        return zeros(0, dtype=target)
    return Array(creation.arange(start, stop, step, dtype=target))


def linspace(
    start: float,
    stop: float,
    /,
    num: int,
    *,
    dtype: DType | None = None,
    device: Any = None,
    endpoint: Any = True,
) -> Array:
    """`num` values evenly from `start` to `stop`, with it or (`endpoint=False`) up to it."""
    _check_device(device)
    target = checked(dtype, default_float())
    if endpoint:
        return Array(creation.linspace(start, stop, num, dtype=target))
    return Array(creation.linspace(start, stop, num + 1, dtype=target)[:-1].clone())


def eye(
    n_rows: int, n_cols: int | None = None, /, *, k: int = 0, dtype: DType | None = None, device: Any = None
) -> Array:
    """Ones on a diagonal, `k` above the main one, and zeros elsewhere."""
    _check_device(device)
    n_cols = n_rows if n_cols is None else n_cols
    rows, columns = creation.arange(n_rows).unsqueeze(1), creation.arange(n_cols)
    k = max(-n_rows, min(k, n_cols))  # a diagonal outside is outside, however far
    return Array((columns - rows == k).to(checked(dtype, default_float())))


def meshgrid(*arrays: Array, indexing: str = "xy") -> list[Array]:
    """The coordinates of a grid, an array for each axis."""
    if len({x.dtype for x in arrays}) > 1:
        raise TypeError("meshgrid: all arrays must have the same data type")
    if not arrays:
        return []
    return [Array(part) for part in view.meshgrid(*(tensor_of(x, "meshgrid") for x in arrays), indexing=indexing)]


def tril(x: Array, /, *, k: int = 0) -> Array:
    """The elements on and below the diagonal `k` of the matrices in the last two axes; zeros above."""
    return Array(view.tril(operand("tril", ALL, x), k))


def triu(x: Array, /, *, k: int = 0) -> Array:
    """The elements on and above the diagonal `k` of the matrices in the last two axes; zeros below."""
    return Array(view.triu(operand("triu", ALL, x), k))
