"""Functions with several results return named tuples, printed as PyTorch prints its own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

import groundup

CALLS: dict[str, Callable[[Any, Any], Any]] = {
    "max": lambda t, x: t.max(x, 1),
    "median": lambda t, x: x.median(0, keepdim=True),
    "nanmedian": lambda t, x: t.nanmedian(x, 1),
    "mode": lambda t, x: x.mode(),
    "kthvalue": lambda t, x: t.kthvalue(x, 2),
    "cummax": lambda t, x: x.cummax(0),
    "cummin": lambda t, x: t.cummin(x, 1),
    "aminmax": lambda t, x: t.aminmax(x, dim=0),
    "histogram": lambda t, x: x.histogram(3, range=(0.0, 4.0)),
    "sort": lambda t, x: x.sort(),
    "topk": lambda t, x: t.topk(x, 1),
}


@pytest.mark.parametrize("name", CALLS)
def test_named_results(name: str) -> None:
    torch = pytest.importorskip("torch")
    ours, theirs = (CALLS[name](t, t.tensor([[3.0, 1.0, 2.0], [1.0, 1.5, 0.0]])) for t in (groundup, torch))
    assert repr(ours) == repr(theirs).replace("torch.", "groundup.")
    first, second = ours
    assert all(hasattr(theirs, field) for field in ours._fields)
    assert getattr(ours, ours._fields[1]) is second and first is ours[0]
