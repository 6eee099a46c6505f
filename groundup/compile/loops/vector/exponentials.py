"""exp and what is made of it (expm1, tanh, sigmoid, sinh, cosh) without a branch, for float32 and float64.

x = n ln 2 + r with n whole and |r| <= ln(2) / 2; a polynomial gives e**r - 1, and 2**n is written into the bits of a
number. The constant 1.5 * 2**23 (2**52) does the rounding: its sum with a small number has no digits after the point.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from groundup.compile.loops.vector.bits import bits_f32, bits_f64, two_to_f32, two_to_f64

f32, f64, i32, i64 = np.float32, np.float64, np.int32, np.int64


def expm1_near_0_f32(r: Any) -> Any:
    """e**r - 1 for |r| <= ln(2) / 2; minimax of degree 6, relative error 2**-26."""
    p = f32(0.0013855086)
    p = p * r + f32(0.008368022)
    p = p * r + f32(0.041667633)
    p = p * r + f32(0.16666539)
    p = p * r + f32(0.49999997)
    return r * r * p + r


def exp_parts_f32(x: Any) -> Any:
    """n and p with e**x = 2**n (1 + p), |p| < 0.42."""
    shifted = x * f32(1.44269504) + f32(12582912.0)
    n = i32(bits_f32(shifted) - i32(0x4B400000))
    k = shifted - f32(12582912.0)
    r = x - k * f32(0.693359375)  # ln 2 in two pieces: a product with the first is exact
    r = r - k * f32(-2.12194440e-4)
    return n, expm1_near_0_f32(r)


def scaled_f32(y: Any, n: Any) -> Any:
    """2**n y, rounded once where that is subnormal, inf where it is too large; |n| <= 252."""
    half = i32(n >> i32(1))
    return y * two_to_f32(half) * two_to_f32(i32(n - half))


def exp_f32(x: Any) -> Any:
    """e**x."""
    x = f32(-176.0) if x < f32(-176.0) else x  # n = -254, half of which is 0's exponent: rounding to 0 would be slow
    x = f32(89.0) if x > f32(89.0) else x
    n, p = exp_parts_f32(x)
    return scaled_f32(p + f32(1.0), n)


def exp2_f32(x: Any) -> Any:
    """2**x."""
    x = f32(-151.0) if x < f32(-151.0) else x
    x = f32(129.0) if x > f32(129.0) else x
    shifted = x + f32(12582912.0)
    n = i32(bits_f32(shifted) - i32(0x4B400000))
    r = (x - (shifted - f32(12582912.0))) * f32(0.6931471806)
    return scaled_f32(expm1_near_0_f32(r) + f32(1.0), n)


def expm1_f32(x: Any) -> Any:
    """e**x - 1, with all digits near 0."""
    y = f32(-20.0) if x < f32(-20.0) else x
    y = f32(89.0) if y > f32(89.0) else y
    n, p = exp_parts_f32(y)
    s = two_to_f32(i32(n - i32(1)))  # half of 2**n, which itself may be too large
    y = (s * p + (s - f32(0.5))) * f32(2.0)
    return x if x == f32(0.0) else y  # -0


def tanh_f32(x: Any) -> Any:
    """The hyperbolic tangent: 1 - 2 / (e**2x + 1), and near 0, where that loses digits, a polynomial."""
    a = abs(x)
    z = a * a  # up to 0.625: minimax of degree 11, relative error 2**-28
    p = f32(-0.0056922897)
    p = p * z + f32(0.020628165)
    p = p * z + f32(-0.053736515)
    p = p * z + f32(0.13331406)
    p = p * z + f32(-0.3333328)
    small = p * z * a + a
    b = f32(10.0) if a > f32(10.0) else a
    n, e = exp_parts_f32(b + b)
    large = f32(1.0) - f32(2.0) / ((e + f32(1.0)) * two_to_f32(n) + f32(1.0))
    return f32(math.copysign(small if a < f32(0.625) else large, x))


def sigmoid_f32(x: Any) -> Any:
    """1 / (1 + e**-x); for negative x as e**x / (1 + e**x), which keeps all digits."""
    e = exp_f32(-abs(x))
    return (f32(1.0) if x >= f32(0.0) else e) / (e + f32(1.0))


def sinh_f32(x: Any) -> Any:
    """The hyperbolic sine t + t / (1 + 2t), where t = (e**x - 1) / 2."""
    a = abs(x)
    a = f32(89.5) if a > f32(89.5) else a
    n, p = exp_parts_f32(a)
    s = two_to_f32(i32(n - i32(2)))
    h = s * p + (s - f32(0.25))  # t / 2, which is never too large
    t = h + h
    return f32(math.copysign(t + h / (t + f32(0.5)), x))


def cosh_f32(x: Any) -> Any:
    """The hyperbolic cosine h + 1 / 4h, where h = e**x / 2."""
    a = abs(x)
    a = f32(89.5) if a > f32(89.5) else a
    n, p = exp_parts_f32(a)
    h = two_to_f32(i32(n - i32(2))) * (p + f32(1.0)) * f32(2.0)
    return h + f32(0.25) / h


def expm1_near_0_f64(r: Any) -> Any:
    """e**r - 1 for |r| <= ln(2) / 2; minimax of degree 11, relative error 2**-55.6."""
    p = f64(2.439694900480949e-08)
    p = p * r + f64(2.762831510543697e-07)
    p = p * r + f64(2.7559309577440686e-06)
    p = p * r + f64(2.4801499636671807e-05)
    p = p * r + f64(0.00019841267825013184)
    p = p * r + f64(0.0013888888935975397)
    p = p * r + f64(0.008333333334130489)
    p = p * r + f64(0.041666666666565585)
    p = p * r + f64(0.16666666666665692)
    p = p * r + f64(0.5000000000000006)
    return r * r * p + r


def exp_parts_f64(x: Any) -> Any:
    """n and p with e**x = 2**n (1 + p), |p| < 0.42."""
    shifted = x * f64(1.4426950408889634) + f64(6755399441055744.0)
    n = bits_f64(shifted) - i64(0x4338000000000000)
    k = shifted - f64(6755399441055744.0)
    r = x - k * f64(0.6931471803691238)  # ln 2 in two pieces: a product with the first is exact
    r = r - k * f64(1.9082149292705877e-10)
    return n, expm1_near_0_f64(r)


def scaled_f64(y: Any, n: Any) -> Any:
    """2**n y, rounded once where that is subnormal, inf where it is too large; |n| <= 2044."""
    half = n >> i64(1)
    return y * two_to_f64(half) * two_to_f64(n - half)


def exp_f64(x: Any) -> Any:
    """e**x."""
    x = f64(-1418.5) if x < f64(-1418.5) else x  # n = -2046, and so 0 without rounding
    x = f64(710.0) if x > f64(710.0) else x
    n, p = exp_parts_f64(x)
    return scaled_f64(p + f64(1.0), n)


def exp2_f64(x: Any) -> Any:
    """2**x."""
    x = f64(-1076.0) if x < f64(-1076.0) else x
    x = f64(1025.0) if x > f64(1025.0) else x
    shifted = x + f64(6755399441055744.0)
    n = bits_f64(shifted) - i64(0x4338000000000000)
    r = (x - (shifted - f64(6755399441055744.0))) * f64(0.6931471805599453)
    return scaled_f64(expm1_near_0_f64(r) + f64(1.0), n)


def expm1_f64(x: Any) -> Any:
    """e**x - 1, with all digits near 0."""
    y = f64(-40.0) if x < f64(-40.0) else x
    y = f64(710.0) if y > f64(710.0) else y
    n, p = exp_parts_f64(y)
    s = two_to_f64(n - i64(1))  # half of 2**n, which itself may be too large
    y = (s * p + (s - f64(0.5))) * f64(2.0)
    return x if x == f64(0.0) else y  # -0


def tanh_f64(x: Any) -> Any:
    """The hyperbolic tangent: 1 - 2 / (e**2x + 1), and near 0, where that loses digits, a polynomial."""
    a = abs(x)
    z = a * a  # up to 0.625: minimax of degree 23, relative error 2**-56
    p = f64(-1.6070931017263996e-05)
    p = p * z + f64(7.714075309971259e-05)
    p = p * z + f64(-0.00022856074894348714)
    p = p * z + f64(0.0005863146566929919)
    p = p * z + f64(-0.0014549582403398094)
    p = p * z + f64(0.003591989035607629)
    p = p * z + f64(-0.008863220983637116)
    p = p * z + f64(0.021869487574513825)
    p = p * z + f64(-0.05396825393119494)
    p = p * z + f64(0.13333333333261932)
    p = p * z + f64(-0.33333333333332854)
    small = p * z * a + a
    b = f64(20.0) if a > f64(20.0) else a
    n, e = exp_parts_f64(b + b)
    large = f64(1.0) - f64(2.0) / ((e + f64(1.0)) * two_to_f64(n) + f64(1.0))
    return f64(math.copysign(small if a < f64(0.625) else large, x))


def sigmoid_f64(x: Any) -> Any:
    """1 / (1 + e**-x); for negative x as e**x / (1 + e**x), which keeps all digits."""
    e = exp_f64(-abs(x))
    return (f64(1.0) if x >= f64(0.0) else e) / (e + f64(1.0))


def sinh_f64(x: Any) -> Any:
    """The hyperbolic sine t + t / (1 + 2t), where t = (e**x - 1) / 2."""
    a = abs(x)
    a = f64(710.5) if a > f64(710.5) else a
    n, p = exp_parts_f64(a)
    s = two_to_f64(n - i64(2))
    h = s * p + (s - f64(0.25))  # t / 2, which is never too large
    t = h + h
    return f64(math.copysign(t + h / (t + f64(0.5)), x))


def cosh_f64(x: Any) -> Any:
    """The hyperbolic cosine h + 1 / 4h, where h = e**x / 2."""
    a = abs(x)
    a = f64(710.5) if a > f64(710.5) else a
    n, p = exp_parts_f64(a)
    h = two_to_f64(n - i64(2)) * (p + f64(1.0)) * f64(2.0)
    return h + f64(0.25) / h
