"""Pieces put together: the sum of arrays that are zero but for one piece each is a stack, or the pieces side by side.

That sum is the gradient of what was taken apart by `unbind`, `chunk` or `split`.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

from groundup.compile.graph import Graph, Statement, Value
from groundup.compile.passes.rewriting import Rewriting


@dataclass(frozen=True, slots=True)
class Piece:
    """Where something lies along an axis, which may be a single place of it; or two such pieces added."""

    axis: int
    single: bool
    length: int
    start: int = 0
    value: Value | None = None
    both: tuple[Piece, Piece] | None = None

    def all(self) -> list[Piece]:
        """The pieces that it is made of, by where they begin."""
        found, left = [], [self]
        while left:
            each = left.pop()
            if each.both is None:
                found.append(each)
            else:
                left += each.both
        return sorted(found, key=lambda piece: piece.start)


class Pieces(Rewriting):
    """The walk, with the sums that are made of pieces among zeros."""

    def __init__(self, graph: Graph) -> None:
        super().__init__(graph)
        self.sums: dict[Value, Piece] = {}


def pieces(graph: Graph) -> Graph:
    """Write such sums as `stack` or `cat`."""
    if not any(statement.row.name == "placed" for statement in graph.statements):
        return graph
    return Pieces(graph).by(_together)


def _together(r: Pieces, s: Statement) -> Value | None:
    if s.row.name != "add" or len(s.operands) != 2:
        return None
    a, b = (_piece(r, each, s.out.shape) for each in s.operands)
    if a is None or b is None or (a.axis, a.single) != (b.axis, b.single):
        return None
    r.sums[s.out] = whole = Piece(a.axis, a.single, a.length + b.length, both=(a, b))
    if whole.length != s.out.shape[a.axis]:
        return None
    found = whole.all()
    if any(one.start + one.length != other.start for one, other in pairwise(found)):
        return None
    parts = [piece.value for piece in found]
    if not all(map(r.intact, parts)):
        return None
    if a.single:
        return r.emit("stack", *parts, shape=s.out.shape, dim=a.axis)
    return r.emit("cat", *parts, shape=s.out.shape, dim=a.axis, sizes=tuple(piece.length for piece in found))


def _piece(r: Pieces, value: object, shape: tuple[int, ...]) -> Piece | None:
    """A value as a piece, or as the sum of some."""
    if isinstance(value, Value) and value in r.sums:
        return r.sums[value]
    made = r.maker(value, "placed")
    return _place(made) if made is not None and made.out.shape == shape else None


def _place(s: Statement) -> Piece | None:
    """The axis along which a piece is placed, and where on it."""
    value, size = s.operands[0], s.params["size"]
    key = s.params["key"] if isinstance(s.params["key"], tuple) else (s.params["key"],)
    chosen = [(axis, part) for axis, part in enumerate(key) if part != slice(None)]
    if len(chosen) != 1:
        return None
    ((axis, part),) = chosen
    if isinstance(part, int):
        whole = value.shape == size[:axis] + size[axis + 1 :]
        return Piece(axis, True, 1, part % size[axis], value) if whole else None
    if not isinstance(part, slice) or part.step not in (None, 1):
        return None
    start, end, _ = part.indices(size[axis])
    whole = value.shape == (*size[:axis], end - start, *size[axis + 1 :])
    return Piece(axis, False, end - start, start, value) if whole and end > start else None
