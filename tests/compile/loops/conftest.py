"""What tests of programs in loops share."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.util import find_spec

import pytest


@pytest.fixture(scope="module")
def own_kernels(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """A folder of kernels that is empty at first, so that each kernel is compiled by these tests.

    Calls go through `Entry.execute`, where the judge sits, and not by functions of their own.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("kernels")))
        if find_spec("llvmlite") is not None:
            patch.setattr("groundup.compile.loops.direct.direct", lambda entry, program: None)
        yield
