"""The graph of a program as a picture: forward down on the left, backward up beside it, the update on the right.

Every statement is a box with the name of what it makes, its shape and the operation. Arrows are what it reads; dashed
ones lead from pass to pass. What has no arrow, because it comes from far away, is named in the box. Updates of many
parameters that are alike are drawn once.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass, field
from html import escape
from typing import Any

import numpy as np

from groundup.compile.graph import Graph, Statement, Value
from groundup.compile.layered import Placed, placed

PHASES = ("forward", "backward", "update")
FILL = {"forward": "#eaf3fb", "backward": "#fdf1e0", "update": "#e9f5e9"}
STROKE = {"forward": "#7ba7cc", "backward": "#d9a65a", "update": "#7fb37f"}
INK, PALE, LINE = "#1f2933", "#66727f", "#8a949e"
TINTS = ("#33618f", "#b3445a", "#1f7a33", "#8a7a12", "#1f7f9c", "#8f2a6b", "#6b6b6b", "#b8560f", "#0f6fae", "#6d1748")
HEIGHT, STEP = 40.0, 66.0  # of a box; from one layer to the next
GAP, MARGIN, HEAD, BAND = 16.0, 20.0, 34.0, 56.0
WIDEST = 34  # letters in a line of a box
LETTER = 6.6  # room for a letter, at 11 points
MANY = 16  # boxes of an update, from which those of parameters that are alike are drawn once
FEW = 80  # statements, up to which arrows lead from pass to pass


@dataclass(eq=False)
class Box:
    """One box: what stands in it, and where it stands."""

    title: str
    shape: str
    text: str
    phase: str
    source: str = ""  # the file and line that it comes from
    kernel: str = ""
    is_input: bool = False
    is_result: bool = False
    x: float = 0.0
    y: float = 0.0

    @property
    def width(self) -> float:
        """As wide as its text."""
        letters = max(len(self.title) * 1.1 + len(self.shape) + 2, len(self.text) + len(self.kernel))
        return max(76.0, 18 + letters * LETTER)


@dataclass
class Band:
    """The boxes of one pass, arrows between them, and the picture's place for them."""

    phase: str
    boxes: dict[Hashable, Box] = field(default_factory=dict)
    arrows: list[tuple[Hashable, Hashable]] = field(default_factory=list)
    routes: list[list[tuple[float, float]]] = field(default_factory=list)
    notes: list[tuple[float, float, str]] = field(default_factory=list)
    width: float = 0.0
    height: float = 0.0


def svg(graph: Graph, kernels: dict[Value, str] | None = None) -> str:
    """The picture. `kernels` names the kernel that makes each value, for those who want to see what is fused."""
    return _Picture(graph, kernels or {}).svg()


class _Picture:
    """Makes boxes and arrows of a graph, places them, writes them down."""

    def __init__(self, graph: Graph, kernels: dict[Value, str]) -> None:
        self.graph = graph
        self.kernels = kernels
        self.names = labels(graph)
        self.makers: dict[Value, Statement] = {}
        self.across: list[tuple[Hashable, Hashable]] = []  # arrows from pass to pass
        self.results = {each for each in graph.outputs if isinstance(each, Value)}
        self.bands = {phase: Band(phase) for phase in PHASES}
        self.few = len(graph.statements) <= FEW
        for statement in graph.statements:
            self._add(statement)

    # Boxes and arrows

    def _add(self, statement: Statement) -> None:
        band = self.bands[statement.phase]
        known = self.kernels
        named: list[str] = []
        for i, operand in enumerate(statement.operands):
            if not isinstance(operand, Value):
                named.append(_number(operand))
            elif operand.constant is not None and operand not in self.makers:
                named.append(_number(operand.constant))
            elif not self._arrow(operand, statement, band) and not (statement.inplace and i == 0):
                named.append(self.names[operand])
        inplace = ["in place"] if statement.inplace else []
        text = _cut(" ".join([_operation(statement), *inplace, *named, *_params(statement)]))
        box = Box(_cut(self.names[statement.out], 26), _shape(statement.out), text, statement.phase, _source(statement))
        box.kernel = known.get(statement.out, "")
        box.is_result = statement.out in self.results
        band.boxes[statement] = box
        self.makers[statement.out] = statement

    def _arrow(self, value: Value, statement: Statement, band: Band) -> bool:
        """Draw an arrow to a statement from what makes the value, if that is near."""
        maker: Any = self.makers.get(value)
        if maker is None and value.constant is None and statement.phase == "forward":
            maker = value
            if value not in band.boxes:
                box = Box(_cut(self.names[value], 26), _shape(value), value.dtype.name, "forward", is_input=True)
                band.boxes = {value: box, **band.boxes}
        if maker is None:
            return False
        if maker in band.boxes:
            band.arrows.append((maker, statement))
            return True
        if self.few:
            self.across.append((maker, statement))
        return self.few

    # Places

    def _place(self) -> tuple[float, float]:
        x, tallest = MARGIN, 0.0
        bands = [band for band in self.bands.values() if band.boxes]
        for band in bands:
            _laid(band, max((each.height for each in bands if each.phase != "update"), default=0.0))
            tallest = max(tallest, band.height)
        for band in bands:
            down = tallest - band.height if band.phase == "backward" else 0.0
            for box in band.boxes.values():
                box.x += x
                box.y += MARGIN + HEAD + down
            band.routes = [[(x + a, MARGIN + HEAD + down + b) for a, b in route] for route in band.routes]
            band.notes = [(x + a, MARGIN + HEAD + down + b, text) for a, b, text in band.notes]
            band.notes.append((x, MARGIN + 14, band.phase))
            x += band.width + BAND
        return x - BAND + MARGIN, tallest + 2 * MARGIN + HEAD

    # The text

    def svg(self) -> str:
        """All of it."""
        width, height = self._place()
        width = max(width, 120.0)
        colours = {name: TINTS[i % len(TINTS)] for i, name in enumerate(dict.fromkeys(self.kernels.values()))}
        parts = []
        for band in self.bands.values():
            parts += [_line(route, LINE) for route in band.routes]
        boxes = {key: box for band in self.bands.values() for key, box in band.boxes.items()}
        for a, b in self.across:
            if b in boxes:
                parts.append(_over(boxes[a], boxes[b]))
        for band in self.bands.values():
            parts += [_box(box, colours) for box in band.boxes.values()]
            for x, y, text in band.notes:
                bold = ' font-weight="bold" font-size="14"' if text == band.phase else ' font-style="italic"'
                parts.append(f'<text x="{x:.0f}" y="{y:.0f}" fill="{PALE}"{bold}>{escape(text)}</text>')
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:.0f}" height="{height:.0f}" '
            f'viewBox="0 0 {width:.0f} {height:.0f}" font-family="Helvetica, Arial, sans-serif" font-size="11">'
            '<rect width="100%" height="100%" fill="white"/>'
            '<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="6" markerHeight="6" '
            f'orient="auto"><path d="M0 0L8 4L0 8z" fill="{LINE}"/></marker></defs>{"".join(parts)}</svg>'
        )


def _laid(band: Band, limit: float) -> None:
    """Place the parts of a pass that hang together: one below the other, in columns where there are many."""
    x = y = widest = tallest = 0.0
    limit = max(limit, 8 * STEP)
    for part, count in _parts(band):
        keys = set(part)
        arrows = [(a, b) for a, b in band.arrows if a in keys]
        widths: dict[Hashable, float] = {key: band.boxes[key].width for key in part}
        found = placed(widths, arrows, GAP)
        height = (found.layers - 1) * STEP + HEIGHT
        if count > 1:
            height += 18
        if y and y + height > limit:
            x, y, widest = x + widest + 2 * GAP, 0.0, 0.0
        _put(band, part, found, x, y + (18 if count > 1 else 0), up=band.phase == "backward")
        if count > 1:
            band.notes.append((x, y + 11, f"each of {count} parameters, as here"))
        y += height + STEP - HEIGHT
        widest, tallest = max(widest, found.width), max(tallest, y - STEP + HEIGHT)
        band.width = max(band.width, x + widest)
    band.height = tallest


def _parts(band: Band) -> list[tuple[list[Hashable], int]]:
    """The boxes that hang together; of updates that are alike only the first, and how many there are."""
    joined = {key: key for key in band.boxes}

    def root(key: Hashable) -> Hashable:
        while joined[key] is not key:
            joined[key] = joined[joined[key]]
            key = joined[key]
        return key

    for a, b in band.arrows:
        joined[root(a)] = root(b)
    found: dict[Hashable, list[Hashable]] = {}
    for key in band.boxes:
        found.setdefault(root(key), []).append(key)
    parts = list(found.values())
    if band.phase != "update" or len(band.boxes) <= MANY:
        return [(part, 1) for part in parts]
    alike: dict[Hashable, list[list[Hashable]]] = {}
    for part in parts:
        rows = tuple(key.row.name for key in part if isinstance(key, Statement))
        alike.setdefault(rows, []).append(part)
    for _, *others in alike.values():
        for key in (key for part in others for key in part):
            del band.boxes[key]
    return [(same[0], len(same)) for same in alike.values()]


def _put(band: Band, part: Sequence[Hashable], found: Placed, x: float, y: float, up: bool) -> None:
    """Give the boxes and arrows of a part their places."""

    def level(i: int) -> float:
        return y + STEP * (found.layers - 1 - i if up else i)

    for key in part:
        box = band.boxes[key]
        box.x, box.y = x + found.across[key] - box.width / 2, level(found.layer[key])
    for route in found.routes:
        first, *between, last = route
        points = [(x + first[0], level(first[1]) + (0 if up else HEIGHT))]
        for across, i in between:
            ends = (level(i), level(i) + HEIGHT)
            points += [(x + across, end) for end in (reversed(ends) if up else ends)]
        points.append((x + last[0], level(last[1]) + (HEIGHT if up else 0)))
        band.routes.append(points)


# Pieces of the picture


def _line(points: list[tuple[float, float]], colour: str, dashes: str = "") -> str:
    """A smooth line through the points, upright at each."""
    (x, y), *rest = points
    path = f"M{x:.0f} {y:.0f}"
    for a, b in rest:
        if abs(a - x) < 0.5:
            path += f"V{b:.0f}"
        else:
            middle = (y + b) / 2
            path += f"C{x:.0f} {middle:.0f} {a:.0f} {middle:.0f} {a:.0f} {b:.0f}"
        x, y = a, b
    return f'<path d="{path}" fill="none" stroke="{colour}"{dashes} marker-end="url(#tip)"/>'


def _over(a: Box, b: Box) -> str:
    """An arrow from pass to pass: out of the side of one box, into the side of the other."""
    x, y, to_x, to_y = a.x + a.width, a.y + HEIGHT / 2, b.x, b.y + HEIGHT / 2
    half = max(24.0, (to_x - x) / 2)
    path = f"M{x:.0f} {y:.0f}C{x + half:.0f} {y:.0f} {to_x - half:.0f} {to_y:.0f} {to_x:.0f} {to_y:.0f}"
    colour = STROKE[b.phase]
    return f'<path d="{path}" fill="none" stroke="{colour}" stroke-dasharray="4 3" marker-end="url(#tip)"/>'


def _box(box: Box, colours: dict[str, str]) -> str:
    fill = "#ffffff" if box.is_input else FILL[box.phase]
    thick = ' stroke-width="2"' if box.is_result else ""
    tip = f"<title>{escape(box.source)}</title>" if box.source else ""
    left, right, first = box.x + 8, box.x + box.width - 8, box.y + 16
    parts = [
        f'<rect x="{box.x:.0f}" y="{box.y:.0f}" width="{box.width:.0f}" height="{HEIGHT:.0f}" rx="5" fill="{fill}" '
        f'stroke="{STROKE[box.phase]}"{thick}/>',
        f'<text x="{left:.0f}" y="{first:.0f}" font-weight="bold" fill="{INK}">{escape(box.title)}</text>',
        f'<text x="{right:.0f}" y="{first:.0f}" text-anchor="end" fill="{PALE}">{escape(box.shape)}</text>',
        f'<text x="{left:.0f}" y="{box.y + 31:.0f}" fill="{INK}">{escape(box.text)}</text>',
    ]
    if box.kernel:
        parts.append(
            f'<rect x="{box.x + box.width - 5:.0f}" y="{box.y:.0f}" width="5" height="{HEIGHT:.0f}" '
            f'fill="{colours[box.kernel]}"/>'
            f'<text x="{right:.0f}" y="{box.y + 31:.0f}" text-anchor="end" font-size="9" fill="{colours[box.kernel]}">'
            f"{escape(box.kernel)}</text>"
        )
    return f"<g>{tip}{''.join(parts)}</g>"


# Words


def labels(graph: Graph) -> dict[Value, str]:
    """A name for each value: its own, that of the memory that it lies in, or what made it, with a number."""
    found: dict[Value, str] = {}
    taken = {each.name for each in graph.inputs} | {statement.out.name for statement in graph.statements}

    def fresh(stem: str, alone: bool = False) -> str:
        name, count = stem, 1
        while not alone or name in taken:
            name, alone = f"{stem}_{count}", True
            count += 1
        taken.add(name)
        return name

    for value in graph.inputs:
        found[value] = value.name or fresh("input")
    for statement in graph.statements:
        for value in statement.values():
            if value not in found:
                found[value] = value.name or fresh("value" if value.constant is None else "constant")
        out, of = statement.out, statement.out.gradient_of
        if out.older is not None and statement.inplace:
            found[out] = found.get(out.older) or out.name or fresh("value")
        elif out.name:
            found[out] = out.name
        elif of is not None and of in found:
            found[out] = fresh(f"{found[of]}_grad", alone=True)
        else:
            found[out] = fresh(statement.row.name if statement.call is None else "drawn")
    return found


def _operation(statement: Statement) -> str:
    if statement.call == "item":
        return "item"
    return statement.row.name if statement.call is None else statement.call[0].__name__


def _number(value: Any) -> str:
    if isinstance(value, np.ndarray):
        return f"{value.item():g}" if value.size == 1 and value.dtype.kind in "fiu" else f"array {_times(value.shape)}"
    return f"{value:g}" if type(value) is float else str(value)


def _params(statement: Statement) -> Iterable[str]:
    if statement.row.name in ("sum_to", "reshape", "expand", "relaid", "permute"):
        return ()  # the shape says it
    shown = ((name, str(value)) for name, value in statement.params.items() if value is not False)
    return (f"{name}={text}" for name, text in shown if len(text) <= 14)


def _shape(value: Value) -> str:
    return _times(value.shape)


def _times(shape: tuple[int, ...]) -> str:
    return "×".join(map(str, shape)) or "scalar"


def _source(statement: Statement) -> str:
    from groundup.compile.printer import place_of

    return place_of(statement).strip()


def _cut(text: str, longest: int = WIDEST) -> str:
    return text if len(text) <= longest else f"{text[: longest - 1]}…"
