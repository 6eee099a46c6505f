"""Where a new tensor lives and how it lies there: `device`, `layout`, `memory_format`, and the checks of all creation.

There is one device, "cpu", and one layout, `strided`; both are accepted wherever PyTorch takes them, so that code
written for it runs.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from groundup import dtypes
from groundup.autograd.tape import Leaf, constant
from groundup.functions.axes import sizes

__all__ = [
    "channels_last",
    "channels_last_3d",
    "contiguous_format",
    "device",
    "layout",
    "memory_format",
    "preserve_format",
    "strided",
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


def no_cuda() -> RuntimeError:
    """The answer to `cuda()`: PyTorch's words, and where the work is done here."""
    return RuntimeError("groundup not compiled with CUDA enabled\n  It runs on the CPU; cuda.is_available() is False.")


class _Named:
    """A constant that prints as its name."""

    __slots__ = ("_name",)

    def __init__(self, name: str) -> None:
        self._name = name

    def __repr__(self) -> str:
        return f"groundup.{self._name}"

    def __reduce__(self) -> str:
        return self._name

    def __deepcopy__(self, memo: dict[int, Any]) -> Any:
        return self


class layout(_Named):
    """How a tensor keeps its elements. Follows ``torch.layout``; `strided` is the only one."""

    __slots__ = ()


class memory_format(_Named):
    """The order of the axes in the memory of a copy. Follows ``torch.memory_format``.

    `contiguous_format` is the order of the indices, `preserve_format` that of the original; with `channels_last`
    the channels of images (axis 1) lie innermost.
    """

    __slots__ = ()


strided = layout("strided")
contiguous_format = memory_format("contiguous_format")
preserve_format = memory_format("preserve_format")
channels_last = memory_format("channels_last")
channels_last_3d = memory_format("channels_last_3d")


def check_place(place: Any = None, order: Any = None, pin_memory: bool = False) -> None:
    """Refuse another device or layout than there is, and pinned memory, which serves a GPU."""
    if place is not None and place != "cpu":
        device(place)
    if order is not None and order is not strided:
        raise RuntimeError(f"groundup keeps its tensors strided: layout must be groundup.strided, got {order!r}")
    if pin_memory:
        raise RuntimeError("Cannot access accelerator device when none is available.\n  There is no memory to pin.")


def finish(
    array: np.ndarray, requires_grad: bool = False, place: Any = None, order: Any = None, pin_memory: bool = False
) -> Tensor:
    """The tensor around a new array, after the checks that all creation shares."""
    if place is not None or order is not None or pin_memory:
        check_place(place, order, pin_memory)
    tensor = constant(array)
    if requires_grad:
        if array.dtype.kind not in dtypes.REAL:
            raise RuntimeError("Only Tensors of floating point and complex dtype can require gradients")
        tensor._node = Leaf(tensor)
    return tensor


def kind_of(dtype: DType) -> np.dtype[Any]:
    """NumPy's type for `dtype`, the default floating type if it is None."""
    return dtypes.default_float() if dtype is None else dtypes.to_numpy(dtype)


def kind_like(input: Tensor, dtype: DType) -> np.dtype[Any]:
    """NumPy's type for `dtype`, that of `input` if it is None."""
    return input._array.dtype if dtype is None else dtypes.to_numpy(dtype)


def checked(given: tuple[Any, ...], size: Any = None) -> tuple[int, ...]:
    """The sizes of a new tensor, written as several numbers, as one sequence, or by the name `size`."""
    found = sizes(given) if size is None else sizes((size,))
    for each in found:
        if each < 0:
            raise RuntimeError(f"Trying to create tensor with negative dimension {each}: {list(found)}")
    return found


def axes_in_memory(shape: Sequence[int], strides: Sequence[int]) -> tuple[int, ...]:
    """The axes from the outermost in memory to the innermost; of equal strides, in their own order."""
    return tuple(sorted(range(len(shape)), key=lambda axis: (-abs(strides[axis]), axis)))


def empty_in_order(shape: tuple[int, ...], kind: np.dtype[Any], order: Sequence[int]) -> np.ndarray:
    """Uninitialised memory whose axes lie in the given order, the outermost first."""
    laid_out = np.empty(tuple(shape[axis] for axis in order), kind)
    return laid_out.transpose(tuple(list(order).index(axis) for axis in range(len(shape))))
