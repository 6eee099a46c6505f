"""Each eager kernel computes what its row's formula says, also across blocks and on arrays out of order."""

import numpy as np
import pytest

from groundup.ops import ROWS, kernels
from groundup.ops.readings import ARRAYS

# What kernels of several arguments are tried with.
SETTINGS = {
    "elu": [(1.5, 1.1, 0.7)],
    "leaky_relu": [(0.1,), (2.0,), (-0.5,), (0,)],
    "softplus": [(1.0, 20.0), (1.5, 4.0)],
}
WITH_KERNEL = [
    pytest.param(row, settings, id=row.name if not settings else f"{row.name}{settings}")
    for row in ROWS.values()
    if row.kernel
    for settings in SETTINGS.get(row.name, [()])
]


def test_there_are_kernels_to_test():
    assert {row.name for row in ROWS.values() if row.kernel} >= {"relu", "sigmoid", "gelu", "gelu_tanh"}


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("layout", ["0-d", "small", "blocks", "transposed", "stepped", "expanded"])
@pytest.mark.parametrize(("row", "settings"), WITH_KERNEL)
def test_kernel_is_the_row(row, settings, layout, dtype):
    rng = np.random.default_rng(0)
    size = kernels.BLOCK * 2 + 7
    x = {
        "0-d": lambda: np.array(-0.3),
        "small": lambda: rng.standard_normal((3, 4)),
        "blocks": lambda: rng.standard_normal(size) * 3,
        "transposed": lambda: rng.standard_normal((size // 100, 100)).T,
        "stepped": lambda: rng.standard_normal(2 * size)[::-2],
        "expanded": lambda: np.broadcast_to(rng.standard_normal(5), (4, 5)),
    }[layout]().astype(dtype)
    found, formula = row.eager(x, *settings), row.forward(ARRAYS, x, *settings)
    assert found.dtype == dtype and found.shape == x.shape
    eps = np.finfo(dtype).eps
    np.testing.assert_allclose(found, formula, rtol=8 * eps, atol=4 * eps)


@pytest.mark.parametrize(("row", "settings"), WITH_KERNEL)
def test_kernel_has_the_rows_special_values(row, settings):
    x = np.array([np.nan, np.inf, -np.inf, 0.0, 1e30, -1e30], np.float32)
    with np.errstate(all="ignore"):
        np.testing.assert_allclose(row.eager(x, *settings), row.forward(ARRAYS, x, *settings), rtol=1e-6)
