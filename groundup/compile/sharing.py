"""Which tensors share memory: a program that writes must know, and one traced on shared arguments is for such alone."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from groundup.compile.errors import TraceError


def owner(array: np.ndarray) -> np.ndarray:
    """The array whose memory this one is a view of."""
    while isinstance(array.base, np.ndarray):
        array = array.base
    return array


def first_places(arrays: Sequence[np.ndarray]) -> tuple[int, ...]:
    """For each array the position of the first one that is the same object."""
    seen: dict[int, int] = {}
    return tuple(seen.setdefault(id(array), i) for i, array in enumerate(arrays))


def apart(arrays: Iterable[np.ndarray], written: set[int]) -> bool:
    """Whether the arrays lie in different memory, none of it that of a written one."""
    owners = [id(owner(array)) for array in arrays]
    return len(set(owners)) == len(owners) and written.isdisjoint(owners)


def overlapping(tensors: Sequence[Any], written: Sequence[Any]) -> tuple[Any, Any] | None:
    """A written tensor and another one over the same memory, if there are any; the same array twice counts as one."""
    places = [(*np.lib.array_utils.byte_bounds(owner(each._array)), each) for each in tensors]
    places.sort(key=lambda place: place[0])
    starts = [place[0] for place in places]
    widest = max((end - start for start, end, _ in places), default=0)
    for changed in written:
        start, end = np.lib.array_utils.byte_bounds(owner(changed._array))
        for at in range(bisect_left(starts, start - widest), bisect_left(starts, end)):
            _, other_end, other = places[at]
            if other_end > start and changed._array is not other._array:
                return changed, other
    return None


def check_apart(tensors: Sequence[Any], written: Sequence[Any]) -> None:
    """Refuse to write into memory that lies under two tensors from outside."""
    found = overlapping(tensors, written)
    if found:
        raise TraceError(
            "the function changes a tensor in place that shares its memory with another one from outside: "
            f"shapes {tuple(found[0].shape)} and {tuple(found[1].shape)}\n"
            "  Pass one of them, and take its view inside the function; or pass a .clone()."
        )
