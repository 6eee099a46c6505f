"""Making tensors: from data, filled, counted and random. All follow ``torch``'s functions of the same name.

Python numbers become float32 (the default floating type), int64 or bool; NumPy arrays keep their type. `device`
takes "cpu", the only device today.
"""

from __future__ import annotations

import math
import operator
import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np

from groundup import dtypes, random
from groundup.autograd.settle import holdable
from groundup.autograd.state import quiet
from groundup.autograd.tape import Leaf, TensorBase, wrap
from groundup.functions.axes import sizes

__all__ = [
    "arange",
    "as_tensor",
    "bernoulli",
    "device",
    "empty",
    "empty_like",
    "eye",
    "from_dlpack",
    "from_numpy",
    "full",
    "full_like",
    "get_rng_state",
    "linspace",
    "manual_seed",
    "normal",
    "ones",
    "ones_like",
    "rand",
    "rand_like",
    "randint",
    "randn",
    "randn_like",
    "randperm",
    "set_rng_state",
    "tensor",
    "zeros",
    "zeros_like",
]

Tensor = Any
DType = Any


class device:
    """Where a tensor lives: "cpu". Follows ``torch.device``; any other place raises RuntimeError.

    >>> import groundup
    >>> groundup.device("cpu")
    device(type='cpu')
    """

    __slots__ = ("index", "type")

    type: str
    index: int | None

    def __init__(self, type: Any = "cpu", index: int | None = None) -> None:
        name = type.type if isinstance(type, device) else str(type)
        kind, _, number = name.partition(":")
        if kind != "cpu":
            raise RuntimeError(f"groundup runs on the CPU: device must be 'cpu', got {name!r}")
        self.type = kind
        self.index = int(number) if number else index

    def __repr__(self) -> str:
        return "device(type='cpu')" if self.index is None else f"device(type='cpu', index={self.index})"

    def __str__(self) -> str:
        return "cpu" if self.index is None else f"cpu:{self.index}"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, device) and (self.type, self.index) == (other.type, other.index)

    def __hash__(self) -> int:
        return hash((self.type, self.index))


def finish(array: np.ndarray, requires_grad: bool, place: Any) -> Tensor:
    """The tensor around a new array, after the checks that all creation shares."""
    if place is not None and place != "cpu":
        device(place)
    tensor = wrap(array)
    if requires_grad:
        if array.dtype.kind != "f":
            raise RuntimeError("Only Tensors of floating point and complex dtype can require gradients")
        tensor._node = Leaf(tensor)
    return tensor


def _kind(dtype: DType) -> np.dtype[Any]:
    return dtypes.default_float() if dtype is None else dtypes.to_numpy(dtype)


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
        return quiet(np.array, data, dtype=kind if dtype is None else dtypes.to_numpy(dtype))
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
        return quiet(array.astype, dtypes.to_numpy(dtype))
    if array.size == 0 or (array.dtype == dtypes.FLOAT64 and not _has_arrays(data)):
        return quiet(array.astype, dtypes.default_float())
    dtypes.of_numpy(array.dtype)
    return array


def _has_arrays(data: Any) -> bool:
    while isinstance(data, (list, tuple)) and data:
        data = data[0]
    return isinstance(data, (np.ndarray, np.generic, TensorBase))


def tensor(data: Any, *, dtype: DType = None, device: Any = None, requires_grad: bool = False) -> Tensor:
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
    return finish(to_array(data, dtype), requires_grad, device)


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


def full(
    size: Sequence[int],
    fill_value: Any,
    *,
    dtype: DType = None,
    device: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """A tensor of one value; its type is that of the value if none is given."""
    if isinstance(fill_value, TensorBase):
        fill_value = fill_value.item()  # type: ignore[attr-defined]
    kind = to_array(fill_value).dtype if dtype is None else dtypes.to_numpy(dtype)
    return finish(np.full(sizes((size,)), holdable(fill_value, kind), dtype=kind), requires_grad, device)


def zeros(*size: Any, dtype: DType = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """A tensor of zeros.

    >>> import groundup
    >>> groundup.zeros(2, 2)
    tensor([[0., 0.],
            [0., 0.]])
    """
    return finish(np.zeros(_size(size), _kind(dtype)), requires_grad, device)


def ones(*size: Any, dtype: DType = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """A tensor of ones."""
    return finish(np.ones(_size(size), _kind(dtype)), requires_grad, device)


def empty(*size: Any, dtype: DType = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """A tensor whose values are whatever the memory held."""
    return finish(np.empty(_size(size), _kind(dtype)), requires_grad, device)


def _size(size: tuple[Any, ...]) -> tuple[int, ...]:
    found = sizes(size)
    for each in found:
        if each < 0:
            raise RuntimeError(f"Trying to create tensor with negative dimension {each}: {list(found)}")
    return found


def eye(
    n: int, m: int | None = None, *, dtype: DType = None, device: Any = None, requires_grad: bool = False
) -> Tensor:
    """The identity matrix, n by m."""
    return finish(np.eye(n, m, dtype=_kind(dtype)), requires_grad, device)


def arange(
    start: Any,
    end: Any = None,
    step: Any = 1,
    *,
    dtype: DType = None,
    device: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """start, start + step, ... up to but without `end`; int64 if all three are integers.

    >>> import groundup
    >>> groundup.arange(1, 2, 0.5)
    tensor([1.0000, 1.5000])
    """
    if end is None:
        start, end = 0, start
    start, end, step = (each.item() if hasattr(each, "item") else each for each in (start, end, step))
    if step == 0:
        raise RuntimeError("step must be nonzero")
    if (end - start) / step < 0:
        raise RuntimeError("upper bound and lower bound inconsistent with step sign")
    whole = all(isinstance(each, int) for each in (start, end, step))
    kind = dtypes.to_numpy(dtype) if dtype is not None else (dtypes.INT64 if whole else dtypes.default_float())
    count = len(range(start, end, step)) if whole else math.ceil((end - start) / step)
    wide = np.arange(count, dtype=np.int64 if whole else np.float64)
    return finish(quiet((start + step * wide).astype, kind), requires_grad, device)


def linspace(
    start: float,
    end: float,
    steps: int,
    *,
    dtype: DType = None,
    device: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """`steps` values evenly from `start` to `end`, both included."""
    if steps < 0:
        raise RuntimeError("number of steps must be non-negative")
    return finish(quiet(np.linspace, start, end, steps, dtype=_kind(dtype)), requires_grad, device)


def _like(input: Tensor, dtype: DType) -> np.dtype[Any]:
    return input._array.dtype if dtype is None else dtypes.to_numpy(dtype)


def zeros_like(input: Tensor, *, dtype: DType = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """Zeros in the shape and type of `input`."""
    return finish(np.zeros(input._array.shape, _like(input, dtype)), requires_grad, device)


def ones_like(input: Tensor, *, dtype: DType = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """Ones in the shape and type of `input`."""
    return finish(np.ones(input._array.shape, _like(input, dtype)), requires_grad, device)


def empty_like(input: Tensor, *, dtype: DType = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """Uninitialised memory in the shape and type of `input`."""
    return finish(np.empty(input._array.shape, _like(input, dtype)), requires_grad, device)


def full_like(
    input: Tensor, fill_value: Any, *, dtype: DType = None, device: Any = None, requires_grad: bool = False
) -> Tensor:
    """One value in the shape and type of `input`."""
    kind = _like(input, dtype)
    return finish(np.full(input._array.shape, holdable(fill_value, kind), kind), requires_grad, device)


def rand(
    *size: Any, generator: Any = None, dtype: DType = None, device: Any = None, requires_grad: bool = False
) -> Tensor:
    """Uniform random numbers in [0, 1)."""
    return finish(random.uniform(_size(size), _kind(dtype), generator=generator), requires_grad, device)


def randn(
    *size: Any, generator: Any = None, dtype: DType = None, device: Any = None, requires_grad: bool = False
) -> Tensor:
    """Random numbers of the standard normal distribution.

    >>> import groundup
    >>> g = groundup.manual_seed(1)
    >>> bool((groundup.randn(10_000).std() - 1).abs() < 0.05)
    True
    """
    return finish(random.normal(_size(size), _kind(dtype), generator=generator), requires_grad, device)


def rand_like(input: Tensor, *, dtype: DType = None, requires_grad: bool = False) -> Tensor:
    """Uniform random numbers in the shape and type of `input`."""
    return finish(random.uniform(input._array.shape, _like(input, dtype)), requires_grad, None)


def randn_like(input: Tensor, *, dtype: DType = None, requires_grad: bool = False) -> Tensor:
    """Standard normal random numbers in the shape and type of `input`."""
    return finish(random.normal(input._array.shape, _like(input, dtype)), requires_grad, None)


def randint(
    low: int,
    high: Any = None,
    size: Any = None,
    *,
    generator: Any = None,
    dtype: DType = None,
    device: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """Random integers from `low` (0 if only one bound is given) up to but without `high`."""
    if size is None:
        low, high, size = (0, low, high)
    kind = np.dtype(np.int64) if dtype is None else dtypes.to_numpy(dtype)
    drawn = random.integers(_size((size,)), operator.index(low), operator.index(high), kind, generator=generator)
    return finish(drawn, requires_grad, device)


def randperm(n: int, *, generator: Any = None, dtype: DType = None, device: Any = None) -> Tensor:
    """The numbers 0 to n - 1 in random order."""
    drawn = random.permutation(n, generator=generator)
    return finish(drawn if dtype is None else drawn.astype(dtypes.to_numpy(dtype)), False, device)


def normal(mean: Any = 0.0, std: Any = 1.0, size: Any = None, *, generator: Any = None) -> Tensor:
    """Normal random numbers with the given mean and standard deviation, numbers or tensors."""
    if size is None:
        shapes = [each._array.shape for each in (mean, std) if isinstance(each, TensorBase)]
        size = np.broadcast_shapes(*shapes)
    drawn = wrap(random.normal(_size((size,)), dtypes.default_float(), generator=generator))
    return drawn * std + mean


def bernoulli(input: Tensor, *, generator: Any = None) -> Tensor:
    """1 with the probability that `input` gives, else 0."""
    drawn = random.bernoulli(input._array.shape, input._array, generator=generator)
    return wrap(drawn.astype(input._array.dtype))


def manual_seed(seed: int) -> random.Generator:
    """Start the stream of random numbers anew from `seed`, so that a run repeats bit for bit."""
    return random.manual_seed(seed)


def get_rng_state() -> Tensor:
    """The state of the default generator, as a tensor of bytes."""
    return wrap(random.get_rng_state())


def set_rng_state(new_state: Tensor) -> None:
    """Put the default generator back to a state that `get_rng_state` gave."""
    random.set_rng_state(new_state._array if isinstance(new_state, TensorBase) else new_state)
