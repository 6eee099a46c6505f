"""The rows of convolution and pooling: each against its definition, and its gradient as its adjoint."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest

from groundup.ops import ROWS
from groundup.ops.windows import Line, taps

RANDOM = np.random.default_rng(0)
ONE_AXIS = [
    Line(size, step, dilation, before, count)
    for size, step, dilation, before in itertools.product((1, 2, 3), (1, 2, 4), (1, 2), (0, 1))
    for count in (1, 2, 4)
    if before <= dilation * (size - 1) // 2
]
WINDOWS = [
    (Line(2, 2, 1, 0, 3), Line(2, 2, 1, 0, 4)),
    (Line(3, 1, 1, 1, 7), Line(2, 2, 1, 0, 4)),
    (Line(2, 3, 2, 1, 3), Line(3, 3, 1, 1, 3)),
    (Line(2, 1, 1, 0, 7),),
    (Line(2, 4, 1, 1, 2), Line(2, 1, 1, 1, 8), Line(1, 3, 1, 0, 3)),
]


def run(name: str, *arrays: np.ndarray, **params: Any) -> np.ndarray:
    return ROWS[name].eager(*arrays, **params)


def inner(a: np.ndarray, b: np.ndarray) -> float:
    assert a.shape == b.shape
    return float((a * b).sum())


def places(where: tuple[Line, ...], image: tuple[int, ...]) -> dict[tuple[int, ...], list[tuple[int, ...]]]:
    """For each window the places of its elements in the image, in reading order, None outside: by the definition."""
    found = {}
    for window in np.ndindex(*(line.results for line in where)):
        lines = [[i * at.step - at.before + k * at.dilation for k in range(at.size)] for i, at in zip(window, where)]
        inside = [[p if 0 <= p < n else None for p in line] for line, n in zip(lines, image, strict=True)]
        found[window] = list(itertools.product(*inside))
    return found


@pytest.mark.parametrize("line", ONE_AXIS, ids=lambda line: "-".join(map(str, line)))
@pytest.mark.parametrize("length", [1, 2, 5])
def test_taps(line: Line, length: int) -> None:
    expected = places((line,), (length,))
    for k, (into, read) in enumerate(taps(line, length)):
        windows, read_from = list(range(line.results))[into], list(range(length))[read]
        found = dict(zip(windows, read_from, strict=True))
        assert found == {w: at[k][0] for (w,), at in expected.items() if at[k][0] is not None}


@pytest.mark.parametrize("where", WINDOWS)
@pytest.mark.parametrize("groups", [1, 2])
@pytest.mark.parametrize("batch_last", [False, True])
def test_columns(where: tuple[Line, ...], groups: int, batch_last: bool) -> None:
    image = (7, 8, 9)[: len(where)]
    x = RANDOM.standard_normal((3, 4, *image))[::-1]
    settings: dict[str, Any] = {"where": where, "groups": groups, "batch_last": batch_last}
    columns = run("to_columns", x, **settings)
    for number, window in enumerate(places(where, image).values()):
        values = np.stack([np.zeros((3, 4)) if None in place else x[(..., *place)] for place in window], -1)
        if batch_last:
            found = columns[0].reshape(4, len(window), -1, 3)[:, :, number].transpose(2, 0, 1)
        else:
            found = columns.reshape(3, 4, len(window), -1)[..., number]
        np.testing.assert_array_equal(found, values)
    g = RANDOM.standard_normal(columns.shape)
    back = run("from_columns", g, where=where, groups=groups, batch_last=batch_last, size=x.shape)
    assert back.flags.c_contiguous
    np.testing.assert_allclose(inner(columns, g), inner(x, back), rtol=1e-12)


@pytest.mark.parametrize("dims", list(itertools.permutations(range(3))))
def test_relaid(dims: tuple[int, ...]) -> None:
    x = RANDOM.standard_normal((4, 30))
    y = run("relaid", x, size=(4, 5, 6), dims=dims)
    np.testing.assert_array_equal(y, x.reshape(4, 5, 6).transpose(dims))
    assert y.flags.c_contiguous and not np.shares_memory(x, y)


def test_the_three_products_are_one_sum() -> None:
    columns, weight = RANDOM.standard_normal((5, 2, 6, 7)), RANDOM.standard_normal((8, 3, 2))
    products = RANDOM.standard_normal((5, 2, 4, 7))
    total = np.einsum("agip,goi,agop->", columns, weight.reshape(2, 4, 6), products)
    assert inner(run("correlate", columns, weight), products) == pytest.approx(total)
    assert inner(run("correlate_back", products, weight), columns) == pytest.approx(total)
    assert inner(run("correlate_weight", columns, products, size=weight.shape), weight) == pytest.approx(total)


@pytest.mark.parametrize("where", WINDOWS)
@pytest.mark.parametrize("counts", [1, 3, "each"])
def test_means(where: tuple[Line, ...], counts: Any) -> None:
    image = (7, 8, 9)[: len(where)]
    x = RANDOM.standard_normal((2, *image))
    if counts == "each":
        counts = tuple(tuple(range(1, line.results + 1)) for line in where)
    y = run("mean_windows", x, where=where, counts=counts)
    for window, elements in places(where, image).items():
        divisor = counts if isinstance(counts, int) else np.prod([each[i] for each, i in zip(counts, window)])
        total = sum(x[(..., *place)] for place in elements if None not in place)
        np.testing.assert_allclose(y[(..., *window)], total / divisor, rtol=1e-12, atol=1e-12)
    g = RANDOM.standard_normal(y.shape)
    back = run("share_windows", g, where=where, counts=counts, size=x.shape)
    np.testing.assert_allclose(inner(y, g), inner(x, back), rtol=1e-11)


def test_whole_numbers_are_rounded_towards_zero() -> None:
    y = run("mean_windows", np.array([[-3, -4, 3, 4]]), where=(Line(2, 2, 1, 0, 2),), counts=2)
    assert y.tolist() == [[-3, 3]] and y.dtype == "int64"


@pytest.mark.parametrize("counts", [(3, 2), (1, 8), (7, 3), (9, 11)])
def test_regions(counts: tuple[int, int]) -> None:
    x = RANDOM.standard_normal((2, 7, 8))
    y = run("mean_regions", x, counts=counts)
    top = run("region_places", x, counts=counts)
    for i, j in np.ndindex(*counts):
        rows = slice(i * 7 // counts[0], -(-(i + 1) * 7 // counts[0]))
        region = x[:, rows, j * 8 // counts[1] : -(-(j + 1) * 8 // counts[1])]
        np.testing.assert_allclose(y[:, i, j], region.mean((1, 2)), rtol=1e-12)
        np.testing.assert_array_equal(x.reshape(2, -1)[(0, 1), top[:, i, j]], region.max((1, 2)))
    g = RANDOM.standard_normal(y.shape)
    np.testing.assert_allclose(inner(y, g), inner(x, run("share_regions", g, counts=counts, size=x.shape)), rtol=1e-11)


@pytest.mark.parametrize("where", WINDOWS)
@pytest.mark.parametrize("values", ["distinct", "ties", "nan", "lowest"])
def test_max_windows(values: str, where: tuple[Line, ...]) -> None:
    image = (7, 8, 9)[: len(where)]
    shape = (3, *image)
    x = {
        "distinct": lambda: RANDOM.permutation(int(np.prod(shape))).reshape(shape).astype("float32"),
        "ties": lambda: RANDOM.integers(0, 2, shape).astype("float32"),
        "nan": lambda: np.where(RANDOM.random(shape) < 0.3, np.nan, 1.0).astype("float32"),
        "lowest": lambda: np.full(shape, -np.inf, "float32"),
    }[values]()
    top = run("max_windows", x, where=where)
    found = run("max_places", x, top, where=where)
    v, g = RANDOM.standard_normal(x.shape), RANDOM.standard_normal(top.shape)
    picked = run("max_pick", v, x, top, where=where)
    for window, elements in places(where, image).items():
        for n in range(3):
            inside = [place for place in elements if None not in place]
            seen = [float(x[(n, *place)]) for place in inside]
            nans = [k for k, value in enumerate(seen) if value != value]
            winner = inside[nans[-1] if nans else seen.index(max(seen))]  # the last nan, else the first maximum
            np.testing.assert_equal(top[(n, *window)], x[(n, *winner)])
            assert found[(n, *window)] == np.ravel_multi_index(winner, image)
            assert picked[(n, *window)] == v[(n, *winner)]
    spread = run("max_spread", g, x, top, where=where)
    np.testing.assert_allclose(inner(picked, g), inner(v, spread), rtol=1e-12)


def test_max_spread_passes_infinities_only_to_the_winner() -> None:
    where = (Line(2, 1, 1, 0, 2),)
    x = np.array([0.0, 2.0, 1.0])
    spread = run("max_spread", np.array([np.inf, 1.0]), x, run("max_windows", x, where=where), where=where)
    assert spread.tolist() == [0.0, np.inf, 0.0]


def test_maxima_of_whole_numbers_at_a_border() -> None:
    where = (Line(2, 2, 1, 1, 3),)
    assert run("max_windows", np.array([-5, -7, -9, -8]), where=where).tolist() == [-5, -7, -8]
