"""The element types of the standard and how they mix: only within a kind, whatever the number of dimensions.

Signed and unsigned integers promote among themselves, and so do floats; a Python number takes the type of the array
that it meets. What the standard leaves open (an integer with a float, arithmetic of bools) raises TypeError.
"""

from __future__ import annotations

import builtins
from dataclasses import dataclass
from typing import Any

from groundup import dtypes
from groundup.dtypes import bool_ as bool
from groundup.dtypes import dtype, float32, float64, int8, int16, int32, int64, uint8

__all__ = ["bool", "float32", "float64", "int8", "int16", "int32", "int64", "uint8"]

SIGNED = (int8, int16, int32, int64)
UNSIGNED = (uint8,)
INTEGRAL = (*SIGNED, *UNSIGNED)
FLOATING = (float32, float64)
NUMERIC = (*INTEGRAL, *FLOATING)
BOOLEAN = (bool,)
INTEGRAL_OR_BOOLEAN = (*BOOLEAN, *INTEGRAL)
ALL = (*BOOLEAN, *NUMERIC)

# The names of `isdtype` and of `__array_namespace_info__().dtypes`. There are no complex numbers.
KINDS: dict[str, tuple[dtype, ...]] = {
    "bool": BOOLEAN,
    "signed integer": SIGNED,
    "unsigned integer": UNSIGNED,
    "integral": INTEGRAL,
    "real floating": FLOATING,
    "complex floating": (),
    "numeric": NUMERIC,
}


def default_float() -> dtype:
    """The type of floats that say none: groundup's default, float32 unless it was changed."""
    return dtypes.get_default_dtype()


def checked(found: Any, default: dtype | None = None) -> dtype:
    """An argument `dtype`, or its default; the standard's types, and Python's, which NumPy taught people to write."""
    found = default if found is None else found
    if found is builtins.bool:
        return bool
    if found is int or found is float:
        return int64 if found is int else default_float()
    if not any_of(found, ALL):
        raise TypeError(
            f"{found!r} is no data type of groundup.array_api; write {', '.join(each.name for each in ALL)}"
        )
    return found


def any_of(found: Any, group: tuple[dtype, ...]) -> builtins.bool:
    """Whether `found` is a type of the group."""
    return isinstance(found, dtype) and found in group


def promote(a: dtype, b: dtype) -> dtype:
    """The type of both together."""
    if a is b:
        return a
    for group in (INTEGRAL, FLOATING):
        if a in group and b in group:
            return dtypes.promote_types(a, b)
    raise TypeError(
        f"{a.name} and {b.name} do not mix: the array API standard promotes only within integers and within floats\n"
        f"  convert one of them with astype"
    )


def joined(found: list[dtype], numbers: list[Any]) -> dtype:
    """The type of arrays of the types `found` and of Python numbers together."""
    result = found[0]
    for each in found[1:]:
        result = promote(result, each)
    for value in numbers:
        check_number(value, result)
    return result


def check_number(value: Any, target: dtype) -> None:
    """Refuse a Python number that an array of the type `target` does not take."""
    if isinstance(value, (builtins.bool, int, float)):
        if isinstance(value, builtins.bool):
            fits = target in BOOLEAN
        else:
            fits = target in (NUMERIC if isinstance(value, int) else FLOATING)
        if not fits:
            raise TypeError(f"a Python {type(value).__name__} does not mix with an array of type {target.name}")
        if isinstance(value, int) and target in INTEGRAL:
            limits = target.limits
            if not limits.min <= value <= limits.max:
                raise OverflowError(f"Python integer {value} out of bounds for {target.name}")
        return
    if isinstance(value, complex):
        raise TypeError("groundup has no complex numbers")
    raise TypeError(f"expected an array or a Python number, got {type(value).__name__}")


@dataclass(frozen=True)
class FloatLimits:
    """What `finfo` returns: the limits of a floating type, as Python floats."""

    bits: int
    eps: float
    max: float
    min: float
    smallest_normal: float
    dtype: dtype


@dataclass(frozen=True)
class IntegerLimits:
    """What `iinfo` returns: the limits of an integer type."""

    bits: int
    max: int
    min: int
    dtype: dtype
