"""The distributions of the random numbers: their shapes, edges and ranges, by statistics over fixed seeds."""

from __future__ import annotations

import math

import numpy as np
import pytest

from groundup import random
from groundup.random import Generator, deviates


def seeded(seed: int = 0) -> Generator:
    return Generator().manual_seed(seed)


# The seeds are fixed, so these never fail by chance; the bounds are those of one failure in a million tries.

N = 200_000


def kolmogorov_smirnov(values: np.ndarray, cdf) -> float:
    """sqrt(n) times the greatest distance between the empirical and the given distribution function."""
    below = cdf(np.sort(values.astype(np.float64)))
    n = len(values)
    steps = np.arange(n + 1) / n
    return math.sqrt(n) * float(max(np.max(steps[1:] - below), np.max(below - steps[:-1])))


KS_BOUND = 2.7  # 2 exp(-2 d**2) < 1e-6


def normal_cdf(x: np.ndarray) -> np.ndarray:
    return np.array([0.5 * math.erfc(-v / math.sqrt(2)) for v in x.tolist()])


def test_the_test_of_distributions_sees_a_wrong_one() -> None:
    values = random.normal(N, np.float64, generator=seeded())
    assert kolmogorov_smirnov(values * 1.03, normal_cdf) > KS_BOUND
    assert kolmogorov_smirnov(values + 0.02, normal_cdf) > KS_BOUND


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_normal_distribution(dtype: type) -> None:
    z = random.normal(N, dtype, generator=seeded(1)).astype(np.float64)
    assert kolmogorov_smirnov(z, normal_cdf) < KS_BOUND
    # Means of the first four powers, with the standard deviation that each has over N numbers.
    for power, mean, variance in ((1, 0, 1), (2, 1, 2), (3, 0, 15), (4, 3, 96)):
        assert abs(np.mean(z**power) - mean) < 5 * math.sqrt(variance / N)
    pairs = np.mean(z[0::2] * z[1::2])
    assert abs(pairs) < 5 / math.sqrt(N / 2)
    assert abs(np.mean(z[1:] * z[:-1])) < 5 / math.sqrt(N)
    assert abs(np.mean(z[0::2] ** 2 * z[1::2] ** 2) - 1) < 5 * math.sqrt(8 / (N / 2))


def test_normal_tails() -> None:
    z = np.abs(random.normal(4_000_000, generator=seeded(2)))
    for limit in (3.0, 4.0, 4.5):
        expected = len(z) * math.erfc(limit / math.sqrt(2))
        assert abs(np.count_nonzero(z > limit) - expected) < 5 * math.sqrt(expected)
    assert np.isfinite(z).all()


@pytest.mark.parametrize("precision", [deviates.SINGLE, deviates.DOUBLE], ids=["float32", "float64"])
def test_the_edges_of_the_units_give_finite_numbers(precision: deviates.Normal) -> None:
    top = 2**precision.bits - 1
    edges = [0, 1, 2, top // 2, top // 2 + 1, top // 2 + 2, top - 1, top]
    grid = np.array([[a, b] for a in edges for b in edges], f"<u{precision.bits // 8}")
    out = np.empty(grid.size, precision.real)
    deviates.box_muller(grid.reshape(-1).view(np.uint64), out, precision)
    assert np.isfinite(out).all()
    assert np.abs(out).max() == pytest.approx(math.sqrt(2 * precision.bits * math.log(2)), rel=1e-6)


@pytest.mark.parametrize(("dtype", "digits"), [(np.float16, 11), (np.float32, 24), (np.float64, 53)])
def test_uniform_distribution(dtype: type, digits: int) -> None:
    u = random.uniform(N, dtype, generator=seeded(3))
    assert u.dtype == dtype and u.min() >= 0 and u.max() < 1
    steps = u.astype(np.float64) * 2.0**digits
    np.testing.assert_array_equal(steps, np.floor(steps))
    assert (steps % 2).any()
    centred = u.astype(np.float64) + 2.0 ** -(digits + 1)
    if dtype != np.float16:
        assert kolmogorov_smirnov(centred, lambda x: x) < KS_BOUND
    assert abs(centred.mean() - 0.5) < 5 / math.sqrt(12 * N)
    assert abs(centred.var() - 1 / 12) < 5 * math.sqrt(1 / 180 / N)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
@pytest.mark.parametrize(("low", "high"), [(-1.0, 1.0), (1.0, 1.125), (1000.0, 1001.0), (-3.0, -2.999), (2.0, 2.0)])
def test_uniform_never_reaches_its_end(dtype: type, low: float, high: float) -> None:
    u = random.uniform(N, dtype, low, high, seeded(4))
    start, end = dtype(low), dtype(high)
    assert u.min() >= start
    assert u.max() < end or start == end == u.max()


def chi_squared(found: np.ndarray, cells: int) -> float:
    """In standard deviations from what is expected of equally likely cells."""
    counts = np.bincount(found, minlength=cells)
    assert len(counts) == cells
    expected = len(found) / cells
    return float((np.sum((counts - expected) ** 2) / expected - (cells - 1)) / math.sqrt(2 * (cells - 1)))


@pytest.mark.parametrize("span", [2, 3, 10, 100, 1000])
def test_integers_are_equally_likely(span: int) -> None:
    found = random.integers(N, -7, span - 7, generator=seeded(5))
    assert found.dtype == np.int64
    assert abs(chi_squared(found + 7, span)) < 6


@pytest.mark.parametrize("span", [2**16 - 1, 2**16, 2**16 + 1, 10**6, 2**32, 2**40, 10**15, 3 * 2**61, 2**64])
def test_large_ranges_are_covered_evenly(span: int) -> None:
    low = -(span // 2)
    found = random.integers(20_000, low, low + span, generator=seeded(6)).tolist()
    cells = np.array([(value - low) * 50 // span for value in found])
    assert cells.min() == 0 and cells.max() == 49
    assert abs(chi_squared(cells, 50)) < 6


@pytest.mark.parametrize("dtype", [np.uint8, np.int8, np.int16, np.int32, np.int64, np.float32, np.float64, np.bool_])
def test_integers_of_every_type(dtype: type) -> None:
    found = random.integers(1000, 0, 2, dtype, seeded())
    assert found.dtype == dtype
    np.testing.assert_array_equal(found.astype(np.int64), random.integers(1000, 0, 2, generator=seeded()))


def test_the_whole_range_of_a_type() -> None:
    for dtype in (np.uint8, np.int8, np.int16):
        info = np.iinfo(dtype)
        found = random.integers(2_000_000, int(info.min), int(info.max) + 1, dtype, seeded())
        assert (found.min(), found.max()) == (info.min, info.max)


@pytest.mark.parametrize("n", [0, 1, 2, 3, 7, 64, 65, 10_000])
def test_permutation(n: int) -> None:
    found = random.permutation(n, seeded())
    assert found.dtype == np.int64
    np.testing.assert_array_equal(np.sort(found), np.arange(n))


def test_permutations_are_equally_likely() -> None:
    g = seeded(8)
    orders = np.array([random.permutation(4, g) for _ in range(12_000)])
    ranks = np.unique(orders @ [64, 16, 4, 1], return_inverse=True)[1]
    assert abs(chi_squared(ranks, 24)) < 6


@pytest.mark.parametrize("p", [0.0, 1e-4, 0.25, 0.5, 0.9, 0.9999, 1.0])
def test_bernoulli_and_keep_mask(p: float) -> None:
    spread = 5 * math.sqrt(p * (1 - p) / N) + 2**-16
    drawn, kept = random.bernoulli(N, p, seeded()), random.keep_mask(N, p, seeded())
    assert drawn.dtype == kept.dtype == np.bool_
    assert abs(drawn.mean() - p) <= spread and abs(kept.mean() - (1 - p)) <= spread
    if p in (0, 1):
        assert (drawn == p).all() and (kept == (1 - p)).all()


def test_bernoulli_of_an_array() -> None:
    p = np.array([0.0, 0.2, 0.7, 1.0], np.float32)
    drawn = random.bernoulli((50_000, 4), p, seeded())
    np.testing.assert_allclose(drawn.mean(0), p, atol=5 * math.sqrt(0.25 / 50_000))
    assert not drawn[:, 0].any() and drawn[:, 3].all()
    np.testing.assert_array_equal(
        random.bernoulli(1000, np.full(1000, 0.3), seeded()), random.bernoulli(1000, 0.3, seeded())
    )


def test_neighbouring_seeds_are_unrelated() -> None:
    z = np.stack([random.normal(20_000, np.float64, generator=seeded(seed)) for seed in range(12)])
    correlation = np.corrcoef(z) - np.eye(12)
    assert np.abs(correlation).max() < 5 / math.sqrt(20_000)


def test_scaled_normal_numbers() -> None:
    z = random.normal(5000, np.float64, generator=seeded())
    np.testing.assert_array_equal(random.normal(5000, np.float64, 3.0, 0.5, seeded()), z * 0.5 + 3)
    assert (random.normal(100, std=0.0, mean=2.5) == 2.5).all()
