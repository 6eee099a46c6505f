"""The compiler: from a function of tensors, modules and optimisers down to the source that a person would write."""

from __future__ import annotations

from groundup.compile.function import Compiled, compile

__all__ = ["Compiled", "compile"]
