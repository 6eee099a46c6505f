"""Which words of memory tell that Python objects are as they were: a dict's version, what a cell or a slot points to.

CPython counts the changes of each dict in a word of its own (until 3.13), and a cell, a function or a tensor holds its
parts as addresses. Looking at such a word costs a nanosecond where the attribute or the key costs thirty. Where they
stand is found out by trying, once; what is not found has no word, and is looked at by Python.
"""

from __future__ import annotations

import ctypes
import sys
import types
from collections import OrderedDict
from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np

from groundup.autograd.tape import TensorBase
from groundup.compile.loops import entering
from groundup.compile.loops.builtin import available
from groundup.tensor import Tensor

Word = int  # the address of one

_at = ctypes.c_int64.from_address
_VERSION = object.__basicsize__ + 8  # of a dict, behind the number of its entries


def word_at(address: int) -> int:
    """The word at an address."""
    return int(_at(address).value)


def of_dict(holder: dict[Any, Any]) -> Word | None:
    """The word that changes with every change of a dict: another key, another object under a key."""
    return id(holder) + _VERSION if _counts_changes() else None


def of_attribute(holder: Any, name: str) -> Word | None:
    """The word with the address of what an attribute holds, for those kinds of objects where that is known."""
    if isinstance(holder, TensorBase):
        place = _places_in_tensors().get(name)
    elif type(holder) is types.FunctionType:
        place = _places_in_functions().get(name)
    elif type(holder) is types.CellType:
        place = _places_in_cells().get(name)
    else:
        place = None
    return None if place is None else id(holder) + place


@cache
def lists_are_known() -> bool:
    """Whether a list's length and the address of its parts stand where they are looked for."""
    if not available():
        return False
    sample: list[Any] = [object(), object()]
    for _ in range(100):
        items = word_at(id(sample) + 8 * entering.ITEMS)
        there = [word_at(items + 8 * i) for i in range(len(sample))]
        if word_at(id(sample) + 8 * entering.FIELDS) != len(sample) or there != [id(part) for part in sample]:
            return False
        sample.append(object())
    return True


@cache
def arrays_are_known() -> bool:
    """Whether an array's axes, extents, strides, type of numbers and flags stand where they are looked for."""
    if not available():
        return False
    sample = np.zeros((3, 5), np.float32)
    turned = sample.T
    extents, strides = (word_at(id(sample) + 8 * place) for place in (entering.EXTENTS, entering.STRIDES))
    at = [word_at(id(sample) + 8 * place) for place in (entering.AXES_OF_ARRAY, entering.DTYPE_OF_ARRAY)]
    flags = [word_at(id(each) + 8 * entering.FLAGS_OF_ARRAY) % 2 for each in (sample, turned)]
    inside = [word_at(extents), word_at(extents + 8), word_at(strides), word_at(strides + 8)]
    return (at[0] % 256, at[1], flags, inside) == (2, id(sample.dtype), [1, 0], [3, 5, 20, 4])


class _Sample:
    pass


@cache
def _counts_changes() -> bool:
    """Whether every change of a dict changes that word, and nothing else does."""
    if not available() or sys.version_info >= (3, 13):  # from where on not every way of setting an attribute counts
        return False
    sample = _Sample()
    changes: list[Callable[[Any], Any]] = [
        lambda d: d.update(a=1, b=2, c=3),
        lambda d: d.__setitem__("a", 7),
        lambda d: d.update(b=8),
        lambda d: d.__setitem__("d", []),
        lambda d: d.pop("c"),
        lambda d: d.__delitem__("a"),
        lambda d: d.setdefault("e", 5),
        lambda d: d.popitem(),
        lambda d: d.__ior__({"b": 9}),
        lambda d: d.clear(),
        lambda d: d.update({i: str(i) for i in range(100)}),
    ]
    for each in ({}, OrderedDict(), vars(sample)):
        for change in changes:
            before = word_at(id(each) + _VERSION)
            change(each)
            after = word_at(id(each) + _VERSION)
            len(each), each.get("b"), [*each], "b" in each
            if before == after or after != word_at(id(each) + _VERSION):
                return False
    for value in (1, 2, "x"):  # more than once, since Python specialises what it does again and again
        for _ in range(100):
            before = word_at(id(vars(sample)) + _VERSION)
            sample.other = value  # type: ignore[attr-defined]
            sample.other = None  # type: ignore[attr-defined]
            if before == word_at(id(vars(sample)) + _VERSION):
                return False
    return True


def _places(sample: Any, parts: dict[str, Any]) -> dict[str, int]:
    """Where in an object the addresses of its parts stand: each must be found once."""
    if not available():
        return {}
    words = [word_at(id(sample) + place) for place in range(0, type(sample).__basicsize__, 8)]
    found = {name: [8 * i for i, word in enumerate(words) if word == id(part)] for name, part in parts.items()}
    return {name: places[0] for name, places in found.items() if len(places) == 1}


@cache
def _places_in_tensors() -> dict[str, int]:
    sample = object.__new__(Tensor)
    parts = {name: object() for name in ("_array", "_node", "_storage", "_view")}
    for name, part in parts.items():
        setattr(sample, name, part)
    found = _places(sample, parts)
    for name in parts:
        setattr(sample, name, None)  # nothing that a tensor's end could stumble over
    return found


@cache
def _places_in_functions() -> dict[str, int]:
    def sample(a: float = 1.5, *, b: float = 2.5) -> float:
        return a + b

    return _places(sample, {name: getattr(sample, name) for name in ("__code__", "__defaults__", "__kwdefaults__")})


@cache
def _places_in_cells() -> dict[str, int]:
    part = object()
    return _places(types.CellType(part), {"cell_contents": part})
