"""The extension `linalg`: beside NumPy's functions of these names, on single matrices and on batches."""

from __future__ import annotations

import math

import numpy as np
import pytest

import groundup.array_api as xp

RANDOM = np.random.default_rng(1)
SQUARE = RANDOM.standard_normal((2, 3, 3))
TALL = RANDOM.standard_normal((2, 4, 3))
SYMMETRIC = SQUARE + SQUARE.swapaxes(-1, -2)
POSITIVE = SQUARE @ SQUARE.swapaxes(-1, -2) + np.eye(3)


def same(found, expected):
    assert found.shape == np.shape(expected)
    np.testing.assert_allclose(np.asarray(found), expected, rtol=1e-9, atol=1e-10)


CALLS = {
    "cholesky": lambda m, a: [m.cholesky(a(POSITIVE)), m.cholesky(a(POSITIVE[0]), upper=True)],
    "cross": lambda m, a: [m.cross(a(SQUARE), a(SQUARE[0])), m.cross(a(SQUARE), a(SQUARE[::-1].copy()), axis=1)],
    "det": lambda m, a: [m.det(a(SQUARE)), m.det(a(SQUARE[0]))],
    "diagonal": lambda m, a: [m.diagonal(a(TALL)), m.diagonal(a(TALL), offset=1), m.diagonal(a(TALL), offset=-2)],
    "eigvalsh": lambda m, a: [m.eigvalsh(a(SYMMETRIC))],
    "inv": lambda m, a: [m.inv(a(SQUARE))],
    "matrix_norm": lambda m, a: (
        [m.matrix_norm(a(TALL), ord=ord) for ord in ("fro", "nuc", 1, -1, 2, -2, math.inf, -math.inf)]
        + [m.matrix_norm(a(TALL), keepdims=True)]
    ),
    "matrix_power": lambda m, a: [m.matrix_power(a(SQUARE), n) for n in (0, 1, 3, -2)],
    "matrix_rank": lambda m, a: [
        m.matrix_rank(a(TALL)),
        m.matrix_rank(a(np.ones((3, 3)))),
        m.matrix_rank(a(TALL), rtol=0.9),
    ],
    "matrix_transpose": lambda m, a: [m.matrix_transpose(a(TALL))],
    "outer": lambda m, a: [m.outer(a(TALL[0, 0]), a(SQUARE[0, 0]))],
    "pinv": lambda m, a: [m.pinv(a(TALL)), m.pinv(a(TALL), rtol=0.9)],
    "solve": lambda m, a: [
        m.solve(a(SQUARE), a(POSITIVE)),
        m.solve(a(SQUARE), a(TALL[0, 0])),
        m.solve(a(SQUARE[0]), a(POSITIVE)),
    ],
    "svdvals": lambda m, a: [m.svdvals(a(TALL))],
    "slogdet": lambda m, a: [*m.slogdet(a(SQUARE))],
    "tensordot": lambda m, a: [
        m.tensordot(a(TALL), a(SQUARE[0]), axes=1),
        m.tensordot(a(TALL), a(TALL), axes=((0, 1), (0, 1))),
    ],
    "trace": lambda m, a: [m.trace(a(TALL)), m.trace(a(SQUARE), offset=1)],
    "vecdot": lambda m, a: [m.vecdot(a(TALL), a(TALL))],
    "vector_norm": lambda m, a: [
        m.vector_norm(a(TALL), axis=axis, ord=ord, keepdims=keep)
        for axis, keep in ((1, False), ((0, -1), True), (None, False), (None, True))
        for ord in (0, 1, 2, 3.5, -1, math.inf, -math.inf)
    ],
    "matmul": lambda m, a: [m.matmul(a(TALL), a(SQUARE))],
}


@pytest.mark.parametrize("name", CALLS)
def test_function_is_numpys(name):
    found = CALLS[name](xp.linalg, lambda a: xp.asarray(a.copy()))
    expected = CALLS[name](np.linalg, lambda a: a)
    assert len(found) == len(expected)
    for a, b in zip(found, expected):
        same(a, b)


def test_factors_multiply_to_the_matrix():
    x = xp.asarray(TALL.copy())
    for mode, columns in (("reduced", 3), ("complete", 4)):
        found = xp.linalg.qr(x, mode=mode)
        assert found._fields == ("Q", "R") and found.Q.shape == (2, 4, columns)
        same(found.Q @ found.R, TALL)
    for full, columns in ((True, 4), (False, 3)):
        found = xp.linalg.svd(x, full_matrices=full)
        assert found._fields == ("U", "S", "Vh") and found.U.shape == (2, 4, columns)
        same((found.U[..., :3] * found.S[:, None, :]) @ found.Vh, TALL)
    values, vectors = xp.linalg.eigh(xp.asarray(SYMMETRIC.copy()))
    same((vectors * values[:, None, :]) @ vectors.mT, SYMMETRIC)
    assert xp.linalg.slogdet(xp.asarray(SQUARE.copy()))._fields == ("sign", "logabsdet")


def test_every_function_is_tried():
    assert set(xp.linalg.__all__) == {*CALLS, "qr", "svd", "eigh"}
