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
        ),
        rows=("einsum",),
        dtypes=NUMBERS,
        rtol=10,
    ),
]
