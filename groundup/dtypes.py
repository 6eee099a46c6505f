"""The element types and PyTorch's rules for mixing them. A `dtype` is a name around a NumPy type.

bfloat16 is ml_dtypes' type, found when it is first used, so that NumPy alone is enough for all the others. Every
operation settles its types by `result_type`: categories bool < integer < float decide first, and within a category a
tensor with dimensions outranks a 0-d tensor, which outranks a Python number.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from groundup.errors import MissingExtra

REAL = "fV"  # NumPy's letters for the kinds of the floating types: ml_dtypes' bfloat16 shows itself as V

# Those that are not the lower case of PyTorch's older names.
_C_NAMES = {
    "Half": "c10::Half",
    "Long": "long int",
    "Short": "short int",
    "Char": "signed char",
    "Byte": "unsigned char",
}


class dtype:
    """An element type, such as ``groundup.float32``. Follows ``torch.dtype``.

    >>> import groundup
    >>> groundup.float32, groundup.float32.itemsize, groundup.int64.is_floating_point
    (groundup.float32, 4, False)
    """

    __slots__ = ("c_name", "is_floating_point", "is_signed", "itemsize", "legacy", "name", "numpy")
    is_complex = False

    def __init__(self, name: str, legacy: str) -> None:
        self.name = name
        self.numpy = np.dtype(name)
        self.legacy = legacy  # PyTorch's older name, seen in storages and error messages: 'Float', 'Long'
        self.itemsize = self.numpy.itemsize
        self.c_name = _C_NAMES.get(legacy, legacy.lower())  # and C++'s name, seen in others: 'float', 'long int'
        self.is_floating_point = self.numpy.kind == "f"
        self.is_signed = self.numpy.kind in "fi"

    @property
    def limits(self) -> Any:
        """The numbers that the type can hold, as NumPy's `finfo` or `iinfo` tells them."""
        return np.finfo(self.numpy) if self.is_floating_point else np.iinfo(self.numpy)

    def __repr__(self) -> str:
        return f"groundup.{self.name}"

    def __reduce__(self) -> str:
        return self.name

    def __deepcopy__(self, memo: dict[int, Any]) -> dtype:
        return self


class _BFloat16(dtype):
    """The upper half of a float32: its range, with 8 bits of precision."""

    __slots__ = ()

    def __init__(self) -> None:
        self.name, self.legacy, self.c_name = "bfloat16", "BFloat16", "c10::BFloat16"
        self.itemsize, self.is_floating_point, self.is_signed = 2, True, True

    @property
    def numpy(self) -> np.dtype[Any]:  # type: ignore[override]
        """The type of ml_dtypes; known to this module from the first time that it is asked for."""
        try:
            import ml_dtypes
        except ImportError:
            raise MissingExtra("bfloat16", "ml_dtypes", "bfloat16") from None
        found = np.dtype(ml_dtypes.bfloat16)
        OF_NUMPY.setdefault(found, self)
        return found

    @property
    def limits(self) -> Any:
        """The numbers that the type can hold, as ml_dtypes' `finfo` tells them."""
        import ml_dtypes

        return ml_dtypes.finfo(self.numpy)


float16 = half = dtype("float16", "Half")
float32 = float_ = dtype("float32", "Float")
float64 = double = dtype("float64", "Double")
uint8 = dtype("uint8", "Byte")
int8 = dtype("int8", "Char")
int16 = short = dtype("int16", "Short")
int32 = int_ = dtype("int32", "Int")
int64 = long = dtype("int64", "Long")
bool_ = dtype("bool", "Bool")
bfloat16 = _BFloat16()

_OF_NUMPY_ALONE = (float16, float32, float64, uint8, int8, int16, int32, int64, bool_)
ALL = (*_OF_NUMPY_ALONE, bfloat16)
OF_NUMPY: dict[np.dtype[Any], dtype] = {each.numpy: each for each in _OF_NUMPY_ALONE}

BOOL = np.dtype("bool")
INT64 = np.dtype("int64")
FLOAT32 = np.dtype("float32")
FLOAT64 = np.dtype("float64")


class _Default:
    """The default floating type; process-wide, as in PyTorch."""

    numpy = FLOAT32


def get_default_dtype() -> dtype:
    """The type of new floating tensors, float32 unless `set_default_dtype` changed it."""
    return OF_NUMPY[_Default.numpy]


def set_default_dtype(d: dtype) -> None:
    """Make `d` (a floating type) the type of new floating tensors. Follows ``torch.set_default_dtype``."""
    if not isinstance(d, dtype) or not d.is_floating_point:
        raise TypeError(f"only floating-point types are supported as the default type, got {d!r}")
    _Default.numpy = d.numpy


def default_float() -> np.dtype[Any]:
    """The default floating type, as NumPy's."""
    return _Default.numpy


def to_numpy(d: Any) -> np.dtype[Any]:
    """NumPy's type for a `dtype`, a NumPy type, or Python's `float`, `int`, `bool`."""
    if isinstance(d, dtype):
        return d.numpy
    if d == "bfloat16":
        return bfloat16.numpy
    try:
        found = np.dtype(d)
    except TypeError:
        raise TypeError(f"dtype must be a groundup.dtype such as groundup.float32, not {d!r}") from None
    if found not in OF_NUMPY and not is_bfloat16(found):
        raise TypeError(f"can't use the type {found}: the supported types are {', '.join(each.name for each in ALL)}")
    return found


def of_numpy(found: np.dtype[Any]) -> dtype:
    """The `dtype` around a NumPy type."""
    try:
        return OF_NUMPY[found]
    except KeyError:
        if is_bfloat16(found):
            return bfloat16
        raise TypeError(
            f"can't convert an array of type {found}. The only supported types are: {', '.join(e.name for e in ALL)}."
        ) from None


def is_bfloat16(found: np.dtype[Any]) -> bool:
    """Whether it is ml_dtypes' bfloat16, perhaps of an array that the user made with ml_dtypes."""
    return found.kind == "V" and found.name == "bfloat16" and found == bfloat16.numpy


def is_half(found: np.dtype[Any]) -> bool:
    """Whether it is one of the types that hold numbers in two bytes: float16 and bfloat16."""
    return found.itemsize == 2 and found.kind in REAL


def promote_types(type1: dtype, type2: dtype) -> dtype:
    """The smallest type that both convert to, by PyTorch's rules: int64 with float16 is float16.

    >>> import groundup
    >>> groundup.promote_types(groundup.int64, groundup.float16)
    groundup.float16
    """
    return OF_NUMPY[_promote(type1.numpy, type2.numpy)]


def _promote(a: np.dtype[Any] | None, b: np.dtype[Any] | None) -> np.dtype[Any]:
    if a is None or b is None:
        found = a if b is None else b
        if found is None:
            raise TypeError("result_type needs at least one tensor or number")
        return found
    if (a.kind in REAL) != (b.kind in REAL):
        return a if a.kind in REAL else b
    if a.kind != b.kind and is_half(a) and is_half(b):  # neither holds the other
        return FLOAT32
    return np.promote_types(a, b)


def category(d: np.dtype[Any]) -> int:
    """The rank that decides first when types mix: bool 0, integers 1, floats 2."""
    return {"b": 0, "u": 1, "i": 1, "f": 2, "V": 2}[d.kind]


def _combine(higher: np.dtype[Any] | None, lower: np.dtype[Any] | None) -> np.dtype[Any] | None:
    """A tensor's type wins over one of lower rank unless that one is of a higher category."""
    if higher is None or lower is None:
        return higher if lower is None else lower
    return higher if category(higher) >= category(lower) else _promote(higher, lower)


def is_bool(array: np.ndarray) -> bool:
    """Whether an array holds bools: NumPy has one type object for them, and to compare types takes its time."""
    return array.dtype is BOOL or (array.dtype.kind == "b")


def result_of(operands: Iterable[Any]) -> np.dtype[Any]:
    """PyTorch's result type for NumPy arrays (0-d ones outranked by the others) and Python numbers."""
    dims: np.dtype[Any] | None = None
    zeros: np.dtype[Any] | None = None
    numbers: np.dtype[Any] | None = None
    for each in operands:
        if isinstance(each, np.ndarray):
            if each.ndim:
                dims = _promote(dims, each.dtype)
            else:
                zeros = _promote(zeros, each.dtype)
        elif isinstance(each, bool):
            numbers = _promote(numbers, BOOL)
        elif isinstance(each, int):
            numbers = _promote(numbers, INT64)
        else:
            numbers = _promote(numbers, _Default.numpy)
    found = _combine(dims, _combine(zeros, numbers))
    return _promote(found, None)
