"""PyTorch's own samples, for every operation that exists here: values, types, gradients, and inputs to be refused."""

from __future__ import annotations

from typing import Any

import pytest

from tests.samples import known
from tests.samples.find import full_name
from tests.samples.page import COLUMNS, PAGE, page
from tests.samples.run import Result, entries, run, run_errors

ENTRIES = {full_name(entry): entry for entry in entries()}
FOUND: dict[tuple[str, str], Result] = {}  # by the tests of this run, for the last one


@pytest.mark.parametrize("column", COLUMNS)
@pytest.mark.parametrize("name", ENTRIES)
def test_samples(name: str, column: str) -> None:
    entry = ENTRIES[name]
    result = FOUND[name, column] = run_errors(entry) if column == "errors" else run(entry, column)
    assert not result.different, "\n".join(["PyTorch's samples differ:", *result.different])
    stale = [line.reason for line in result.stale if line not in result.listed and line not in known.ERRORS_OF_ALL]
    assert not stale, f"tests/samples/known.py lists what agrees by now: {stale}"


@pytest.mark.parametrize("listed", [known.SAMPLES, known.ERRORS, known.LOOSER])
def test_the_list_of_differences_names_operations_that_exist(listed: dict[str, Any]) -> None:
    assert set(listed) <= set(ENTRIES)


def test_as_many_pass_as_were_promised() -> None:
    found = [result for (_, column), result in FOUND.items() if column == "float64"]
    if len(found) < len(ENTRIES):
        pytest.skip("not all samples were run")
    assert sum(result.passed for result in found) >= 12_000
    assert sum(bool(result.passed) and not result.different for result in found) >= 400


def test_the_page_of_the_documentation_is_what_this_run_found() -> None:
    if len(FOUND) < len(ENTRIES) * len(COLUMNS):
        pytest.skip("not all samples were run")
    assert PAGE.read_text(encoding="utf-8") == page(FOUND), (
        "write it anew: python -m tests.samples --table docs/operations.md"
    )
