"""The rows that convolution and pooling brought: each against its definition, and its gradient as its adjoint."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest

from groundup.ops import ROWS
from groundup.ops.readings import ARRAYS

RANDOM = np.random.default_rng(0)


def run(name: str, *arrays: np.ndarray, **params: Any) -> np.ndarray:
    return ROWS[name].eager(*arrays, **params)


@pytest.mark.parametrize("widths", [((0, 0),) * 3, ((1, 2), (0, 0), (0, 3)), ((-1, 0), (0, -1), (2, 1))])
@pytest.mark.parametrize("dims", list(itertools.permutations(range(3))))
def test_lay_out(dims: tuple[int, ...], widths: tuple[tuple[int, int], ...]) -> None:
    x = RANDOM.standard_normal((3, 4, 5))[::-1]
    y = run("lay_out", x, widths=widths, dims=dims)
    cropped = x[tuple(slice(max(-b, 0), n - max(-a, 0)) for n, (b, a) in zip(x.shape, widths, strict=True))]
    expected = np.pad(cropped, [(max(b, 0), max(a, 0)) for b, a in widths]).transpose(dims)
    np.testing.assert_array_equal(y, expected)
    assert y.flags.c_contiguous and not np.shares_memory(x, y)
    g = RANDOM.standard_normal(y.shape)
    back = ROWS["lay_out"].grads[0](ARRAYS, g, widths, dims)  # type: ignore[misc]
    assert back.shape == x.shape and back.flags.c_contiguous
    np.testing.assert_allclose((y * g).sum(), (x * back).sum(), rtol=1e-12)


WINDOWS = [
    {"dims": (1, 2), "sizes": (2, 2), "steps": (2, 2), "dilations": (1, 1)},
    {"dims": (1, 2), "sizes": (3, 2), "steps": (1, 2), "dilations": (1, 1)},
    {"dims": (1, 2), "sizes": (2, 3), "steps": (3, 3), "dilations": (2, 1)},
    {"dims": (0,), "sizes": (2,), "steps": (1,), "dilations": (1,)},
]


@pytest.mark.parametrize("where", WINDOWS)
@pytest.mark.parametrize("values", ["distinct", "ties", "nan"])
def test_max_windows(values: str, where: dict[str, Any]) -> None:
    x = {
        "distinct": lambda: RANDOM.permutation(3 * 7 * 8).reshape(3, 7, 8).astype("float32"),
        "ties": lambda: RANDOM.integers(0, 2, (3, 7, 8)).astype("float32"),
        "nan": lambda: np.where(RANDOM.random((3, 7, 8)) < 0.05, np.nan, 1.0).astype("float32"),
    }[values]()
    top = run("max_windows", x, **where)
    windows = run("windows", x, **where)
    flat = windows.reshape(*top.shape, -1)
    np.testing.assert_array_equal(top, flat.max(-1))
    # NumPy's argmax takes the first nan, else the first maximum.
    first = flat.argmax(-1)
    v, g = RANDOM.standard_normal(x.shape), RANDOM.standard_normal(top.shape)
    picked = run("max_pick", v, x, top, **where)
    seen = run("windows", v, **where).reshape(*top.shape, -1)
    np.testing.assert_array_equal(picked, np.take_along_axis(seen, first[..., None], -1)[..., 0])
    spread = run("max_spread", g, x, top, **where)
    np.testing.assert_allclose((picked * g).sum(), (v * spread).sum(), rtol=1e-12)


def test_max_spread_passes_infinities_only_to_the_winner() -> None:
    where = {"dims": (0,), "sizes": (2,), "steps": (1,), "dilations": (1,)}
    x = np.array([0.0, 2.0, 1.0])
    spread = run("max_spread", np.array([np.inf, 1.0]), x, run("max_windows", x, **where), **where)
    assert spread.tolist() == [0.0, np.inf, 0.0]
