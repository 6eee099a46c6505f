"""The reduce family's part of the table."""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.table.table import ALL, NUMBERS, Arg, Entry, Sample, Samples, at, on, some, tensors

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


GAPS = (at(1.0, np.nan, 3.0, 2.0)(), at([1.0, np.nan], [np.nan, np.nan], [4.0, 2.0])(1), at(np.nan, 1.0, 0.0)(0, True))
NANS = (at(np.nan, 1.0, np.nan, 2.0)(2),)
QUANTILES = tuple(
    on(2, 5, layout=layout)(q, dim, keepdim, interpolation=how)
    for q, dim, keepdim, how, layout in (
        (0.3, None, False, "linear", "plain"),
        (0.3, 1, True, "lower", "plain"),
        (0.3, 0, False, "higher", "transposed"),
        (0.6, None, True, "nearest", "plain"),
        (0.6, -1, False, "midpoint", "transposed"),
        (1.0, 0, False, "linear", "plain"),
    )
)


def _long(random: np.random.Generator) -> list[Sample]:
    """Many elements in few lines, and few in many: the recurrence behind the derivative has two ways."""
    return [Sample((Arg(random.uniform(0.8, 1.2, shape)), 0)) for shape in ((37,), (5, 70))]


def _quantiles(random: np.random.Generator) -> list[Sample]:
    several = Sample((Arg(random.uniform(-2, 2, (2, 5))), Arg(np.array([0.3, 0.7])), 1))
    return [several, *(make(random) for make in (*QUANTILES, at(1.0, np.nan, 2.0)(0.5)))]


def _ends(random: np.random.Generator) -> Sample:
    x, before, behind = (Arg(random.uniform(-2, 2, shape)) for shape in ((2, 3), (2, 1), (2, 2)))
    return Sample((x, 1, 1, before, behind))


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
    Entry("softmax", some(*ONE, *ODD, on(0, 3)(0)), rows=("softmax", "softmax_back")),
    Entry("log_softmax", some(*ONE, *ODD, on(0, 3)(0)), rows=("log_softmax", "log_softmax_back")),
    *(
        Entry(f"norm, {p}", _norms(p), path="norm", rows=("norm",) if p in (2, "fro") else (), order=2 if p else 1)
        for p in (2, "fro", 1, 0, 3, 0.5, np.inf, -np.inf)
    ),
    Entry(
        "cumprod", some(*ONE, on(0, 3)(0), at(1.0, 0.0, 2.0, 0.0, 3.0)(0)), rows=("cumprod", "recurrence"), dtypes=ALL
    ),
    Entry("cumprod, long", _long, path="cumprod", order=1, rtol=10),
    Entry("logcumsumexp", some(*ONE, on(0, 3)(0), ODD[0], *ODD[2:]), rows=("logcumsumexp",)),
    Entry("cummax", some(*ONE, *TIES[::2], *ODD), rows=("argcummax", "gather"), dtypes=ALL),
    Entry("cummin", some(*ONE, *TIES[::2], *ODD), rows=("argcummin", "gather"), dtypes=ALL),
    Entry("aminmax", some(on(2, 3)(), on()(), on(2, 3, layout="transposed")(dim=1), on(2, 3)(dim=0, keepdim=True))),
    Entry("nansum", some(*SEVERAL, *GAPS), dtypes=ALL),
    Entry("nanmean", some(*SEVERAL, *GAPS[::2])),
    Entry(
        "var_mean",
        some(on(2, 3)(), on(2, 3)(1, correction=0), on(2, 3)(False), on(2, 3)((0, 1), keepdim=True)),
        rtol=10,
    ),
    Entry("std_mean", some(on(2, 3)(), on(2, 3)(1, correction=0), on(2, 3)(0, True, True)), rtol=10),
    Entry("cov", some(on(2, 3)(), on(4)(), on(2, 3)(correction=0), on(2, 3, layout="transposed")()), rtol=10),
    Entry("corrcoef", some(on(2, 4)(), on(3, 5)()), rtol=10),
    Entry(
        "median",
        some(on(2, 3)(), on()(), *ONE, *GAPS, on(2, 300)(1, True), at(2.0, 1.0, 2.0)()),
        rows=("median", "argmedian"),
    ),
    Entry("nanmedian", some(on(2, 3)(), *ONE, *GAPS, at(np.nan, np.nan)(0)), rows=("median", "argmedian")),
    Entry(
        "mode", some(*ONE, at([2, 1, 2, 1, 3], [5, 5, 4, 4, 4])(), on(2, 3)(0, True)), rows=("argmode",), dtypes=NUMBERS
    ),
    Entry(
        "kthvalue",
        some(on(2, 3)(2), on()(1), on(2, 3, layout="transposed")(1, 0), on(300)(7, 0, True), *NANS),
        rows=("argkth",),
    ),
    Entry("quantile", _quantiles),
    Entry("nanquantile", some(*QUANTILES, at(1.0, np.nan, 2.0, np.nan)(0.5), at(np.nan, np.nan)(0.5))),
    Entry("msort", some(on(2, 3)(), on(4)(), on()())),
    Entry("diff", some(on(5)(), on(2, 3)(dim=0), on(2, 4)(2), on(3)(5), on(2, 0)(), on(3)(0)), dtypes=ALL),
    Entry("diff, ends", some(_ends), path="diff"),
    Entry("trapezoid", some(on(4)(), on(2, 3)(dx=0.5, dim=0), tensors((2, 3), (3,)), tensors((2, 3), (2, 3), dim=0))),
    Entry("trapz", some(on(2, 3)(dx=2), tensors((2, 3), (3,)))),
    Entry("cumulative_trapezoid", some(on(4)(), on(2, 3)(dx=0.5, dim=0), tensors((2, 3), (3,)))),
    Entry("histc", some(on(20)(4), on(20)(5, -1, 1), at(2.0, 2.0)(3)), rows=("histc",), order=0),
    Entry(
        "histogram",
        some(on(20)(4), on(20)(5, range=(-1.0, 1.0)), on(20)(3, density=True)),
        rows=("bin_edges", "histogram"),
        order=0,
    ),
    Entry("dist", some(tensors((2, 3), (2, 3)), tensors((2, 3), (3,), p=1), tensors((3,), (3,), p=np.inf))),
    Entry("nn.functional.normalize", some(on(2, 3)(), on(2, 3)(p=1, dim=0), at([0.0, 0.0], [3.0, 4.0])())),
    Entry(
        "nn.functional.cosine_similarity",
        some(tensors((2, 3), (2, 3)), tensors((2, 3), (3,), dim=-1), tensors((3,), (2, 1, 3), dim=0)),
    ),
    Entry("nn.functional.pairwise_distance", some(tensors((2, 3), (2, 3)), tensors((2, 3), (3,), p=1, keepdim=True))),
    Entry("renorm", some(on(2, 3)(2, 0, 1.0), on(2, 3, 2)(1, 2, 0.5), on(2, 3)(3, 1, 100.0)), rtol=10),
    *(
        Entry(
            f"linalg.vector_norm, {p}",
            some(on(2, 3)(p), on(2, 3, layout="transposed")(p, 0, True)),
            path="linalg.vector_norm",
        )
        for p in (2, 1, 3, np.inf)
    ),
    *(
        Entry(f"linalg.matrix_norm, {p}", some(on(2, 3)(p), on(2, 3, 2)(p, (0, 2), True)), path="linalg.matrix_norm")
        for p in ("fro", "nuc", 1, -1, 2, -2, np.inf, -np.inf)
    ),
    Entry("linalg.norm", some(on(2, 3)(), on(3)(1), on(2, 3)("nuc"), on(2, 3)(3, 1), on(2, 3, 2)(1, (0, 1)))),
    Entry("linalg.cond", some(on(3, 3)(), on(2, 3, 3)(2), on(3, 2)(-2)), rtol=100),
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
