"""NumPy's own BLAS, called from machine code: where it is, how its integers are, and how it is told to use one thread.

One BLAS in a process: the products of a compiled step use the library that NumPy has loaded already, on one thread
each, since the team's threads share the work out themselves. Where NumPy's library shows no symbol that is known here,
SciPy's is used, and where there is none either, `find` says None and the products stay with NumPy.
"""

from __future__ import annotations

import ctypes
import glob
import importlib
import os
from collections.abc import Iterator
from functools import cache
from typing import Any, NamedTuple

from groundup.compile.loops.sleeping import address

# Names of the C interface as libraries spell it, the width of their integers, and the names of what says how many
# threads they use. NumPy's and SciPy's wheels bring OpenBLAS with a prefix of their own.
SPELLINGS = (
    ("scipy_cblas_{}gemm64_", 64, "scipy_openblas_{}_num_threads64_"),
    ("cblas_{}gemm64_", 64, "openblas_{}_num_threads64_"),
    ("scipy_cblas_{}gemm", 32, "scipy_openblas_{}_num_threads"),
    ("cblas_{}gemm", 32, "openblas_{}_num_threads"),
)


class Blas(NamedTuple):
    """Addresses of a BLAS. `get_threads` and `set_threads` are 0 where it cannot be told."""

    sgemm: int
    dgemm: int
    width: int  # bits of its integers
    get_threads: int
    set_threads: int
    name: str

    @property
    def serial(self) -> bool:
        """Whether it can be held to one thread, so that several may call it at once."""
        return self.set_threads != 0


@cache
def find() -> Blas | None:
    """The BLAS of this process, or None."""
    for library in _libraries():
        for product, width, threads in SPELLINGS:
            if hasattr(library, product.format("s")) and hasattr(library, product.format("d")):
                known = all(hasattr(library, threads.format(verb)) for verb in ("get", "set"))
                return Blas(
                    address(getattr(library, product.format("s"))),
                    address(getattr(library, product.format("d"))),
                    width,
                    address(getattr(library, threads.format("get"))) if known else 0,
                    address(getattr(library, threads.format("set"))) if known else 0,
                    product.format("s"),
                )
    return None


def register() -> Blas | None:
    """As `find`, and machine code may link to it by the names `groundup_sgemm` and `groundup_dgemm`."""
    found = find()
    if found is not None:
        from llvmlite import binding

        binding.add_symbol("groundup_sgemm", found.sgemm)
        binding.add_symbol("groundup_dgemm", found.dgemm)
    return found


def _libraries() -> Iterator[Any]:
    """Loaded libraries in which symbols are looked for: the extension modules, and the wheels' own files."""
    for package, extension in (("numpy", "numpy._core._multiarray_umath"), ("scipy", "scipy.linalg._fblas")):
        try:
            module = importlib.import_module(extension)
        except ImportError:
            continue
        # The symbols of what an extension is linked to are found through it, but for Windows.
        files = [str(module.__file__)]
        beside = os.path.join(os.path.dirname(importlib.import_module(package).__file__ or ""), os.pardir)
        files += sorted(glob.glob(os.path.join(beside, f"{package}.libs", "*openblas*")))
        for file in files:
            try:
                yield ctypes.CDLL(file)
            except OSError:
                continue
