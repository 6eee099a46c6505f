"""The special functions against mpmath's in 30 digits: a few units in the last place, and the special values."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from groundup.ops import special

INF, NAN = np.inf, np.nan


def log_gamma(mp: Any, x: Any) -> Any:
    return mp.log(abs(mp.gamma(x)))


def inverse_erf(mp: Any, y: Any) -> Any:
    """By Newton's method from the value under test, on whichever of erf and erfc keeps its digits."""
    x = mp.mpf(float(special.erfinv(np.array(float(y)))))
    for _ in range(3):
        miss = mp.erf(x) - y if abs(y) < 0.5 else mp.sign(y) * ((1 - abs(y)) - mp.erfc(abs(x)))
        x -= miss * mp.sqrt(mp.pi) / 2 * mp.exp(x * x)
    return x


# The function, mpmath's, and the intervals with the units in the last place that float64 may be off.
CASES: dict[str, tuple[Callable[..., Any], Callable[..., Any], dict[tuple[float, float], float]]] = {
    "erfc": (special.erfc, lambda mp, x: mp.erfc(x), {(-6, -0.5): 2, (-0.5, 0.5): 2, (0.5, 4): 8, (4, 26): 8}),
    "erfcx": (
        special.erfcx,
        lambda mp, x: mp.exp(x * x) * mp.erfc(x),
        {(-26, -0.5): 6, (-0.5, 0.5): 4, (0.5, 4): 6, (4, 1000): 5},
    ),
    "erfinv": (special.erfinv, inverse_erf, {(-0.85, 0.85): 6, (0.85, 1): 6, (-1, -0.999): 6}),
    "lgamma": (
        special.lgamma,
        log_gamma,
        {(1e-300, 0.5): 4, (0.5, 1.5): 6, (1.5, 2.5): 6, (2.5, 8): 3, (8, 1e6): 4, (1.999, 2.001): 4},
    ),
    "digamma": (special.digamma, lambda mp, x: mp.digamma(x), {(1e-9, 1): 5, (1, 2): 6, (2, 10): 5, (10, 1e6): 3}),
}


@pytest.mark.parametrize("name", CASES)
def test_accuracy(name: str) -> None:
    mpmath = pytest.importorskip("mpmath")
    function, exact, intervals = CASES[name]
    random = np.random.default_rng(0)
    with mpmath.workdps(30):
        for (low, high), bound in intervals.items():
            x = random.uniform(low, high, 200)
            right = [exact(mpmath, mpmath.mpf(value)) for value in x.tolist()]
            found = function(x)
            for y, wanted, value in zip(found.tolist(), right, x.tolist(), strict=True):
                units = abs(mpmath.mpf(y) - wanted) / float(np.spacing(abs(float(wanted))))
                assert units <= bound, f"{name}({value!r}) is off by {units} units"
            with np.errstate(all="ignore"):
                narrow = function(x.astype(np.float32))
                rounded = function(x.astype(np.float32).astype(float)).astype(np.float32)
            assert narrow.dtype == np.float32
            np.testing.assert_array_equal(narrow, rounded)


def test_the_normal_quantile_in_the_far_tail() -> None:
    mpmath = pytest.importorskip("mpmath")
    for p in (1e-300, 1e-30, 1e-5, 0.2, 0.5, 0.9, 1 - 1e-12):
        x = float(special.ndtri(np.array(p)))
        with mpmath.workdps(40):
            assert abs(mpmath.ncdf(x) / p - 1) < 2e-15 * max(1, x * x)


@pytest.mark.parametrize("s", [2.0, 3.0, 5.5, 20.0])
def test_zeta(s: float) -> None:
    mpmath = pytest.importorskip("mpmath")
    q = np.random.default_rng(0).uniform(0.01, 30, 50)
    found = special.zeta(s, q)
    with mpmath.workdps(60):
        exact = [float(mpmath.zeta(s, mpmath.mpf(value))) for value in q.tolist()]
    np.testing.assert_allclose(found, exact, rtol=4e-15)
    whole = round(s)
    left = np.random.default_rng(1).uniform(-6, 0, 20)
    # The sum at q is its first seven terms and the sum at q + 7.
    sums = sum((left + k) ** -whole for k in range(7)) + special.zeta(float(whole), left + 7)
    np.testing.assert_allclose(special.zeta(float(whole), left), sums, rtol=1e-11)


def test_left_of_zero() -> None:
    mpmath = pytest.importorskip("mpmath")
    x = np.random.default_rng(2).uniform(-10, 0, 100)
    gammas = [float(log_gamma(mpmath, mpmath.mpf(value))) for value in x.tolist()]
    np.testing.assert_allclose(special.lgamma(x), gammas, rtol=1e-14, atol=2e-15)
    slopes = [float(mpmath.digamma(value)) for value in x.tolist()]
    np.testing.assert_allclose(special.digamma(x), slopes, rtol=1e-12, atol=1e-13)


POINTS = np.array([0.0, -0.0, 1.0, -1.0, INF, -INF, NAN, -2.0])
VALUES = {
    "erfc": [1, 1, 0.15729920705028513, 1.8427007929497148, 0, 2, NAN, 1.9953222650189527],
    "erfcx": [1, 1, 0.427583576155807, 5.00898008076228, 0, INF, NAN, 108.94090438997797],
    "erfinv": [0, -0.0, INF, -INF, NAN, NAN, NAN, NAN],
    "ndtri": [-INF, -INF, INF, NAN, NAN, NAN, NAN, NAN],
    "lgamma": [INF, INF, 0, INF, INF, INF, NAN, INF],
    "digamma": [-INF, INF, -0.5772156649015329, NAN, INF, NAN, NAN, NAN],
}


@pytest.mark.parametrize("name", VALUES)
@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_special_values(name: str, dtype: type) -> None:
    with np.errstate(all="ignore"):
        found = getattr(special, name)(POINTS.astype(dtype))
    assert found.dtype == dtype
    np.testing.assert_allclose(found, np.array(VALUES[name], dtype), rtol=4 * np.finfo(dtype).eps)


@pytest.mark.parametrize("name", VALUES)
def test_shapes_layouts_and_blocks(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    function = getattr(special, name)
    x = np.random.default_rng(3).uniform(0.05, 0.95, (6, 8))
    before, flat = x.copy(), function(x.ravel())
    for view in (x, x.T, x[::-1, ::2], np.broadcast_to(x[:1], (3, 8))):
        np.testing.assert_array_equal(function(view), function(np.ascontiguousarray(view)))
    assert function(x[0, 0].reshape(())).shape == () and function(x[:0]).shape == (0, 8)
    np.testing.assert_array_equal(x, before)
    monkeypatch.setattr("groundup.ops.special.ratio.BLOCK", 7)
    np.testing.assert_array_equal(function(x), flat.reshape(x.shape))
