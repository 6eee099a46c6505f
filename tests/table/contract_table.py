"""The contract family's part of the table."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from tests.table.table import NUMBERS, Arg, Entry, Sample, some, tensors


def equation(text: str, *shapes: tuple[int, ...], layout: str = "plain") -> Callable[..., Any]:
    """A sample of einsum."""

    def make(random: np.random.Generator) -> Sample:
        return Sample((text, *(Arg(random.uniform(-2, 2, shape), layout) for shape in shapes)))

    return make


MATRICES = (
    tensors((2, 3), (3, 2)),
    tensors((2, 3), (4, 3), layouts=("plain", "transposed")),
    tensors((3, 2), (2, 3), layouts=("transposed", "transposed")),
    tensors((0, 3), (3, 2)),
    tensors((2, 0), (0, 3)),
)
BATCHES = (tensors((2, 2, 3), (2, 3, 2)), tensors((2, 1, 3), (2, 3, 1)), tensors((0, 2, 3), (0, 3, 1)))

BATCH = ((2, 2, 3), (2, 3, 2))


def coinciding(**kwargs: Any) -> Callable[[np.random.Generator], Sample]:
    """A sample of cdist where points are the same: a kink, where PyTorch's choice is 0."""
    points = Arg(np.array([[0.0, 1.0], [2.0, 1.0]]))
    return lambda random: Sample((points, points), kwargs, smooth=False)


ENTRIES = [
    Entry(
        "matmul",
        some(
            *MATRICES,
            *BATCHES,
            tensors((3,), (3,)),
            tensors((2, 3), (3,)),
            tensors((3,), (3, 2)),
            tensors((2, 2, 3), (3, 2)),
            tensors((2, 2, 3), (3,)),
            tensors((3,), (2, 3, 2)),
            tensors((2, 3), (2, 3, 1)),
            tensors((2, 1, 1, 3), (2, 3, 1)),
            tensors((2, 3), (3, 2), layouts=("expanded", "plain")),
            tensors((3, 3), (3,), layouts=("reversed", "reversed")),
            tensors((2, 0, 3), (3, 2)),
        ),
        rows=("matmul", "mm", "mv", "dot"),
        dtypes=NUMBERS,
    ),
    Entry("mm", some(*MATRICES), rows=("mm",), dtypes=NUMBERS),
    Entry("bmm", some(*BATCHES), rows=("matmul",), dtypes=NUMBERS),
    Entry(
        "mv",
        some(tensors((2, 3), (3,)), tensors((3, 2), (3,), layouts=("transposed", "reversed"))),
        rows=("mv",),
        dtypes=NUMBERS,
    ),
    Entry(
        "dot",
        some(tensors((3,), (3,)), tensors((3,), (3,), layouts=("reversed", "plain")), tensors((0,), (0,))),
        rows=("dot",),
        dtypes=NUMBERS,
    ),
    Entry("outer", some(tensors((2,), (3,)), tensors((2,), (0,))), rows=("mul",), dtypes=NUMBERS),
    Entry(
        "addmm",
        some(
            tensors((2, 2), (2, 3), (3, 2)),
            tensors((2,), (2, 3), (3, 2)),
            tensors((2, 1), (2, 3), (3, 2), beta=2, alpha=3),
        ),
        rows=("mm",),
        dtypes=NUMBERS,
    ),
    Entry(
        "linear",
        some(
            tensors((2, 3), (4, 3), (4,)),
            tensors((2, 3), (1, 3)),
            tensors((3,), (2, 3), (2,)),
            tensors((3,), (2, 3)),
            tensors((2, 2, 3), (2, 3), (2,)),
            tensors((3, 2), (3, 2), (2,), layouts=("transposed", "transposed", "plain")),
            tensors((0, 3), (2, 3), (2,)),
        ),
        path="nn.functional.linear",
        rows=("linear",),
    ),
    Entry(
        "tensordot",
        some(
            tensors((2, 3), (3, 2), dims=1),
            tensors((2, 3, 2), (3, 2, 2), dims=2),
            tensors((2, 3), (2, 3), dims=([0], [0])),
            tensors((2, 3, 2), (2, 2, 3), dims=([1, 0], [2, 1])),
            tensors((2,), (3,), dims=0),
            tensors((2, 3), (1, 4), dims=([0], [0])),
            tensors((2, 3), (3, 2), dims=([-1, 0], [0, -1])),
        ),
        rows=("einsum",),
    ),
    Entry(
        "einsum",
        some(
            equation("ij,jk->ik", (2, 3), (3, 2)),
            equation("ij,jk", (3, 2), (2, 2)),
            equation("ij->ji", (2, 3)),
            equation("ba", (2, 3)),
            equation("ij->", (2, 3), layout="transposed"),
            equation("ii->i", (3, 3)),
            equation("ii", (3, 3)),
            equation("iji->j", (2, 3, 2)),
            equation("i,j->ij", (2,), (3,)),
            equation("i,i->", (3,), (3,), layout="reversed"),
            equation("bij,bjk->bik", (2, 2, 3), (2, 3, 2)),
            equation("...ij,...jk->...ik", (2, 2, 3), (3, 2)),
            equation("...i,i->...", (2, 1, 3), (3,)),
            equation("b...,b...->...", (2, 3), (2, 1)),
            equation("ij,ij->ij", (2, 3), (2, 3)),
            equation("ij,kl->ik", (2, 3), (2, 2)),
            equation("ij,jk,kl->il", (2, 2), (2, 3), (3, 2)),
            equation("i,i,i->i", (2,), (2,), (2,)),
            equation("ij,j->i", (2, 3), (1,)),
            equation(" i j , j -> i ", (2, 3), (3,)),
            equation(",i->i", (), (3,)),
            equation("ij,jk->ik", (2, 0), (0, 3)),
            equation("aij,aik,ajl->kl", (2, 1, 2), (2, 1, 3), (2, 2, 2)),
            equation("bi,ij,bj->b", (2, 3), (3, 2), (2, 2)),
            equation("bi,bij,bj->bij", (2, 2), (2, 2, 3), (2, 3)),
            equation("ij,jk,kl,lm->im", (2, 3), (3, 1), (1, 2), (2, 2)),
            equation("...,...->...", (2, 3), (3,)),
        ),
        rows=("einsum",),
        dtypes=NUMBERS,
        rtol=10,
    ),
    Entry("vdot", some(tensors((3,), (3,))), rows=("dot",), dtypes=NUMBERS),
    Entry("kron", some(tensors((2,), (3,)), tensors((2, 3), (2,)), tensors((2, 1), (2, 2, 3))), dtypes=NUMBERS),
    Entry("inner", some(tensors((3,), (3,)), tensors((2, 3), (2, 2, 3)), tensors((), (2,))), dtypes=NUMBERS),
    Entry("addmv", some(tensors((2,), (2, 3), (3,)), tensors((1,), (2, 3), (3,), beta=2, alpha=3)), dtypes=NUMBERS),
    Entry("addr", some(tensors((2, 3), (2,), (3,)), tensors((3,), (2,), (3,), beta=0, alpha=2)), dtypes=NUMBERS),
    Entry("addbmm", some(tensors((2, 2), (3, 2, 3), (3, 3, 2)), tensors((2,), *BATCH, beta=2)), dtypes=NUMBERS),
    Entry("baddbmm", some(tensors((2, 2, 2), *BATCH), tensors((2, 1), *BATCH, beta=0, alpha=2)), dtypes=NUMBERS),
    Entry(
        "bilinear",
        some(
            tensors((2, 3), (2, 2), (4, 3, 2), (4,)),
            tensors((2, 2, 3), (2, 2, 1), (2, 3, 1)),
            tensors((3,), (2,), (2, 3, 2), (2,)),
        ),
        path="nn.functional.bilinear",
        rows=("einsum",),
    ),
    Entry(
        "cdist",
        some(
            *(tensors((2, 3), (4, 3), p=p) for p in (0.0, 0.5, 1.0, 1.5, 2.0, 3.0, np.inf)),
            tensors((2, 1, 2, 3), (3, 2, 3)),
            tensors((2, 3), (3, 3), compute_mode="use_mm_for_euclid_dist"),
            *(coinciding(p=p) for p in (0.0, 0.5, 1.0, 2.0, 3.0, np.inf)),
            coinciding(compute_mode="use_mm_for_euclid_dist"),
        ),
        rows=("length", "euclidean"),
        order=1,
        rtol=100,
    ),
    Entry(
        "pdist",
        some(*(tensors((4, 2), p=p) for p in (0.0, 1.0, 1.5, 2.0, np.inf))),
        path="nn.functional.pdist",
        rows=("length",),
        order=1,
        rtol=10,
    ),
]
