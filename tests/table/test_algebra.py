"""Derivatives proven: elementwise rows by SymPy on each of their regions, linear operations by their adjoints."""

from __future__ import annotations

import numpy as np
import pytest

import groundup
from groundup.ops import ROWS, elementwise, linalg
from tests.table import contract_table, index_table, view_table
from tests.table.adjoint import gaps, whole
from tests.table.judged import call
from tests.table.operations import ENTRIES
from tests.table.table import Arg, Entry, Sample, arrays_in, fill

SMOOTH = [row for row in elementwise.ROWS.values() if any(row.grads) and not row.judge]

# The rows that algebra cannot decide, and why; everything else is proven.
JUDGED_OTHERWISE = {
    "remainder": "its floor is piecewise constant",
    "fmod": "its trunc is piecewise constant",
    "hardsigmoid": "a bounded region, which no symbol stands for",
    "hardswish": "a bounded region, which no symbol stands for",
    "div_floor": "piecewise constant",
    "floor": "piecewise constant",
    "ceil": "piecewise constant",
    "round": "piecewise constant",
    "trunc": "piecewise constant",
    "cast": "the identity",
    "prod": "a product over any number of factors",
    **dict.fromkeys(("scatter_prod", "scatter_extreme"), "products and extremes of what meets at one place"),
    **dict.fromkeys(("masked_put", "masked_taken"), "positions that are counted along a mask"),
    **dict.fromkeys(("mean_regions", "share_regions", "resample"), "sums with tables of weights"),
    **dict.fromkeys(("normalise_back", "normalise_weight"), "derivatives of the normalisation, which is derived"),
    **dict.fromkeys(linalg.ROWS, "factorizations, which are no formulas in indices"),
    "lu": "a factorization",
}

# A part that does not depend on the tensors (the border, the value written) is no part of the linear map.
AFFINE = {"pad, value", "one_hot", "index_fill", "addmm", "addmv", "addr", "addbmm", "baddbmm", "bilinear"}
# Products, means and extremes of what meets at one place; their sum is scatter_add.
NOT_LINEAR = {"scatter_reduce", "index_reduce"}
LINEAR = [
    entry
    for entry in (
        *view_table.ENTRIES,
        *index_table.ENTRIES,
        *contract_table.ENTRIES,
        *(ENTRIES[name] for name in ("sum", "mean", "cumsum")),
    )
    if entry.order == 2 and entry.name not in AFFINE | NOT_LINEAR
]


@pytest.mark.parametrize("row", SMOOTH, ids=lambda row: row.name)
def test_algebra_proves_the_derivative(row: object) -> None:
    pytest.importorskip("sympy")
    from groundup.explain.proof import wrong_derivatives

    assert not wrong_derivatives(row)  # type: ignore[arg-type]


def test_rows_without_a_proof_name_their_judge() -> None:
    assert {row.name for row in ROWS.values() if row.judge} == set(JUDGED_OTHERWISE)
    assert all(row.smooth for row in elementwise.ROWS.values() if not row.judge)


def _whole_sample(sample: Sample) -> Sample:
    """The sample with whole numbers in its tensors."""
    random = np.random.default_rng(5)
    found = arrays_in((sample.args, tuple(sample.kwargs.values())))
    made = iter([Arg(whole(random, a.base.shape), a.layout) if a.role == "value" else a for a in found])
    return Sample(fill(sample.args, made), {name: fill(value, made) for name, value in sample.kwargs.items()})


def _affine(entry: Entry, sample: Sample) -> bool:
    """A number written among the tensor's elements is no part of the linear map, nor is the mean of nothing."""
    number = entry.name == "scatter" and not isinstance(sample.args[-1], Arg)
    return number or (entry.name == "mean" and 0 in sample.args[0].base.shape)


@pytest.mark.parametrize("entry", LINEAR, ids=lambda entry: entry.name)
def test_linear_operations_are_the_adjoints_of_their_derivatives(entry: Entry) -> None:
    product = entry in contract_table.ENTRIES
    for sample in entry.samples():
        if not sample.smooth or _affine(entry, sample):
            continue
        used = _whole_sample(sample)
        args = arrays_in((used.args, tuple(used.kwargs.values())))
        tensors = [groundup.from_numpy(a.array("float64")) for a in args]
        leaves = [t.requires_grad_() for t, a in zip(tensors, args) if a.role == "value"]
        biased = entry.name == "linear" and len(leaves) == 3
        if biased:
            tensors[1].requires_grad_(False)
            leaves = [leaves[0], leaves[2]]

        def function(*_: object, used: Sample = used, tensors: list[object] = tensors) -> list[object]:
            return call(groundup, entry, used, tensors)

        found = gaps(function, leaves, product and not biased)
        assert all(gap == 0 for gap in found), f"{sample}: {found}"
