"""Functions of float32 worked out in double precision without a branch: sin, cos, powers, erfc.

Each would lose its digits in single precision, sin and cos of large numbers all of them. Double precision is half as
fast, and still several times faster than the C library one number after another, which float64 has for these.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from groundup.compile.loops.vector.bits import bits_f64, from_bits_f64, two_to_f64
from groundup.compile.loops.vector.exponentials import exp_f64
from groundup.compile.loops.vector.logarithms import whole_f64

f32, f64, i32, i64 = np.float32, np.float64, np.int32, np.int64


def quarters_f64(x: Any, piece: Any) -> Any:
    """x times a piece of 2 / pi less a multiple of 4: what is above 2**-26, and what is below.

    For x of 24 bits; a piece has 29, so that the product is exact, and so is all that is done with it.
    """
    turns = x * piece
    turns = turns - f64(4.0) * np.rint(turns * f64(0.25))
    above = (turns + f64(100663296.0)) - f64(100663296.0)  # 1.5 * 2**26: the sum has 26 digits after the point
    return above, turns - above


def quarter_turns_f32(x: Any) -> Any:
    """n and r with x = (n + 4 m) pi / 2 + r, m and n whole and |r| <= pi / 4: exact for all of float32.

    2 / pi is read in seven pieces. What they make of x is added up above 2**-26, where that is exact, and below.
    """
    y = f64(x)
    above, below = quarters_f64(y, f64(0.636619770899415))
    a, b = quarters_f64(y, f64(1.4681663246252086e-09))
    above, below = above + a, below + b
    a, b = quarters_f64(y, f64(2.2760100671971816e-18))
    above, below = above + a, below + b
    a, b = quarters_f64(y, f64(5.8812147387730434e-27))
    above, below = above + a, below + b
    a, b = quarters_f64(y, f64(1.0346868700836215e-35))
    above, below = above + a, below + b
    below = below + y * f64(3.783256351091319e-45) + y * f64(3.720474878517739e-53)  # at most 2**-19
    shifted = above + f64(6755399441055744.0)
    n = bits_f64(shifted) - i64(0x4338000000000000)
    return n, ((above - (shifted - f64(6755399441055744.0))) + below) * f64(1.5707963267948966)


def sine_near_0_f64(r: Any) -> Any:
    """sin r for |r| <= pi / 4; minimax of degree 9, relative error 2**-37."""
    z = r * r
    p = f64(2.7180846673613377e-06)
    p = p * z + f64(-0.00019839308392251057)
    p = p * z + f64(0.008333329292778732)
    p = p * z + f64(-0.16666666640693495)
    return p * z * r + r


def cosine_near_0_f64(r: Any) -> Any:
    """cos r for |r| <= pi / 4; minimax of degree 8, relative error 2**-33."""
    z = r * r
    p = f64(2.4432772799830807e-05)
    p = p * z + f64(-0.001388731301227387)
    p = p * z + f64(0.04166664561944485)
    return p * z * z + (f64(1.0) - f64(0.5) * z)


def turned_f32(n: Any, r: Any) -> Any:
    """sin(n pi / 2 + r)."""
    y = cosine_near_0_f64(r) if (n & i64(1)) != i64(0) else sine_near_0_f64(r)
    return f32(-y if (n & i64(2)) != i64(0) else y)


def sin_f32(x: Any) -> Any:
    """The sine."""
    n, r = quarter_turns_f32(x)
    return x if x == f32(0.0) else turned_f32(n, r)  # -0


def cos_f32(x: Any) -> Any:
    """The cosine."""
    n, r = quarter_turns_f32(x)
    return turned_f32(n + i64(1), r)


def log2_of_24_bits_f64(x: Any) -> Any:
    """log2 x for x > 0 of float32: n + log(1 + s) / log 2, the second by q = s / (2 + s) as 2 atanh q.

    Minimax of degree 4 in q**2, relative error 2**-42.
    """
    bits = bits_f64(x)
    above = (bits - i64(0x3FE8000000000000)) & i64(-0x10000000000000)
    s = from_bits_f64(bits - above) - f64(1.0)
    q = s / (s + f64(2.0))
    z = q * q
    p = f64(0.20121827228041905)
    p = p * z + f64(0.22135171547619834)
    p = p * z + f64(0.2857318287810082)
    p = p * z + f64(0.3999998463316265)
    p = p * z + f64(0.6666666671030436)
    return whole_f64(above) + (q * z * p + (q + q)) * f64(1.4426950408889634)


def pow_f32(x: Any, y: Any) -> Any:
    """x**y, with the ends that C gives it."""
    a = abs(f64(x))
    b = f64(y)
    t = b * log2_of_24_bits_f64(a)
    t = f64(-200.0) if t < f64(-200.0) else t
    t = f64(200.0) if t > f64(200.0) else t
    shifted = t + f64(6755399441055744.0)
    k = bits_f64(shifted) - i64(0x4338000000000000)
    r = t - (shifted - f64(6755399441055744.0))
    p = f64(1.5196191650537357e-05)  # 2**r - 1: minimax of degree 7, relative error of 2**r 2**-34
    p = p * r + f64(0.0001546675736838017)
    p = p * r + f64(0.001333393491794965)
    p = p * r + f64(0.00961803812881844)
    p = p * r + f64(0.05550410366121041)
    p = p * r + f64(0.240226510665863)
    p = p * r + f64(0.6931471807045335)
    power = (p * r + f64(1.0)) * two_to_f64(k)
    zero = f64(np.inf) if b < f64(0.0) else f64(0.0)
    endless = f64(0.0) if b < f64(0.0) else f64(np.inf)
    power = zero if a == f64(0.0) else (endless if a == f64(np.inf) else power)
    power = f64(1.0) if a == f64(1.0) else power
    half = b * f64(0.5)
    whole = np.rint(b) == b
    odd = whole & (np.rint(half) != half)
    negative = math.copysign(f64(1.0), f64(x)) < f64(0.0)
    power = -power if negative & odd else power
    power = f64(np.nan) if negative & (a > f64(0.0)) & (a < f64(np.inf)) & (not whole) else power
    power = f64(np.nan) if (a != a) | (b != b) else power
    return f32(f64(1.0) if (f64(x) == f64(1.0)) | (b == f64(0.0)) else power)


def erfc_f32(x: Any) -> Any:
    """1 - erf(x), with all digits where that is small."""
    a = abs(f64(x))
    a = f64(10.1) if a > f64(10.1) else a
    # log(erfc(a) / t) + a**2 in t = 1 / (1 + a / 2), up to 10.1, where erfc becomes 0: minimax of degree 12, 2**-32.5
    t = f64(1.0) / (f64(1.0) + f64(0.5) * a)
    p = f64(0.183247455772659)
    p = p * t + f64(-1.353951183121804)
    p = p * t + f64(4.3319844834641295)
    p = p * t + f64(-7.753622922266135)
    p = p * t + f64(8.375960917266669)
    p = p * t + f64(-5.6101435544006355)
    p = p * t + f64(2.5740187557056746)
    p = p * t + f64(-1.032785818316974)
    p = p * t + f64(0.12287968581927032)
    p = p * t + f64(0.049571011330272245)
    p = p * t + f64(0.37856853185164985)
    p = p * t + f64(0.9997786716252455)
    p = p * t + f64(-1.2655060345746905)
    y = t * exp_f64(p - a * a)
    return f32(f64(2.0) - y if x < f32(0.0) else y)
