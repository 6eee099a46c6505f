"""What the tools of this room see of a tensor, whatever library made it: shape, strides, type, place in memory.

`look` asks the object by the methods that it offers, so PyTorch is never imported.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

Shape = tuple[int, ...]


@dataclass(frozen=True)
class Seen:
    """A tensor's geometry. Strides and the offset count elements; ``place`` is the address of its first element."""

    shape: Shape
    strides: Shape
    dtype: str
    itemsize: int
    place: int | None = None  # None for a shape alone
    storage: int = 0  # where its storage begins
    room: int = 0  # the bytes of its storage

    @property
    def size(self) -> int:
        """How many elements its shape has."""
        return math.prod(self.shape)

    @property
    def nbytes(self) -> int:
        """What they would take if each was stored."""
        return self.size * self.itemsize

    @property
    def offset(self) -> int:
        """How many elements of the storage lie before its first one."""
        return ((self.place or 0) - self.storage) // self.itemsize

    @property
    def stored(self) -> int:
        """How many different elements of memory it reads: an axis of stride 0 reads the same ones again.

        For windows that overlap, an upper bound.
        """
        steps = [(abs(step), n) for step, n in zip(self.strides, self.shape, strict=True) if n > 1 and step]
        if not self.size:
            return 0
        each = math.prod(n for _, n in steps)
        reach = sum(step * (n - 1) for step, n in steps) // (math.gcd(*(step for step, _ in steps)) or 1) + 1
        return min(each, reach)

    @property
    def is_contiguous(self) -> bool:
        """Whether its elements lie in the order of their indices, without gaps."""
        wanted = contiguous(self.shape)
        return not self.size or all(n == 1 or a == b for n, a, b in zip(self.shape, self.strides, wanted, strict=True))


def contiguous(shape: Shape) -> Shape:
    """The strides of a new tensor of that shape.

    >>> contiguous((2, 3, 4))
    (12, 4, 1)
    """
    return tuple(math.prod(shape[axis + 1 :]) for axis in range(len(shape)))


def expanded(seen: Seen, shape: Shape) -> Shape:
    """The strides with which its elements are read as the larger ``shape``: 0 where one element serves for all.

    >>> expanded(look((4, 1)), (5, 4, 3))
    (0, 1, 0)
    """
    lead = len(shape) - len(seen.shape)
    own = zip(seen.strides, seen.shape, shape[lead:], strict=True)
    return (0,) * lead + tuple(0 if n == 1 and wanted != 1 else step for step, n, wanted in own)


def look(thing: Any, dtype: str = "float32", itemsize: int = 4) -> Seen:
    """The geometry of a tensor or an array, or, for a shape (a tuple of whole numbers), of a new tensor."""
    if isinstance(thing, (int, float)):
        return Seen((), (), "a Python number", 8)
    if isinstance(thing, tuple) and all(type(n) is int and n >= 0 for n in thing):
        return Seen(tuple(thing), contiguous(tuple(thing)), dtype, itemsize)
    if isinstance(thing, np.ndarray | np.generic):
        return _look_at_array(np.asarray(thing))
    if all(hasattr(thing, name) for name in ("shape", "stride", "element_size", "untyped_storage")):
        return _look_at_tensor(thing)
    raise TypeError(
        f"expected a tensor, an array or a shape, got {type(thing).__name__} {str(thing)[:40]}\n"
        "  Write a tuple of whole numbers for a shape: (3, 4), and groundup.tensor(...) for data."
    )


def _look_at_array(array: np.ndarray) -> Seen:
    root = array
    while isinstance(root.base, np.ndarray):
        root = root.base
    low, high = np.lib.array_utils.byte_bounds(root)
    strides = tuple(step // array.itemsize for step in array.strides)
    place = array.__array_interface__["data"][0]
    return Seen(array.shape, strides, str(array.dtype), array.itemsize, place, low, high - low)


def _look_at_tensor(tensor: Any) -> Seen:
    storage = tensor.untyped_storage()
    itemsize = tensor.element_size()
    room = storage.nbytes() if hasattr(storage, "nbytes") else len(storage) * itemsize
    dtype = str(tensor.dtype).rpartition(".")[2]
    shape, strides = tuple(tensor.shape), tuple(tensor.stride())
    return Seen(shape, strides, dtype, itemsize, tensor.data_ptr(), storage.data_ptr(), room)
