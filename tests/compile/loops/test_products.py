"""Products in machine code against NumPy: every way that matrices may lie, the same bits from any number of threads."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pytest

pytest.importorskip("llvmlite")

from groundup.compile import threads
from groundup.compile.loops import blas, product_kernels, products, walk
from groundup.compile.loops.products import Operand, ProductCall, gemm_call, plain, product_call
from groundup.compile.loops.team import Run

SHAPES = [(1, 1, 1), (3, 1, 5), (1, 7, 5), (9, 6, 1), (5, 1, 1), (7, 9, 4), (33, 70, 21), (70, 17, 130), (200, 1, 50)]
EMPTY = [(0, 3, 2), (3, 0, 2), (3, 2, 0), (1, 1, 0)]


@pytest.fixture(autouse=True)
def threads_as_before() -> Iterator[None]:
    before = threads.get_num_threads()
    yield
    threads.set_num_threads(before)


def random(*shape: int, dtype: Any = np.float32) -> np.ndarray:
    return np.random.default_rng(sum(shape)).standard_normal(shape).astype(dtype)


def run(call: ProductCall | None, arrays: Sequence[np.ndarray], number: int = 1) -> None:
    """Runs a product with so many threads, whether they pay or not."""
    assert call is not None
    threads.set_num_threads(number)
    memory = np.array([array.ctypes.data for array in arrays])
    rows = np.array([[call.address, call.args.ctypes.data, number, 1]])
    command = Run(rows, memory, np.zeros(1), alone=number == 1)
    command._command[walk.KIND] = 1
    assert command() in (0, number)


def operand(index: int, array: np.ndarray) -> Operand:
    """A view of the memory of its base."""
    base = array if array.base is None else array.base
    offset = (array.__array_interface__["data"][0] - base.__array_interface__["data"][0]) // array.itemsize
    return Operand((index, offset), array.shape, tuple(stride // array.itemsize for stride in array.strides))


def bases(*arrays: np.ndarray) -> list[np.ndarray]:
    return [array if array.base is None else array.base for array in arrays]


def close(found: np.ndarray, expected: np.ndarray) -> None:
    tolerance = 1e-5 if found.dtype == np.float32 else 1e-13
    np.testing.assert_allclose(found, expected, rtol=tolerance, atol=tolerance * 30)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(("m", "n", "k"), SHAPES + EMPTY)
@pytest.mark.parametrize("beta", [0, 1])
def test_every_way_round_is_numpys(m: int, n: int, k: int, dtype: Any, beta: int) -> None:
    for (transa, transb), gap, alpha in itertools.product(
        itertools.product((False, True), repeat=2), (0, 3), (1.0, 0.5)
    ):
        a = random(*((k, m) if transa else (m, k)), dtype=dtype)
        b = random(*((n, k) if transb else (k, n)), dtype=dtype)
        wide_a, wide_b, wide_c = (
            np.full((rows, columns + gap), np.nan, dtype) for rows, columns in (a.shape, b.shape, (m, n))
        )
        wide_a[:, : a.shape[1]], wide_b[:, : b.shape[1]] = a, b
        before = random(m, n, dtype=dtype) if beta else np.full((m, n), np.nan, dtype)
        wide_c[:, :n] = before
        shifted = np.concatenate([np.full(5, np.nan, dtype), wide_c.reshape(-1)])  # C begins at element 5
        ld = [array.shape[1] if gap else 0 for array in (wide_a, wide_b, wide_c)]
        call = gemm_call(dtype, (0, 0), (1, 0), (2, 5), m, n, k, transa, transb, *ld, beta=beta, alpha=alpha)
        run(call, (wide_a, wide_b, shifted))
        found = shifted[5:].reshape(m, n + gap)
        left, right = (a.T if transa else a).astype(float), (b.T if transb else b).astype(float)
        close(found[:, :n], alpha * (left @ right) + (before if beta else 0))
        assert np.isnan(found[:, n:]).all() and np.isnan(shifted[:5]).all()


@pytest.mark.parametrize(
    ("m", "n", "k", "transa", "transb", "kernel"),
    [
        (64, 32, 64, False, False, "tiles_f32"),
        (50, 784, 64, True, False, "tiles_f32"),
        (16, 256, 300, False, False, "tiles_f32"),
        (16, 256, 3, False, False, "gemm_f32"),
        (64, 50, 784, False, True, "dots_f32"),
        (16, 256, 784, False, True, "dots_f32"),
        (64, 50, 784, True, True, "gemm_f32"),
        (512, 512, 512, False, True, "gemm_f32"),
        (512, 784, 512, True, False, "gemm_f32"),
    ],
)
def test_small_and_thin_products_need_no_blas(m: int, n: int, k: int, transa: bool, transb: bool, kernel: str) -> None:
    threads.set_num_threads(1)
    call = gemm_call(np.float32, (0, 0), (1, 0), (2, 0), m, n, k, transa, transb)
    assert call is not None and call.name == kernel


@pytest.mark.parametrize(
    ("m", "n", "k"), [(13, 37, 4), (13, 40, 600), (6, 16, 256), (14, 17, 257), (1, 5, 513), (5, 3, 17), (3, 4, 7)]
)
@pytest.mark.parametrize(("kernel", "beta"), [("tiles_f32", 0), ("tiles_f32", 1), ("dots_f32", 0)])
def test_tiles_and_dots_of_every_size(kernel: str, m: int, n: int, k: int, beta: int) -> None:
    """Sides and depths that are cut, whichever kernel would be chosen: in every block of k, and behind the last one."""
    for transa, transb in [(False, True)] if kernel == "dots_f32" else [(False, False), (True, False)]:
        a, b = random(*((k, m) if transa else (m, k))), random(*((n, k) if transb else (k, n)))
        c = random(m, n) if beta else np.full((m, n), np.nan, np.float32)
        expected = 0.5 * ((a.T if transa else a).astype(float) @ (b.T if transb else b)) + (c if beta else 0)
        call = gemm_call(np.float32, (0, 0), (1, 0), (2, 0), m, n, k, transa, transb, beta=beta, alpha=0.5)
        assert call is not None
        run(call._replace(address=products.machine(kernel)), (a, b, c))
        close(c, expected)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(
    ("m", "n", "k"),
    [
        (64, 50, 784),
        (16, 300, 600),
        (784, 50, 64),
        (50, 784, 64),
        (100, 100, 100),
        (33, 47, 500),
        (1, 300, 70),
        (300, 1, 70),
        (130, 90, 1),
    ],
)
def test_any_number_of_threads_gives_the_same_bits(m: int, n: int, k: int, dtype: Any) -> None:
    """Of what was planned for three."""
    for transa, transb in itertools.product((False, True), repeat=2):
        a = random(*((k, m) if transa else (m, k)), dtype=dtype)
        b = random(*((n, k) if transb else (k, n)), dtype=dtype)
        threads.set_num_threads(3)
        call = gemm_call(dtype, (0, 0), (1, 0), (2, 0), m, n, k, transa, transb)
        results = []
        for number in (1, 2, 3, 2):
            c = np.empty((m, n), dtype)
            run(call, (a, b, c), number)
            results.append(c.tobytes())
        assert len(set(results)) == 1, (transa, transb)


def test_attention_as_its_heads_lie() -> None:
    """(16, 4, 64, 32) @ (16, 4, 32, 64), the heads side by side in each row of queries, keys and values."""
    qkv = random(16, 64, 3, 4, 32)
    q, k, v = (qkv[:, :, i].transpose(0, 2, 1, 3) for i in range(3))
    scores = np.empty((16, 4, 64, 64), np.float32)
    threads.set_num_threads(2)
    call = product_call(np.float32, operand(0, q), operand(0, k.swapaxes(-1, -2)), operand(1, scores), alpha=32**-0.5)
    out = np.empty((16, 64, 4, 32), np.float32)
    heads = out.transpose(0, 2, 1, 3)
    second = product_call(np.float32, operand(1, scores), operand(0, v), operand(2, heads))
    for number in (1, 2):
        run(call, (qkv, scores), number)
        close(scores, q @ k.swapaxes(-1, -2) * np.float32(32**-0.5))
        run(second, (qkv, scores, out), number)
        close(heads, scores @ v)


def test_leading_axes_are_spread_and_joined() -> None:
    a, b = random(5, 2, 3, 4, 6), random(6, 7)
    c = np.empty((5, 2, 3, 4, 7), np.float32)
    call = product_call(np.float32, operand(0, a), operand(1, b), operand(2, c))
    assert call is not None and call.args[product_kernels.M] == 5 * 2 * 3 * 4  # one product of many rows
    run(call, (a, b, c), 2)
    close(c, a @ b)
    for part in (a[:, :, :, :3], a[:, 1:], a[:, :, ::2], a[:, :, :, :1]):  # no longer rows after rows
        c = np.empty((*part.shape[:-1], 7), np.float32)
        run(product_call(np.float32, operand(0, part), operand(1, b), operand(2, c)), (a, b, c), 2)
        close(c, part @ b)
    one = random(5, 1, 6, 7)
    a, c = random(5, 3, 4, 6), np.empty((5, 3, 4, 7), np.float32)
    run(product_call(np.float32, operand(0, a), operand(1, one), operand(2, c)), (a, one, c), 2)
    close(c, a @ one)


@pytest.mark.parametrize(
    "left", [np.s_[:, ::2], np.s_[::2, :], np.s_[:, ::-1], np.s_[::-1, :], np.s_[2:4, 3:5], np.s_[:1], np.s_[:, :1]]
)
def test_views_are_multiplied_as_they_lie_or_left_to_numpy(left: Any) -> None:
    whole, other = random(8, 10), random(10, 3)
    for turned in (False, True):
        a = whole.T[left] if turned else whole[left]
        b = other[: a.shape[1]]
        c = np.empty((a.shape[0], 3), np.float32)
        call = product_call(np.float32, operand(0, a), operand(1, b), operand(2, c))
        fits = (1 in a.shape or a.itemsize in a.strides) and min(a.strides) > 0
        if call is None:
            assert not fits or 1 in a.shape
        else:
            run(call, (*bases(a, b), c))
            close(c, a @ b)


def test_what_has_no_terms_is_left_to_numpy() -> None:
    c = np.empty((2, 3, 4, 5, 6), np.float32)
    a, b = random(2, 3, 4, 5, 7), random(2, 3, 4, 7, 6)
    strange = np.empty((4, 3, 2, 5, 7), np.float32).transpose(2, 1, 0, 3, 4)
    assert product_call(np.float32, operand(0, strange), operand(1, b), operand(2, c)) is None
    assert product_call(np.float32, operand(0, a), operand(1, b), operand(2, c)) is not None
    assert gemm_call(np.int64, (0, 0), (1, 0), (2, 0), 2, 2, 2) is None
    assert gemm_call(np.float16, (0, 0), (1, 0), (2, 0), 2, 2, 2) is None


def test_without_a_blas_vectors_are_multiplied_still(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blas, "find", lambda: None)
    assert gemm_call(np.float32, (0, 0), (1, 0), (2, 0), 4, 4, 4) is None
    a, b, c = random(4, 6), random(6, 1), np.empty((4, 1), np.float32)
    run(gemm_call(np.float32, (0, 0), (1, 0), (2, 0), 4, 1, 6), (a, b, c))
    close(c, a @ b)


def test_a_blas_that_cannot_be_held_to_one_thread_is_called_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    found = blas.find()
    if found is None:
        pytest.skip("there is no BLAS here")
    sizes = (500, 500, 500)
    threads.set_num_threads(2)
    shared = gemm_call(np.float32, (0, 0), (1, 0), (2, 0), *sizes)
    monkeypatch.setattr(blas, "find", lambda: found._replace(set_threads=0))
    alone = gemm_call(np.float32, (0, 0), (1, 0), (2, 0), *sizes)
    assert shared is not None and alone is not None
    assert (alone.threads, shared.threads > 1, shared.flops) == (1, True, 250_000_000)


def test_numpys_own_library_is_the_one_that_is_found() -> None:
    found = blas.find()
    if found is None:
        pytest.skip("this NumPy shows no BLAS that is known")
    assert found.width in (32, 64) and found.sgemm and found.dgemm
    assert plain(1, 50, 784, False, True, 0, 0, 0) and not plain(32, 32, 32, False, False, 0, 0, 0)
