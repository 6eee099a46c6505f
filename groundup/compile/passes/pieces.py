"""Pieces put together: the sum of arrays that are zero but for one piece each is a stack, or the pieces side by side.

That sum is the gradient of what was taken apart by `unbind`, `chunk` or `split`.
"""

from __future__ import annotations

from groundup.compile.graph import Graph, Statement, Value
from groundup.compile.passes.rewriting import Rewriting

Piece = tuple[int, int, Value]  # where it begins, where it ends, and what it is


class Pieces(Rewriting):
    """The walk, with the statements that each sum is made of: all put one piece among zeros."""

    def __init__(self, graph: Graph) -> None:
        super().__init__(graph)
        self.sums: dict[Value, list[Statement]] = {}


def pieces(graph: Graph) -> Graph:
    """Write such sums as `stack` or `cat`."""
    if not any(statement.row.name == "placed" for statement in graph.statements):
        return graph
    return Pieces(graph).by(_together)


def _together(r: Pieces, s: Statement) -> Value | None:
    if s.row.name != "add" or len(s.operands) != 2:
        return None
    first, second = (_placed(r, each, s.out.shape) for each in s.operands)
    if not first or not second:
        return None
    r.sums[s.out] = placed = first + second
    places = [place for each in placed if r.intact(each.operands[0]) and (place := _place(each)) is not None]
    axes = {(axis, single) for axis, single, _ in places}
    if len(places) < len(placed) or len(axes) != 1:
        return None
    ((axis, single),) = axes
    found = sorted((piece for _, _, piece in places), key=lambda piece: piece[0])
    ends = [0, *(end for _, end, _ in found)]
    if ends[-1] != s.out.shape[axis] or any(start != end for (start, _, _), end in zip(found, ends)):
        return None
    parts = [value for _, _, value in found]
    if single:
        return r.emit("stack", *parts, shape=s.out.shape, dim=axis)
    return r.emit("cat", *parts, shape=s.out.shape, dim=axis, sizes=tuple(end - start for start, end, _ in found))


def _placed(r: Pieces, value: object, shape: tuple[int, ...]) -> list[Statement]:
    """The statements that put a piece among zeros, of a sum made of nothing else."""
    if isinstance(value, Value) and value in r.sums:
        return r.sums[value]
    made = r.maker(value, "placed")
    return [made] if made is not None and made.out.shape == shape else []


def _place(s: Statement) -> tuple[int, bool, Piece] | None:
    """The axis along which a piece is placed, whether that axis is a single place, and where on it."""
    value, size = s.operands[0], s.params["size"]
    key = s.params["key"] if isinstance(s.params["key"], tuple) else (s.params["key"],)
    chosen = [(axis, part) for axis, part in enumerate(key) if part != slice(None)]
    if len(chosen) != 1:
        return None
    ((axis, part),) = chosen
    if isinstance(part, int):
        start = part % size[axis]
        whole = value.shape == size[:axis] + size[axis + 1 :]
        return (axis, True, (start, start + 1, value)) if whole else None
    if not isinstance(part, slice) or part.step not in (None, 1):
        return None
    start, end, _ = part.indices(size[axis])
    whole = value.shape == (*size[:axis], end - start, *size[axis + 1 :])
    return (axis, False, (start, end, value)) if whole and end > start else None
