"""What `finfo` and `iinfo` say, beside PyTorch's."""

from __future__ import annotations

import pytest

import groundup


@pytest.mark.parametrize("name", ["float16", "float32", "float64", "bfloat16"])
def test_finfo_is_pytorchs(name: str) -> None:
    torch = pytest.importorskip("torch")
    if name == "bfloat16":
        pytest.importorskip("ml_dtypes")
    ours, theirs = groundup.finfo(getattr(groundup, name)), torch.finfo(getattr(torch, name))
    assert repr(ours) == repr(theirs)
    for each in ("bits", "dtype", "eps", "max", "min", "resolution", "smallest_normal", "tiny"):
        assert getattr(ours, each) == getattr(theirs, each), each


@pytest.mark.parametrize("name", ["uint8", "int8", "int16", "int32", "int64"])
def test_iinfo_is_pytorchs(name: str) -> None:
    torch = pytest.importorskip("torch")
    ours, theirs = groundup.iinfo(getattr(groundup, name)), torch.iinfo(getattr(torch, name))
    assert repr(ours) == repr(theirs)
    assert (ours.bits, ours.dtype, ours.max, ours.min) == (theirs.bits, theirs.dtype, theirs.max, theirs.min)


def test_limits_are_equal_by_type_and_start_from_the_default() -> None:
    assert groundup.finfo() == groundup.finfo(groundup.float32) != groundup.finfo(groundup.float64)
    assert len({groundup.iinfo(groundup.int8), groundup.iinfo(groundup.int8), groundup.finfo()}) == 2


def test_each_kind_has_its_own() -> None:
    with pytest.raises(TypeError, match="requires a floating point input type"):
        groundup.finfo(groundup.int64)
    with pytest.raises(TypeError, match="requires an integer input type"):
        groundup.iinfo(groundup.float32)
    with pytest.raises(TypeError, match=r"groundup\.bool is not supported"):
        groundup.iinfo(groundup.bool)
    with pytest.raises(TypeError, match=r"argument 'type' \(position 1\) must be groundup\.dtype, not str"):
        groundup.finfo("float32")
