"""The namespaces that every rung works with."""

from __future__ import annotations

from types import ModuleType

import numpy as np
import pytest

import groundup


@pytest.fixture(params=["groundup", "torch"])
def m(request: pytest.FixtureRequest) -> ModuleType:
    """groundup, and PyTorch where it is installed."""
    return groundup if request.param == "groundup" else pytest.importorskip("torch")


def numbers(value: object) -> np.ndarray:
    """The numbers of a tensor, an array, lists or a float."""
    return np.asarray(value.detach() if hasattr(value, "detach") else value)


@pytest.fixture(name="numbers")
def the_numbers() -> object:
    return numbers
