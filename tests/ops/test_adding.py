"""Adding at positions that repeat: each way of doing it (flat, in rounds, as a grid) against NumPy's own."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from groundup.ops.index import adding


def rng() -> np.random.Generator:
    return np.random.default_rng(4)


def whole(*shape: int) -> np.ndarray:
    """Whole numbers as floats, so that every order of adding gives the same."""
    return rng().integers(-8, 9, shape).astype(np.float32)


@pytest.mark.parametrize("how", [np.add, np.multiply, np.maximum, np.minimum])
@pytest.mark.parametrize("dim", [0, 1, 2])
@pytest.mark.parametrize("shape", [(3, 4, 5), (30, 11, 12)])
def test_along_an_axis(how: np.ufunc, dim: int, shape: tuple[int, ...]) -> None:
    smaller = tuple(n if k == dim else n - 1 for k, n in enumerate(shape))
    index = rng().integers(0, shape[dim], smaller)
    assert (index.size < adding.MANY) == (shape[0] == 3)
    found, wanted = whole(*shape), whole(*shape)
    adding.combine_along(found, index, whole(*smaller) / 8, dim, how)
    how.at(wanted, adding.place(index, dim), whole(*smaller) / 8)
    np.testing.assert_array_equal(found, wanted)
    places = adding.place(index, dim)
    np.testing.assert_array_equal(wanted.reshape(-1)[adding.flat_place(index, dim, shape)], wanted[places].reshape(-1))


def test_a_number_is_added_at_each_place() -> None:
    index = rng().integers(0, 5, (5, 900))
    found = np.zeros((5, 900), np.float32)
    adding.combine_along(found, index, 1, 0)
    assert found.sum() == index.size


@pytest.mark.parametrize("width", [1, 7, adding._WIDE, 100])
@pytest.mark.parametrize("spread", [1, 50, 1000])
@pytest.mark.parametrize("count", [5, 600])
def test_rows(width: int, spread: int, count: int) -> None:
    """Many equal indices (a single row, even) and few, narrow rows and wide ones, negative indices among them."""
    index = rng().integers(-spread, spread, count)
    rows = whole(count, width)
    found, wanted = whole(1000, width), whole(1000, width)
    adding.add_rows(found, index, rows)
    np.add.at(wanted, index, rows)
    np.testing.assert_array_equal(found, wanted)


KEYS: dict[str, Any] = {
    "two arrays": lambda: (rng().integers(-20, 20, 3000), rng().integers(0, 30, 3000)),
    "behind a slice": lambda: (slice(None), rng().integers(0, 30, 400)),
    "apart": lambda: (rng().integers(0, 20, 3000), slice(2, 9), rng().integers(0, 4, 3000)),
    "a mask": lambda: (rng().integers(0, 2, (20, 30)) > 0,),
    "rows by a matrix": lambda: (rng().integers(0, 20, (50, 4)),),
}


@pytest.mark.parametrize("name", KEYS)
@pytest.mark.parametrize("kind", [np.float32, np.int64])
def test_keys(name: str, kind: type) -> None:
    key = KEYS[name]()
    found, wanted = whole(20, 30, 4).astype(kind), whole(20, 30, 4).astype(kind)
    values = whole(*found[key].shape).astype(kind)
    adding.add_at(found, key, values)
    np.add.at(wanted, key, values)
    np.testing.assert_array_equal(found, wanted)
    adding.add_at(found, key, kind(2))
    np.add.at(wanted, key, kind(2))
    np.testing.assert_array_equal(found, wanted)


def test_nothing_to_add() -> None:
    out = whole(3, 4)
    adding.add_rows(out, np.zeros(0, np.int64), np.zeros((0, 4), np.float32))
    adding.combine_along(out, np.zeros((0, 4), np.int64), np.zeros((0, 4), np.float32), 0)
    np.testing.assert_array_equal(out, whole(3, 4))
