"""A disk that need not be waited for: what the tests of resuming share."""

from __future__ import annotations

import pytest

from groundup import atomic


@pytest.fixture
def no_fsync(monkeypatch: pytest.MonkeyPatch) -> None:
    """Power cuts are not what is tested here, and a busy disk would make hundreds of checkpoints slow."""
    monkeypatch.setattr(atomic.os, "fsync", lambda descriptor: None)
