"""Pooling by loops, against its rows: borders, dilation, windows that overlap, regions, and what is no number."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from groundup.ops import ROWS
from groundup.ops.windows import Line
from tests.compile.loops.rows import MACHINE_CODE, check

CASES: list[tuple[tuple[int, ...], tuple[Line, ...], Any]] = [
    ((2, 3, 6, 7), (Line(2, 2, 1, 0, 3), Line(2, 2, 1, 0, 3)), 4),
    ((2, 5, 5), (Line(3, 1, 1, 1, 5), Line(3, 2, 1, 1, 3)), ((2, 3, 3, 3, 2), (2, 3, 2))),
    ((2, 9), (Line(3, 2, 2, 1, 3),), 3),
    ((1, 2, 4, 3, 5), (Line(2, 1, 1, 0, 3), Line(3, 2, 1, 1, 2), Line(2, 2, 1, 0, 2)), 12),
]


def _random(shape: tuple[int, ...], dtype: str = "float64", seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(-3, 4, shape).astype(dtype)  # with equal ones among them


def test_nan_in_every_place_of_a_square() -> None:
    x = np.array([[np.nan if n >> place & 1 else place % 2 for n in range(16)] for place in range(4)])
    squares = np.ascontiguousarray(x.reshape(2, 2, 16).transpose(0, 2, 1).reshape(2, 32))
    _maxima(squares, (Line(2, 2, 1, 0, 1), Line(2, 2, 1, 0, 16)))


def _maxima(x: np.ndarray, where: tuple[Line, ...], compiled: bool = False) -> None:
    check("max_windows", x, exact=True, where=where, compiled=compiled)
    top = ROWS["max_windows"].eager(x, where=where)
    check("max_spread", _random(top.shape, x.dtype.name, 1), x, top, where=where, compiled=compiled)


@pytest.mark.parametrize(("size", "where", "counts"), CASES)
def test_windows(size: tuple[int, ...], where: tuple[Line, ...], counts: Any) -> None:
    x = _random(size)
    _maxima(x, where)
    g = _random(check("mean_windows", x, where=where, counts=counts).statement.out.shape)
    check("share_windows", g, where=where, counts=counts, size=size)
    x.reshape(-1)[::5] = np.nan
    x.reshape(-1)[1::7] = -np.inf
    _maxima(x, where)


@pytest.mark.parametrize(("size", "counts"), [((2, 3, 6, 7), (2, 3)), ((3, 8), (5,)), ((2, 5, 4, 3), (2, 3, 1))])
def test_regions(size: tuple[int, ...], counts: tuple[int, ...]) -> None:
    g = _random(check("mean_regions", _random(size), counts=counts).statement.out.shape)
    check("share_regions", g, counts=counts, size=size)


@MACHINE_CODE
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_in_machine_code(dtype: str) -> None:
    squares = _random((2, 5, 40), dtype)
    squares[:, 1::3, ::3] = np.nan
    _maxima(squares, (Line(2, 2, 1, 0, 2), Line(2, 2, 1, 0, 20)), compiled=True)
    size, where, counts = CASES[1]
    x = _random(size, dtype)
    x[0, 1, 1] = np.nan
    _maxima(x, where, compiled=True)
    check("mean_windows", _random(size, dtype), where=where, counts=counts, compiled=True)
    check("share_windows", _random((2, 5, 3), dtype), where=where, counts=counts, size=size, compiled=True)
    check("mean_regions", _random(size, dtype), counts=(2, 3), compiled=True)
    check("share_regions", _random((2, 2, 3), dtype), counts=(2, 3), size=size, compiled=True)


@pytest.mark.parametrize("compiled", [False, pytest.param(True, marks=MACHINE_CODE)])
@pytest.mark.parametrize(("size", "where", "counts"), [CASES[0], ((3, 2, 5, 5), CASES[1][1], CASES[1][2]), CASES[3]])
def test_the_batch_innermost(size: tuple[int, ...], where: tuple[Line, ...], counts: Any, compiled: bool) -> None:
    size = (3, *size[1:])

    def laid(x: np.ndarray) -> np.ndarray:
        return np.moveaxis(np.ascontiguousarray(np.moveaxis(x, 0, -1)), -1, 0)

    x = laid(_random(size, "float32"))
    x[:, 1, 1::3] = np.nan
    plan = check("max_windows", x, exact=True, where=where, compiled=compiled)
    assert plan.kernels == ["largest_of_links"]
    top = plan.result(plan.statement.out)
    v = _random(top.shape, "float32", 1)
    assert check("max_spread", v, x, top, where=where, compiled=compiled).kernels == ["spread_to_largest_link"]
    plan = check("mean_windows", laid(_random(size)), where=where, counts=counts, compiled=compiled)
    assert plan.kernels == ["means_of_links"]
    g = laid(_random(top.shape))
    plan = check("share_windows", g, where=where, counts=counts, size=size, compiled=compiled)
    assert plan.kernels == ["spread_over_links"]
