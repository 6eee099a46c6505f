"""The array: operators, elements, conversions, the namespace, memory shared with others, gradients."""

from __future__ import annotations

import copy
import operator
import pickle

import numpy as np
import pytest

import groundup
import groundup.array_api as xp
from groundup.array_api import Array


def listed(x):
    return np.asarray(x).tolist()


ARITHMETIC = [operator.add, operator.sub, operator.mul, operator.floordiv, operator.mod]
COMPARISONS = [operator.eq, operator.ne, operator.lt, operator.le, operator.gt, operator.ge]


@pytest.mark.parametrize("op", [*ARITHMETIC, operator.pow, operator.truediv, *COMPARISONS])
def test_operators_are_numpys_on_floats(op):
    a, b = np.asarray([[1.5, -2.0], [3.0, 0.5]]), np.asarray([2.0, 3.0])
    x, y = xp.asarray(a), xp.asarray(b)
    for found, expected in (
        (op(x, y), op(a, b)),
        (op(x, 2.0), op(a, 2.0)),
        (op(2.0, y), op(2.0, b)),
        (op(3, y), op(3, b)),
    ):
        assert isinstance(found, Array)
        np.testing.assert_allclose(np.asarray(found), expected, rtol=1e-15)


@pytest.mark.parametrize(
    "op", [*ARITHMETIC, operator.and_, operator.or_, operator.xor, operator.lshift, operator.rshift]
)
@pytest.mark.parametrize("dtype", ["int8", "int32", "int64", "uint8"])
def test_operators_are_numpys_on_integers(op, dtype):
    a, b = np.asarray([5, 7, 100], dtype), np.asarray([1, 3, 2], dtype)
    x, y = xp.asarray(a), xp.asarray(b)
    for found, expected in ((op(x, y), op(a, b)), (op(x, 2), op(a, 2)), (op(2, y), op(2, b))):
        assert found.dtype.name == dtype
        np.testing.assert_array_equal(np.asarray(found), expected)


def test_operators_on_bools():
    x, y = xp.asarray([True, True, False]), xp.asarray([True, False, False])
    assert listed(x & y) == [True, False, False]
    assert listed(x | y) == [True, True, False]
    assert listed(x ^ y) == [False, True, False]
    assert listed(~x) == [False, False, True]
    assert listed(x == y) == [True, False, True]
    for op in (*ARITHMETIC, operator.lt, operator.neg, abs):
        with pytest.raises(TypeError):
            op(x, y) if op not in (operator.neg, abs) else op(x)


def test_operators_of_one_array():
    x = xp.asarray([1, -2])
    assert listed(-x) == [-1, 2] and listed(+x) == [1, -2] and listed(abs(x)) == [1, 2] and listed(~x) == [-2, 1]


def test_matmul():
    x = xp.asarray([[1, 2], [3, 4]])
    assert listed(x @ xp.asarray([1, 1])) == [3, 7]
    y = x
    y @= xp.asarray([[0, 1], [1, 0]])
    assert y is x and listed(x) == [[2, 1], [4, 3]]
    with pytest.raises(TypeError):
        x @ 2
    with pytest.raises(TypeError):
        x @ [[1, 2], [3, 4]]


def test_in_place_writes_into_the_array():
    x = xp.asarray([1.0, 2.0])
    y, row = x, xp.reshape(x, (1, 2))
    x += 1
    x *= xp.asarray([2.0, 3.0])
    x -= 1.0
    x /= 2
    x **= 2
    assert y is x and listed(row) == [[2.25, 16.0]]
    x //= 2
    x %= 3.0
    assert listed(y) == [1.0, 2.0]
    n = xp.asarray([6, 5])
    n <<= 1
    n >>= 2
    n |= 8
    n &= 10
    n ^= 1
    assert listed(n) == [11, 11]


def test_in_place_keeps_type_and_shape():
    x = xp.asarray([1, 2], dtype=xp.int8)
    with pytest.raises(TypeError, match="does not fit into int8"):
        x += xp.asarray([1, 2], dtype=xp.int64)
    with pytest.raises(TypeError, match="does not fit"):
        x += xp.ones((3, 2), dtype=xp.int8)
    with pytest.raises(TypeError):
        x += 1.5
    assert listed(x) == [1, 2]


def test_other_classes_are_left_to_themselves():
    class Other:
        def __radd__(self, other):
            return "other"

    x = xp.ones(2)
    assert x + Other() == "other"
    for stranger in ("a", [1.0, 2.0], None, groundup.ones(2), np.ones(2)):
        with pytest.raises(TypeError):
            x + stranger
        with pytest.raises(TypeError):
            stranger + x
    assert (x == "a") is False


# ---- elements ------------------------------------------------------------------------------------------------

KEYS = [
    0,
    -1,
    (1, 2),
    (slice(None), 1),
    (Ellipsis, 0),
    (slice(1, None), slice(None, None, 2)),
    (slice(None, None, -1),),
    (None, 1),
    (slice(None), None),
    Ellipsis,
    (),
    (0, slice(None), -1),
]


@pytest.mark.parametrize("key", KEYS, ids=str)
def test_getitem_and_setitem_are_numpys(key):
    a = np.arange(24.0).reshape(2, 3, 4)
    x = xp.asarray(a.copy())
    np.testing.assert_array_equal(np.asarray(x[key]), a[key])
    x[key] = -1
    a[key] = -1
    np.testing.assert_array_equal(np.asarray(x), a)
    x[key] = x[key] * 3
    a[key] = a[key] * 3
    np.testing.assert_array_equal(np.asarray(x), a)


def test_arrays_as_keys():
    a = np.arange(12).reshape(3, 4)
    x = xp.asarray(a.copy())
    rows, columns = np.asarray([2, 0]), np.asarray([1, 3])
    assert listed(x[xp.asarray(rows), xp.asarray(columns)]) == a[rows, columns].tolist()
    assert listed(x[xp.asarray(rows), 1]) == a[rows, 1].tolist()
    assert listed(x[x > 5]) == a[a > 5].tolist()
    x[x > 5] = 0
    a[a > 5] = 0
    assert listed(x) == a.tolist()
    assert listed(x[xp.asarray(1)]) == a[1].tolist()
    assert listed(xp.asarray([1, 2, 3])[xp.asarray(True)]) == [[1, 2, 3]]
    with pytest.raises(IndexError):
        x[3, 0]
    with pytest.raises(IndexError):
        x[0, 0, 0]


def test_setitem_keeps_the_type():
    x = xp.zeros(2, dtype=xp.float32)
    x[0] = xp.asarray(1.5, dtype=xp.float64)
    assert x.dtype is xp.float32 and x[0] == 1.5
    n = xp.zeros(2, dtype=xp.int64)
    for value in (1.5, True, xp.asarray(1.5), xp.asarray(True)):
        with pytest.raises(TypeError, match="mix"):
            n[0] = value


def test_iteration_is_along_the_first_axis():
    assert [listed(row) for row in xp.asarray([[1, 2], [3, 4]])] == [[1, 2], [3, 4]]


# ---- what it is ----------------------------------------------------------------------------------------------


def test_attributes():
    x = xp.zeros((2, 3, 4), dtype=xp.int16)
    assert x.shape == (2, 3, 4) and type(x.shape) is tuple
    assert (x.ndim, x.size, x.dtype) == (3, 24, xp.int16)
    assert x.device == x.to_device("cpu").device == xp.__array_namespace_info__().default_device()
    assert x.mT.shape == (2, 4, 3)
    assert xp.zeros((2, 3)).T.shape == (3, 2)
    with pytest.raises(ValueError, match="two axes"):
        _ = x.T
    with pytest.raises(ValueError, match="two axes or more"):
        _ = xp.zeros(3).mT
    with pytest.raises(RuntimeError, match="CPU"):
        x.to_device("cuda")
    with pytest.raises(ValueError, match="stream"):
        x.to_device("cpu", stream=1)
    with pytest.raises(TypeError, match="unhashable"):
        hash(x)
    assert repr(xp.asarray([1, 2])) == "Array(tensor([1, 2]))"
    with pytest.raises(TypeError, match="asarray"):
        Array([1, 2])


def test_one_element_as_a_python_number():
    assert (bool(xp.asarray(2)), int(xp.asarray(2.9)), float(xp.asarray(3))) == (True, 2, 3.0)
    assert complex(xp.asarray(2.0)) == 2 + 0j
    assert [10, 20, 30][xp.asarray(1)] == 20
    for convert in (bool, int, float, complex, operator.index):
        with pytest.raises(TypeError):
            convert(xp.asarray([1]))
    with pytest.raises(TypeError, match="only an array of integers can be an index"):
        operator.index(xp.asarray(1.0))


def test_namespace():
    x = xp.ones(1)
    assert x.__array_namespace__() is xp
    for version in ("2021.12", "2022.12", "2023.12", "2024.12", None):
        assert x.__array_namespace__(api_version=version) is xp
    with pytest.raises(ValueError, match=r"2024\.12"):
        x.__array_namespace__(api_version="2099.12")


# ---- memory and gradients ------------------------------------------------------------------------------------


def test_memory_is_shared_with_tensors_and_numpy():
    t, a = groundup.zeros(2), np.zeros(2)
    for x, other in ((xp.asarray(t), t), (xp.asarray(a), a), (xp.asarray(a, copy=False), a)):
        x[0] = 5.0
        assert other[0] == 5
    copied = xp.asarray(t, copy=True)
    copied[1] = 7.0
    assert t[1] == 0
    assert xp.asarray(t).tensor is t
    frozen = np.ones(2)
    frozen.flags.writeable = False
    x = xp.asarray(frozen)
    x[0] = 2.0
    assert frozen[0] == 1
    for stranger, dtype in (([1.0], None), (1.0, None), (t, xp.int64)):
        with pytest.raises(ValueError, match="copy=False"):
            xp.asarray(stranger, dtype=dtype, copy=False)


def test_dlpack_both_ways():
    a = np.arange(3.0)
    x = xp.from_dlpack(a)
    x[0] = 9.0
    assert a[0] == 9 and np.from_dlpack(x)[0] == 9
    copied = xp.from_dlpack(x, copy=True)
    copied[0] = 1.0
    assert a[0] == 9
    assert x.__dlpack_device__() == (1, 0)


def test_asarray_of_buffers_and_nested_arrays():
    import array

    assert listed(xp.asarray(array.array("i", [1, 2]))) == [1, 2]
    assert xp.asarray(bytearray(b"ab")).dtype is xp.uint8
    assert listed(xp.asarray([xp.asarray(1.5), xp.asarray(2.5)])) == [1.5, 2.5]
    assert xp.asarray([[True], [False]]).dtype is xp.bool
    assert xp.asarray(np.float64(1)).dtype is xp.float64
    with pytest.raises(ValueError, match="expected sequence of length 2"):
        xp.asarray([[1, 2], [3]])


@pytest.mark.parametrize("duplicate", [copy.copy, copy.deepcopy, lambda x: pickle.loads(pickle.dumps(x))])
def test_copies(duplicate):
    x = xp.asarray([[1.5, 2.5]])
    found = duplicate(x)
    assert isinstance(found, Array) and listed(found) == [[1.5, 2.5]]
    assert (found.tensor is x.tensor) == (duplicate is copy.copy)


def test_gradients_flow_through_array_code():
    def standardise(x):
        xp = x.__array_namespace__()
        centred = x - xp.mean(x, axis=0, keepdims=True)
        return centred / xp.sqrt(xp.sum(centred**2, axis=0, keepdims=True))

    w = groundup.tensor([[1.0, 4.0], [2.0, -1.0], [4.0, 0.5]], dtype=groundup.float64, requires_grad=True)
    assert groundup.autograd.gradcheck(lambda t: standardise(xp.asarray(t)).tensor, (w,))
