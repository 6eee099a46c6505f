"""Types: which there are, how they mix, and what does not."""

from __future__ import annotations

import itertools
import operator

import numpy as np
import pytest

import groundup
import groundup.array_api as xp

INTEGERS = (xp.int8, xp.int16, xp.int32, xp.int64, xp.uint8)
FLOATS = (xp.float32, xp.float64)
ALL = (xp.bool, *INTEGERS, *FLOATS)
# The standard's table, but for the types that are not here; it is symmetric.
PROMOTED = {
    ("int8", "int8"): "int8", ("int8", "int16"): "int16", ("int8", "int32"): "int32", ("int8", "int64"): "int64",
    ("int16", "int16"): "int16", ("int16", "int32"): "int32", ("int16", "int64"): "int64",
    ("int32", "int32"): "int32", ("int32", "int64"): "int64", ("int64", "int64"): "int64",
    ("uint8", "uint8"): "uint8", ("int8", "uint8"): "int16", ("int16", "uint8"): "int16",
    ("int32", "uint8"): "int32", ("int64", "uint8"): "int64",
    ("float32", "float32"): "float32", ("float32", "float64"): "float64", ("float64", "float64"): "float64",
    ("bool", "bool"): "bool",
}  # fmt: skip
PROMOTED.update({(b, a): result for (a, b), result in list(PROMOTED.items())})


@pytest.mark.parametrize(("a", "b"), list(itertools.product(ALL, ALL)), ids=lambda d: d.name)
def test_promotion(a, b):
    expected = PROMOTED.get((a.name, b.name))
    for left, right in ((xp.ones((2, 1), dtype=a), xp.ones((), dtype=b)), (xp.ones((), dtype=a), xp.ones(3, dtype=b))):
        if expected is None:
            with pytest.raises(TypeError, match="do not mix"):
                xp.result_type(a, b)
            with pytest.raises(TypeError, match="do not mix"):
                xp.equal(left, right)
            with pytest.raises(TypeError, match="do not mix"):
                operator.eq(left, right)
            assert not xp.can_cast(a, b)
            continue
        assert xp.result_type(a, b).name == xp.result_type(left, b).name == expected
        assert xp.can_cast(a, b) == (expected == b.name)
        assert xp.where(xp.asarray(True), left, right).dtype.name == expected
        assert xp.concat([left, right], axis=None).dtype.name == expected
        if a is not xp.bool:
            assert (left + right).dtype.name == xp.add(left, right).dtype.name == expected


@pytest.mark.parametrize("dtype", ALL, ids=lambda d: d.name)
def test_python_numbers_take_the_type_of_the_array(dtype):
    x = xp.ones(2, dtype=dtype)
    good = {xp.bool: (True,)}.get(dtype, (2, 2.5) if dtype in FLOATS else (2,))
    for number in good:
        assert xp.result_type(x, number) is dtype
        assert xp.equal(x, number).dtype is xp.bool
        assert xp.where(x == x, number, x).dtype is dtype
        if dtype is not xp.bool:
            assert (x + number).dtype is (number + x).dtype is xp.add(number, x).dtype is dtype
    for number in {True, 2, 2.5} - set(good) - ({2} if dtype in FLOATS else set()):
        with pytest.raises(TypeError, match="does not mix"):
            xp.equal(x, number)
    with pytest.raises(TypeError):
        xp.equal(x, 1j)
    with pytest.raises(TypeError):
        xp.equal(1, 2)


def test_numbers_that_do_not_fit():
    x = xp.ones(2, dtype=xp.uint8)
    for number in (256, -1):
        with pytest.raises(OverflowError, match=f"Python integer {number} out of bounds for uint8"):
            x + number
    assert (x + 255).dtype is xp.uint8


def test_numpys_scalars_count_as_numbers():
    x = xp.ones(2, dtype=xp.float32)
    for number in (np.float64(2), np.float32(2), np.int64(2)):
        assert (x * number).dtype is (number * x).dtype is xp.float32
    x[0] = np.float64(5)
    assert x[0] == 5


@pytest.mark.parametrize(
    ("kind", "members"),
    [
        ("bool", {"bool"}),
        ("signed integer", {"int8", "int16", "int32", "int64"}),
        ("unsigned integer", {"uint8"}),
        ("integral", {"int8", "int16", "int32", "int64", "uint8"}),
        ("real floating", {"float32", "float64"}),
        ("complex floating", set()),
        ("numeric", {"int8", "int16", "int32", "int64", "uint8", "float32", "float64"}),
        (xp.int8, {"int8"}),
        (("bool", xp.float32), {"bool", "float32"}),
        (("integral", ("bool",)), {"bool", "int8", "int16", "int32", "int64", "uint8"}),
    ],
)
def test_isdtype(kind, members):
    assert {dtype.name for dtype in ALL if xp.isdtype(dtype, kind)} == members


def test_isdtype_refuses():
    with pytest.raises(ValueError, match="unknown kind"):
        xp.isdtype(xp.int8, "integer")
    with pytest.raises(TypeError):
        xp.isdtype(xp.int8, int)


def test_limits():
    for dtype in FLOATS:
        found, expected = xp.finfo(dtype), np.finfo(dtype.name)
        for name in ("bits", "eps", "max", "min", "smallest_normal"):
            assert getattr(found, name) == getattr(expected, name)
            assert type(getattr(found, name)) is (int if name == "bits" else float)
        assert found.dtype is dtype is xp.finfo(xp.ones(1, dtype=dtype)).dtype
    for dtype in INTEGERS:
        found, expected = xp.iinfo(xp.zeros(2, dtype=dtype)), np.iinfo(dtype.name)
        assert (found.bits, found.max, found.min) == (expected.bits, expected.max, expected.min)
    with pytest.raises(ValueError, match="floating"):
        xp.finfo(xp.int8)
    with pytest.raises(ValueError, match="integer"):
        xp.iinfo(xp.float32)


def test_astype():
    x = xp.asarray([0.0, 1.5, -2.5])
    assert [int(v) for v in xp.astype(x, xp.int64)] == [0, 1, -2]
    assert [bool(v) for v in xp.astype(x, xp.bool)] == [False, True, True]
    assert xp.astype(x, xp.float32, copy=False) is x
    copied = xp.astype(x, xp.float32)
    copied[0] = 7.0
    assert x[0] == 0


def test_the_default_type_is_groundups():
    assert xp.asarray([1.0]).dtype is xp.zeros(1).dtype is xp.linspace(0, 1, 3).dtype is xp.float32
    groundup.set_default_dtype(groundup.float64)
    try:
        assert xp.asarray([1.0]).dtype is xp.zeros(1).dtype is xp.full(1, 1.0).dtype is xp.float64
        assert xp.__array_namespace_info__().default_dtypes()["real floating"] is xp.float64
    finally:
        groundup.set_default_dtype(groundup.float32)


def test_information():
    info = xp.__array_namespace_info__()
    assert info.devices() == [info.default_device()]
    assert info.default_dtypes() == {"real floating": xp.float32, "integral": xp.int64, "indexing": xp.int64}
    assert info.capabilities() == {"boolean indexing": True, "data-dependent shapes": True, "max dimensions": 64}
    assert info.dtypes() == {dtype.name: dtype for dtype in ALL}
    assert info.dtypes(kind="real floating") == {"float32": xp.float32, "float64": xp.float64}
    assert info.dtypes(kind=("bool", "unsigned integer")) == {"bool": xp.bool, "uint8": xp.uint8}
    assert info.dtypes(kind="complex floating") == {}
    with pytest.raises(ValueError, match="unknown kind"):
        info.dtypes(kind="float")
    with pytest.raises(RuntimeError, match="CPU"):
        info.dtypes(device="cuda")


@pytest.mark.parametrize(
    ("name", "dtype"),
    [
        ("add", xp.bool),
        ("divide", xp.int64),
        ("sin", xp.int64),
        ("bitwise_and", xp.float32),
        ("logical_and", xp.int64),
        ("bitwise_left_shift", xp.bool),
        ("less", xp.bool),
        ("sum", xp.bool),
        ("mean", xp.int64),
        ("argmax", xp.bool),
        ("signbit", xp.int64),
    ],
)
def test_functions_refuse_types_that_they_are_not_defined_for(name, dtype):
    x = xp.ones(3, dtype=dtype)
    arguments = (x,) if name in ("sin", "sum", "mean", "argmax", "signbit") else (x, x)
    with pytest.raises(TypeError, match=f"{name} is not defined for arrays of type {dtype.name}"):
        getattr(xp, name)(*arguments)


def test_types_that_are_not_here():
    for name in ("uint16", "uint32", "uint64", "complex64"):
        with pytest.raises(TypeError, match="supported types"):
            xp.asarray(np.ones(2, name))
    with pytest.raises(TypeError, match="no complex numbers"):
        xp.asarray(1j)
    with pytest.raises(TypeError, match=r"no data type of groundup\.array_api"):
        xp.zeros(2, dtype=groundup.float16)
    assert xp.sum(xp.asarray([200, 100], dtype=xp.uint8)).dtype is xp.int64
