"""Where the boxes of a graph stand when every arrow points down: in layers, with few crossings and straight lines.

Boxes get layers by the longest way that leads to them; arrows over several layers get a narrow place in each. Places in
a layer are sorted by the mean of their neighbours, up and down by turns, and then moved as near to that mean as their
widths allow (Sugiyama, Tagawa and Toda, "Methods for visual understanding of hierarchical system structures", 1981).
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

Key = Hashable
SWEEPS = 8
THREAD = 10.0  # the width of an arrow's place


@dataclass
class Placed:
    """The middle of each box across, its layer, and for each arrow the places that it goes through."""

    across: dict[Key, float] = field(default_factory=dict)
    layer: dict[Key, int] = field(default_factory=dict)
    routes: list[list[tuple[float, int]]] = field(default_factory=list)
    width: float = 0.0
    layers: int = 0


def placed(widths: dict[Key, float], arrows: Sequence[tuple[Key, Key]], gap: float) -> Placed:
    """Place boxes of these widths; `widths` has them in an order in which arrows point forward.

    >>> found = placed({"a": 10, "b": 10, "c": 10}, [("a", "b"), ("a", "c")], gap=2)
    >>> found.layer, found.across
    ({'a': 0, 'b': 1, 'c': 1}, {'a': 11.0, 'b': 5.0, 'c': 17.0})
    """
    layer = _layers(widths, arrows)
    sizes: dict[Key, float] = dict(widths)
    levels: list[list[Key]] = [[] for _ in range(max(layer.values(), default=-1) + 1)]
    for key in widths:
        levels[layer[key]].append(key)
    above: dict[Key, list[Key]] = {}
    below: dict[Key, list[Key]] = {}
    paths = []
    for n, (a, b) in enumerate(arrows):
        path: list[Key] = [a, *((n, level) for level in range(layer[a] + 1, layer[b])), b]
        for level, key in enumerate(path[1:-1], layer[a] + 1):
            sizes[key] = THREAD
            levels[level].append(key)
        for upper, lower in pairwise(path):
            below.setdefault(upper, []).append(lower)
            above.setdefault(lower, []).append(upper)
        paths.append(path)
    across = _positions(_sorted(levels, above, below), sizes, above, below, gap)
    left = min((across[key] - sizes[key] / 2 for key in across), default=0.0)
    across = {key: x - left for key, x in across.items()}
    level_of = {key: i for i, level in enumerate(levels) for key in level}
    return Placed(
        {key: across[key] for key in widths},
        layer,
        [[(across[key], level_of[key]) for key in path] for path in paths],
        max((across[key] + sizes[key] / 2 for key in across), default=0.0),
        len(levels),
    )


def _layers(widths: dict[Key, float], arrows: Sequence[tuple[Key, Key]]) -> dict[Key, int]:
    layer = dict.fromkeys(widths, 0)
    into: dict[Key, list[Key]] = {}
    out: dict[Key, list[Key]] = {}
    for a, b in arrows:
        into.setdefault(b, []).append(a)
        out.setdefault(a, []).append(b)
    for key in widths:
        layer[key] = max((layer[each] + 1 for each in into.get(key, [])), default=0)
    for key in reversed(widths):  # what is needed late stands there, with what it alone needs
        if key in out:
            layer[key] = min(layer[each] for each in out[key]) - 1
    return layer


def _sorted(levels: list[list[Key]], above: dict[Key, list[Key]], below: dict[Key, list[Key]]) -> list[list[Key]]:
    """Each layer in an order with few crossings."""
    place = {key: float(i) for level in levels for i, key in enumerate(level)}
    for sweep in range(SWEEPS):
        neighbours = below if sweep % 2 else above
        for level in reversed(levels) if sweep % 2 else levels:
            level.sort(key=lambda key: _mean(neighbours.get(key, []), place, place[key]))
            place.update((key, float(i)) for i, key in enumerate(level))
    return levels


def _mean(keys: list[Key], place: dict[Key, float], otherwise: float) -> float:
    return sum(place[key] for key in keys) / len(keys) if keys else otherwise


def _positions(
    levels: list[list[Key]],
    sizes: dict[Key, float],
    above: dict[Key, list[Key]],
    below: dict[Key, list[Key]],
    gap: float,
) -> dict[Key, float]:
    across: dict[Key, float] = {}
    for level in levels:
        x = 0.0
        for key in level:
            across[key] = x + sizes[key] / 2
            x += sizes[key] + gap
    for sweep in range(SWEEPS):
        for level in reversed(levels) if sweep % 2 else levels:
            wanted = []
            for key in level:
                neighbours = (*above.get(key, []), *below.get(key, []))
                wanted.append(_mean(list(neighbours), across, across[key]))
            weights = [4.0 if sizes[key] == THREAD else 1.0 for key in level]
            across.update(zip(level, _apart(wanted, [sizes[key] for key in level], weights, gap), strict=True))
    return across


def _apart(wanted: list[float], sizes: list[float], weights: list[float], gap: float) -> list[float]:
    """The positions nearest to those that are wanted at which boxes in this order do not overlap.

    With the widths subtracted they must only not decrease, which joining neighbours that do settles.
    """
    offsets = [0.0]
    for a, b in pairwise(sizes):
        offsets.append(offsets[-1] + (a + b) / 2 + gap)
    blocks: list[list[Any]] = []  # mean, weight, count
    for position, offset, weight in zip(wanted, offsets, weights, strict=True):
        blocks.append([position - offset, weight, 1])
        while len(blocks) > 1 and blocks[-2][0] > blocks[-1][0]:
            mean, weight, count = blocks.pop()
            last = blocks[-1]
            last[0] = (last[0] * last[1] + mean * weight) / (last[1] + weight)
            last[1] += weight
            last[2] += count
    means = [mean for mean, _, count in blocks for _ in range(count)]
    return [mean + offset for mean, offset in zip(means, offsets, strict=True)]
