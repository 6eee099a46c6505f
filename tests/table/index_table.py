"""The index family's part of the table."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from tests.table.table import ALL, NUMBERS, Arg, Entry, Sample, at, index, mask, on, some

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


def slices(dim: int, where: Arg, src: tuple[int, ...], *shape: int, **kwargs: Any) -> Callable[..., Sample]:
    """A sample of index_add and its relatives."""

    def make(random: np.random.Generator) -> Sample:
        args = (Arg(random.uniform(-2, 2, shape)), dim, where, Arg(random.uniform(-2, 2, src)))
        return Sample(args, kwargs)

    return make


def reduced(*parts: Any, src: Any = None, **kwargs: Any) -> Callable[[np.random.Generator], Sample]:
    """A sample of scatter_reduce: three values meet in one place, one in another, none in the third."""

    def make(random: np.random.Generator) -> Sample:
        values = random.uniform(-2, 2, (2, 4)) if src is None else np.array(src)
        start = Arg(random.uniform(0.5, 2, (2, 3)))
        return Sample((start, 1, index([[0, 2, 0, 0], [1, 1, 2, 1]]), Arg(values), *parts), kwargs, smooth=src is None)

    return make


ROWS = index([2, 0, 2])
LONE_ZERO = [[0.0, 2.0, 1.5, -1.0], [0.0, 0.0, 0.5, 1.0]]  # alone in its place, and two in one
TIED = [[1.0, 2.0, 1.0, 1.0], [-1.0, -1.0, 0.5, -1.0]]


def _options(random: np.random.Generator) -> list[Sample]:
    weight = Arg(random.uniform(-2, 2, (4, 2)))
    return [
        # These change the gradient, so that no difference quotient shows it.
        Sample((index([1, 3, 1]), weight), {"padding_idx": 1}, smooth=False),
        Sample((index([[1, 0], [3, 1]]), weight), {"padding_idx": -1, "scale_grad_by_freq": True}, smooth=False),
        Sample((index([2, 2, 0]), weight), {"scale_grad_by_freq": True}, smooth=False),
    ]


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
            on()(0, index([0]), 0.5),
        ),
        rows=("scatter",),
    ),
    Entry(
        "scatter, combining",
        some(on(2, 3)(1, SHORT, 2, reduce="add"), on(2, 3)(1, SHORT, 2, reduce="multiply")),
        path="scatter",
        order=0,
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
        "scatter_reduce",
        some(
            *(reduced(how) for how in ("sum", "prod", "mean", "amax", "amin")),
            *(reduced(how, include_self=False) for how in ("sum", "prod", "mean", "amax", "amin")),
            reduced("prod", src=LONE_ZERO),
            reduced("prod", src=LONE_ZERO, include_self=False),
            reduced("amax", src=TIED, include_self=False),
            reduced("amin", src=TIED),
        ),
        rows=("scatter_add", "scatter_prod", "scatter_extreme"),
        dtypes=NUMBERS,
    ),
    Entry(
        "index_select",
        some(
            on(2, 3)(0, index([1, 1, 0])),
            on(2, 3, layout="transposed")(-1, index([0])),
            on(4)(0, index([3])),
            on(2, 3)(1, Arg(np.array(2), role="index")),
            on()(0, index([0])),
        ),
        rows=("index_select",),
        dtypes=ALL,
    ),
    Entry(
        "index_add",
        some(
            slices(0, ROWS, (3, 2), 3, 2),
            slices(1, index([0, 0]), (2, 2), 2, 3, alpha=2),
            slices(-1, index([1]), (2, 1), 2, 3),
            slices(0, Arg(np.array(1), role="index"), (1,), 3),
            slices(0, index([0]), ()),
        ),
        rows=("add_at",),
        dtypes=NUMBERS,
    ),
    Entry(
        "index_copy",
        some(slices(0, index([2, 0]), (2, 2), 3, 2), slices(1, index([1]), (2, 1), 2, 3), slices(0, index([0]), ())),
        rows=("assign",),
        dtypes=ALL,
    ),
    Entry(
        "index_fill",
        some(
            on(3, 2)(0, ROWS, 0.5),
            on(3, 2)(1, index([-1]), -1),
            slices(0, ROWS, (), 3, 2),
            on()(0, index([0]), 2),
        ),
        rows=("assign",),
    ),
    Entry(
        "index_reduce",
        some(*(slices(0, ROWS, (3, 2), 3, 2, reduce=how) for how in ("prod", "mean", "amax", "amin"))),
        rows=("scatter_prod", "scatter_extreme", "add_at"),
    ),
    Entry(
        "index_put",
        lambda random: (
            [
                Sample((x, (index([0, 2]), index([1, 1])), Arg(random.uniform(-2, 2, 2))))
                for x in [Arg(random.uniform(-2, 2, (3, 2)))]
            ]
            + [
                Sample(
                    (Arg(random.uniform(-2, 2, shape)), where, Arg(random.uniform(-2, 2, size))), {"accumulate": True}
                )
                for shape, where, size in [
                    ((3, 2), (index([0, 0, 2]), index([1, 1, 0])), 3),
                    ((3, 2), (index([[1, 1], [-1, 1]]),), (2, 2, 2)),
                    ((3, 2), (mask([1, 0, 1]),), (2, 2)),
                    ((3,), (index([2, 2]),), ()),
                ]
            ]
        ),
        rows=("assign", "add_at"),
    ),
    Entry(
        "put",
        some(
            *(
                lambda random, shape=shape, accumulate=accumulate: Sample(
                    (
                        Arg(random.uniform(-2, 2, shape)),
                        index([[0, -1]]),
                        Arg(random.uniform(-2, 2, (2, 1))),
                        accumulate,
                    )
                )
                for shape in [(2, 3), (3,)]
                for accumulate in [False, True]
            )
        ),
        rows=("assign", "add_at"),
        dtypes=NUMBERS,
    ),
    Entry(
        "take",
        some(
            on(2, 3)(index([0, 5, -1])),
            on(2, 3, layout="transposed")(index([[1, 1], [4, 0]])),
            on(3)(Arg(np.array(2), role="index")),
            on()(index([0, 0])),
        ),
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
    Entry(
        "masked_scatter",
        lambda random: [
            Sample((Arg(random.uniform(-2, 2, shape)), where, Arg(random.uniform(-2, 2, (2, 3)))))
            for shape, where in [
                ((2, 3), mask([[1, 0, 1], [0, 0, 1]])),
                ((2, 3), mask([0, 1, 0])),
                ((1,), mask([1, 0, 1])),
            ]
        ],
        rows=("masked_put", "masked_taken"),
        dtypes=ALL,
    ),
    Entry("nonzero", some(on(2, 3)(), on(3)(as_tuple=True), on()(), on()(as_tuple=True)), dtypes=ALL, order=0),
    Entry("argwhere", some(on(2, 3)(), on()()), dtypes=ALL, order=0),
    Entry(
        "nonzero_static",
        some(on(2, 3)(size=2), on(2, 3)(size=8, fill_value=7), on()(size=2), on(0, 2)(size=1)),
        dtypes=ALL,
        rows=("nonzero_static",),
        order=0,
    ),
    Entry(
        "unique",
        some(
            at(2, 0, 1, 0)(),
            at(2, 0, 1, 0)(return_inverse=True, return_counts=True),
            at(np.nan, 1, np.nan)(return_counts=True),
            at([1, 2], [0, 2], [1, 2])(dim=0, return_inverse=True, return_counts=True),
            at([1, 1, 0], [2, 2, 0])(dim=1, return_inverse=True),
            on(0)(return_inverse=True, return_counts=True),
            on(2, 0)(dim=1),
        ),
        dtypes=NUMBERS,
        order=0,
    ),
    Entry(
        "unique_consecutive",
        some(
            at(1, 1, 0, 1)(),
            at(1, 1, 0, 1)(return_inverse=True, return_counts=True),
            at([1, 2], [1, 2], [0, 2])(dim=0, return_inverse=True, return_counts=True),
            on()(return_counts=True),
        ),
        dtypes=NUMBERS,
        order=0,
    ),
    Entry(
        "bincount",
        lambda random: [
            Sample((index([3, 1, 3]),)),
            Sample((index([0, 0, 2]), Arg(random.uniform(-2, 2, 3)))),
            Sample((index([1]),), {"minlength": 4}),
            Sample((Arg(np.zeros(0, np.int64), role="index"),), {"minlength": 2}),
        ],
        order=0,
    ),
    Entry(
        "searchsorted",
        lambda random: (
            [
                Sample((Arg(np.array([-1.0, 0.0, 0.0, 2.0])), Arg(np.array([0.0, 3.0, -5.0, np.nan]))), how)
                for how in ({}, {"right": True}, {"side": "right", "out_int32": True})
            ]
            + [
                Sample((Arg(np.array([[0.0, 1, 2], [2.0, 3, 4]])), Arg(np.array([[1.5, 0.0], [1.5, 9.0]])))),
                Sample((Arg(np.array([2.0, 0.0, 1.0])), Arg(np.array([0.5]))), {"sorter": index([1, 2, 0])}),
            ]
        ),
        dtypes=NUMBERS,
        rows=("searchsorted",),
        order=0,
    ),
    Entry(
        "bucketize",
        some(on(2, 3)(Arg(np.array([-1.0, 0.0, 1.0]))), at(-1, 1)(Arg(np.array([-1.0, 1.0])), right=True)),
        dtypes=NUMBERS,
        order=0,
    ),
    Entry(
        "isin",
        some(at(1, 2, 3)(Arg(np.array([2.0, 5.0]))), at(1, 2)(Arg(np.array([2.0])), invert=True), at(1, 2)(2)),
        dtypes=NUMBERS,
        rows=("isin",),
        order=0,
    ),
    Entry(
        "unravel_index",
        lambda random: [
            Sample((index([[0, 5], [3, 2]]), (2, 3))),
            Sample((index([3]), 4)),
            Sample((index([7]), (2, 2, 2))),
        ],
        rows=("unraveled",),
        order=0,
    ),
    Entry("embedding", _embedding, path="nn.functional.embedding", rows=("embedding",)),
    Entry(
        "embedding_bag",
        lambda random: [
            Sample((where, Arg(random.uniform(-2, 2, (4, 2)))), {"mode": mode, **options})
            for mode in ("sum", "mean", "max")
            for where, options in [
                (index([[0, 3, 1], [1, 2, 0]]), {}),
                (index([0, 3, 1, 2]), {"offsets": index([0, 1, 1])}),
                (index([0, 3, 1, 2]), {"offsets": index([0, 2, 4]), "include_last_offset": True}),
                (index([[0, 3], [1, 1]]), {"padding_idx": 1}),
            ]
        ],
        path="nn.functional.embedding_bag",
        rows=("embedding", "add_at", "scatter_extreme"),
        order=1,
    ),
    Entry("embedding, with options", _options, path="nn.functional.embedding", rows=("padded_embedding",)),
    Entry(
        "one_hot",
        lambda random: [Sample((index([0, 2, 1]),)), Sample((index([[1], [0]]), 3))],
        path="nn.functional.one_hot",
        order=0,
    ),
]
