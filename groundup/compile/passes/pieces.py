"""Pieces put together: the sum of arrays that are zero but for one piece each is a stack, or the pieces side by side.

That sum is the gradient of what was taken apart by `unbind`, `chunk` or `split`.
"""

from __future__ import annotations

from groundup.compile.graph import Graph, Statement, Value
from groundup.compile.passes.rewriting import Rewriting

Piece = tuple[int, int, Value]  # where it begins, where it ends, and what it is


def pieces(graph: Graph) -> Graph:
    """Write such sums as `stack` or `cat`."""
    return Rewriting(graph).by(_together)


def _together(r: Rewriting, s: Statement) -> Value | None:
    if s.row.name != "add" or len(s.operands) != 2:
        return None
    placed = _placed(r, s)
    if placed is None:
        return None
    places = [_place(each) for each in placed]
    if None in places:
        return None
    axes = {(axis, single) for axis, single, _ in (each for each in places if each is not None)}
    if len(axes) != 1:
        return None
    ((axis, single),) = axes
    found = sorted((each[2] for each in places if each is not None), key=lambda piece: piece[0])
    ends = [0, *(end for _, end, _ in found)]
    if ends[-1] != s.out.shape[axis] or any(start != end for (start, _, _), end in zip(found, ends)):
        return None
    parts = [value for _, _, value in found]
    if single:
        return r.emit("stack", *parts, shape=s.out.shape, dim=axis)
    return r.emit("cat", *parts, shape=s.out.shape, dim=axis, sizes=tuple(end - start for start, end, _ in found))


def _placed(r: Rewriting, s: Statement) -> list[Statement] | None:
    """The statements that put a piece among zeros, of a tree of sums made of nothing else."""
    found: list[Statement] = []
    for each in s.operands:
        made = r.maker(each, "placed", "add")
        if made is None or made.out.shape != s.out.shape:
            return None
        if made.row.name == "add":
            deeper = _placed(r, made)
            if deeper is None:
                return None
            found += deeper
        elif not r.intact(made.operands[0]):
            return None
        else:
            found.append(made)
    return found


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
