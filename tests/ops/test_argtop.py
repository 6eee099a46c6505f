"""The places of the largest elements, found by partition, are those that sorting finds."""

import numpy as np
import pytest

from groundup.ops.reduce import order


@pytest.mark.parametrize("largest", [True, False])
@pytest.mark.parametrize("k", [0, 1, 7, 100])
@pytest.mark.parametrize(("shape", "dim"), [((5000,), 0), ((3, 4000), 1), ((4000, 3), 0), ((2, 3000, 2), 1)])
def test_the_values_are_those_of_a_sort(shape: tuple[int, ...], dim: int, k: int, largest: bool) -> None:
    rng = np.random.default_rng(0)
    x = rng.integers(0, 900, shape).astype(np.float32)  # with many equals
    x[rng.random(shape) < 0.001] = np.nan
    found = order._argtop(x, dim, k, largest)
    sorted_places = np.take(order._argsort(x, dim, largest), range(k), axis=dim)
    np.testing.assert_array_equal(np.take_along_axis(x, found, dim), np.take_along_axis(x, sorted_places, dim))
    distinct = np.sort(found, axis=dim)
    assert k < 2 or (np.diff(distinct, axis=dim) > 0).all()


def test_a_long_axis_is_not_sorted_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    lengths = []
    monkeypatch.setattr(
        order,
        "_argsort",
        lambda x, dim, back, sort=order._argsort: lengths.append(x.shape[dim]) or sort(x, dim, back),
    )
    order._argtop(np.arange(5000.0), 0, 7, True)
    assert lengths == [7]


def test_equals_come_in_the_order_of_their_places() -> None:
    x = np.zeros(5000, np.float32)
    x[[4000, 17, 300]] = 1
    assert order._argtop(x, 0, 3, True).tolist() == [17, 300, 4000]
