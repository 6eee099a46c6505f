"""Copies: in order, and several times over."""

from __future__ import annotations

from typing import Any

from groundup.autograd.apply import apply
from groundup.autograd.tape import shown_as
from groundup.functions.axes import sizes
from groundup.ops import view as rows

__all__ = ["clone"]

Tensor = Any


def clone(input: Tensor) -> Tensor:
    """A copy with memory of its own, through which gradients flow."""
    return apply(rows.clone, input)


def contiguous(input: Tensor) -> Tensor:
    """The tensor itself if its elements lie in order in memory, else a copy."""
    return input if input._array.flags.c_contiguous else apply(rows.clone, input)


def repeat(input: Tensor, *repeats: Any) -> Tensor:
    """The tensor copied so many times along each axis; more numbers than axes add axes in front."""
    times = sizes(repeats)
    shape = input._array.shape
    if len(times) < len(shape):
        raise RuntimeError("Number of dimensions of repeat dims can not be smaller than number of dimensions of tensor")
    shape = (1,) * (len(times) - len(shape)) + shape
    spaced = tuple(n for size in shape for n in (1, size))
    full = tuple(n for time, size in zip(times, shape, strict=True) for n in (time, size))
    # The clone owns its memory: where no axis is tiled, the rest alone would be a view of the input.
    tiled = apply(rows.clone, apply(rows.expand, apply(rows.reshape, input, size=spaced), size=full))
    size = tuple(t * n for t, n in zip(times, shape, strict=True))
    return shown_as(apply(rows.reshape, tiled, size=size), "RepeatBackward0")
