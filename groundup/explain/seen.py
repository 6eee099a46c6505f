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

        Windows that overlap in a grid of their own are counted as if the grid was full.
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


LARGEST = 2**28  # bytes that are compared one by one


def common_bytes(a: Seen, b: Seen) -> int:
    """How many bytes of memory both read; for storages above 256 MiB, of the stretch between first and last."""
    if a.place is None or b.place is None or not a.size or not b.size:
        return 0
    low, high = max(_reach(a)[0], _reach(b)[0]), min(_reach(a)[1], _reach(b)[1])
    if low >= high:
        return 0
    begin = min(_reach(a)[0], _reach(b)[0])
    total = max(_reach(a)[1], _reach(b)[1]) - begin
    if total > LARGEST:
        return high - low
    return int(np.count_nonzero(_read(a, begin, total) & _read(b, begin, total)))


def _reach(seen: Seen) -> tuple[int, int]:
    """The addresses of the first byte that is read, and after the last one."""
    steps = [step * (n - 1) * seen.itemsize for step, n in zip(seen.strides, seen.shape, strict=True)]
    place = seen.place or 0
    return place + sum(s for s in steps if s < 0), place + sum(s for s in steps if s > 0) + seen.itemsize


def _read(seen: Seen, begin: int, total: int) -> np.ndarray:
    """For each byte of a stretch of memory whether the tensor reads it."""
    read = np.zeros(total, bool)
    shape, strides = (*seen.shape, seen.itemsize), (*(step * seen.itemsize for step in seen.strides), 1)
    np.ndarray(shape, bool, read, (seen.place or 0) - begin, strides)[...] = True
    return read


def values(thing: Any, seen: Seen) -> list[Any] | None:
    """The elements of the storage, in the order of memory; None where it holds another type than the tensor."""
    if isinstance(thing, np.ndarray):
        root = thing
        while isinstance(root.base, np.ndarray):
            root = root.base
        found = root.ravel(order="K").tolist() if root.dtype == thing.dtype else []
    elif hasattr(thing, "_view"):
        found = thing.storage().tolist()
    else:
        found = thing.detach().as_strided((seen.room // seen.itemsize,), (1,), 0).tolist()
    return found if len(found) == seen.room // seen.itemsize else None


def origin(thing: Any) -> str:
    """What a view is a view of, as far as the object knows; empty if it is none."""
    view = getattr(thing, "_view", None)
    if view is not None and hasattr(view, "row"):
        steps = []
        while view is not None:
            steps.append(view.row.name)
            base = view.base
            view = base._view
        return f"{' of '.join(steps)} of a tensor of shape {tuple(base.shape)}"
    base = getattr(thing, "base", None) if isinstance(thing, np.ndarray) else getattr(thing, "_base", None)
    return "" if base is None or not hasattr(base, "shape") else f"of an array of shape {tuple(base.shape)}"
