"""Rows that move elements, by loops, against the rows themselves; from arrays that lie in any order."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from tests.compile.loops.rows import MACHINE_CODE, check

ALL = slice(None)


def _random(shape: tuple[int, ...], dtype: str = "float32") -> np.ndarray:
    return np.random.default_rng(0).integers(0, 100, shape).astype(dtype)


def _laid(shape: tuple[int, ...], dtype: str = "float32") -> Iterator[np.ndarray]:
    """One array in order, one turned round, one read backwards, one with gaps, and one broadcast."""
    x = _random(shape, dtype)
    yield x
    yield np.ascontiguousarray(x.transpose()).transpose()
    yield x[::-1]
    yield _random((*shape[:-1], 2 * shape[-1]), dtype)[..., ::2]
    yield np.broadcast_to(x[:1], shape)


@pytest.mark.parametrize("shape", [(5,), (3, 40), (2, 3, 4), (2, 1, 3, 2, 3), (20, 35)])
def test_copies(shape: tuple[int, ...]) -> None:
    for x in _laid(shape):
        check("clone", x, exact=True)
        check("flip", x, exact=True, dims=(0, len(shape) - 1) if len(shape) > 1 else (0,))
        check("roll", x, exact=True, shifts=(-2, 1), dims=(0, len(shape) - 1))
        check("cumsum", x, dim=len(shape) - 1)
        check("cumsum", x, dim=0)
        check("pad", x, exact=True, widths=((1, 2),) * len(shape), value=1.5)
        check("pad", x, exact=True, widths=((-1, 2),) + ((0, 0),) * (len(shape) - 1), value=0)
        check(
            "pad", x, exact=True, widths=((-1, 0),) * len(shape) if 1 not in shape else ((0, 0),) * len(shape), value=0
        )
        check("stack", x, _random(shape), exact=True, dim=len(shape))
        check("cat", x, _random(shape), x, exact=True, dim=0, sizes=(shape[0],) * 3)


def test_columns_first() -> None:
    check("relaid", _random((1, 1, 6, 20)), exact=True, size=(6, 2, 5, 2), dims=(3, 0, 1, 2))


@pytest.mark.parametrize(
    "key", [(1,), (ALL, 2), (ALL, slice(1, None, 2)), (..., 0), (ALL, ALL, slice(None, None, -1)), (-1, ..., None)]
)
def test_gradients_of_slices(key: Any) -> None:
    for x in _laid(_random((3, 4, 5))[key].shape):
        check("placed", x, exact=True, key=key, size=(3, 4, 5))


@pytest.mark.parametrize("name", ["tril", "triu"])
@pytest.mark.parametrize("diagonal", [-3, -1, 0, 1, 5])
def test_triangles(name: str, diagonal: int) -> None:
    for shape in ((3, 4), (2, 5, 2)):
        check(name, _random(shape), exact=True, diagonal=diagonal)


def test_long_running_sums_are_added_up_in_double_precision() -> None:
    check("cumsum", np.full(5000, np.float32(0.1)), exact=True, dim=0)


@MACHINE_CODE
@pytest.mark.parametrize("dtype", ["float32", "float64", "int64", "bool"])
def test_in_machine_code(dtype: str) -> None:
    for x in _laid((20, 35), dtype):
        check("clone", x, exact=True, compiled=True)
    check("pad", _random((3, 4), dtype), exact=True, widths=((1, 2), (0, 1)), value=1, compiled=True)
    check("tril", _random((3, 4), dtype), exact=True, diagonal=0, compiled=True)
    if dtype != "bool":
        check("cumsum", _random((3, 40), dtype), dim=0, compiled=True)
