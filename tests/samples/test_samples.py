"""PyTorch's own samples, for every operation that exists here: values, types, gradients, and inputs to be refused."""

from __future__ import annotations

from typing import Any

import pytest

from tests.samples import known
from tests.samples.find import full_name
from tests.samples.run import Result, entries, run, run_errors

ENTRIES = {full_name(entry): entry for entry in entries()}


def _held(result: Result) -> None:
    assert not result.different, "\n".join(["PyTorch's samples differ:", *result.different])
    stale = [line.reason for line in result.stale if line not in result.listed and line not in known.ERRORS_OF_ALL]
    assert not stale, f"tests/samples/known.py lists what agrees by now: {stale}"


@pytest.mark.parametrize("dtype", ["float64", "float32", "int64"])
@pytest.mark.parametrize("name", ENTRIES)
def test_samples(name: str, dtype: str) -> None:
    _held(run(ENTRIES[name], dtype))


@pytest.mark.parametrize("name", [name for name, entry in ENTRIES.items() if entry.error_inputs_func is not None])
def test_error_inputs(name: str) -> None:
    _held(run_errors(ENTRIES[name]))


@pytest.mark.parametrize("listed", [known.SAMPLES, known.ERRORS, known.LOOSER])
def test_the_list_of_differences_names_operations_that_exist(listed: dict[str, Any]) -> None:
    assert set(listed) <= set(ENTRIES)
