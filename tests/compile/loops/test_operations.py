"""Every operation of the table in float32, where loops and NumPy round differently."""

from __future__ import annotations

from typing import Any

import pytest

import groundup
from groundup.compile.errors import TraceError

pytest.importorskip("llvmlite")
pytest.importorskip("scipy")

from tests.compile.loops.judge import judging
from tests.compile.test_compiled_table import _step as step_of
from tests.table.operations import ENTRIES
from tests.table.table import Sample, arrays_in, inputs

pytestmark = pytest.mark.usefixtures("own_kernels")


def _plain(sample: Sample) -> tuple[bool, bool, int]:
    arrays = arrays_in((sample.args, tuple(sample.kwargs.values())))
    return all(each.layout == "plain" for each in arrays), sample.smooth, sum(each.base.size for each in arrays)


def _tensors(entry: Any, sample: Sample, kind: str, other: bool) -> list[Any]:
    made = inputs(groundup, sample, kind, grad=kind.startswith("float") and entry.order > 0)
    for tensor, argument in zip(made, arrays_in((sample.args, tuple(sample.kwargs.values()))), strict=True):
        array = tensor._array
        if other and argument.role == "value" and array.dtype.kind == "f" and 0 not in array.strides:
            array[...] = array * array.dtype.type(0.9) + array.dtype.type(0.01)
    return made


@pytest.mark.parametrize("name", ENTRIES)
def test_operations_in_single_precision(name: str) -> None:
    """The sample of most elements; every sample in float64 is test_compiled_table's."""
    entry = ENTRIES[name]
    kind = "float32" if "float32" in entry.dtypes else entry.dtypes[0]
    sample = max(entry.samples(), key=_plain)
    compiled = groundup.compile(step_of(entry, sample))
    try:
        compiled(*_tensors(entry, sample, kind, other=False))
    except TraceError:
        pytest.skip("this cannot be traced")
    with judging(least=1.0) as judge:
        compiled(*_tensors(entry, sample, kind, other=True))
    assert judge.fast or judge.refused
