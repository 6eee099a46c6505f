"""What the functions do: beside NumPy's, whose names follow the standard since version 2, and beside the reference
implementation `array_api_strict` where it is installed; by hand where the standard and PyTorch part ways."""

from __future__ import annotations

import math

import numpy as np
import pytest

import groundup.array_api as xp
from tests.array_api.standard import FUNCTIONS, signatures

pytest.importorskip("hypothesis")

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

RANDOM = np.random.default_rng(0)
GRID = RANDOM.standard_normal((3, 4, 5))
WHOLE = RANDOM.integers(-3, 4, (3, 4))
LINE = np.asarray([2.0, 0.5, -1.0, 2.0, 0.0])
TRUTH = WHOLE > 0
A = [*range(6)]


def same(found, expected, tolerance=1e-13):
    if isinstance(expected, (tuple, list)):
        assert len(found) == len(expected)
        for a, b in zip(found, expected):
            same(a, b, tolerance)
        return
    expected = np.asarray(expected)
    assert found.shape == expected.shape
    assert found.dtype.name == expected.dtype.name
    np.testing.assert_allclose(np.asarray(found), expected, rtol=tolerance, atol=tolerance)


# Each is run in two namespaces, on arrays made by the first argument's asarray.
CALLS = {
    "arange": lambda m, a: [m.arange(5), m.arange(2, 9, 3), m.arange(5, 1, -2), m.arange(1, 2, 0.25, dtype=m.float64)],
    "asarray": lambda m, a: [m.asarray([[1, 2]]), m.asarray(True), m.asarray([1.5], dtype=m.float64)],
    "empty": lambda m, a: [m.empty((2, 0), dtype=m.float64), m.empty(0, dtype=m.int8)],
    "empty_like": lambda m, a: m.empty_like(a(GRID[:0])),
    "eye": lambda m, a: [m.eye(3, dtype=m.int32), m.eye(2, 4, k=1, dtype=m.float64), m.eye(3, 2, k=-1, dtype=m.bool)],
    "from_dlpack": lambda m, a: m.from_dlpack(LINE),
    "full": lambda m, a: [m.full((2, 2), 7), m.full(3, True), m.full((), 1.5, dtype=m.float64)],
    "full_like": lambda m, a: [m.full_like(a(WHOLE), 3), m.full_like(a(WHOLE), 3, dtype=m.float32)],
    "linspace": lambda m, a: [
        m.linspace(0, 1, 5, dtype=m.float64),
        m.linspace(0, 1, 4, dtype=m.float64, endpoint=False),
    ],
    "meshgrid": lambda m, a: [*m.meshgrid(a(LINE), a(LINE[:2])), *m.meshgrid(a(LINE), a(LINE[:2]), indexing="ij")],
    "ones": lambda m, a: m.ones((2, 3), dtype=m.int16),
    "ones_like": lambda m, a: m.ones_like(a(GRID)),
    "tril": lambda m, a: [m.tril(a(GRID)), m.tril(a(WHOLE), k=1), m.tril(a(WHOLE), k=-1)],
    "triu": lambda m, a: [m.triu(a(GRID)), m.triu(a(WHOLE), k=1), m.triu(a(WHOLE), k=-1)],
    "zeros": lambda m, a: m.zeros(3, dtype=m.uint8),
    "zeros_like": lambda m, a: m.zeros_like(a(TRUTH)),
    "astype": lambda m, a: [m.astype(a(WHOLE), m.float32), m.astype(a(LINE), m.int8), m.astype(a(LINE), m.bool)],
    "clip": lambda m, a: [m.clip(a(GRID), -0.5, 0.5), m.clip(a(WHOLE), 0, None), m.clip(a(GRID), None, a(GRID[0]))],
    "take": lambda m, a: [m.take(a(GRID), a(np.asarray([2, 0])), axis=1), m.take(a(LINE), a(np.asarray([1, 1])))],
    "take_along_axis": lambda m, a: [
        m.take_along_axis(a(WHOLE), a(np.argsort(WHOLE, axis=axis)), axis=axis) for axis in (0, -1)
    ],
    "matmul": lambda m, a: [m.matmul(a(GRID), a(GRID[0].T.copy())), m.matmul(a(WHOLE), a(WHOLE.T.copy()))],
    "matrix_transpose": lambda m, a: m.matrix_transpose(a(GRID)),
    "tensordot": lambda m, a: [
        m.tensordot(a(GRID), a(GRID), axes=3),
        m.tensordot(a(GRID), a(GRID), axes=((0, 2), (0, 2))),
    ],
    "vecdot": lambda m, a: [m.vecdot(a(GRID), a(GRID[0])), m.vecdot(a(WHOLE), a(WHOLE), axis=-2)],
    "broadcast_arrays": lambda m, a: m.broadcast_arrays(a(LINE), a(GRID)),
    "broadcast_to": lambda m, a: m.broadcast_to(a(LINE), (2, 5)),
    "concat": lambda m, a: [m.concat([a(GRID), a(GRID)], axis=1), m.concat((a(WHOLE), a(WHOLE)), axis=None)],
    "expand_dims": lambda m, a: [m.expand_dims(a(GRID), axis) for axis in (0, 2, -1)],
    "flip": lambda m, a: [m.flip(a(GRID)), m.flip(a(GRID), axis=1), m.flip(a(GRID), axis=(0, -1))],
    "moveaxis": lambda m, a: [m.moveaxis(a(GRID), 0, -1), m.moveaxis(a(GRID), (0, 1), (1, 0))],
    "permute_dims": lambda m, a: m.permute_dims(a(GRID), (2, 0, 1)),
    "repeat": lambda m, a: [
        m.repeat(a(WHOLE), 2),
        m.repeat(a(WHOLE), 2, axis=1),
        m.repeat(a(WHOLE), a(np.arange(3)), axis=0),
    ],
    "reshape": lambda m, a: [m.reshape(a(GRID), (4, -1)), m.reshape(a(GRID), (60,), copy=True)],
    "roll": lambda m, a: [m.roll(a(GRID), 2), m.roll(a(GRID), 1, axis=-1), m.roll(a(GRID), (1, -2), axis=(0, 2))],
    "squeeze": lambda m, a: [m.squeeze(a(GRID[:1]), 0), m.squeeze(a(GRID[:1, :, :1]), (0, 2))],
    "stack": lambda m, a: [m.stack([a(WHOLE), a(WHOLE)], axis=axis) for axis in (0, 1, -1)],
    "tile": lambda m, a: [m.tile(a(WHOLE), (2, 1)), m.tile(a(WHOLE), (2,)), m.tile(a(LINE), (2, 3))],
    "unstack": lambda m, a: [*m.unstack(a(GRID)), *m.unstack(a(GRID), axis=-1)],
    "argmax": lambda m, a: [
        m.argmax(a(GRID)),
        m.argmax(a(GRID), axis=1, keepdims=True),
        m.argmax(a(LINE), keepdims=True),
    ],
    "argmin": lambda m, a: [
        m.argmin(a(GRID)),
        m.argmin(a(GRID), axis=1, keepdims=True),
        m.argmin(a(LINE), keepdims=True),
    ],
    "count_nonzero": lambda m, a: [
        m.asarray(m.count_nonzero(a(WHOLE))),
        m.count_nonzero(a(WHOLE), axis=1, keepdims=True),
    ],
    "nonzero": lambda m, a: m.nonzero(a(WHOLE)),
    "searchsorted": lambda m, a: (
        [m.searchsorted(a(np.sort(LINE)), a(LINE), side=side) for side in ("left", "right")]
        + [m.searchsorted(a(LINE), a(LINE[:2]), sorter=a(np.argsort(LINE)))]
    ),
    "where": lambda m, a: [m.where(a(TRUTH), a(WHOLE), 0), m.where(a(TRUTH[0]), 1.5, a(GRID[0, :, 0]))],
    "unique_all": lambda m, a: [*m.unique_all(a(WHOLE))],
    "unique_counts": lambda m, a: [*m.unique_counts(a(LINE))],
    "unique_inverse": lambda m, a: [*m.unique_inverse(a(WHOLE))],
    "unique_values": lambda m, a: m.sort(m.unique_values(a(WHOLE))),
    "cumulative_sum": lambda m, a: [
        m.cumulative_sum(a(LINE)),
        m.cumulative_sum(a(GRID), axis=1, include_initial=True),
        m.cumulative_sum(a(WHOLE), axis=0, dtype=m.float64),
    ],
    "cumulative_prod": lambda m, a: [
        m.cumulative_prod(a(LINE)),
        m.cumulative_prod(a(GRID), axis=1, include_initial=True),
        m.cumulative_prod(a(WHOLE), axis=-1),
    ],
    "diff": lambda m, a: [
        m.diff(a(GRID)),
        m.diff(a(WHOLE), axis=0, n=2),
        m.diff(a(LINE), prepend=a(LINE[:1]), append=a(LINE[:2])),
    ],
}
for name in ("sum", "prod", "max", "min", "mean", "std", "var", "all", "any"):
    CALLS[name] = lambda m, a, name=name: [
        m.asarray(getattr(m, name)(a(GRID))),
        getattr(m, name)(a(GRID), axis=1),
        getattr(m, name)(a(GRID), axis=(0, -1), keepdims=True),
    ]
CALLS["sum"] = lambda m, a: [
    m.sum(a(WHOLE), axis=0, dtype=m.int8),
    m.sum(a(GRID), axis=(0, 2)),
    m.sum(a(WHOLE), axis=1),
]
CALLS["std"] = lambda m, a: [m.std(a(GRID), axis=0, correction=1.5), m.std(a(GRID), axis=(1, 2), keepdims=True)]
CALLS["sort"] = lambda m, a: (
    [np.sort(GRID), np.sort(WHOLE, axis=0)] if m is np else [m.sort(a(GRID)), m.sort(a(WHOLE), axis=0)]
)
CALLS["argsort"] = lambda m, a: m.argsort(a(GRID), axis=1)

ALL_REALS = np.asarray([-2.0, -0.5, -0.0, 0.0, 0.25, 1.0, 2.0, math.inf, -math.inf, math.nan])
ELEMENTWISE = {
    name: text
    for name, text in signatures(FUNCTIONS).items()
    if text in ("(x, /)", "(x1, x2, /)") and name not in CALLS
} | {"clip": "(x, /)"}
ELEMENTWISE.pop("clip")
INTEGRAL_ONLY = {name for name in ELEMENTWISE if name.startswith("bitwise")}
LOGICAL = {name for name in ELEMENTWISE if name.startswith("logical")}
# NumPy's differs from the standard where one of the two is infinite.
OTHER_THAN_NUMPYS = {"floor_divide"}


def inputs(name):
    if name in LOGICAL:
        return [np.asarray([True, False, True]), np.asarray([True, True, False])]
    if name in INTEGRAL_ONLY:
        return [np.asarray([5, -3, 6], np.int16), np.asarray([1, 2, 3], np.int16)]
    return [ALL_REALS[:, None], ALL_REALS]


@pytest.mark.parametrize("name", [name for name in ELEMENTWISE if name not in OTHER_THAN_NUMPYS])
def test_elementwise_is_numpys(name):
    arguments = inputs(name)[: ELEMENTWISE[name].count("x")]
    with np.errstate(all="ignore"):
        expected = getattr(np, name)(*arguments)
    found = getattr(xp, name)(*map(xp.asarray, arguments))
    same(found, expected)
    if expected.dtype.kind == "f":
        zeros = (expected == 0) & np.isfinite(expected)
        np.testing.assert_array_equal(np.signbit(np.asarray(found))[zeros], np.signbit(expected)[zeros])


@pytest.mark.parametrize("name", CALLS)
def test_function_is_numpys(name):
    same(CALLS[name](xp, lambda a: xp.asarray(a.copy())), CALLS[name](np, lambda a: a))


@pytest.mark.parametrize("name", [*CALLS, *(name for name in ELEMENTWISE if name not in ("real", "imag"))])
def test_function_is_the_reference_implementations(name):
    strict = pytest.importorskip("array_api_strict")
    if name in CALLS:
        same(CALLS[name](xp, lambda a: xp.asarray(a.copy())), plain(CALLS[name](strict, strict.asarray)))
        return
    arguments = inputs(name)[: ELEMENTWISE[name].count("x")]
    if name in OTHER_THAN_NUMPYS:
        arguments = [np.asarray([7.0, -7.0, 1.5]), np.asarray([2.0, 2.0, -0.5])]
    with np.errstate(all="ignore"):
        expected = getattr(strict, name)(*map(strict.asarray, arguments))
    same(getattr(xp, name)(*map(xp.asarray, arguments)), plain(expected))


def plain(value):
    return [plain(each) for each in value] if isinstance(value, (list, tuple)) else np.asarray(value)


def test_every_function_is_tried():
    tried = {*CALLS, *ELEMENTWISE, "isdtype", "can_cast", "finfo", "iinfo", "result_type", "__array_namespace_info__"}
    assert tried == set(signatures(FUNCTIONS))


# ---- where the standard and PyTorch or NumPy part ways -------------------------------------------------------


def test_quotients_of_infinities():
    inf = math.inf
    x, y = [inf, -inf, inf, -inf, 3.0, -3.0, -3.0, inf], [2.0, 2.0, -2.0, -2.0, -inf, inf, -inf, inf]
    found = np.asarray(xp.floor_divide(xp.asarray(x), xp.asarray(y)))
    np.testing.assert_array_equal(found, [inf, -inf, -inf, inf, -0.0, -0.0, 0.0, math.nan])
    np.testing.assert_array_equal(np.signbit(found[4:7]), [True, True, False])


def test_sign_of_nan():
    np.testing.assert_array_equal(np.asarray(xp.sign(xp.asarray([math.nan, -2.0, 0.0]))), [math.nan, -1, 0])


def test_clip_keeps_the_type():
    x = xp.asarray([1.0, 5.0], dtype=xp.float32)
    assert xp.clip(x, xp.asarray(2.0, dtype=xp.float64)).dtype is xp.float32
    unchanged = xp.clip(x)
    unchanged[0] = 9.0
    assert x[0] == 1


def test_sort_downwards_is_stable():
    x = xp.asarray([1, 3, 2, 3, 1])
    assert np.asarray(xp.sort(x, descending=True)).tolist() == [3, 3, 2, 1, 1]
    assert np.asarray(xp.argsort(x, descending=True)).tolist() == [1, 3, 2, 0, 4]


def test_unique_tells_every_nan_apart():
    found = xp.unique_all(xp.asarray([math.nan, 0.0, -0.0, math.nan]))
    assert np.asarray(found.counts).tolist() == [2, 1, 1]
    assert found.inverse_indices.shape == (4,)
    assert found._fields == ("values", "indices", "inverse_indices", "counts")


@pytest.mark.parametrize(
    ("call", "error"),
    [
        (lambda x: xp.squeeze(x, 0), ValueError),
        (lambda x: xp.cumulative_sum(x), ValueError),
        (lambda x: xp.take(x, xp.asarray([0])), ValueError),
        (lambda x: xp.take(x, xp.asarray([[0]]), axis=0), ValueError),
        (lambda x: xp.take_along_axis(x, xp.asarray([0])), ValueError),
        (lambda x: xp.nonzero(xp.asarray(1)), ValueError),
        (lambda x: xp.vecdot(x, x, axis=0), ValueError),
        (lambda x: xp.vecdot(x, x[:, :1]), ValueError),
        (lambda x: xp.matmul(x, xp.asarray(1.0)), ValueError),
        (lambda x: xp.reshape(x.T, (6,), copy=False), ValueError),
        (lambda x: xp.expand_dims(x, 4), IndexError),
        (lambda x: xp.searchsorted(x[0, :], x, side="middle"), ValueError),
        (lambda x: xp.diff(x, n=-1), ValueError),
        (lambda x: xp.meshgrid(x[0, :], xp.asarray([1])), TypeError),
        (lambda x: xp.linalg.cross(x[:, :2], x[:, :2]), ValueError),
        (lambda x: xp.linalg.outer(x, x), ValueError),
        (lambda x: xp.linalg.qr(x, mode="r"), ValueError),
        (lambda x: xp.linalg.matrix_norm(x, ord=3), ValueError),
        (lambda x: xp.sum([1.0, 2.0]), TypeError),
        (lambda x: xp.result_type(1, 2.0), ValueError),
    ],
)
def test_refusals(call, error):
    with pytest.raises(error):
        call(xp.asarray([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]))


SHAPES = hnp.array_shapes(min_dims=1, max_dims=3, min_side=0, max_side=4)
FLOATS = hnp.arrays(np.float64, SHAPES, elements=st.floats(-100, 100))


@settings(max_examples=40, deadline=None)
@given(FLOATS, st.data())
def test_reductions_of_any_shape(a, data):
    axis = data.draw(
        st.one_of(st.none(), st.integers(-a.ndim, a.ndim - 1), st.sets(st.integers(0, a.ndim - 1)).map(tuple))
    )
    keepdims = data.draw(st.booleans())
    for name in ("sum", "prod", "all", "any"):
        expected = np.asarray(getattr(np, name)(a, axis=axis, keepdims=keepdims))
        same(getattr(xp, name)(xp.asarray(a.copy()), axis=axis, keepdims=keepdims), expected, 1e-9)


@settings(max_examples=40, deadline=None)
@given(FLOATS, FLOATS)
def test_moves_undo_themselves(a, b):
    x = xp.asarray(a.copy())
    assert np.array_equal(np.asarray(xp.flip(xp.flip(x))), a)
    assert np.array_equal(np.asarray(xp.roll(xp.roll(x, 2, axis=0), -2, axis=0)), a)
    if a.shape[-1] > 0:
        assert np.array_equal(np.asarray(xp.stack(xp.unstack(x, axis=-1), axis=-1)), a)
    assert np.array_equal(
        np.asarray(xp.diff(xp.cumulative_sum(x, axis=0, include_initial=True), axis=0)).shape, a.shape
    )
    values, inverse = xp.unique_inverse(xp.asarray(b.copy()))
    assert np.array_equal(np.asarray(xp.take(values, xp.reshape(inverse, (-1,)))).reshape(b.shape), b)
