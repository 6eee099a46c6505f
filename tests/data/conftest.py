"""No thread outlives its test: what the tests of the loader share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.data.loaded_sets import loader_threads, wait_until


@pytest.fixture
def every_thread_ends() -> Iterator[None]:
    yield
    wait_until(lambda: not loader_threads())
