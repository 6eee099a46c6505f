"""A kernel with what it is called with: what the emitter and the kernels written by hand give to those who call."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from groundup.compile.loops.layout import Buffer
from groundup.compile.loops.machine import Kernel


@dataclass(eq=False, slots=True)
class Slab:
    """What a kernel touches of a buffer in a turn of its first loop: `span` elements from offset + turn * step on."""

    buffer: Buffer
    offset: int
    step: int
    span: int
    writes: bool


@dataclass(eq=False, slots=True)
class Made:
    """A kernel, and its arguments: buffers with offsets, whole numbers, numbers of the call."""

    kernel: Kernel
    arguments: list[Any]
    split: int
    partials: list[tuple[Buffer, Buffer, str]] = field(default_factory=list)  # partial results, whole ones, how
    flops: int = 0  # where these are known better than the text tells
    bytes: int = 0
    turns: int = 0  # of the first loop, which are shared out; 0 where it is not known what is touched in one
    slabs: list[Slab] = field(default_factory=list)  # what one touches; all that is touched of the buffers in them
