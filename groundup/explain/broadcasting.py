"""Broadcasting, dimension by dimension: which sizes meet, which axes are stretched, what is really in memory.

Shapes are set flush right; in each column the sizes must be equal, or 1. A size of 1 is stretched by reading the
same elements again, with stride 0, and nothing is copied.
"""

from __future__ import annotations

import math
from typing import Any

from groundup.errors import aligned, broadcast_clash, suggest_broadcast
from groundup.explain.explanation import COLOURS, PALE, Drawing, Explanation, in_bytes, listed, table
from groundup.explain.seen import Seen, expanded, look


def broadcast(*operands: Any) -> Broadcast:
    """The rule of broadcasting applied to tensors, arrays or shapes (tuples of whole numbers).

    Shapes that do not fit raise nothing: the explanation marks where they clash, and its ``result`` is None.

    >>> from groundup import explain
    >>> explain.broadcast((5, 1, 3), (4, 1)).result
    (5, 4, 3)
    >>> print(explain.broadcast((3, 4), (3,)))
    broadcast (3, 4) with (3,)
    <BLANKLINE>
      a: (3, 4)
      b: (   3)
             ^
      dim 1: the sizes 4 of a and 3 of b are neither equal nor 1: they do not fit.
    <BLANKLINE>
    Perhaps you meant b[:, None] in place of b.
    """
    if not operands:
        raise TypeError("explain.broadcast takes at least one tensor or shape")
    return Broadcast([look(operand) for operand in operands])


class Broadcast(Explanation):
    """What `broadcast` found. ``result`` is the common shape, or None; ``clash`` the dimension that does not fit."""

    def __init__(self, operands: list[Seen]) -> None:
        self.operands = operands
        self.names = [chr(ord("a") + i) if len(operands) <= 26 else f"x{i}" for i in range(len(operands))]
        self.shapes = [operand.shape for operand in operands]
        self.rank = max(map(len, self.shapes))
        found = broadcast_clash(self.shapes)
        self.clash = None if found is None else found[2]
        self.result = (
            None if found else tuple(max(column, key=_weight) for column in map(self._sizes, range(self.rank)))
        )

    def text(self) -> str:
        """The shapes, what happens in each dimension, and what is stored."""
        lines = [f"broadcast {' with '.join(map(str, self.shapes))}", ""]
        marks = [] if self.clash is None else [self.rank - self.clash]
        if self.result is None:
            lines += [aligned(self.shapes, marks, self.names)]
            lines += [f"  dim {self.clash}: {self._happens(self.clash or 0)}"]
            hint = suggest_broadcast(self.shapes)
            return "\n".join([*lines, *(["", f"Perhaps you meant {hint} in place of {hint[0]}."] if hint else [])])
        lines += [aligned([*self.shapes, self.result], names=[*self.names, "result"]), ""]
        lines += self._steps() if self.rank else ["  no dimension: numbers"]
        lines += ["", *("  " + line for line in table(self._memory(), "llrrl"))]
        return "\n".join([*lines, *self._warning()])

    def _sizes(self, dim: int) -> list[int]:
        """The sizes that meet in a dimension of the result; an operand that lacks it counts as 1."""
        return [shape[dim - self.rank] if dim - self.rank >= -len(shape) else 1 for shape in self.shapes]

    def _lacks(self, operand: int, dim: int) -> bool:
        return dim < self.rank - len(self.shapes[operand])

    def _happens(self, dim: int) -> str:
        """What the rule says of one dimension, in words."""
        sizes = self._sizes(dim)
        if dim == self.clash:
            first = next(i for i, n in enumerate(sizes) if n != 1)
            other = next(i for i, n in enumerate(sizes) if n not in (1, sizes[first]))
            pair = [f"{sizes[i]} of {self.names[i]}" for i in (first, other)]
            return f"the sizes {listed(pair)} are neither equal nor 1: they do not fit."
        size = max(sizes, key=_weight)
        lacking = [name for i, name in enumerate(self.names) if self._lacks(i, dim)]
        stretched = [name for name, n in zip(self.names, sizes, strict=True) if n != size]
        parts = [f"{listed(lacking)} {_are(lacking, 'is', 'are')} given one, of size 1"] if lacking else []
        if stretched:
            parts.append(f"{listed(stretched)} {_are(stretched, 'is', 'are')} stretched to {size}")
        return "; ".join(parts) or ("equal" if len(sizes) > 1 else "as it is")

    def _steps(self) -> list[str]:
        """A line for each dimension, from the last, as the rule goes: the sizes that meet, and what happens."""
        rows = []
        for dim in reversed(range(self.rank)):
            sizes = ["none" if self._lacks(i, dim) else str(n) for i, n in enumerate(self._sizes(dim))]
            rows.append([f"  dim {dim}:", listed(sizes), self._happens(dim)])
        return table(rows)

    def _memory(self) -> list[list[str]]:
        """A row for each operand: how it is read, and what is stored."""
        rows = [["", "read with stride", "elements read", "elements stored", "bytes stored"]]
        for name, operand in zip(self.names, self.operands, strict=True):
            step = expanded(operand, self.result or ())
            read, stored = math.prod(self.result or ()), operand.stored
            nbytes = f"{in_bytes(stored * operand.itemsize)} ({operand.dtype})"
            rows.append([name, str(step), f"{read:,}", f"{stored:,}", nbytes])
        return rows

    def _warning(self) -> list[str]:
        """The trap of a column against a row, which fits and gives a matrix that nobody wanted."""
        if len(self.shapes) != 2 or sorted(map(len, self.shapes)) != [1, 2] or not self.result:
            return []
        column, row = sorted(self.shapes, key=len, reverse=True)
        if column != (row[0], 1) or row[0] < 2:
            return []
        name = self.names[self.shapes.index(column)]
        return [
            "",
            f"Every element meets every other: {row[0]} x {row[0]} results. If each was to meet its own,",
            f"write {name}.squeeze(1) (a loss of {column} predictions and {row} targets is the usual case).",
        ]

    def svg(self) -> str:
        """A column for each dimension, a row for each operand; dashed is what is read again and not stored."""
        drawing, left, wide, high = Drawing(), 70, 74, 34
        for dim in range(self.rank):
            drawing.words(left + dim * wide + wide / 2 - 4, 20, f"dim {dim}", size=11, fill=PALE, anchor="middle")
        for row, (name, operand) in enumerate(zip(self.names, self.operands, strict=True)):
            y = 30 + row * (high + 8)
            drawing.words(left - 14, y + high / 2 + 5, name, anchor="end", bold=True)
            for dim in range(self.rank):
                self._cell(drawing, row, dim, left + dim * wide, y, wide - 8, high)
            if self.result is not None:
                self._note(drawing, operand, left + self.rank * wide + 12, y + high / 2)
        self._last_row(drawing, left, 30 + len(self.operands) * (high + 8) + 8, wide, high)
        return drawing.svg()

    def _cell(self, drawing: Drawing, row: int, dim: int, x: float, y: float, width: float, height: float) -> None:
        n, size = self._sizes(dim)[row], max(self._sizes(dim), key=_weight)
        lacks = self._lacks(row, dim)
        again = not lacks and n > 1 and self.operands[row].strides[dim - self.rank] == 0
        if dim == self.clash:
            fill = "empty" if n == 1 else "wrong"
            drawing.box(x, y, width, height, "" if lacks else str(n), fill=COLOURS[fill], dashed=lacks)
        elif n == size and not lacks and not again:
            drawing.box(x, y, width, height, str(n), fill=COLOURS["kept"])
        else:
            text = str(size) if n == size else f"{'·' if lacks else n} → {size}"
            drawing.box(x, y, width, height, text, fill=COLOURS["empty"], dashed=True, ink=PALE)

    def _note(self, drawing: Drawing, operand: Seen, x: float, y: float) -> None:
        stored, read = in_bytes(operand.stored * operand.itemsize), math.prod(self.result or ())
        drawing.words(x, y - 3, f"stride {expanded(operand, self.result or ())}", size=11)
        drawing.words(x, y + 13, f"stores {stored}, of {in_bytes(read * operand.itemsize)} read", size=11, fill=PALE)

    def _last_row(self, drawing: Drawing, left: float, y: float, wide: float, high: float) -> None:
        if self.result is None:
            drawing.words(left, y + 14, self._happens(self.clash or 0), size=12, fill="#b42318")
            return
        drawing.words(left - 14, y + high / 2 + 5, "result", anchor="end", bold=True)
        for dim, n in enumerate(self.result):
            drawing.box(left + dim * wide, y, wide - 8, high, str(n), fill=COLOURS["matched"])
        drawing.words(left + self.rank * wide + 12, y + high / 2 + 5, f"{math.prod(self.result):,} elements", size=11)
        note = "blue: stored as it is     dashed: read again, stride 0"
        drawing.words(left, y + high + 22, note, size=11, fill=PALE)


def _weight(size: int) -> int:
    """How strong a size is: anything wins against 1, and a 0 too."""
    return 0 if size == 1 else size + 1


def _are(names: list[str], one: str, more: str) -> str:
    return one if len(names) == 1 else more
