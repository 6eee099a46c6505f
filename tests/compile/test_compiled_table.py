"""Every operation of the table, compiled against eager: values and gradients, on other numbers than it was traced on.

What cannot be traced, since its shape depends on data, must say so, and nothing else may.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import groundup
from groundup.compile.errors import TraceError
from tests.table.operations import ENTRIES
from tests.table.table import Entry, Sample, arrays_in, call, inputs

# Operations with samples that cannot be traced: what a mask selects, values that are told apart, counts and ranks that
# say how much there is.
SHAPE_OF_DATA = {
    "argwhere",
    "bincount",
    "getitem",
    "index_put",
    "linalg.lstsq",
    "masked_select",
    "nonzero",
    "one_hot",
    "repeat_interleave",
    "unique",
    "unique_consecutive",
}


def _kind(entry: Entry) -> str:
    return "float64" if "float64" in entry.dtypes else entry.dtypes[0]


def _tensors(entry: Entry, sample: Sample, other: bool) -> list[Any]:
    """The arguments of a sample; the `other` ones have the same shapes and different numbers."""
    kind = _kind(entry)
    made = inputs(groundup, sample, kind, grad=kind.startswith("float") and entry.order > 0)
    arguments = arrays_in((sample.args, tuple(sample.kwargs.values())))
    for tensor, argument in zip(made, arguments, strict=True):
        array = tensor._array
        if other and argument.role == "value" and array.dtype.kind == "f" and 0 not in array.strides:
            array[...] = array * 0.9 + 0.01
    return made


def _step(entry: Entry, sample: Sample) -> Any:
    def step(*tensors: Any) -> list[Any]:
        outs = call(groundup, entry, sample, tensors)
        losses = [(out * out.detach().cos()).sum() for out in outs if _wants(out)]
        if losses:
            sum(losses[1:], start=losses[0]).backward()
        return [out.detach() if isinstance(out, groundup.Tensor) else out for out in outs]

    return step


def _wants(out: Any) -> bool:
    return isinstance(out, groundup.Tensor) and out.requires_grad


def _same(found: Any, wanted: Any) -> bool:
    if not isinstance(wanted, groundup.Tensor):
        return found == wanted or wanted != wanted
    a, b = found.numpy(), wanted.numpy()
    return a.shape == b.shape and a.dtype == b.dtype and np.allclose(a, b, rtol=1e-10, atol=1e-12, equal_nan=True)


@pytest.mark.parametrize("name", ENTRIES)
def test_compiled_is_eager(name: str) -> None:
    entry = ENTRIES[name]
    untraced = 0
    for sample in entry.samples():
        step = _step(entry, sample)
        compiled = groundup.compile(step)
        try:
            for _ in range(2):  # the third call of a program is the short one
                compiled(*_tensors(entry, sample, other=False))
        except TraceError:
            untraced += 1
            continue
        ours, theirs = _tensors(entry, sample, other=True), _tensors(entry, sample, other=True)
        found, wanted = compiled(*ours), step(*theirs)
        assert len(compiled.entries) == 1, "the same kind of arguments must not be traced again"
        assert all(map(_same, found, wanted)), f"{sample}\n{compiled.source()}"
        for a, b in zip(ours, theirs, strict=True):
            assert (a.grad is None) == (b.grad is None)
            assert a.grad is None or _same(a.grad, b.grad), f"gradient, {sample}\n{compiled.source()}"
    assert bool(untraced) == (name in SHAPE_OF_DATA), f"{untraced} samples were not traced"
