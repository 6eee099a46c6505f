"""Convolution by loops and products: columns, the way back, and the three products, against their rows."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from groundup.compile.loops.kernels import convolution
from groundup.compile.loops.kernels.linked import links_by
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
@pytest.mark.parametrize("small", [0, 1 << 20])
def test_columns_and_back(
    size: tuple[int, ...], where: tuple[Line, ...], groups: int, batch_last: bool, small: int, monkeypatch: Any
) -> None:
    monkeypatch.setattr(convolution, "_SMALL", small)
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
@pytest.mark.parametrize("small", [0, 1 << 20])
def test_columns_in_machine_code(dtype: str, batch_last: bool, small: int, monkeypatch: Any) -> None:
    monkeypatch.setattr(convolution, "_SMALL", small)
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


LINKS: list[tuple[tuple[int, ...], tuple[Line, ...], int]] = [
    # the size of the images; kernel, step, dilation, before, results along each axis; channels of the result
    ((16, 1, 5, 6), (Line(3, 1, 1, 1, 5), Line(3, 1, 1, 1, 6)), 5),
    ((24, 3, 7, 7), (Line(3, 2, 1, 1, 4), Line(3, 2, 1, 1, 4)), 8),
    ((16, 17, 9), (Line(3, 2, 2, 3, 5),), 2),  # enough channels to be laid side by side
    ((16, 2, 3, 3, 4), (Line(2, 1, 1, 1, 4), Line(3, 2, 1, 1, 2), Line(2, 2, 1, 0, 2)), 3),
    ((16, 2, 2, 2), (Line(3, 1, 1, 4, 8), Line(2, 3, 1, 2, 2)), 1),  # windows that lie in the border alone
]


def _check_links(
    size: tuple[int, ...], where: tuple[Line, ...], rows: int, batch_last: bool, dtype: str, compiled: bool
) -> None:
    x, weight = _random(0, size, dtype), _random(1, (rows, size[1], *(line.size for line in where)), dtype)
    settings: dict[str, Any] = {"where": where, "batch_last": batch_last, "compiled": compiled}
    check("convolve", x, weight, **settings)
    plan = check("convolve", x, weight, _random(2, (rows,), dtype), **settings)
    g = _random(3, plan.statement.out.shape, dtype)
    check("convolve_back", g, weight, size=size, **settings)
    check("convolve_weight", x, g, size=weight.shape, **settings)


@pytest.mark.parametrize("batch_last", [False, True])
@pytest.mark.parametrize(("size", "where", "rows"), LINKS)
def test_links(size: tuple[int, ...], where: tuple[Line, ...], rows: int, batch_last: bool) -> None:
    _check_links(size, where, rows, batch_last, "float64", compiled=False)


@MACHINE_CODE
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("which", [1, 2])
def test_links_in_machine_code(which: int, dtype: str) -> None:
    _check_links(*LINKS[which], False, dtype, compiled=True)


@MACHINE_CODE
def test_the_gradient_of_a_weight_is_summed_in_panels() -> None:
    where, size = (Line(3, 1, 1, 1, 8), Line(3, 1, 1, 1, 8)), (16, 2, 8, 8)
    x, g = _random(0, size, "float32"), _random(1, (16, 1, 3, 64), "float32")
    plan = check("convolve_weight", x, g, size=(3, 2, 3, 3), where=where, batch_last=False, compiled=True)
    assert plan.kernels == ["link_products", "sum_panels"]


@pytest.mark.parametrize("order", ["place", "pixel", "tap"])
def test_every_link_is_there_once(order: str) -> None:
    where, image = (Line(3, 2, 1, 1, 4), Line(2, 1, 2, 1, 6)), (7, 6)
    pairs, firsts = links_by(order, where, image, 2)
    x = np.arange(1.0, 43.0).reshape(1, 1, 7, 6)
    columns = ROWS["to_columns"].eager(x, where=where, groups=1, batch_last=False)
    assert len(pairs) // 2 == firsts[-1] == np.count_nonzero(columns)
    assert (np.diff(firsts) >= 0).all()
