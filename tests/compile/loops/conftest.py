"""What tests of programs in loops share."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.util import find_spec

import pytest


@pytest.fixture(scope="module")
def own_kernels() -> Iterator[None]:
    """Kernels that this run has made, in the folder that it began with empty.

    Calls go through `Entry.execute`, where the judge sits, and not by functions of their own.
    """
    with pytest.MonkeyPatch.context() as patch:
        if find_spec("llvmlite") is not None:
            patch.setattr("groundup.compile.loops.direct.direct", lambda entry, program: None)
        yield


@pytest.fixture(autouse=True)
def planned_anew() -> Iterator[None]:
    """Nothing that other tests have planned, since many change what plans are made by; `test_recalled` has its own."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("groundup.compile.running.foresee", lambda program: None)
        yield
