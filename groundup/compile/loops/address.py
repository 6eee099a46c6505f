"""Where the elements of a NumPy array begin.

NumPy tells it in more than a microsecond. CPython's arrays hold it in the first field of their own, which is read in a
fifth of that; whether they do is tried out once, and where they do not, NumPy is asked.
"""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Callable

import numpy as np

_HEAD = object.__basicsize__  # bytes of a reference count and a type, before the fields of an array
_word = ctypes.c_int64.from_address


def _told(array: np.ndarray) -> int:
    return int(array.__array_interface__["data"][0])


def _read(array: np.ndarray) -> int:
    return _word(id(array) + _HEAD).value


def _chosen() -> Callable[[np.ndarray], int]:
    if sys.implementation.name != "cpython" or ctypes.sizeof(ctypes.c_void_p) != 8:
        return _told
    samples = [np.zeros(3), np.zeros((4, 5))[1:, 2:], np.zeros(0)]
    return _read if all(_read(each) == _told(each) for each in samples) else _told


address: Callable[[np.ndarray], int] = _chosen()
