"""Tables, gather and scatter by loops, against their rows."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from groundup.ops.index import ARRAY
from tests.compile.loops.rows import MACHINE_CODE, Refused, check, lowered

ALL = slice(None)


def _random(shape: tuple[int, ...], dtype: str = "float32") -> np.ndarray:
    return np.random.default_rng(0).standard_normal(shape).astype(dtype)


def _positions(shape: tuple[int, ...], length: int, kind: str = "int64", low: int = 0) -> np.ndarray:
    return np.random.default_rng(1).integers(low, length, shape).astype(kind)


@pytest.mark.parametrize("width", [(), (3,), (2, 35)])
@pytest.mark.parametrize("shape", [(4,), (2, 30), ()])
def test_rows_of_a_table(width: tuple[int, ...], shape: tuple[int, ...]) -> None:
    table, index = _random((5, *width)), _positions(shape, 5, low=-5)
    check("embedding", table, _positions(shape, 5), exact=True)
    check("index_added", _random((*shape, *width)), index, pattern=(ARRAY,), size=table.shape)


@pytest.mark.parametrize("pattern", [(ALL, ARRAY), (ALL, ARRAY, ALL), (..., ARRAY), (ALL, ALL, ARRAY), (ARRAY, ...)])
def test_keys_with_one_array(pattern: Any) -> None:
    x, index = _random((4, 5, 3)), _positions((2, 6), 3, low=-3)
    picked = check("index", x, index, exact=True, pattern=pattern)
    g = _random(picked.statement.out.shape)
    check("index_added", g, index, pattern=pattern, size=x.shape)
    check("add_at", x, g, index, pattern=pattern)
    check("assign", x, g, index, exact=True, pattern=pattern)


def test_keys_with_several_arrays() -> None:
    x, indices = _random((4, 5, 3)), [_positions((7,), 4), _positions((7,), 5, "int32", -5), _positions((7,), 3)]
    for count, pattern in ((2, (ARRAY, ARRAY)), (3, (ARRAY, ARRAY, ARRAY)), (2, (ARRAY, ARRAY, ALL))):
        g = _random(check("index", x, *indices[:count], exact=True, pattern=pattern).statement.out.shape)
        check("index_added", g, *indices[:count], pattern=pattern, size=x.shape)
    check("index", x, indices[1], indices[2], exact=True, pattern=(ALL, ARRAY, ARRAY))


def test_what_stays_with_numpy() -> None:
    x = _random((4, 5, 3))
    far: dict[str, Any] = {"pattern": (ARRAY, ALL, ARRAY)}
    with pytest.raises(Refused):
        lowered("index", (x, _positions((2,), 3), _positions((2,), 3)), far)
    with pytest.raises(Refused):
        lowered("index", (x, _positions((2,), 3), _positions((2, 1), 3)), {"pattern": (ARRAY, ARRAY)})
    with pytest.raises(Refused):
        lowered("gather", (x, _positions((2, 5, 3), 3)), {"dim": 2})


def test_slices_along_an_axis() -> None:
    x, index = _random((4, 5, 3), "float64"), _positions((9,), 3)
    for dim in range(3):
        check("index_select", x, index, exact=True, dim=dim)


@pytest.mark.parametrize("dim", [0, 1, 2])
def test_elements_along_an_axis(dim: int) -> None:
    x = _random((3, 4, 20))
    shape = tuple(6 if axis == dim else n for axis, n in enumerate(x.shape))
    index, g = _positions(shape, x.shape[dim], low=-1), _random(shape)
    check("gather", x, index, exact=True, dim=dim)
    check("gather_added", g, index, dim=dim, size=x.shape)
    check("scatter_add", x, index, g, dim=dim)
    check("scatter", x, index, g, exact=True, dim=dim)
    check("scatter", x, index, 1.5, exact=True, dim=dim)


@MACHINE_CODE
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_in_machine_code(dtype: str) -> None:
    table, index, g = _random((5, 40), dtype), _positions((12,), 5), _random((12, 40), dtype)
    check("embedding", table, index, exact=True, compiled=True)
    check("index_added", g, index, pattern=(ARRAY,), size=table.shape, compiled=True)
    check("assign", table, g, index, exact=True, pattern=(ARRAY,), compiled=True)
    along, elements = _positions((5, 7), 40), _random((5, 7), dtype)
    check("gather", table, along, dim=1, compiled=True)
    check("scatter_add", table, along, elements, dim=1, compiled=True)
    check("scatter", table, along, elements, exact=True, dim=1, compiled=True)
    check("index", table, index, index, exact=True, pattern=(ARRAY, ARRAY), compiled=True)


@pytest.mark.parametrize("wrong", [5, -6, 1 << 40])
@pytest.mark.parametrize("compiled", [False, pytest.param(True, marks=MACHINE_CODE)])
def test_a_position_that_is_not_there_raises_the_flag(wrong: int, compiled: bool) -> None:
    table, index, g = _random((5, 4)), _positions((12,), 5), _random((12, 4))
    bad = index.copy()
    bad[7] = wrong
    grid, bad_grid = _positions((5, 4), 5), _positions((5, 4), 5)
    bad_grid[2, 3] = wrong
    for name, operands, like, params in (
        ("embedding", (table, bad), (table, index), {}),
        ("index_added", (g, bad), (g, index), {"pattern": (ARRAY,), "size": (5, 4)}),
        ("index", (table, bad, index % 4), (table, index, index % 4), {"pattern": (ARRAY, ARRAY)}),
        ("assign", (table, g, bad), (table, g, index), {"pattern": (ARRAY,)}),
        ("gather", (table, bad_grid), (table, grid), {"dim": 0}),
        ("gather_added", (table, bad_grid), (table, grid), {"dim": 0, "size": (5, 4)}),
        ("scatter", (table, bad_grid, table), (table, grid, table), {"dim": 0}),
    ):
        found = lowered(name, operands, params, 2, compiled, like=like).raised()
        assert found is not None and f"index {wrong} is out of bounds" in str(found)
