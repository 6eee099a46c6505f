"""The functions of the standard that ask and change the types of arrays."""

from __future__ import annotations

from typing import Any

from groundup.array_api.array import Array, tensor_of
from groundup.array_api.data_types import (
    BOOLEAN,
    FLOATING,
    INTEGRAL,
    KINDS,
    FloatLimits,
    IntegerLimits,
    any_of,
    checked,
    joined,
    promote,
)
from groundup.dtypes import dtype as DType
from groundup.functions import creation

__all__ = ["astype", "can_cast", "finfo", "iinfo", "isdtype", "result_type"]


def astype(x: Array, dtype: DType, /, *, copy: bool = True, device: Any = None) -> Array:
    """The elements in another type; the array itself if nothing changes and `copy` is False."""
    creation.device("cpu" if device is None else device)
    found = tensor_of(x, "astype")
    if checked(dtype) is x.dtype and not copy:
        return x
    return Array(found.to(dtype, copy=True))


def can_cast(from_: DType | Array, to: DType, /) -> bool:
    """Whether `to` holds every number of the type `from_`, by the rules of promotion."""
    source = from_.dtype if isinstance(from_, Array) else checked(from_)
    try:
        return promote(source, checked(to)) is to
    except TypeError:
        return source in BOOLEAN and to in BOOLEAN


def result_type(*arrays_and_dtypes: Any) -> DType:
    """The type that the arguments have together: arrays, types, and Python numbers, at least one not a number."""
    found = [x.dtype if isinstance(x, Array) else x for x in arrays_and_dtypes if isinstance(x, (Array, DType))]
    if not found:
        raise ValueError("result_type needs at least one array or data type")
    return joined(found, [x for x in arrays_and_dtypes if not isinstance(x, (Array, DType))])


def isdtype(dtype: DType, kind: Any) -> bool:
    """Whether the type is `kind`: a type, a name such as `"integral"`, or a tuple of these."""
    if isinstance(kind, tuple):
        return any(isdtype(dtype, each) for each in kind)
    if isinstance(kind, str):
        if kind not in KINDS:
            raise ValueError(f"unknown kind of data type {kind!r}; write one of {', '.join(map(repr, KINDS))}")
        return dtype in KINDS[kind]
    if not isinstance(kind, DType):
        raise TypeError(f"kind must be a data type, the name of a kind or a tuple of these, got {kind!r}")
    return dtype is kind


def finfo(type: DType | Array, /) -> FloatLimits:
    """The limits of a floating type."""
    found = type.dtype if isinstance(type, Array) else type
    if not any_of(found, FLOATING):
        raise ValueError(f"finfo is for floating types, got {found!r}")
    limits = found.limits
    return FloatLimits(
        bits=limits.bits,
        eps=float(limits.eps),
        max=float(limits.max),
        min=float(limits.min),
        smallest_normal=float(limits.smallest_normal),
        dtype=found,
    )


def iinfo(type: DType | Array, /) -> IntegerLimits:
    """The limits of an integer type."""
    found = type.dtype if isinstance(type, Array) else type
    if not any_of(found, INTEGRAL):
        raise ValueError(f"iinfo is for integer types, got {found!r}")
    limits = found.limits
    return IntegerLimits(bits=limits.bits, max=int(limits.max), min=int(limits.min), dtype=found)
