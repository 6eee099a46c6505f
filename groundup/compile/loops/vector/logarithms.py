"""Logarithms without a branch, for float32 and float64.

x = 2**n (1 + s) with n whole and -1/4 <= s < 1/2, read off the bits of x; then log x = n ln 2 + log(1 + s), the last
by a polynomial. For log1p the same s is worked out from x and not from 1 + x, which has lost digits.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from groundup.compile.loops.vector.bits import bits_f32, bits_f64, from_bits_f32, from_bits_f64

f32, f64, i32, i64 = np.float32, np.float64, np.int32, np.int64


def log1p_near_0_f32(s: Any) -> Any:
    """log(1 + s) for -1/4 <= s <= 1/2; minimax of degree 10, relative error 2**-27.6."""
    p = f32(-0.044505976)
    p = p * s + f32(0.10409672)
    p = p * s + f32(-0.13154642)
    p = p * s + f32(0.1448404)
    p = p * s + f32(-0.1664843)
    p = p * s + f32(0.19990686)
    p = p * s + f32(-0.25000066)
    p = p * s + f32(0.3333345)
    p = p * s + f32(-0.5)
    return s * s * p + s


def log_parts_f32(x: Any) -> Any:
    """n and log(1 + s), where x = 2**n (1 + s) and -1/4 <= s < 1/2; x > 0."""
    subnormal = x < f32(1.17549435e-38)
    bits = bits_f32(x * f32(8388608.0) if subnormal else x)  # 2**23
    above = i32(i32(bits - i32(0x3F400000)) & i32(-0x800000))  # the exponent that leaves 0.75 <= 1 + s < 1.5
    s = from_bits_f32(i32(bits - above)) - f32(1.0)
    n = f32(i32(above >> i32(23))) - (f32(23.0) if subnormal else f32(0.0))
    return n, log1p_near_0_f32(s)


def log_ends_f32(x: Any, y: Any) -> Any:
    """y, the logarithm of x, where x is positive and finite; -inf of 0, nan of negative numbers, x of inf and nan."""
    y = y if x < f32(np.inf) else x
    return y if x > f32(0.0) else (f32(-np.inf) if x == f32(0.0) else f32(np.nan))


def log_f32(x: Any) -> Any:
    """The natural logarithm."""
    n, y = log_parts_f32(x)
    return log_ends_f32(x, (n * f32(-2.12194440e-4) + y) + n * f32(0.693359375))  # ln 2 in two pieces


def log2_f32(x: Any) -> Any:
    """The logarithm to the base 2."""
    n, y = log_parts_f32(x)
    return log_ends_f32(x, (y * f32(0.44269504) + y) + n)


def log10_f32(x: Any) -> Any:
    """The logarithm to the base 10."""
    n, y = log_parts_f32(x)
    y = (y * f32(9.038034e-05) + n * f32(4.605039e-06)) + y * f32(0.4342041)  # 1 / ln 10, log10 2 in two pieces
    return log_ends_f32(x, y + n * f32(0.3010254))


def log1p_f32(x: Any) -> Any:
    """log(1 + x), with all digits near 0."""
    above = i32(i32(bits_f32(x + f32(1.0)) - i32(0x3F400000)) & i32(-0x800000))
    t = from_bits_f32(i32(i32(0x40800000) - above))  # 4 / 2**n; 1 / 2**n may be subnormal
    s = x * t * f32(0.25) + (t * f32(0.25) - f32(1.0))
    n = f32(i32(above >> i32(23)))
    y = (n * f32(-2.12194440e-4) + log1p_near_0_f32(s)) + n * f32(0.693359375)
    y = x if x == f32(0.0) else y  # -0
    y = y if x < f32(np.inf) else x
    return y if x > f32(-1.0) else (f32(-np.inf) if x == f32(-1.0) else f32(np.nan))


def log1p_near_0_f64(s: Any) -> Any:
    """log(1 + s) for -1/4 <= s <= 1/2.

    With q = s / (2 + s) this is 2 atanh q = 2q + q R(q**2); R is a minimax of degree 7 in q**2, relative error 2**-56.
    Written so that s itself, known best, is added last: 2q = s - s**2 / 2 + q s**2 / 2.
    """
    q = s / (s + f64(2.0))
    z = q * q
    p = f64(0.1536820687432242)
    p = p * z + f64(0.15250184472179887)
    p = p * z + f64(0.18186356406776638)
    p = p * z + f64(0.22222138489317492)
    p = p * z + f64(0.2857142939549614)
    p = p * z + f64(0.39999999996160235)
    p = p * z + f64(0.6666666666667271)
    half = s * s * f64(0.5)
    return s - (half - q * (half + z * p))


def log_parts_f64(x: Any) -> Any:
    """n and log(1 + s), where x = 2**n (1 + s) and -1/4 <= s < 1/2; x > 0."""
    subnormal = x < f64(2.2250738585072014e-308)
    bits = bits_f64(x * f64(4503599627370496.0) if subnormal else x)  # 2**52
    above = (bits - i64(0x3FE8000000000000)) & i64(-0x10000000000000)  # what leaves 0.75 <= 1 + s < 1.5
    s = from_bits_f64(bits - above) - f64(1.0)
    return whole_f64(above) - (f64(52.0) if subnormal else f64(0.0)), log1p_near_0_f64(s)


def whole_f64(above: Any) -> Any:
    """The exponent in these bits as a number, by way of 2**52 + n: AVX2 does not convert integers of 64 bits."""
    biased = ((above + i64(0x4000000000000000)) >> i64(52)) & i64(0xFFF)
    return from_bits_f64(biased | i64(0x4330000000000000)) - f64(4503599627371520.0)  # 2**52 + 1024


def log_ends_f64(x: Any, y: Any) -> Any:
    """y, the logarithm of x, where x is positive and finite; -inf of 0, nan of negative numbers, x of inf and nan."""
    y = y if x < f64(np.inf) else x
    return y if x > f64(0.0) else (f64(-np.inf) if x == f64(0.0) else f64(np.nan))


def log_f64(x: Any) -> Any:
    """The natural logarithm."""
    n, y = log_parts_f64(x)
    return log_ends_f64(x, (n * f64(1.9082149292705877e-10) + y) + n * f64(0.6931471803691238))  # ln 2 in two pieces


def log2_f64(x: Any) -> Any:
    """The logarithm to the base 2."""
    n, y = log_parts_f64(x)
    return log_ends_f64(x, (y * f64(0.4426950408889634) + y) + n)


def log10_f64(x: Any) -> Any:
    """The logarithm to the base 10."""
    n, y = log_parts_f64(x)
    y = y * f64(0.4342944819032518) + n * f64(5.630334806675098e-11)  # log10 2 in two pieces
    return log_ends_f64(x, y + n * f64(0.30102999560767785))


def log1p_f64(x: Any) -> Any:
    """log(1 + x), with all digits near 0."""
    above = (bits_f64(x + f64(1.0)) - i64(0x3FE8000000000000)) & i64(-0x10000000000000)
    t = from_bits_f64(i64(0x4010000000000000) - above)  # 4 / 2**n; 1 / 2**n may be subnormal
    s = x * t * f64(0.25) + (t * f64(0.25) - f64(1.0))
    n = whole_f64(above)
    y = (n * f64(1.9082149292705877e-10) + log1p_near_0_f64(s)) + n * f64(0.6931471803691238)
    y = x if x == f64(0.0) else y  # -0
    y = y if x < f64(np.inf) else x
    return y if x > f64(-1.0) else (f64(-np.inf) if x == f64(-1.0) else f64(np.nan))
