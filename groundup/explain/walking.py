"""`backward`: the walk back over a recorded graph, one visit at a time.

A node is visited when all that use its value have been: only then is its gradient whole. On a diamond, where two paths
lead to one value, any other order hands on a gradient that is not whole, or visits the node once for each path.
"""

from __future__ import annotations

import html
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from groundup.explain.graphs import Graph
from groundup.explain.recorded import Array, Recording, Stats, Vertex, record


@dataclass(frozen=True)
class Visit:
    """One step of the walk: the node, what had arrived there and from where, and what it hands on."""

    number: int
    of: int
    vertex: Vertex
    arrived: tuple[tuple[str, Array], ...]
    sent: tuple[tuple[str, Array, int, int], ...]  # to whom, what, how much has arrived there now, of how many

    def __str__(self) -> str:
        vertex = self.vertex
        place = f"    {vertex.where}" if vertex.where else ""
        lines = [f"step {self.number} of {self.of}: {vertex.title} {vertex.shape}{place}"]
        if self.number == 1:
            lines.append(f"  starts with {_shown(vertex.gradient)}")
        elif len(self.arrived) == 1:
            lines.append(f"  arrived: {_shown(vertex.gradient)}, from {self.arrived[0][0]}")
        elif self.arrived:
            parts = " and ".join(f"{_shown(g)} from {name}" for name, g in self.arrived)
            lines.append(f"  arrived: {parts}; together {_shown(vertex.gradient)}")
            lines.append(f"  visited after the first, it would have handed on {_shown(self.arrived[0][1])} as if whole")
        else:
            lines.append(f"  arrived: {_shown(vertex.gradient)}")
        for name, g, count, uses in self.sent:
            then = "" if uses == 1 else ", which is ready" if count == uses else f", which waits: {count} of {uses}"
            lines.append(f"  hands {_shown(g)} to {name}{then}")
        if vertex.leaf:
            lines.append("  a leaf: this is added to its .grad")
        return "\n".join(lines)

    __repr__ = __str__


@dataclass(frozen=True)
class Backward:
    """The walk: iterate over it, index it, or print it; in a notebook a picture with the visits numbered."""

    recording: Recording
    visits: tuple[Visit, ...]

    def __iter__(self) -> Iterator[Visit]:
        return iter(self.visits)

    def __len__(self) -> int:
        return len(self.visits)

    def __getitem__(self, index: int) -> Visit:
        return self.visits[index]

    def __str__(self) -> str:
        return "\n\n".join([*map(str, self.visits), self.reason])

    __repr__ = __str__

    @property
    def paths(self) -> int:
        """How many paths lead from the result to leaves: the leaves' visits of a walk that follows each path."""
        vertices, counted = self.recording.vertices, dict.fromkeys(self.recording.vertices, 0)
        counted[self.recording.root] = 1
        for key in self.recording.order:
            for each in vertices[key].inputs:
                counted[each] += counted[key]
        return sum(counted[key] for key, vertex in vertices.items() if not vertex.inputs)

    @property
    def reason(self) -> str:
        """Why the order matters on this graph."""
        uses, vertices = self.recording.uses, self.recording.vertices
        shared = [vertices[key].title for key in self.recording.order if uses[key] > 1]
        leaves = sum(not vertex.inputs for vertex in vertices.values())
        if not shared:
            return "Every value is used once: any order from the result to the leaves gives the same."
        return (
            f"Used more than once: {', '.join(shared)}. Each waits for all its uses, so that every node is visited "
            f"once; a walk along each path by itself would reach the {leaves} leaves {self.paths} times."
        )

    def _repr_html_(self) -> str:
        """The numbered picture, and each visit to unfold."""
        folded = "".join(
            f"<details><summary>{html.escape(str(visit).splitlines()[0])}</summary>"
            f"<pre>{html.escape(str(visit))}</pre></details>"
            for visit in self.visits
        )
        return f"{Graph(self.recording, numbered=True).svg()}{folded}<p>{html.escape(self.reason)}</p>"


def backward(loss: Any, names: Any = None) -> Backward:
    """The walk back from a scalar loss, of groundup or of PyTorch, in the order in which it really happens.

    The loss is walked once to look on, which touches no `.grad` and leaves the graph as it was. `names` names leaves:
    a model, or a mapping of names to tensors. Of a user's own function the gradients that it hands on are not shown.

    >>> import groundup
    >>> x = groundup.tensor(3.0, requires_grad=True)
    >>> h = x.exp()
    >>> walk = backward(h * h + h, {"x": x})
    >>> [visit.vertex.title for visit in walk]
    ['add', 'mul', 'exp', 'x']
    >>> print(walk.reason)
    Used more than once: exp. Each waits for all its uses, so that every node is visited once; a walk along each
    path by itself would reach the 1 leaves 3 times.
    """
    recording = record(loss, names)
    uses, vertices = recording.uses, recording.vertices
    inbox: dict[int, list[tuple[str, Array]]] = {key: [] for key in vertices}
    visits = []
    for number, key in enumerate(recording.order, start=1):
        arrived, sent = tuple(inbox[key]), []
        for to, g in recording.sent.get(key, ()):
            inbox[to].append((vertices[key].title, g))
            sent.append((vertices[to].title, g, len(inbox[to]), uses[to]))
        visits.append(Visit(number, len(recording.order), vertices[key], arrived, tuple(sent)))
    return Backward(recording, tuple(visits))


def _shown(array: Array | None) -> str:
    if array is None:
        return "nothing"
    if array.size <= 4:
        return " ".join(np.array2string(array, precision=4, separator=", ").split())
    return str(Stats.of(array))
