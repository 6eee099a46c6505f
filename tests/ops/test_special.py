"""`erf` against `math.erf`: a few units in the last place, everywhere."""

from __future__ import annotations

import math

import numpy as np
import pytest

from groundup.ops.special import erf, error_function


def units_in_the_last_place(found: np.ndarray, x: np.ndarray) -> float:
    exact = np.array([math.erf(value) for value in x.tolist()])
    spacing = np.spacing(np.abs(exact).astype(found.dtype)).astype(np.float64)
    return float(np.max(np.abs(found.astype(np.float64) - exact) / spacing))


def grid(low: float, high: float, count: int, dtype: type) -> np.ndarray:
    x = np.linspace(low, high, count).astype(dtype)
    return np.concatenate([x, -x])


@pytest.mark.parametrize(("low", "high"), [(0, 0.1), (0.1, 0.9), (0.9, 1.1), (1.1, 3), (3, 4.2), (4.2, 6.5)], ids=str)
@pytest.mark.parametrize(("dtype", "bound"), [(np.float32, 2.0), (np.float64, 2.0)])
def test_accuracy(low: float, high: float, dtype: type, bound: float) -> None:
    x = grid(low, high, 20_001, dtype)
    assert units_in_the_last_place(erf(x), x) <= bound


@pytest.mark.parametrize(("dtype", "exponent"), [(np.float32, -37), (np.float64, -307)])
def test_tiny_arguments_keep_their_relative_accuracy(dtype: type, exponent: int) -> None:
    x = np.logspace(exponent, 0, 20_001).astype(dtype)
    assert units_in_the_last_place(erf(x), x) <= 2


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_subnormal_numbers(dtype: type) -> None:
    tiny = np.finfo(dtype).smallest_subnormal
    x = np.array([tiny, 8 * tiny, 1000 * tiny], dtype)
    assert np.abs(erf(x) - np.array([math.erf(v) for v in x.tolist()])).max() <= tiny


def test_float16_is_rounded_from_float32() -> None:
    x = np.linspace(-4, 4, 4001).astype(np.float16)
    exact = np.array([math.erf(v) for v in x.tolist()]).astype(np.float16)
    found = erf(x)
    assert found.dtype == np.float16
    # Rounding twice may differ from rounding once, and then only by one unit and rarely.
    assert (found != exact).mean() < 1e-3
    np.testing.assert_allclose(found.astype(float), exact.astype(float), rtol=2**-10)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_special_values(dtype: type) -> None:
    top = np.finfo(dtype).max
    found = erf(np.array([0.0, -0.0, np.inf, -np.inf, np.nan, top, -top], dtype))
    assert found.dtype == dtype
    np.testing.assert_array_equal(found, np.array([0, 0, 1, -1, np.nan, 1, -1], dtype))
    assert np.signbit(found[:2]).tolist() == [False, True]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_odd_bounded_and_nearly_increasing(dtype: type) -> None:
    x = np.sort(np.random.default_rng(0).normal(0, 2, 50_000).astype(dtype))
    y = erf(x)
    np.testing.assert_array_equal(erf(-x), -y)
    assert np.abs(y).max() <= 1
    assert np.diff(y).min() >= -2 * np.finfo(dtype).eps


def test_blocks_do_not_show(monkeypatch: pytest.MonkeyPatch) -> None:
    x = np.random.default_rng(1).normal(0, 2, 1000)
    whole = erf(x)
    monkeypatch.setattr(error_function, "_BLOCK", 7)
    np.testing.assert_array_equal(erf(x), whole)


def test_shapes_and_strides() -> None:
    x = np.random.default_rng(2).normal(0, 2, (6, 8, 10))
    flat = erf(x.reshape(-1))
    np.testing.assert_array_equal(erf(x), flat.reshape(x.shape))
    np.testing.assert_array_equal(erf(x.transpose(2, 0, 1)), erf(x).transpose(2, 0, 1))
    np.testing.assert_array_equal(erf(x[:, ::-2]), erf(x)[:, ::-2])
    np.testing.assert_array_equal(erf(np.broadcast_to(x[:1], (3, 8, 10))), np.broadcast_to(erf(x[:1]), (3, 8, 10)))
    assert erf(np.empty((0, 3))).shape == (0, 3)
    zero_d = erf(np.array(0.5))
    assert isinstance(zero_d, np.ndarray) and zero_d.shape == () and zero_d == pytest.approx(math.erf(0.5))


def test_the_argument_is_left_alone() -> None:
    x = np.linspace(-3, 3, 100)
    before = x.copy()
    erf(x)
    np.testing.assert_array_equal(x, before)


def test_other_types_are_refused() -> None:
    with pytest.raises(TypeError, match="erf takes float16, float32 or float64, not int64"):
        erf(np.array([1, 2]))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_as_torch(dtype: type) -> None:
    torch = pytest.importorskip("torch")
    x = np.random.default_rng(3).normal(0, 2, 100_000).astype(dtype)
    peer = torch.erf(torch.from_numpy(x)).numpy()
    np.testing.assert_allclose(erf(x), peer, rtol=6 * np.finfo(dtype).eps, atol=0)
