"""What every tool of this room gives back: text in a terminal, a picture in a notebook, a file on request.

A tool fills in `text` and `svg`; the pictures are put together by `Drawing`, from boxes and words.
"""

from __future__ import annotations

from pathlib import Path
from xml.sax.saxutils import escape

# One look for all pictures: ink on paper, and what each colour stands for.
INK, PALE, PAPER, LINE = "#1f2933", "#7b8794", "#ffffff", "#9aa5b1"
KEPT, MATCHED, SUMMED, WRONG, EMPTY = "#d6eaf8", "#d5f0dc", "#fde3c4", "#f8c9c9", "#f3f5f7"
COLOURS = {"kept": KEPT, "matched": MATCHED, "summed": SUMMED, "wrong": WRONG, "empty": EMPTY, "plain": PAPER}


class Explanation:
    """An explained object: ``print`` it, look at it in a notebook, or ``save`` its picture."""

    def text(self) -> str:
        """The explanation as lines for a terminal."""
        raise NotImplementedError

    def svg(self) -> str:
        """The explanation as a picture."""
        raise NotImplementedError

    def save(self, path: str | Path) -> None:
        """Write the picture to a file, ``.svg``."""
        Path(path).write_text(self.svg(), encoding="utf-8")

    def __repr__(self) -> str:
        return self.text()

    def _repr_svg_(self) -> str:
        return self.svg()


class Drawing:
    """A picture that grows as boxes and words are put on it; all letters are of one width.

    >>> drawing = Drawing()
    >>> drawing.words(10, 20, "a < b")
    >>> "a &lt; b" in drawing.svg()
    True
    """

    LETTER = 0.65  # room for a letter of the fonts below, as a part of its height; some renderers round it up

    def __init__(self) -> None:
        self._parts: list[str] = []
        self._width = self._height = 0.0

    def words(
        self,
        x: float,
        y: float,
        text: str,
        *,
        size: float = 13,
        fill: str = INK,
        anchor: str = "start",
        bold: bool = False,
    ) -> None:
        """Words on the line ``y``, that start, end or have their middle at ``x``."""
        length = len(text) * size * self.LETTER
        self._reach(x + length * {"start": 1, "middle": 0.5, "end": 0}[anchor], y + size / 2)
        weight = ' font-weight="bold"' if bold else ""
        self._parts.append(
            f'<text x="{x:g}" y="{y:g}" font-size="{size:g}" fill="{fill}" text-anchor="{anchor}"{weight} '
            f'xml:space="preserve">{escape(text)}</text>'
        )

    def box(
        self,
        x: float,
        y: float,
        width: float,
        height: float,
        text: str = "",
        *,
        fill: str = PAPER,
        stroke: str = LINE,
        ink: str = INK,
        size: float = 13,
        dashed: bool = False,
    ) -> None:
        """A rectangle with words in its middle; dashed for what is not in memory."""
        self._reach(x + width, y + height)
        dash = ' stroke-dasharray="4 3"' if dashed else ""
        self._parts.append(
            f'<rect x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}" rx="3" fill="{fill}" '
            f'stroke="{stroke}"{dash}/>'
        )
        if text:
            self.words(x + width / 2, y + height / 2 + size * 0.35, text, size=size, anchor="middle", fill=ink)

    def svg(self) -> str:
        """The picture, as large as what is on it."""
        width, height = self._width + 14, self._height + 12
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:.0f}" height="{height:.0f}" '
            f'viewBox="0 0 {width:.0f} {height:.0f}" font-family="DejaVu Sans Mono, Menlo, Consolas, monospace">'
            f'<rect width="100%" height="100%" fill="{PAPER}"/>{"".join(self._parts)}</svg>'
        )

    def _reach(self, x: float, y: float) -> None:
        self._width, self._height = max(self._width, x), max(self._height, y)


def table(rows: list[list[str]], right: str = "") -> list[str]:
    """Rows of words as lines, the columns two spaces apart; ``right`` says ``r`` for each column set to the right.

    >>> table([["a", "10"], ["bb", "5"]], "lr")
    ['a   10', 'bb   5']
    """
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    sides = right.ljust(len(widths), "l")
    lines = []
    for row in rows:
        cells = [c.rjust(w) if side == "r" else c.ljust(w) for c, w, side in zip(row, widths, sides, strict=True)]
        lines.append("  ".join(cells).rstrip())
    return lines


def listed(things: list[str]) -> str:
    """Words as a sentence has them.

    >>> listed(["a", "b", "c"])
    'a, b and c'
    """
    return " and ".join(filter(None, [", ".join(things[:-1]), things[-1]])) if things else ""


def in_bytes(count: int) -> str:
    """A number of bytes for people.

    >>> in_bytes(60), in_bytes(3_211_264)
    ('60 bytes', '3.06 MiB')
    """
    for unit, size in (("GiB", 2**30), ("MiB", 2**20), ("KiB", 2**10)):
        if count >= size:
            return f"{count / size:.3g} {unit}" if count < 1000 * size else f"{count / size:,.0f} {unit}"
    return f"{count} byte{'s' * (count != 1)}"
