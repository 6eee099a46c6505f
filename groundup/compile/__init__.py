"""The compiler: from a function of tensors, modules and optimisers down to the source that a person would write.

A function is traced by running it once, eagerly, while the tracer looks on; the graph is simplified by passes of one
module each, and printed as NumPy source, which runs. The room itself can be called: `groundup.compile(function)`.
"""

from __future__ import annotations

import sys
import types
from typing import Any

from groundup.compile.errors import TraceError
from groundup.compile.function import Compiled, compile
from groundup.compile.running import reading
from groundup.compile.threads import get_num_threads, set_num_threads

__all__ = ["Compiled", "TraceError", "compile", "get_num_threads", "reading", "set_num_threads"]


class _Room(types.ModuleType):
    """A module that is called as its function of the same name."""

    def __call__(self, function: Any = None, *, steps: int | None = None) -> Any:
        return compile(function, steps=steps)


sys.modules[__name__].__class__ = _Room
