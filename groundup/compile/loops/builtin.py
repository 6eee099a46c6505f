"""Machine code as a builtin function of Python: what calls it most cheaply, a twentieth of a microsecond.

Python makes builtin functions of a C function's address (`PyCFunction_NewEx`, of its stable interface). The object
that such a function belongs to is a NumPy array here, from which the machine code (`entering`) reads what to do. Where
Python keeps its objects otherwise than the calls expect, there are no builtins and `available` says so.
"""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Callable
from functools import cache

import numpy as np

from groundup.compile.loops import entering
from groundup.compile.loops.address import address
from groundup.compile.loops.atoms import machine_functions

_NO_ARGUMENTS, _ONE_ARGUMENT, _MANY_ARGUMENTS = 0x4, 0x8, 0x80  # METH_NOARGS, METH_O, METH_FASTCALL
_FLAGS = {
    "differ": _NO_ARGUMENTS,
    "record": _NO_ARGUMENTS,
    "put": _ONE_ARGUMENT,
    "noted": _MANY_ARGUMENTS,
    "fit": _MANY_ARGUMENTS,
    "chosen": _NO_ARGUMENTS,
    "run": _NO_ARGUMENTS,
    "run_freely": _NO_ARGUMENTS,
}


class _Definition(ctypes.Structure):
    """C's PyMethodDef."""

    _fields_ = (
        ("name", ctypes.c_char_p),
        ("function", ctypes.c_void_p),
        ("flags", ctypes.c_int),
        ("doc", ctypes.c_char_p),
    )


@cache
def available() -> bool:
    """Whether machine code can be called as a builtin here: CPython with its global lock, on 64 bits."""
    with_lock = getattr(sys, "_is_gil_enabled", lambda: True)()
    usual = sys.implementation.name == "cpython" and object.__basicsize__ == 8 * entering.FIELDS and with_lock
    return usual and ctypes.sizeof(ctypes.c_void_p) == 8 and address.__name__ == "_read"


@cache
def _definitions() -> dict[str, _Definition]:
    words = {name: 3 if flags == _MANY_ARGUMENTS else 2 for name, flags in _FLAGS.items()}
    places = machine_functions(entering, {name: ["int64"] * count for name, count in words.items()})
    return {
        name: _Definition(f"groundup_{name}".encode(), places[name], flags, b"Machine code of a program.")
        for name, flags in _FLAGS.items()
    }


@cache
def python_function(name: str) -> int:
    """The address of a function of Python's C interface."""
    found = ctypes.cast(getattr(ctypes.pythonapi, name), ctypes.c_void_p).value
    if found is None:
        raise OSError(f"{name} has no address")
    return found


def builtin(name: str, words: dict[int, int]) -> Callable[..., int]:
    """The function of `entering` of that name as a builtin, with these words in its command."""
    command = np.zeros(entering.LENGTH, np.int64)
    command[entering.INTEGER] = python_function("PyLong_FromLong")
    for place, word in words.items():
        command[place] = word
    prototype = ctypes.PYFUNCTYPE(ctypes.py_object, ctypes.c_void_p, ctypes.py_object, ctypes.c_void_p)
    made: Callable[..., int] = prototype(python_function("PyCFunction_NewEx"))(
        ctypes.addressof(_definitions()[name]), command, None
    )
    return made
