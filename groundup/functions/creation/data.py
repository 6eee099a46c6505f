"""Tensors from data: numbers, nested sequences, arrays, and memory shared with other libraries."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from groundup import dtypes
from groundup.autograd.state import quiet
from groundup.autograd.tape import TensorBase, wrap
from groundup.functions.creation.placing import finish

__all__ = ["as_tensor", "asarray", "from_dlpack", "from_numpy", "tensor"]

Tensor = Any
DType = Any


def _unwrapped(data: Any) -> Any:
    """Nested sequences with their tensors as arrays."""
    if isinstance(data, TensorBase):
        return data._array
    if isinstance(data, (list, tuple)):
        return [_unwrapped(each) for each in data]
    return data


def _check_lengths(data: Any, depth: int = 0) -> None:
    """PyTorch's error for sequences of unequal length."""
    if not isinstance(data, (list, tuple)) or not data:
        return
    lengths = [len(each) if isinstance(each, (list, tuple)) else None for each in data]
    if any(length != lengths[0] for length in lengths):
        first = lengths[0]
        wrong = next(length for length in lengths if length != first)
        if first is None or wrong is None:
            raise TypeError("must be real number, not list: some elements are sequences and some are numbers")
        raise ValueError(f"expected sequence of length {first} at dim {depth + 1} (got {wrong})")
    for each in data:
        _check_lengths(each, depth + 1)


def to_array(data: Any, dtype: DType = None) -> np.ndarray:
    """A new array of the data in PyTorch's type for it."""
    if isinstance(data, np.ndarray):
        kind = data.dtype if dtype is None else dtypes.to_numpy(dtype)
        dtypes.of_numpy(kind.newbyteorder("="))
        return quiet(np.array, data, dtype=kind.newbyteorder("="))
    if isinstance(data, (float, int)) and not isinstance(data, np.generic):
        natural = dtypes.BOOL if isinstance(data, bool) else dtypes.INT64
        kind = dtypes.default_float() if isinstance(data, float) else natural
        kind = kind if dtype is None else dtypes.to_numpy(dtype)
        if kind.kind not in "iu":
            return quiet(np.array, data, dtype=kind)
        _check_range(data, data, kind)
        return np.array(data).astype(kind, copy=False)
    _check_lengths(data)
    try:
        array = np.array(_unwrapped(data))
    except ValueError as error:
        raise ValueError(f"the sequence does not make a rectangular tensor: {error}") from None
    if array.dtype.kind in "OUS":
        raise TypeError(
            f"can't make a tensor of {type(data).__name__} data\n  Give numbers, nested sequences of them, or an array."
        )
    if dtype is not None:
        kind = dtypes.to_numpy(dtype)
        if kind.kind in "iu" and array.dtype != kind and array.size and not _has_arrays(data):
            _check_range(array.min(), array.max(), kind)
        return quiet(array.astype, kind)
    if array.size == 0 or (array.dtype == dtypes.FLOAT64 and not _has_arrays(data)):
        return quiet(array.astype, dtypes.default_float())
    dtypes.of_numpy(array.dtype)
    return array


def _check_range(smallest: Any, largest: Any, kind: np.dtype[Any]) -> None:
    """PyTorch's refusal of numbers that an integer type cannot hold; in an unsigned one negative numbers wrap."""
    limits = np.iinfo(kind)
    if not ((-limits.max if kind.kind == "u" else limits.min) <= smallest and largest <= limits.max):
        wrong = smallest if largest <= limits.max else largest
        raise RuntimeError(f"value cannot be converted to type {kind} without overflow\n  The value is {wrong}.")


def _has_arrays(data: Any) -> bool:
    while isinstance(data, (list, tuple)) and data:
        data = data[0]
    return isinstance(data, (np.ndarray, np.generic, TensorBase))


def tensor(
    data: Any, *, dtype: DType = None, device: Any = None, requires_grad: bool = False, pin_memory: bool = False
) -> Tensor:
    """A new tensor with a copy of `data`: a number, nested sequences, or an array.

    Raises ValueError for sequences of unequal length, TypeError for data that are not numbers.

    >>> import groundup
    >>> groundup.tensor([[1, 2], [3, 4]])
    tensor([[1, 2],
            [3, 4]])
    """
    if isinstance(data, TensorBase):
        warnings.warn(
            "To copy construct from a tensor, it is recommended to use sourceTensor.detach().clone() rather than "
            "tensor(sourceTensor).",
            UserWarning,
            stacklevel=2,
        )
        data = data._array
    return finish(to_array(data, dtype), requires_grad, device, None, pin_memory)


def asarray(
    obj: Any, *, dtype: DType = None, device: Any = None, copy: bool | None = None, requires_grad: bool = False
) -> Tensor:
    """A tensor of any data, on the same memory where that can be (`copy` None), always (False) or never (True).

    Unlike `as_tensor` it has no history: of a tensor that wants a gradient it is the detached one.

    >>> import groundup, numpy
    >>> a = numpy.zeros(2)
    >>> groundup.asarray(a)[0] = 1
    >>> a
    array([1., 0.])
    """
    if isinstance(obj, TensorBase):
        obj = obj._array
    shares = isinstance(obj, np.ndarray) and (dtype is None or dtypes.to_numpy(dtype) == obj.dtype)
    if copy is False and not shares:
        raise ValueError("can't alias arbitrary sequence or an array of another type: give copy=None to allow a copy")
    array = from_numpy(obj)._array if shares and not copy else to_array(obj, dtype)
    return finish(array, requires_grad, device)


def as_tensor(data: Any, dtype: DType = None, device: Any = None) -> Tensor:
    """A tensor that shares the memory of an array where it can, and is the tensor itself if it is one."""
    if isinstance(data, TensorBase):
        return data if dtype is None else data.to(dtype)  # type: ignore[attr-defined]
    if isinstance(data, np.ndarray) and (dtype is None or dtypes.to_numpy(dtype) == data.dtype):
        return finish(from_numpy(data)._array, False, device)
    return tensor(data, dtype=dtype, device=device)


def from_numpy(ndarray: np.ndarray) -> Tensor:
    """A tensor on the memory of a NumPy array: a change of either is seen in both.

    >>> import groundup, numpy
    >>> groundup.from_numpy(numpy.arange(3))
    tensor([0, 1, 2])
    """
    if not isinstance(ndarray, np.ndarray):
        raise TypeError(f"expected np.ndarray (got {type(ndarray).__name__})")
    if ndarray.dtype not in dtypes.OF_NUMPY:
        dtypes.of_numpy(ndarray.dtype)
    if not ndarray.dtype.isnative:
        raise ValueError("given numpy array has byte order different from the native byte order. Convert it first.")
    if not ndarray.flags.writeable:
        warnings.warn(
            "The given NumPy array is not writable, and groundup does not write to it either: in-place operations on "
            "the tensor will fail. Copy the array to change it.",
            UserWarning,
            stacklevel=2,
        )
    return wrap(ndarray.view(np.ndarray))


def from_dlpack(ext_tensor: Any) -> Tensor:
    """A tensor on the memory of any object with the DLPack protocol, such as a PyTorch tensor on the CPU."""
    array = np.from_dlpack(ext_tensor)
    dtypes.of_numpy(array.dtype)
    return wrap(array)
