"""Results whose memory is used again: a gradient that still lies where the last call put it, and tensors given back.

A result may be written over when nobody but this module, and for a gradient its leaf, holds the tensor or its array:
no name, no container, no view, no weak reference. This is told by the words of the objects themselves: all of them, the
reference counts too, must be what they were when the tensor was made and nobody had seen it yet.
"""

from __future__ import annotations

import math
import weakref
from functools import cache
from typing import Any

import numpy as np

from groundup.compile.loops import entering
from groundup.compile.loops.address import address
from groundup.compile.loops.builtin import builtin
from groundup.compile.loops.words import arrays_are_known, of_dict, word_at
from groundup.tensor import Tensor

LARGEST = 1 << 16  # bytes of a returned tensor that is kept for another call
RING = 2  # tensors kept for each: the caller often holds the last one while the next is computed
_DICT = 4  # words of a dict up to its version
_ARRAY, _TENSOR = np.ndarray.__basicsize__ // 8, Tensor.__basicsize__ // 8
_REFERENCES = Tensor.__weakrefoffset__  # where weak references are: before the object, in later versions of Python


def reusable() -> bool:
    """Whether all the words are known that tell it."""
    return of_dict({}) is not None and arrays_are_known() and _references_are_known()


@cache
def _references_are_known() -> bool:
    """Whether the first weak reference to a tensor or an array changes a word of what is looked at."""
    tensor = _tensor(np.zeros(3))
    places = id(tensor) + _REFERENCES, id(tensor._array) + np.ndarray.__weakrefoffset__
    before = [word_at(place) for place in places]
    references = [weakref.ref(tensor), weakref.ref(tensor._array)]
    after = [word_at(place) for place in places]
    del references
    return before == [0, 0] and 0 not in after and 0 < np.ndarray.__weakrefoffset__ < np.ndarray.__basicsize__


@cache
def _held() -> tuple[int, int, int, int]:
    """The word of a reference count: of a tensor held once and twice, of its array, and of its dict held twice."""
    kept = [_tensor(np.zeros(3))]
    also = [vars(kept[0])]
    once = word_at(id(kept[0]))
    array, attributes = word_at(id(kept[0]._array)), word_at(id(also[0]))
    again = [kept[0]]
    return once, word_at(id(again[0])), array, attributes


def _tensor(array: np.ndarray) -> Any:
    made = object.__new__(Tensor)
    made._array = array
    made._node = made._storage = made._view = None
    return made


def words_of_a_tensor(axes: int) -> int:
    """How many rows tell that a tensor of so many axes is as it was when it was made."""
    return _TENSOR + 1 + _ARRAY + 2 * axes + _DICT


class Gradient:
    """The gradient of a leaf, written over while it is the leaf's and nobody else's."""

    def __init__(self, leaf: Any, shape: tuple[int, ...], dtype: np.dtype[Any], slot: int, rows: np.ndarray) -> None:
        self.leaf, self.shape, self.dtype, self.slot = leaf, shape, dtype, slot
        self.tensor: Any = None
        self.attributes: dict[str, Any] = {}  # the tensor's own, kept so that there is something to look at
        self.where = 0
        self.count = memoryview(rows[:1, 1])  # type: ignore[arg-type]  # the word of its reference count
        self.differs = builtin("differ", {entering.ROWS: rows.ctypes.data, entering.COUNT: len(rows)})
        self._noted = _noting(rows, len(shape), _held()[1])

    def usable(self) -> bool:
        """Whether its tensor may be written over; `place` is to be called after the run if not in its place."""
        if self.tensor is None:
            return False
        if self.leaf._grad is self.tensor:
            return not self.differs()
        held_twice = self.count[0]
        self.count[0] = _held()[0]
        try:
            return not self.differs()
        finally:
            self.count[0] = held_twice

    def renew(self) -> None:
        """A tensor that nobody has seen."""
        self.tensor = None  # until all is done, since an interrupt may come at any place
        array = np.empty(self.shape, self.dtype)
        self.where = address(array)
        tensor = _tensor(array)
        self.attributes = vars(tensor)
        self._noted(tensor, array, self.attributes)
        self.tensor = tensor


class Ring:
    """The tensors of one result that is given back: `choose()` tells which of `tensors` is free, or RING."""

    def __init__(self, shape: tuple[int, ...], dtype: np.dtype[Any], memory: np.ndarray, slot: int) -> None:
        self.shape, self.dtype = shape, dtype
        self.memory, self.slot = memory, slot
        self.tensors: list[Any] = [None] * RING
        self.attributes: list[dict[str, Any]] = [{}] * RING
        size = words_of_a_tensor(len(shape))
        self._rows = np.zeros((RING, size, 2), np.int64)
        self._rows[:, 0, 0] = self._rows.ctypes.data  # an address that holds anything but -1
        self._rows[:, 0, 1] = -1
        self._memories = np.zeros(RING, np.int64)
        self._noted = [_noting(rows, len(shape), _held()[0]) for rows in self._rows]
        self._turn = 0
        self.choose = builtin(
            "chosen",
            {
                entering.ROWS: self._rows.ctypes.data,
                entering.COUNT: size,
                entering.CANDIDATES: RING,
                entering.PLACE: memory.ctypes.data + 8 * slot,
                entering.MEMORIES: self._memories.ctypes.data,
            },
        )

    def renew(self) -> Any:
        """A tensor that nobody has seen, in the place of the one that was made first."""
        self._turn = turn = (self._turn + 1) % RING
        array = np.empty(self.shape, self.dtype)
        self._rows[turn, 0] = self._rows.ctypes.data, -1  # not to be chosen until all is done
        self.tensors[turn] = tensor = _tensor(array)
        self.attributes[turn] = vars(tensor)
        self._memories[turn] = self.memory[self.slot] = address(array)
        self._noted[turn](tensor, array, self.attributes[turn])
        return tensor


def kept_in_a_ring(shape: tuple[int, ...], dtype: np.dtype[Any]) -> bool:
    """Whether a returned tensor is small enough to be kept."""
    return math.prod(shape) * dtype.itemsize <= LARGEST


def _noting(rows: np.ndarray, axes: int, held: int) -> Any:
    """What records a new tensor, its array and its dict in these rows."""
    _, _, array, attributes = _held()
    sizes = ((_TENSOR, held), (_ARRAY, array), (_DICT, attributes))
    words = {entering.SIZES + 2 * i + j: word for i, pair in enumerate(sizes) for j, word in enumerate(pair)}
    return builtin(
        "noted", {entering.ROWS: rows.ctypes.data, entering.AXES: axes, entering.REFERENCES: _REFERENCES, **words}
    )
