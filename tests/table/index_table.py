"""The index family's part of the table."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from tests.table.table import ALL, NUMBERS, Arg, Entry, Sample, index, mask, on, some

POSITIONS = index([[0, 1, 1], [1, 0, 0]])
SHORT = index([[2], [0]])


def key(parts: Any, *shape: int, layout: str = "plain") -> Callable[[np.random.Generator], Sample]:
    """A sample of square brackets."""
    return lambda random: Sample((Arg(random.uniform(-2, 2, shape or (3, 4)), layout), parts))


def into(dim: int, where: Arg, src: tuple[int, ...], *shape: int) -> Callable[[np.random.Generator], Sample]:
    """A sample of scatter."""

    def make(random: np.random.Generator) -> Sample:
        return Sample((Arg(random.uniform(-2, 2, shape)), dim, where, Arg(random.uniform(-2, 2, src))))

    return make


def _embedding(random: np.random.Generator) -> list[Sample]:
    weight = Arg(random.uniform(-2, 2, (4, 2)))
    return [
        Sample((index([1, 3, 1]), weight)),
        Sample((index([[0, 0], [2, 1]]), weight)),
        Sample((Arg(np.array(2), role="index"), weight)),
        Sample((Arg(np.zeros((0,), np.int64), role="index"), weight), smooth=False),
        Sample((index([1, 0]), Arg(random.uniform(-2, 2, (2, 3)), "transposed"))),
    ]


ENTRIES = [
    Entry(
        "getitem",
        some(
            key(1),
            key((1, -1)),
            key(slice(1, None)),
            key((slice(None, None, 2), slice(0, 3))),
            key((Ellipsis, 0)),
            key((None, 0, None, slice(1, 2))),
            key(Ellipsis),
            key((0, slice(None)), 2, 3, layout="transposed"),
            key(slice(0, 0)),
            key(index([0, 2, 0])),
            key((index([0, 2]), index([1, -1]))),
            key((slice(None), index([[0, 1], [3, 0]]))),
            key((index([0, 2]), slice(1, 3))),
            key((index([0, 1]), None, index([1, 1]))),
            key((index([0, 1]), slice(None), index([1, 1])), 2, 2, 2),
            key((0, index([1, 1])), 2, 3, 2),
            key(index([0, -1]), 4, layout="reversed"),
            key(mask([[1, 0, 1, 0], [0, 0, 0, 0], [1, 1, 1, 1]])),
            key((mask([1, 0, 1]), 1)),
            key((slice(None), mask([1, 0, 0, 1]))),
            key(mask([0, 0, 0])),
        ),
        path="Tensor.__getitem__",
        rows=("index", "index_added", "slice", "placed"),
        dtypes=ALL,
    ),
    Entry(
        "gather",
        some(
            on(2, 3)(0, POSITIONS),
            on(2, 3)(1, SHORT),
            on(2, 3, layout="transposed")(-1, index([[1], [0], [1]])),
            on(3)(0, index([2, 2, 0, 1])),
            on(2, 3)(1, index(np.zeros((2, 0), np.int64))),
        ),
        rows=("gather", "gather_added"),
        dtypes=ALL,
    ),
    Entry(
        "scatter",
        some(
            into(1, SHORT, (2, 1), 2, 3),
            into(0, index([[0, 1, 0]]), (1, 3), 2, 3),
            on(2, 3)(1, SHORT, 2),
            on(3)(0, index([1]), 0.5),
        ),
        rows=("scatter",),
    ),
    Entry(
        "scatter_add",
        some(
            into(1, SHORT, (2, 1), 2, 3),
            into(0, POSITIONS, (2, 3), 2, 3),
            into(0, index([0, 0, 1]), (3,), 2),
        ),
        rows=("scatter_add",),
        dtypes=NUMBERS,
    ),
    Entry(
        "index_select",
        some(on(2, 3)(0, index([1, 1, 0])), on(2, 3, layout="transposed")(-1, index([0])), on(4)(0, index([3]))),
        rows=("index",),
        dtypes=ALL,
    ),
    Entry(
        "take_along_dim",
        some(on(2, 3)(index([0, 5, 5])), on(2, 3)(index([[0], [2]]), 1), on(2, 3)(index([[1, 0, 1]]), 0)),
        rows=("gather",),
        dtypes=ALL,
    ),
    Entry(
        "masked_select",
        some(
            on(2, 3)(mask([[1, 0, 1], [0, 0, 1]])),
            on(2, 3)(mask([1, 0, 1])),
            on(2, 1)(mask([1, 0, 1])),
            on(2, 3, layout="transposed")(mask([[0, 0], [0, 0], [0, 0]])),
        ),
        rows=("index",),
        dtypes=ALL,
    ),
    Entry("nonzero", some(on(2, 3)(), on(3)(as_tuple=True), on()()), dtypes=ALL, order=0),
    Entry(
        "embedding", _embedding, path="functions.index.embedding", theirs="nn.functional.embedding", rows=("embedding",)
    ),
    Entry(
        "one_hot",
        lambda random: [Sample((index([0, 2, 1]),)), Sample((index([[1], [0]]), 3))],
        path="nn.functional.one_hot",
        order=0,
    ),
]
