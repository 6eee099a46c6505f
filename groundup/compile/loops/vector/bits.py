"""The bits of a floating number as a whole number and back; in machine code neither costs anything."""

from __future__ import annotations

from typing import Any

import numpy as np

f32, f64, i32, i64 = np.float32, np.float64, np.int32, np.int64


def bits_f32(x: Any) -> Any:
    """The 32 bits of x: sign, 8 of exponent + 127, 23 of mantissa."""
    return np.float32(x).view(np.int32)


def from_bits_f32(bits: Any) -> Any:
    """The number that has these 32 bits."""
    return np.int32(bits).view(np.float32)


def two_to_f32(n: Any) -> Any:
    """2**n for a whole n of -126 ... 127."""
    return from_bits_f32(i32((n + i32(127)) << i32(23)))


def bits_f64(x: Any) -> Any:
    """The 64 bits of x: sign, 11 of exponent + 1023, 52 of mantissa."""
    return np.float64(x).view(np.int64)


def from_bits_f64(bits: Any) -> Any:
    """The number that has these 64 bits."""
    return np.int64(bits).view(np.float64)


def two_to_f64(n: Any) -> Any:
    """2**n for a whole n of -1022 ... 1023."""
    return from_bits_f64((n + i64(1023)) << i64(52))
