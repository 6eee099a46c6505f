"""The rungs of the matrix product on their own: sizes that fill no tile, strides, types, and what does not fit."""

from __future__ import annotations

import importlib.util
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from groundup.foundations.rungs import MATMULS, Rung

SIZES = [(1, 1, 1), (2, 3, 4), (6, 5, 16), (7, 9, 17), (13, 1, 33), (3, 0, 2)]
NUMBA = importlib.util.find_spec("numba") is not None
AVAILABLE = [rung for rung in MATMULS if NUMBA or not rung.extra]


def named(rung: Rung) -> str:
    return rung.place


def random(*shape: int) -> np.ndarray:
    return np.random.default_rng(sum(shape)).standard_normal(shape)


@pytest.mark.parametrize("rung", AVAILABLE, ids=named)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_the_product_of_all_sizes(m: ModuleType, rung: Rung, dtype: str, numbers: Any) -> None:
    for rows, inner, columns in SIZES:
        a, b = random(rows, inner).astype(dtype), random(inner, columns).astype(dtype)
        product = rung.load("matmul")(m, m.asarray(a), m.asarray(b))
        assert type(product) is type(m.asarray(a)) and tuple(product.shape) == (rows, columns)
        assert numbers(product).dtype == dtype
        np.testing.assert_allclose(numbers(product), a @ b, rtol=1e-4 if dtype == "float32" else 1e-12, atol=1e-6)


@pytest.mark.parametrize("rung", AVAILABLE, ids=named)
def test_the_product_of_arrays(rung: Rung) -> None:
    a, b = random(5, 7), random(7, 9)
    product = rung.load("matmul")(np, a, b)
    assert type(product) is np.ndarray
    np.testing.assert_allclose(product, a @ b, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("rung", AVAILABLE, ids=named)
def test_the_product_of_transposed_matrices(m: ModuleType, rung: Rung, numbers: Any) -> None:
    a, b = random(5, 7), random(9, 5)
    product = rung.load("matmul")(m, m.asarray(a).T, m.asarray(b).T)
    np.testing.assert_allclose(numbers(product), a.T @ b.T, rtol=1e-12)


@pytest.mark.parametrize("rung", AVAILABLE, ids=named)
def test_matrices_that_do_not_fit_are_told(m: ModuleType, rung: Rung) -> None:
    with pytest.raises(RuntimeError, match=r"mat1 and mat2 shapes cannot be multiplied \(2x3 and 4x5\)\n  a has 3"):
        rung.load("matmul")(m, m.ones(2, 3), m.ones(4, 5))
    with pytest.raises(RuntimeError, match=r"takes two matrices, got shapes \(2, 3\) and \(3,\)"):
        rung.load("matmul")(m, m.ones(2, 3), m.ones(3))


@pytest.mark.skipif(not NUMBA, reason="needs the extra 'compile'")
@pytest.mark.parametrize("size", [(193, 257, 513), (385, 600, 31)])
@pytest.mark.parametrize("place", ["matmul.tile", "matmul.blocked"])
def test_products_of_several_blocks(place: str, size: tuple[int, int, int]) -> None:
    (multiply,) = (rung.load("multiply") for rung in MATMULS if rung.place == place)
    rows, inner, columns = size
    a, b = random(rows, inner), random(inner, columns)
    np.testing.assert_allclose(multiply(a, b), a @ b, rtol=1e-11, atol=1e-11)


@pytest.mark.skipif(not NUMBA, reason="needs the extra 'compile'")
def test_tiles_of_nan_and_inf() -> None:
    from groundup.foundations.matmul.tile import multiply

    a, b = np.ones((7, 3), np.float32), np.ones((3, 17), np.float32)
    a[6, 0], b[0, 16] = np.inf, np.nan
    # The zeros that fill up the last panels stay out of it.
    np.testing.assert_array_equal(multiply(a, b), a @ b)


@pytest.mark.skipif(not NUMBA, reason="needs the extra 'compile'")
@pytest.mark.parametrize("dtype", ["int64", "float16", "bool"])
def test_tiles_of_other_types_are_refused(dtype: str) -> None:
    from groundup.foundations.matmul.tile import multiply

    with pytest.raises(TypeError, match=f"float32 or float64, not {dtype}"):
        multiply(np.ones((2, 2), dtype), np.ones((2, 2), dtype))
    with pytest.raises(TypeError, match="of one type, not float32 and float64"):
        multiply(np.ones((2, 2), np.float32), np.ones((2, 2)))


@pytest.mark.skipif(not NUMBA, reason="needs the extra 'compile'")
def test_the_sums_of_a_tile_stay_in_registers() -> None:
    """The innermost loop multiplies and adds, and writes nothing to memory."""
    import platform
    import re

    from groundup.foundations.matmul.tile import kernel, multiply

    if platform.machine() not in {"x86_64", "AMD64"}:
        pytest.skip("reads the assembly of x86-64")
    multiply(np.ones((6, 4), np.float32), np.ones((4, 16), np.float32))
    (assembly,) = [text for key, text in kernel().inspect_asm().items() if "float32" in str(key)]
    blocks = re.split(r"^\.?L\w+:", assembly, flags=re.MULTILINE)
    products = [block for block in blocks if len(re.findall(r"vfmadd\w+ps|mulps", block)) >= 6]
    assert products
    loop = max(products, key=lambda block: len(re.findall(r"vfmadd\w+ps|mulps", block)))
    assert not re.search(r"mov\w*ps\s+%[xyz]mm\d+, -?\d*\(", loop)
