"""Which reading of a program runs: loops in machine code where they can be made, else whole-array NumPy.

Both give the same results. `reading("numpy")` keeps to NumPy, as the environment's GROUNDUP_COMPILE=numpy does.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from groundup.compile.program import Later, Program
from groundup.errors import MissingExtra

READINGS = ("loops", "numpy")

_chosen: list[str] = []
_told: list[bool] = []


@contextmanager
def reading(kind: str) -> Iterator[None]:
    """Within the block, programs that run for the first time use this reading from then on: "loops" or "numpy".

    >>> import groundup
    >>> double = groundup.compile(lambda x: x + x)
    >>> with groundup.compile.reading("numpy"):
    ...     double(groundup.ones(2)), double(groundup.ones(2))
    (tensor([2., 2.]), tensor([2., 2.]))
    """
    _check(kind)
    _chosen.append(kind)
    try:
        yield
    finally:
        _chosen.pop()


def chosen() -> str:
    """The reading that programs use which run for the first time now."""
    kind = _chosen[-1] if _chosen else os.environ.get("GROUNDUP_COMPILE", "loops")
    _check(kind)
    return kind


def foresee(program: Later) -> None:
    """Look whether what the program comes to in loops is on disk."""
    if chosen() == "numpy":
        return
    try:
        from groundup.compile.loops.recalled import recalled

        program.ready = recalled(program)
    except Exception:  # whatever is wrong with what is kept, the program can be made
        program.forget()


def running(program: Program) -> Callable[..., Any]:
    """The function that runs a program from now on."""
    if chosen() == "numpy":
        return program.run
    if isinstance(program, Later) and program.ready is not None:
        found: Callable[..., Any] = program.ready.run
        return found
    return _in_loops(program)


def _in_loops(program: Program) -> Callable[..., Any]:
    from groundup.compile.loops.run import loops

    try:
        found = loops(program)
    except MissingExtra as missing:
        if not _told:
            _told.append(True)
            warnings.warn(f"compiled functions run on NumPy: {missing}", stacklevel=2)
        return program.run
    except Exception as error:  # a program that cannot be made into loops still runs, and the reason is told
        warnings.warn(f"{program.name} runs on NumPy: its loops cannot be made ({error!r})", stacklevel=2)
        return program.run
    return program.run if found is None else found.run


def _check(kind: str) -> None:
    if kind not in READINGS:
        raise ValueError(f"a compiled function is read as {' or '.join(map(repr, READINGS))}, not {kind!r}")
