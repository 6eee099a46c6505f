"""`kept` and `chosen` are np.where, bit for bit, whatever the type and the layout."""

from __future__ import annotations

import numpy as np
import pytest

from groundup.ops.select import MANY, chosen, kept

SPECIAL = [np.nan, np.inf, -np.inf, 0.0, -0.0, 1.5, -2.5, 6e4]


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64", "int64", "bool"])
def test_kept_is_where(dtype: str) -> None:
    with np.errstate(invalid="ignore"):
        x = np.array([SPECIAL, SPECIAL[::-1]]).astype(dtype)
    condition = np.array([[True, False] * 4, [False] * 3 + [True] * 5])
    for values, mask in (
        (x, condition),
        (x.T, condition.T),
        (x[:, ::-1], condition),
        (np.broadcast_to(x[0], (2, 8)), condition),
        (x, condition[0]),
        (x[0], condition),
    ):
        expected = np.where(mask, values, 0)
        found = kept(mask, values)
        assert found.dtype == expected.dtype
        assert found.shape == expected.shape
        assert found.tobytes() == np.ascontiguousarray(expected).tobytes()


def test_kept_writes_into_a_part_of_another_array() -> None:
    x, out = np.array([1.0, np.nan, 3.0]), np.full(6, 9.0)
    kept(np.array([True, False, True]), x, out=out[::2])
    assert out.tolist() == [1.0, 9.0, 0.0, 9.0, 3.0, 9.0]
    whole = np.full(2, 9)
    kept(np.array([True, False]), np.array([4, 5]), out=whole)
    assert whole.tolist() == [4, 0]


def test_kept_of_numbers() -> None:
    assert kept(True, 3.0) == 3.0 and kept(np.bool_(False), np.float32(3)) == 0
    assert kept(np.array(True), np.array(2.0, "float32")).dtype == np.float32
    assert kept(np.array([1, 0]), np.array([2.0, 3.0])).tolist() == [2.0, 0.0]


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64", "int64"])
@pytest.mark.parametrize("size", [0, 8, MANY, 3 * MANY])
def test_chosen_is_where(dtype: str, size: int) -> None:
    rng = np.random.default_rng(0)
    with np.errstate(invalid="ignore"):
        a, b = (rng.choice(SPECIAL, (2, size // 2)).astype(dtype) for _ in range(2))
    condition = rng.random((2, size // 2)) < 0.5
    for left, right, where in (
        (a, b, condition),
        (a.T, b.T, condition.T),
        (a[:, ::-1], b, condition),
        (a, b[0], condition),
        (a, b, condition[0]),
        (a, b.astype("float64"), condition),
        (a, 2.0, condition),
    ):
        expected = np.where(where, left, right)
        found = chosen(where, left, right)
        assert found.dtype == expected.dtype and found.shape == expected.shape
        assert np.ascontiguousarray(found).tobytes() == np.ascontiguousarray(expected).tobytes()
