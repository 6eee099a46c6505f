"""Where the largest and the smallest elements are, along an axis or of everything: the first of equals, or of NaNs."""

from __future__ import annotations

import math
from typing import Any

from groundup.compile.graph import Statement
from groundup.compile.loops.kernels.context import Context, Lowering


def largest_places(x: Any, out: Any, length: int, after: int, begin: int, end: int) -> None:
    """The place of the largest of `length` elements, `after` apart; units are results."""
    for i in range(begin, end):
        first = i // after * length * after + i % after
        best = x[first]
        place = 0
        for k in range(1, length):
            other = x[first + k * after]
            if other > best or (other != other and best == best):
                best = other
                place = k
        out[i] = place


def smallest_places(x: Any, out: Any, length: int, after: int, begin: int, end: int) -> None:
    """The place of the smallest of `length` elements, `after` apart; units are results."""
    for i in range(begin, end):
        first = i // after * length * after + i % after
        best = x[first]
        place = 0
        for k in range(1, length):
            other = x[first + k * after]
            if other < best or (other != other and best == best):
                best = other
                place = k
        out[i] = place


def _lowering(kernel: Any) -> Lowering:
    def lower(s: Statement, ctx: Context) -> None:
        x, dim = s.operands[0], s.params["dim"]
        size = x.shape
        if not size or 0 in size or x.dtype.kind not in "fi":
            raise ctx.refuse("the place of an extreme among nothing, or of a type without kernels")
        length = math.prod(size) if dim is None else size[dim]
        after = 1 if dim is None else math.prod(size[dim + 1 :])
        units = math.prod(size) // length
        moved = math.prod(size) * x.dtype.itemsize
        ctx.call(kernel, [ctx.read(x), ctx.out(s.out), length, after], split=units, bytes=moved)

    return lower


LOWERINGS: dict[str, Lowering] = {"argmax": _lowering(largest_places), "argmin": _lowering(smallest_places)}
