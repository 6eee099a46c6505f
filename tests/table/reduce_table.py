"""The reduce family's part of the table."""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.table.table import ALL, NUMBERS, Arg, Entry, Sample, Samples, at, on, some

SEVERAL = (
    on(2, 3)(),
    on()(),
    on(3, layout="reversed")(0),
    on(2, 3, layout="transposed")(1),
    on(2, 3, 2)(-2, True),
    on(2, 3, 2)((0, 2)),
    on(2, 3, layout="expanded")((0, -1), keepdim=True),
    on(2, 5, layout="stepped")(dim=0),
)
ONE = (
    on(3, layout="reversed")(0),
    on(2, 3, layout="transposed")(1),
    on(2, 3, 2)(-2),
    on(2, 5, layout="stepped")(dim=0),
    on()(0),
)
KEPT = (on(2, 3)(1, True), on(2, 3, 2)(dim=-1, keepdim=True))
EMPTY = (on(0, 3)(), on(0, 3)(0), on(0, 3)(1), on(2, 0)(1, True))
TIES = (at(1.0, 3.0, 3.0, 0.0)(0), at([1.0, 1.0], [1.0, 2.0])(), at(np.nan, 1.0, np.nan)(0))
ODD = (at(np.inf, 1.0, 2.0)(0), at(-np.inf, -np.inf)(0), at(np.nan, 1.0)(0), at(1000.0, -1000.0, 999.0)(0))


def _products(random: np.random.Generator) -> list[Sample]:
    x = random.uniform(0.5, 2, (2, 3))
    one, two = x.copy(), x.copy()
    one[0, 1] = 0
    two[0, 1] = two[0, 2] = two[1, 0] = 0
    return [
        Sample((Arg(x),)),
        Sample((Arg(x), 1)),
        Sample((Arg(x.T.copy(), "transposed"), 0, True)),
        Sample((Arg(one), 1)),
        Sample((Arg(one),)),
        Sample((Arg(two), 1), smooth=False),
        Sample((Arg(np.array(1.5)),)),
        Sample((Arg(np.zeros((0, 3))), 0)),
    ]


def _norms(p: Any) -> Samples:
    return some(
        on(2, 3)(p=p),
        on(2, 3, layout="transposed")(p=p, dim=1),
        on(2, 3, 2)(p=p, dim=(0, 2), keepdim=True),
        at(0.0, 0.0)(p=p),
        at(3.0, 0.0, -4.0)(p=p, dim=0),
    )


def _over(domain: tuple[float, float]) -> Samples:
    return some(on(4, domain=domain)(0), on(2, 3, domain=domain)(1))


ENTRIES = [
    Entry("sum", some(*SEVERAL, *EMPTY, *ODD), rows=("sum", "sum_to"), dtypes=ALL),
    Entry("sum, dtype", some(on(2, 3)(dtype=None), on(2, 3)(0, dtype=None)), path="sum", dtypes=ALL),
    Entry("mean", some(*SEVERAL, *EMPTY, *ODD), rows=("mean",)),
    Entry("var", some(SEVERAL[0], *SEVERAL[2:], at(2.0)(), *EMPTY[1:], at(2.0, 2.0, 2.0)(0)), rows=("var",), rtol=10),
    Entry(
        "var, correction",
        some(
            on(2, 3)(1, correction=0),
            on(2, 3)(unbiased=False),
            on(2, 3)(False),
            on(2, 3)(0, correction=0.5),
            on(2, 3)((0, 1), correction=2, keepdim=True),
        ),
        path="var",
    ),
    Entry("std", some(SEVERAL[0], *SEVERAL[2:], at(2.0)(), at(2.0, 2.0, 2.0)(0)), rows=("std",), rtol=10),
    Entry("prod", _products, rows=("prod",), dtypes=ALL),
    Entry("amax", some(*SEVERAL, *TIES[:2], *ODD[:2]), rows=("amax",), dtypes=ALL),
    Entry("amin", some(*SEVERAL, *TIES[:2], *ODD[:2]), rows=("amin",), dtypes=ALL),
    Entry(
        "max",
        some(on(2, 3)(), on()(), *ONE, *KEPT, *TIES[1:], at(np.nan, 1.0, np.nan)(), *ODD),
        rows=("amax", "argmax"),
        dtypes=NUMBERS,
    ),
    Entry(
        "min",
        some(on(2, 3)(), on()(), *ONE, *KEPT, *TIES[1:], at(np.nan, 1.0, np.nan)(), *ODD),
        rows=("amin", "argmin"),
        dtypes=NUMBERS,
    ),
    Entry("argmax", some(on(2, 3)(), *ONE, *KEPT, *ODD), rows=("argmax",), dtypes=NUMBERS, order=0),
    Entry("argmin", some(on(2, 3)(), *ONE, *KEPT, *ODD), rows=("argmin",), dtypes=NUMBERS, order=0),
    Entry("any", some(*SEVERAL, *EMPTY), rows=("any",), dtypes=(*ALL, "uint8"), order=0),
    Entry("all", some(*SEVERAL, *EMPTY), rows=("all",), dtypes=(*ALL, "uint8"), order=0),
    Entry(
        "count_nonzero",
        some(on(2, 3)(), on(2, 3)(1), at(0.0, 1.0, np.nan)(), on(2, 3, 2)((0, 2))),
        dtypes=ALL,
        order=0,
    ),
    Entry("cumsum", some(*ONE, on(0, 3)(0), *ODD), rows=("cumsum",), dtypes=ALL),
    Entry("logsumexp", some(*SEVERAL[2:], *ODD, on(0, 3)(0)), rows=("logsumexp",), dtypes=ALL),
    Entry("softmax", some(*ONE, *ODD, on(0, 3)(0)), rows=("softmax",)),
    Entry("log_softmax", some(*ONE, *ODD, on(0, 3)(0)), rows=("log_softmax",)),
    *(
        Entry(f"norm, {p}", _norms(p), path="norm", rows=("norm",) if p in (2, "fro") else (), order=2 if p else 1)
        for p in (2, "fro", 1, 0, 3, 0.5, np.inf, -np.inf)
    ),
    Entry("argsort", some(*ONE, *ODD), rows=("argsort",), dtypes=NUMBERS, order=0),
    Entry(
        "sort",
        some(*ONE, on(2, 3)(), on(2, 3)(descending=True), at(2.0, np.nan, 1.0)(0, True)),
        rows=("argsort", "gather"),
    ),
    Entry(
        "sort, stable",
        some(at(2.0, 1.0, 2.0, 1.0)(dim=0, stable=True), at(2.0, 1.0, 2.0, 1.0)(dim=0, descending=True, stable=True)),
        path="sort",
        dtypes=NUMBERS,
        order=1,
    ),
    Entry("topk", some(on(5)(2), on(2, 3)(2, 0), on(2, 3)(1, -1, False), on()(1)), rows=("argtop", "gather")),
]
