"""Where a tensor lies in memory: its storage, where it begins, how far each step goes, and who else reads there.

The element at index (i, j) is number ``offset + i * stride[0] + j * stride[1]`` of a row of elements, the storage.
Views are other readings of the same row: they cost nothing, and a write through one is seen through all.
"""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np

from groundup.explain.explanation import COLOURS, PALE, Drawing, Explanation, in_bytes, table
from groundup.explain.seen import LARGEST, Seen, common_bytes, look, origin, values

MAPPED = 96  # elements of a storage that is shown element by element
WIDTH = 100


def memory(*tensors: Any, **named: Any) -> Memory:
    """Storage, offset and stride of tensors or arrays, and what they share; keywords give them names.

    >>> import groundup
    >>> from groundup import explain
    >>> x = groundup.tensor([[1, 2, 3], [4, 5, 6]])
    >>> print(explain.memory(x=x, column=x[:, 1]))
    x: shape (2, 3), stride (3, 1), offset 0, int64
      x[i, j] is element 3*i + j of its storage
      reads each of the storage's 6 elements once; contiguous
    column: shape (2,), stride (3,), offset 1, int64
      column[i] is element 1 + 3*i of its storage
      reads 2 of the storage's 6 elements, each once; not contiguous: flattening it copies 16 bytes
      a view: slice of a tensor of shape (2, 3)
    <BLANKLINE>
    storage of 6 elements, 48 bytes
      element    0    1    2    3    4    5
      value      1    2    3    4    5    6
      x        0,0  0,1  0,2  1,0  1,1  1,2
      column          0              1
    <BLANKLINE>
    x and column share 2 elements: a write through one is seen through the other
    """
    names = [chr(ord("a") + i) if len(tensors) > 1 else "t" for i in range(len(tensors))]
    things = {**dict(zip(names, tensors, strict=True)), **named}
    if not things:
        raise TypeError("explain.memory takes at least one tensor or array")
    return Memory(things)


class Memory(Explanation):
    """What `memory` found; ``shared`` has the bytes that each pair of tensors has in common."""

    def __init__(self, things: dict[str, Any]) -> None:
        self.things = things
        self.seen = {name: look(thing) for name, thing in things.items()}
        for name, seen in self.seen.items():
            if seen.place is None:
                raise TypeError(f"{name} is no tensor and no array, and so has no place in memory: {things[name]!r}")
        self.shared = {
            (a, b): common_bytes(self.seen[a], self.seen[b]) for a, b in itertools.combinations(self.seen, 2)
        }
        self.storages = self._storages()

    def _storages(self) -> list[list[str]]:
        """The names, grouped by storage, the largest reading of a storage first."""
        groups: list[list[str]] = []
        for name, seen in self.seen.items():
            for group in groups:
                other = self.seen[group[0]]
                if seen.storage < other.storage + other.room and other.storage < seen.storage + seen.room:
                    group.append(name)
                    break
            else:
                groups.append([name])
        return [sorted(group, key=lambda name: -self.seen[name].room) for group in groups]

    def text(self) -> str:
        """Each tensor's geometry, its storage element by element, and what is shared."""
        lines = [line for name in self.seen for line in self._described(name)]
        for group in self.storages:
            if self._is_mapped(group):
                lines += ["", *self._map(group)]
        return "\n".join([*lines, *self._sharing()])

    def _described(self, name: str) -> list[str]:
        seen = self.seen[name]
        at = f"shape {seen.shape}, stride {seen.strides}, offset {seen.offset}, {seen.dtype}"
        lines = [f"{name}: {at}", f"  {name}{self._formula(seen)}", f"  {self._reading(seen)}"]
        made = origin(self.things[name])
        return [*lines, f"  a view: {made}"] if made else lines

    def _formula(self, seen: Seen) -> str:
        letters = [chr(ord("i") + axis) if len(seen.shape) <= 6 else f"i{axis}" for axis in range(len(seen.shape))]
        terms = [letter if step == 1 else f"{step}*{letter}" for letter, step in zip(letters, seen.strides) if step]
        place = " + ".join([str(seen.offset)] * (seen.offset > 0 or not terms) + terms).replace("+ -", "- ")
        return f"[{', '.join(letters) or '()'}] is element {place} of its storage"

    def _reading(self, seen: Seen) -> str:
        total = seen.room // seen.itemsize
        if not seen.size:
            return "reads nothing: it has no element"
        which = f"{seen.stored:,} of the storage's {total:,} elements, each"
        if seen.stored == total:
            which = f"each of the storage's {total:,} elements" if total > 1 else "the storage's one element"
        often = "once" if seen.size == seen.stored else f"{seen.size / seen.stored:g} times"
        overlapping = seen.size > seen.stored and 0 not in seen.strides
        order = "contiguous" if seen.is_contiguous else f"not contiguous: flattening it copies {in_bytes(seen.nbytes)}"
        return f"reads {which} {often}{' on average' * overlapping}; {order}"

    def _is_mapped(self, group: list[str]) -> bool:
        whole = self.seen[group[0]]
        return 0 < whole.room // whole.itemsize <= MAPPED

    def _labels(self, group: list[str]) -> list[list[str]]:
        """The rows of a storage's map: the number of each element, its value, and its index in each tensor."""
        whole = self.seen[group[0]]
        count = whole.room // whole.itemsize
        rows = [["element", *map(str, range(count))]]
        found = values(self.things[group[0]], whole)
        if found is not None:
            rows.append(["value", *(f"{v:.4g}" if isinstance(v, float) else str(v) for v in found)])
        for name in [each for each in self.seen if each in group]:
            if self.seen[name].itemsize == whole.itemsize:
                rows.append([name, *_indices(self.seen[name], whole.storage, count)])
        return rows

    def _map(self, group: list[str]) -> list[str]:
        rows = self._labels(group)
        whole = self.seen[group[0]]
        lines = [f"storage of {len(rows[0]) - 1:,} elements, {in_bytes(whole.room)}"]
        cell = max(len(each) for row in rows for each in row[1:])
        columns = max(1, (WIDTH - max(len(row[0]) for row in rows)) // (cell + 2))
        for start in range(1, len(rows[0]), columns):
            part = [[row[0], *(each.rjust(cell) for each in row[start : start + columns])] for row in rows]
            lines += ["  " + line for line in table(part)]
        return lines

    def _sharing(self) -> list[str]:
        lines = []
        for (a, b), count in self.shared.items():
            seen, other = self.seen[a], self.seen[b]
            if count:
                same = seen.itemsize == other.itemsize
                what = (
                    f"{count // seen.itemsize:,} element{'s' * (count != seen.itemsize)}" if same else in_bytes(count)
                )
                most = "at most " if max(seen.room, other.room) > LARGEST else ""
                lines.append(f"{a} and {b} share {most}{what}: a write through one is seen through the other")
            elif any({a, b} <= set(group) for group in self.storages):
                lines.append(f"{a} and {b} have one storage, but no element in common")
            else:
                lines.append(f"{a} and {b} share nothing")
        return ["", *lines] if lines else []

    def svg(self) -> str:
        """Each storage as a row of elements, and below it the elements that each tensor reads, with their index."""
        drawing, y = Drawing(), 22.0
        for name, seen in self.seen.items():
            at = f"{name}: shape {seen.shape}, stride {seen.strides}, offset {seen.offset}, {seen.dtype}"
            drawing.words(14, y, at, size=12)
            y += 18
        for group in self.storages:
            if self._is_mapped(group):
                y = self._strip(drawing, self._labels(group), y + 6)
        for line in self._sharing():
            drawing.words(14, y + 4, line, size=12, fill=PALE)
            y += 18 * bool(line)
        return drawing.svg()

    def _strip(self, drawing: Drawing, rows: list[list[str]], y: float) -> float:
        """One storage, wrapped into lines; gives the height at which it ends."""
        left = 22 + 8.0 * max(len(row[0]) for row in rows)
        wide = 16 + 7.3 * max(len(each) for row in rows for each in row[1:])
        columns = max(1, int(860 / wide))
        for start in range(1, len(rows[0]), columns):
            for row in rows:
                high = 14 if row[0] == "element" else 26
                drawing.words(left - 10, y + high / 2 + 5, row[0], size=12, anchor="end", bold=row[0] in self.seen)
                for column, each in enumerate(row[start : start + columns]):
                    x = left + column * wide
                    if row[0] == "element":
                        drawing.words(x + wide / 2, y + 11, each, size=10, fill=PALE, anchor="middle")
                    elif row[0] == "value" or each:
                        fill = COLOURS["empty" if row[0] == "value" else "kept"]
                        drawing.box(x, y, wide - 3, high, each, fill=fill, size=12)
                y += high + 4
            y += 10
        return y


def _indices(seen: Seen, begin: int, count: int) -> list[str]:
    """For each element of a storage the index at which the tensor has it: ``*`` for any, ``+`` for others too."""
    found = [""] * count
    if not seen.size:
        return found
    repeated = [n > 1 and step == 0 for n, step in zip(seen.shape, seen.strides)]
    offset = ((seen.place or 0) - begin) // seen.itemsize
    for index in np.ndindex(*(1 if again else n for n, again in zip(seen.shape, repeated))):
        place = offset + sum(i * step for i, step in zip(index, seen.strides))
        label = ",".join("*" if again else str(i) for i, again in zip(index, repeated)) or "()"
        found[place] = f"{found[place].rstrip('+')}+" if found[place] else label
    return found
