"""Exponential, geometric, Cauchy, log-normal, Poisson and binomial numbers and weighted choices, by statistics."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest

from groundup import random
from groundup.random import Generator, deviates, distributions, draws, generator
from tests.test_random_distributions import KS_BOUND, kolmogorov_smirnov, normal_cdf, seeded

N = 100_000


def exponential_cdf(x: np.ndarray) -> np.ndarray:
    return 1 - np.exp(-x)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_continuous_distributions(dtype: type) -> None:
    times = random.exponential(N, dtype, 2.5, seeded(1))
    assert times.dtype == dtype and times.min() > 0
    assert kolmogorov_smirnov(times * 2.5, exponential_cdf) < KS_BOUND
    assert kolmogorov_smirnov(times * 2.6, exponential_cdf) > KS_BOUND
    tails = random.cauchy(N, dtype, 3.0, 0.5, seeded(2))
    assert tails.dtype == dtype and np.isfinite(tails).all()
    assert kolmogorov_smirnov((tails - 3) / 0.5, lambda x: 0.5 + np.arctan(x) / math.pi) < KS_BOUND
    products = random.log_normal(N, dtype, 0.5, 1.5, seeded(3))
    assert products.dtype == dtype
    assert kolmogorov_smirnov((np.log(products.astype(np.float64)) - 0.5) / 1.5, normal_cdf) < KS_BOUND


def test_the_largest_units_still_give_a_time_above_0() -> None:
    for kind in (np.float32, np.float64):
        words = np.full(8, 2**64 - 1, np.uint64)
        how = deviates.DOUBLE if kind == np.float64 else deviates.SINGLE
        assert deviates.minus_two_log(deviates.units(words, how.bits, 8), how).max() == 0
    drawn = random.exponential(2_000_000, np.float32, 1.0, seeded(4))
    assert 0 < drawn.min() < 1e-6 and drawn.max() < 23


def test_exp_is_exact_to_the_last_digit() -> None:
    x = np.concatenate([np.linspace(-700, 700, 10_001), [0.0, -800.0, 1e9, -1e9]])
    with np.errstate(over="ignore"):
        np.testing.assert_allclose(deviates.exponentials(x), np.exp(x), rtol=4e-16, atol=1e-320)


def test_the_tangent_at_its_ends_is_finite() -> None:
    out = np.empty(4)
    deviates.tangents(np.array([0, 2**63 - 1, 2**63, 2**64 - 1], np.uint64), out)
    assert np.isfinite(out).all()
    assert abs(out[0]) < 1e-18 and out[1] > 1e15 and out[2] < -1e15


def discrete_gap(found: np.ndarray, probability: Callable[[int], float]) -> float:
    """Chi squared of the counts of whole numbers, in standard deviations; rare ones together."""
    found = found.astype(np.int64)
    values = np.arange(found.min(), found.max() + 1)
    expected = np.array([probability(int(k)) for k in values]) * len(found)
    counts = np.bincount(found - found.min(), minlength=len(values))
    often = expected > 10
    expected = np.append(expected[often], max(len(found) - expected[often].sum(), 1e-9))
    counts = np.append(counts[often], counts[~often].sum())
    if expected[-1] < 1:
        assert counts[-1] < 20
        expected, counts = expected[:-1], counts[:-1]
    cells = max(len(counts) - 1, 1)
    return float((np.sum((counts - expected) ** 2 / expected) - cells) / math.sqrt(2 * cells))


@pytest.mark.parametrize("p", [0.05, 0.5, 0.95])
def test_geometric(p: float) -> None:
    found = random.geometric(N, p, np.int64, seeded(5))
    assert found.min() == 1
    assert discrete_gap(found, lambda k: p * (1 - p) ** (k - 1)) < 6
    assert discrete_gap(found, lambda k: p * 0.9 * (1 - p * 0.9) ** (k - 1)) > 6


def poisson_chance(rate: float) -> Callable[[int], float]:
    return lambda k: math.exp(k * math.log(rate) - rate - math.lgamma(k + 1))


@pytest.mark.parametrize("rate", [0.1, 3.0, 9.99, 10.0, 30.0, 1000.0])
def test_poisson(rate: float) -> None:
    found = random.poisson(np.full(N, rate), seeded(6))
    assert discrete_gap(found, poisson_chance(rate)) < 6
    assert discrete_gap(found, poisson_chance(rate * 1.1)) > 6


def binomial_chance(n: int, p: float) -> Callable[[int], float]:
    whole = math.lgamma(n + 1)
    return lambda k: math.exp(
        whole - math.lgamma(k + 1) - math.lgamma(n - k + 1) + k * math.log(p) + (n - k) * math.log1p(-p)
    )


@pytest.mark.parametrize(("n", "p"), [(1, 0.3), (8, 0.5), (50, 0.3), (400, 0.01), (1000, 0.9), (100_000, 0.4)])
def test_binomial(n: int, p: float) -> None:
    found = random.binomial(np.full(N, float(n)), np.array(p), seeded(7))
    assert discrete_gap(found, binomial_chance(n, p)) < 6


def test_certain_numbers() -> None:
    assert (random.poisson(np.zeros(9), seeded()) == 0).all()
    counts = np.array([0.0, 5.0, 40.0])
    assert (random.binomial(counts, np.array(0.0), seeded()) == 0).all()
    assert (random.binomial(counts, np.array(1.0), seeded()) == counts).all()


def test_the_logarithm_of_factorials() -> None:
    k = np.arange(200.0)
    exact = [math.lgamma(v + 1) for v in k]
    np.testing.assert_allclose(distributions._log_factorial(k), exact, rtol=1e-14, atol=1e-12)


def test_choices_with_replacement() -> None:
    weights = np.array([[1.0, 0.0, 2.0, 3.0, 4.0], [0.0, 0.0, 0.5, 0.5, 0.0]])
    found = random.choices(weights, N, True, seeded(8))
    for row, drawn in zip(weights, found):
        share = row / row.sum()
        spread = 5 * np.sqrt(share * (1 - share) / N)
        assert (np.abs(np.bincount(drawn, minlength=5) / N - share) <= spread).all()


def test_choices_without_replacement() -> None:
    """The first follows the weights; the second the weights without the first."""
    weights = np.array([1.0, 2.0, 0.0, 3.0])
    found = random.choices(np.tile(weights, (N, 1)), 2, False, seeded(9))
    assert (found[:, 0] != found[:, 1]).all()
    share = weights / 6
    for first in (0, 1, 3):
        picked = found[found[:, 0] == first, 1]
        assert abs(len(picked) / N - share[first]) < 5 * math.sqrt(share[first] / N)
        rest = np.where(np.arange(4) == first, 0, weights)
        rest = rest / rest.sum()
        gap = np.bincount(picked, minlength=4) / len(picked) - rest
        assert (np.abs(gap) <= 5 * np.sqrt(rest * (1 - rest) / len(picked))).all()
    once = random.choices(np.tile(weights, (N, 1)), 1, False, seeded(9))
    np.testing.assert_array_equal(once, found[:, :1])


DRAWS: dict[str, Callable[[int, Generator], np.ndarray]] = {
    "exponential32": lambda n, g: random.exponential(n, generator=g),
    "exponential64": lambda n, g: random.exponential(n, np.float64, 3.0, g),
    "geometric": lambda n, g: random.geometric(n, 0.3, generator=g),
    "cauchy": lambda n, g: random.cauchy(n, np.float64, generator=g),
    "log_normal": lambda n, g: random.log_normal(n, np.float64, generator=g),
    "poisson": lambda n, g: random.poisson(np.where(np.arange(n) % 2, 2.0, 50.0), g),
    "binomial": lambda n, g: random.binomial(np.where(np.arange(n) % 2, 4.0, 90.0), np.array(0.4), g),
}


@pytest.mark.parametrize("draw", DRAWS.values(), ids=DRAWS.keys())
def test_a_seed_repeats_and_an_element_depends_on_its_place_alone(draw, monkeypatch) -> None:
    whole = draw(5000, seeded(10))
    np.testing.assert_array_equal(draw(5000, seeded(10)), whole)
    np.testing.assert_array_equal(draw(500, seeded(10)), whole[:500])
    assert not np.array_equal(draw(5000, seeded(11)), whole)
    monkeypatch.setattr(generator, "_CHUNK", 7)
    np.testing.assert_array_equal(draw(5000, seeded(10)), whole)


@pytest.mark.parametrize("draw", DRAWS.values(), ids=DRAWS.keys())
def test_draws_that_follow_one_another_are_new(draw) -> None:
    g = seeded(12)
    assert not np.array_equal(draw(200, g), draw(200, g))
    assert draw(0, g).shape == (0,)


def test_the_end_of_a_range() -> None:
    assert random.end_of_range(np.dtype(np.float32)) == 2**24
    assert random.end_of_range(np.dtype(np.int8)) == 128
    assert random.end_of_range(np.dtype(np.bool_)) == 2
    assert draws.fraction_of(np.dtype(np.int64)) is None


def test_frozen_values() -> None:
    """The stream must not change. Only draws whose every operation IEEE 754 rounds are compared to the bit."""
    g = seeded(42)
    found = [float(v).hex() for v in random.exponential(2, generator=g)]
    found += [float(v).hex() for v in random.exponential(2, np.float64, generator=g)]
    found += [float(v).hex() for v in random.cauchy(2, np.float64, generator=g)]
    found += [float(v).hex() for v in random.log_normal(2, np.float64, generator=g)]
    assert found == FROZEN


FROZEN = [
    "0x1.32465a0000000p+0",
    "0x1.95eece0000000p-3",
    "0x1.ffa74f67a0775p-1",
    "0x1.aad880d0cc266p-1",
    "-0x1.a164dd6d51a8ap-2",
    "-0x1.cbed2f753cf3dp-1",
    "0x1.1fd8cc34f06eap-5",
    "0x1.0630db67e6dd7p-1",
]
