"""Convolution by loops and products: columns, the way back, and the three products, against their rows."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from groundup.ops import ROWS
from groundup.ops.windows import Line
from tests.compile.loops.rows import MACHINE_CODE, check

CASES: list[tuple[tuple[int, ...], tuple[Line, ...], int]] = [
    # the size of the images; kernel, step, dilation, before, results along each axis; groups
    ((2, 3, 5, 6), (Line(3, 1, 1, 1, 5), Line(3, 1, 1, 1, 6)), 1),
    ((4, 2, 7, 7), (Line(3, 2, 1, 1, 4), Line(3, 2, 1, 1, 4)), 2),
    ((3, 5, 6), (Line(2, 1, 2, 0, 3), Line(3, 2, 1, 2, 4)), 1),
    ((3, 4, 9), (Line(3, 2, 2, 3, 5),), 2),
    ((2, 2, 4, 3, 5), (Line(2, 1, 1, 1, 4), Line(3, 2, 1, 1, 2), Line(2, 2, 1, 0, 2)), 1),
    ((2, 1, 3, 2), (Line(1, 1, 1, 0, 3), Line(1, 1, 1, 0, 2)), 1),
    ((1, 1, 2, 2), (Line(3, 1, 1, 4, 8), Line(2, 3, 1, 2, 2)), 1),  # windows that lie in the border alone
]


def _random(seed: int, shape: tuple[int, ...], dtype: str) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal(shape).astype(dtype)


@pytest.mark.parametrize("batch_last", [False, True])
@pytest.mark.parametrize(("size", "where", "groups"), CASES)
def test_columns_and_back(size: tuple[int, ...], where: tuple[Line, ...], groups: int, batch_last: bool) -> None:
    x = _random(0, size, "float32")
    settings: dict[str, Any] = {"where": where, "groups": groups, "batch_last": batch_last}
    check("to_columns", x, exact=True, **settings)
    turned = np.ascontiguousarray(x.swapaxes(-1, -2)).swapaxes(-1, -2)
    check("to_columns", turned, exact=True, **settings)
    columns = ROWS["to_columns"].eager(x, **settings)
    check("from_columns", columns, size=size, **settings)


@MACHINE_CODE
@pytest.mark.parametrize("batch_last", [False, True])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_columns_in_machine_code(dtype: str, batch_last: bool) -> None:
    size, where, groups = CASES[1]
    settings: dict[str, Any] = {"where": where, "groups": groups, "batch_last": batch_last}
    columns = check("to_columns", _random(0, size, dtype), exact=True, compiled=True, **settings)
    shape = columns.statement.out.shape
    check("from_columns", _random(1, shape, dtype), size=size, compiled=True, **settings)


@pytest.mark.parametrize("shape", [(1, 1, 4, 6), (3, 1, 4, 6), (1, 2, 4, 6), (3, 2, 4, 6), (1, 1, 4, 2048)])
@pytest.mark.parametrize("channels", [2, 6])
def test_products(shape: tuple[int, ...], channels: int) -> None:
    columns, weight, bias = (
        _random(0, shape, "float64"),
        _random(1, (channels, 2, 2), "float64"),
        _random(2, (channels,), "float64"),
    )
    check("correlate", columns, weight)
    products = check("correlate", columns, weight, bias)
    g = _random(3, products.statement.out.shape, "float64")
    check("correlate_back", g, weight)
    check("correlate_weight", columns, g, size=weight.shape)


@MACHINE_CODE
def test_products_in_machine_code() -> None:
    columns, weight, bias = (
        _random(0, (1, 1, 4, 2048), "float32"),
        _random(1, (3, 4), "float32"),
        _random(2, (3,), "float32"),
    )
    check("correlate", columns, weight, bias, compiled=True)
    plan = check("correlate_weight", columns, _random(3, (1, 1, 3, 2048), "float32"), size=(3, 4), compiled=True)
    assert plan.kernels == ["sum_panels"]
