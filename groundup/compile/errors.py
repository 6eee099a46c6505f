"""What cannot be compiled says so at once, with the line that did it and the way to write it."""

from __future__ import annotations


class TraceError(RuntimeError):
    """The function does something that a compiled program cannot: it looks at values, or at what may change."""
