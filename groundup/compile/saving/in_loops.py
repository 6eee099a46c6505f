"""A compiled function in loops as a file: kernels for Numba, NumPy's products between them, the same numbers.

Kernels run on one thread. Sums over many elements may be taken in any order, as where they come from; nothing else is.
"""

from __future__ import annotations

from typing import Any

from groundup.compile.loops.listing import TYPES, Listing, names_of
from groundup.compile.loops.run import LoopProgram
from groundup.compile.program import Program
from groundup.compile.saving.bundle import MISSING, Bundle

_SUMS = ("plus_f32", "plus_f64")

_CHECK = '''def prepared(arguments, expected):
    """The arguments, in order in memory. Kernels do not look at what they are given, so it is done here."""
    for array, (name, shape, dtype, is_written) in zip(arguments, expected, strict=True):
        if not isinstance(array, np.ndarray) or array.dtype != dtype or array.shape != shape:
            raise ValueError(f"{name} must be an array of {dtype} of shape {shape}")
        if is_written and not array.flags.c_contiguous:
            raise ValueError(f"{name} is written in place and must be contiguous: pass np.ascontiguousarray({name})")
        yield np.asarray(array, order="C")'''

_DECORATORS = """kernel = numba.njit(error_model="numpy", cache=True)
reorderable = numba.njit(error_model="numpy", cache=True, fastmath={"reassoc", "nsz"})"""


class InLoops:
    """The programs in loops; one that has no loops as a whole stays NumPy."""

    def __init__(self, programs: list[tuple[Program, LoopProgram | None]]) -> None:
        taken = {"prepared", "kernel", "reorderable", "numba"}
        for program, fast in programs:
            taken |= {program.name} if fast is None else names_of(fast)
        self.fast = dict(programs)
        self.bundle = Bundle(taken)
        self.listing = Listing(self.bundle, "prepared")

    def text(self, program: Program) -> str:
        """One function."""
        fast = self.fast[program]
        if fast is None:
            step = self.bundle.moved(program.source, lambda name: program.helpers.get(name, MISSING))
        else:
            step = self.listing.step(fast)
        return f'@np.errstate(all="ignore")\n{step}'

    def definitions(self) -> list[str]:
        """What the functions need."""
        kernels: list[Any] = []
        for name, text in self.listing.functions.items():
            kernels.append(f"@{'reorderable' if name in _SUMS else 'kernel'}\n{text}")
        rest = self.bundle.definitions()
        self.bundle.imports |= {"import math", "import numba"}
        return [_CHECK, TYPES, _DECORATORS, *kernels, *self.listing.before, *rest]
