"""Square brackets explained: which axis each part of a key reads, which axes the result gets, and whether it copies.

Integers, slices, ``None`` and ``...`` give a view, another reading of the same memory. Arrays of positions and masks
give a copy: their axes are broadcast together and stand in the result once.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from groundup.explain.explanation import COLOURS, PALE, Drawing, Explanation, in_bytes, table
from groundup.explain.seen import common_bytes, look

SHOWN = 400  # elements of a tensor that is drawn, and the longest side of that
LONGEST = 40


class Part(NamedTuple):
    """A part of a key: how it is written, the axes it reads, and what it does, in words."""

    written: str
    axes: tuple[int, ...]
    does: str


def index(tensor: Any, key: Any) -> Index:
    """``tensor[key]`` explained. An error is the tensor's own.

    >>> import groundup
    >>> from groundup import explain
    >>> print(explain.index(groundup.arange(12).reshape(3, 4), (slice(1, None), None, slice(None, None, 2))))
    t[1:, None, ::2] of shape (3, 4) gives shape (2, 1, 2)
    <BLANKLINE>
      1:    axis 0, size 3  elements 1, 2
      None  no axis         a new axis of size 1
      ::2   axis 1, size 4  elements 0, 2
    <BLANKLINE>
    a view, nothing is copied: stride (4, 0, 2), offset 4
    <BLANKLINE>
      .  .  .  .
      #  .  #  .
      #  .  #  .
    """
    return Index(tensor, key)


class Index(Explanation):
    """What `index` found: the ``parts`` of the key, the ``shape`` of the result, and whether it ``copies``."""

    def __init__(self, tensor: Any, key: Any) -> None:
        self.seen = look(tensor)
        if self.seen.place is None:
            raise TypeError(f"explain.index takes a tensor or an array, got {type(tensor).__name__} {tensor!r}")
        self.result = look(tensor[key])
        self.shape = self.result.shape
        given = key if isinstance(key, tuple) else (key,)
        self.key = tuple(_plain(part) for part in given)
        self.parts = self._parts()
        self.copies = any(isinstance(part, np.ndarray) for part in self.key)
        self.written = f"t[{', '.join(map(_written, self.key)) or '()'}]"
        self.is_numpy = isinstance(tensor, np.ndarray)

    def _parts(self) -> list[Part]:
        used = sum(_axes_of(part) for part in self.key)
        found, axis = [], 0
        for part in self.key:
            count = len(self.seen.shape) - used if part is Ellipsis else _axes_of(part)
            axes = tuple(range(axis, axis + count))
            found.append(Part(_written(part), axes, self._does(part, axes)))
            axis += count
        if axis < len(self.seen.shape) and not any(part is Ellipsis for part in self.key):
            axes = tuple(range(axis, len(self.seen.shape)))
            found.append(Part("", axes, "all elements, as no part is left for them"))
        return found

    def _does(self, part: Any, axes: tuple[int, ...]) -> str:
        if part is None:
            return "a new axis of size 1"
        if part is Ellipsis:
            return "all elements" if axes else "there is none left"
        sizes = [self.seen.shape[axis] for axis in axes]
        if isinstance(part, slice):
            return f"elements {_counted(range(*part.indices(sizes[0])))}"
        if isinstance(part, np.ndarray):
            return _chosen(part, axes)
        from_end = f", counted from the end: {part % sizes[0]}" if part < 0 else ""
        return f"element {part}{from_end}; the axis goes"

    def text(self) -> str:
        """What each part does, what comes out, and which elements were chosen."""
        head = f"{self.written} of shape {self.seen.shape} gives shape {self.shape}"
        rows = [[part.written, self._axis_words(part.axes), part.does] for part in self.parts]
        lines = [head, "", *("  " + line for line in table(rows)), "", *self._memory_words()]
        chosen = self._chosen_elements()
        if chosen is not None:
            lines += ["", *_marked(chosen)]
        return "\n".join(lines)

    def _axis_words(self, axes: tuple[int, ...]) -> str:
        if not axes:
            return "no axis"
        sizes = ", ".join(str(self.seen.shape[axis]) for axis in axes)
        return f"ax{'is' if len(axes) == 1 else 'es'} {', '.join(map(str, axes))}, size {sizes}"

    def _memory_words(self) -> list[str]:
        if not self.copies:
            if self.result.size and not common_bytes(self.seen, self.result):
                return ["a number of its own: NumPy gives no view of a single element"]
            return [f"a view, nothing is copied: stride {self.result.strides}, offset {self._offset()}"]
        lines = [
            f"a copy of {self.result.size:,} elements, {in_bytes(self.result.nbytes)}: writing to it leaves t as it is"
        ]
        shapes = [_positions_shape(part) for part in self.key if isinstance(part, np.ndarray)]
        joint = np.broadcast_shapes(*shapes)
        if len(shapes) > 1:
            shown = " and ".join(map(str, shapes))
            lines.append(f"the positions {shown} are broadcast together to {joint}, and read in step")
        if self._apart() and joint:
            lines.append(f"something stands between them, so their axes {joint} come first in the result")
            if len(shapes) == 1:
                lines[-1] += " (NumPy counts the integer as positions; PyTorch and groundup take it first)"
        return lines

    def _offset(self) -> int:
        return ((self.result.place or 0) - self.seen.storage) // self.seen.itemsize if self.result.size else 0

    def _apart(self) -> bool:
        """Whether positions are parted by a slice, ``None`` or ``...``; in NumPy integers count among them."""
        kinds = (np.ndarray, int) if self.is_numpy else (np.ndarray,)
        places = [i for i, part in enumerate(self.key) if isinstance(part, kinds)]
        between = self.key[places[0] : places[-1]]
        return any(part is None or part is Ellipsis or isinstance(part, slice) for part in between)

    def _chosen_elements(self) -> np.ndarray | None:
        """How often each element was chosen; None for tensors too large to show."""
        shape = self.seen.shape
        if not shape or not 0 < math.prod(shape) <= SHOWN or shape[-1] > LONGEST:
            return None
        places = np.arange(math.prod(shape)).reshape(shape)[self.key]
        return np.bincount(np.ravel(places), minlength=math.prod(shape)).reshape(shape)

    def svg(self) -> str:
        """The tensor's elements, those chosen coloured; the deeper, the more often."""
        drawing, y = Drawing(), 24.0
        drawing.words(14, y, f"{self.written}   {self.seen.shape} → {self.shape}", bold=True)
        for part in self.parts:
            y += 18
            drawing.words(14, y, f"{part.written:<8} {self._axis_words(part.axes)}: {part.does}", size=11)
        drawing.words(14, y + 20, self._memory_words()[0], size=11, fill=PALE)
        chosen = self._chosen_elements()
        if chosen is not None:
            self._grid(drawing, chosen, y + 34)
        return drawing.svg()

    def _grid(self, drawing: Drawing, chosen: np.ndarray, y: float) -> None:
        side, gap = 24, 12
        blocks = chosen.reshape(-1, *chosen.shape[-2:]) if chosen.ndim > 1 else chosen.reshape(1, 1, -1)
        for number, block in enumerate(blocks):
            x = 14 + number * (block.shape[1] * side + gap)
            for (row, column), count in np.ndenumerate(block):
                fill = COLOURS["summed" if count > 1 else "kept" if count else "empty"]
                words = f"×{count}" if count > 1 else ""
                drawing.box(x + column * side, y + row * side, side - 3, side - 3, words, fill=fill, size=10)


def _plain(part: Any) -> Any:
    """A part of a key without tensors: arrays of positions and masks as NumPy's."""
    if part is None or part is Ellipsis or isinstance(part, slice) or type(part) is int:
        return part
    found = np.asarray(part.tolist() if hasattr(part, "tolist") else part)
    if found.dtype.kind in "iu" and found.ndim == 0:
        return int(found)
    return found.astype(np.int64) if found.size == 0 and found.dtype.kind == "f" else found


def _axes_of(part: Any) -> int:
    if part is None or part is Ellipsis:
        return 0
    return part.ndim if isinstance(part, np.ndarray) and part.dtype.kind == "b" else 1


def _positions_shape(part: np.ndarray) -> tuple[int, ...]:
    return (int(part.sum()),) if part.dtype.kind == "b" else part.shape


def _written(part: Any) -> str:
    """A part of a key as one writes it."""
    if part is Ellipsis:
        return "..."
    if isinstance(part, slice):
        start, stop, step = ("" if each is None else str(each) for each in (part.start, part.stop, part.step))
        return f"{start}:{stop}" + (f":{step}" if step else "")
    if isinstance(part, np.ndarray):
        short = part.size <= 8 and part.ndim == 1
        return str(part.tolist()) if short else f"<{'mask' if part.dtype.kind == 'b' else 'positions'} {part.shape}>"
    return str(part)


def _counted(elements: range) -> str:
    """The first few elements of a range, and its last.

    >>> _counted(range(0, 100, 2))
    '0, 2, 4, ... 98 (50)'
    """
    if not elements:
        return "none"
    if len(elements) <= 6:
        return ", ".join(map(str, elements))
    return f"{', '.join(map(str, elements[:3]))}, ... {elements[-1]} ({len(elements)})"


def _chosen(part: np.ndarray, axes: tuple[int, ...]) -> str:
    if part.dtype.kind == "b":
        ways = "its axis" if len(axes) == 1 else f"its {len(axes)} axes"
        return f"the {int(part.sum())} elements where the mask is true; one axis in place of {ways}"
    return f"positions {part.ravel().tolist()}" if part.size <= 8 else f"{part.size} positions, of shape {part.shape}"


def _marked(chosen: np.ndarray) -> list[str]:
    """A point for each element, ``#`` for one that was chosen, a number for one chosen more often."""
    blocks = chosen.reshape(-1, *chosen.shape[-2:]) if chosen.ndim > 1 else chosen.reshape(1, 1, -1)
    lines = []
    for block in blocks:
        lines += ["  " + "  ".join("." if n == 0 else "#" if n == 1 else str(n) for n in row) for row in block.tolist()]
        lines.append("")
    return lines[:-1]
