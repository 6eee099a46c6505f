"""First and second derivatives of every operation beside finite differences: the judge by numbers."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest

import groundup
from tests.table.judged import call
from tests.table.operations import ENTRIES
from tests.table.table import Arg, Entry, Sample, arrays_in, inputs

DIFFERENTIABLE = [name for name, entry in ENTRIES.items() if entry.order]


def points(entry: Entry) -> list[Sample]:
    """The smooth samples whose elements can be changed one at a time."""

    def changeable(arg: Arg) -> bool:
        return arg.layout != "expanded"

    found = [each for each in entry.samples() if each.smooth]
    return [each for each in found if all(map(changeable, arrays_in((each.args, tuple(each.kwargs.values())))))]


def results(entry: Entry, sample: Sample, *tensors: Any) -> tuple[Any, ...]:
    """The operation as a function of its tensors alone."""
    return tuple(call(groundup, entry, sample, tensors))


@pytest.mark.parametrize("name", DIFFERENTIABLE)
def test_first_derivatives(name: str) -> None:
    entry = ENTRIES[name]
    for sample in points(entry):
        leaves = tuple(inputs(groundup, sample, "float64", grad=True))
        assert groundup.autograd.gradcheck(partial(results, entry, sample), leaves, atol=1e-7, rtol=1e-6), str(sample)


@pytest.mark.parametrize("name", [name for name in DIFFERENTIABLE if ENTRIES[name].order == 2])
def test_second_derivatives(name: str) -> None:
    entry = ENTRIES[name]
    for sample in sorted(points(entry), key=lambda s: sum(a.base.size for a in arrays_in(s.args)))[:6]:
        leaves = tuple(inputs(groundup, sample, "float64", grad=True))
        assert groundup.autograd.gradgradcheck(partial(results, entry, sample), leaves, atol=1e-7, rtol=1e-6), str(
            sample
        )
