"""`graph`: the recorded graph behind a loss, with shapes, values and gradients, as text and as a picture.

igraph places the nodes, layer by layer with few crossings; the picture itself is written here, as SVG.
"""

from __future__ import annotations

import html
import itertools
from dataclasses import dataclass
from typing import Any

from groundup.errors import MissingExtra
from groundup.explain.recorded import Recording, Stats, Vertex, record

BOX, GAP, LAYER = (176, 66), 28, 104  # the size of a node, and the room between nodes and between layers
MARGIN = 16
_LEAF, _INNER, _ROOT, _BAD = "#e3f0fb", "#f6f6f4", "#fdf0d5", "#fbdcdc"


@dataclass(frozen=True)
class Graph:
    """A recorded graph: prints as a list of its nodes, draws itself in a notebook or by `svg`."""

    recording: Recording
    numbered: bool = False  # whether the picture says in which order the walk back visits the nodes

    def __str__(self) -> str:
        """The nodes from the leaves to the result, each with what it is made of."""
        numbers = {key: i for i, key in enumerate(_forward(self.recording), start=1)}
        rows = [("", "node", "shape", "made of", "value", "gradient", "recorded at")]
        for key, number in numbers.items():
            vertex = self.recording.vertices[key]
            made_of = ", ".join(str(numbers[each]) for each in vertex.inputs)
            rows.append((str(number), vertex.title, str(vertex.shape), made_of, *_statistics(vertex), vertex.where))
        widths = [max(len(row[i]) for row in rows) for i in range(6)]
        return "\n".join(
            "  ".join([*(cell.ljust(width) for cell, width in zip(row, widths)), row[6]]).rstrip() for row in rows
        )

    __repr__ = __str__

    def svg(self) -> str:
        """The picture: leaves above, the result below, each node with its value's and its gradient's statistics."""
        boxes, lines = _placed(self.recording)
        rightmost = [x + BOX[0] for x, _ in boxes.values()] + [x for points in lines for x, _ in points]
        width = max(rightmost) + MARGIN
        height = max(y for _, y in boxes.values()) + BOX[1] + MARGIN
        drawn = [_line(points) for points in lines]
        visits = {key: i for i, key in enumerate(self.recording.order, start=1)} if self.numbered else {}
        for key, place in boxes.items():
            drawn.append(_box(self.recording, self.recording.vertices[key], *place, visits.get(key)))
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:.0f}" height="{height:.0f}" '
            f'viewBox="0 0 {width:.0f} {height:.0f}" font-family="sans-serif" font-size="11">'
            '<rect width="100%" height="100%" fill="white"/>'
            '<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" '
            f'orient="auto"><path d="M0 0L8 4L0 8z" fill="#777"/></marker></defs>{"".join(drawn)}</svg>'
        )

    def _repr_svg_(self) -> str:
        return self.svg()


def graph(loss: Any, names: Any = None) -> Graph:
    """The graph that was recorded behind a scalar loss, of groundup or of PyTorch.

    Every node shows its operation, its shape, the mean and the standard deviation of its value (as far as the tape
    kept it) and of the gradient that arrives at it. `names` names leaves: a model, or a mapping of names to tensors.
    The gradients come from a walk of the graph that touches no `.grad`. The picture needs igraph.

    >>> import groundup
    >>> x = groundup.tensor([1.0, 2.0], requires_grad=True)
    >>> print(graph((x * x).sum(), {"x": x}))  # doctest: +ELLIPSIS
       node  shape  made of  value      gradient  recorded at
    1  x     (2,)            1.5 ± 0.5  3 ± 1
    2  mul   (2,)   1, 1     not kept   1 ± 0     ...
    3  sum   ()     2        5          1         ...
    """
    return Graph(record(loss, names))


def _forward(recording: Recording) -> list[int]:
    """The keys with every vertex after those that it is made of."""
    left = {key: len(vertex.inputs) for key, vertex in recording.vertices.items()}
    users: dict[int, list[int]] = {key: [] for key in left}
    for key, vertex in recording.vertices.items():
        for each in vertex.inputs:
            users[each].append(key)
    ready = [key for key, count in reversed(left.items()) if not count]
    order = []
    while ready:
        key = ready.pop(0)
        order.append(key)
        for user in users[key]:
            left[user] -= 1
            if not left[user]:
                ready.append(user)
    return order


def _statistics(vertex: Vertex) -> tuple[str, str]:
    value = "not kept" if vertex.value is None else str(Stats.of(vertex.value))
    return value, "none" if vertex.gradient is None else str(Stats.of(vertex.gradient))


Point = tuple[float, float]


def _placed(recording: Recording) -> tuple[dict[int, Point], list[list[Point]]]:
    """The upper left corner of each vertex, and the points that each edge goes through."""
    try:
        import igraph
    except ImportError as error:
        raise MissingExtra("drawing a graph", "igraph", "book") from error
    layers: dict[int, int] = {}
    for key in reversed(_forward(recording)):  # as far down as its users allow
        users = [layers[k] for k, vertex in recording.vertices.items() if key in vertex.inputs]
        layers[key] = min(users, default=0) - 1
    top = min(layers.values())
    level = [layers[key] - top for key in sorted(layers)]
    edges: list[tuple[int, int]] = []
    paths: list[list[int]] = []
    for key, vertex in recording.vertices.items():
        for each in vertex.inputs:
            # A point of its own on each layer that an edge crosses, so that it passes between the boxes.
            path = [each, *range(len(level), len(level) + level[key] - level[each] - 1), key]
            level += range(level[each] + 1, level[key])
            edges += itertools.pairwise(path)
            paths.append(path)
    layout = igraph.Graph(len(level), edges, directed=True).layout_sugiyama(layers=level, hgap=1, vgap=1)
    left = min(x for x, _ in layout)
    places = [(MARGIN + (x - left) * (BOX[0] + GAP), MARGIN + y * LAYER) for x, y in layout]
    boxes = {key: places[key] for key in recording.vertices}
    return boxes, [_route(path, places, paths[:i].count(path)) for i, path in enumerate(paths)]


def _route(path: list[int], places: list[Point], twin: int) -> list[Point]:
    """From the lower side of the first box to the upper side of the last; a second edge beside its twin."""
    shift = 14 * twin
    points = []
    for i, each in enumerate(path):
        x, y = places[each][0] + BOX[0] / 2 + shift, places[each][1]
        if i == 0:
            points.append((x, y + BOX[1]))
        elif i == len(path) - 1:
            points.append((x, y))
        else:
            points += [(x, y), (x, y + BOX[1])]
    return points


def _line(points: list[Point]) -> str:
    """A smooth line through the points, upright at each."""
    (x, y), *rest = points
    drawn = f"M{x:.0f} {y:.0f}"
    for there_x, there_y in rest:
        middle = (y + there_y) / 2
        drawn += f"C{x:.0f} {middle:.0f} {there_x:.0f} {middle:.0f} {there_x:.0f} {there_y:.0f}"
        x, y = there_x, there_y
    return f'<path d="{drawn}" fill="none" stroke="#777" marker-end="url(#tip)"/>'


def _box(recording: Recording, vertex: Vertex, x: float, y: float, visit: int | None) -> str:
    value, gradient = _statistics(vertex)
    bad = "not finite" in value + gradient
    colour = _BAD if bad else _LEAF if vertex.leaf else _ROOT if vertex.key == recording.root else _INNER
    shape = "×".join(map(str, vertex.shape)) or "scalar"
    texts = [
        f'<text x="{x + 8:.0f}" y="{y + 19:.0f}" font-weight="bold" font-size="12">{html.escape(vertex.title)}</text>',
        f'<text x="{x + BOX[0] - 8:.0f}" y="{y + 19:.0f}" text-anchor="end" fill="#555">{shape}</text>',
        f'<text x="{x + 8:.0f}" y="{y + 38:.0f}">value {html.escape(value)}</text>',
        f'<text x="{x + 8:.0f}" y="{y + 55:.0f}" fill="#a33">grad {html.escape(gradient)}</text>',
    ]
    if visit is not None:
        centre = f"{x + BOX[0] - 16:.0f}", f"{y + BOX[1] - 16:.0f}"
        texts.append(f'<circle cx="{centre[0]}" cy="{centre[1]}" r="11" fill="#a33"/>')
        texts.append(
            f'<text x="{centre[0]}" y="{y + BOX[1] - 12:.0f}" text-anchor="middle" fill="white">{visit}</text>'
        )
    place = f"<title>{html.escape(vertex.where)}</title>" if vertex.where else ""
    return (
        f'<g>{place}<rect x="{x:.0f}" y="{y:.0f}" width="{BOX[0]}" height="{BOX[1]}" rx="5" fill="{colour}" '
        f'stroke="#888"/>{"".join(texts)}</g>'
    )
