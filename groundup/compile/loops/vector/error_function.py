"""The error function without a branch, for float32 and float64.

Up to about 1 it is a polynomial; from there float64 has 1 - e**-g, where g = -log(1 - erf) is so smooth that a
polynomial gives it too, and float32 has 1 - t**-8 in the same way, which is quicker and exact enough. Both are worked
out for every number, which costs less than choosing would.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from groundup.compile.loops.vector.bits import two_to_f64
from groundup.compile.loops.vector.exponentials import exp_parts_f64

f32, f64 = np.float32, np.float64


def erf_f32(x: Any) -> Any:
    """The error function."""
    a = abs(x)
    # (erf(x) / x - 1) in x**2, up to 1.2: minimax of degree 6, relative error of erf 2**-26
    z = a * a
    p = f32(6.5261964e-05)
    p = p * z + f32(-0.0007561598)
    p = p * z + f32(0.005131158)
    p = p * z + f32(-0.02682006)
    p = p * z + f32(0.1128268)
    p = p * z + f32(-0.37612537)
    p = p * z + f32(0.12837915)
    small = p * a + a
    # (1 - erf)**(-1 / 8) from 1.2 on, by degree 7: error of erf 2**-27. No exponential, and few steps that wait.
    t = f32(0.0006995381)
    t = t * a + f32(-0.005964042)
    t = t * a + f32(0.028160468)
    t = t * a + f32(-0.0632293)
    t = t * a + f32(0.12549233)
    t = t * a + f32(-0.0030194952)
    t = t * a + f32(0.18830764)
    t = t * a + f32(0.9896607)
    t = t * t
    t = t * t
    large = f32(1.0) - f32(1.0) / (t * t)
    return f32(math.copysign(small if a < f32(1.2) else large, x))


def erf_f64(x: Any) -> Any:
    """The error function."""
    a = abs(x)
    # (erf(x) / x - 1) in x**2, up to 1: minimax of degree 11, relative error of erf 2**-57
    z = a * a
    p = f64(-7.607273405399262e-10)
    p = p * z + f64(1.3616442336388547e-08)
    p = p * z + f64(-1.6183939236525587e-07)
    p = p * z + f64(1.644414476831107e-06)
    p = p * z + f64(-1.492446524830281e-05)
    p = p * z + f64(0.00012055280480221225)
    p = p * z + f64(-0.0008548325484582179)
    p = p * z + f64(0.00522397759672977)
    p = p * z + f64(-0.026866170641958686)
    p = p * z + f64(0.11283791670936949)
    p = p * z + f64(-0.37612638903183343)
    p = p * z + f64(0.12837916709551256)
    small = p * a + a
    # -log(1 - erf) from 1 to 6, where erf becomes 1: minimax of degree 18, relative error of erf 2**-59
    b = f64(6.0) if a > f64(6.0) else a
    g = f64(-1.049653344780599e-12)
    g = g * b + f64(4.796159579505015e-11)
    g = g * b + f64(-1.0257219864675037e-09)
    g = g * b + f64(1.3626925592751346e-08)
    g = g * b + f64(-1.2570655429321467e-07)
    g = g * b + f64(8.505829694193497e-07)
    g = g * b + f64(-4.327081021574045e-06)
    g = g * b + f64(1.651408763209009e-05)
    g = g * b + f64(-4.5037851448149334e-05)
    g = g * b + f64(7.036784930989864e-05)
    g = g * b + f64(4.482005145300407e-05)
    g = g * b + f64(-0.0006411689640834109)
    g = g * b + f64(0.0017689960958932674)
    g = g * b + f64(-0.00028048423870172056)
    g = g * b + f64(-0.019078158942359664)
    g = g * b + f64(0.10274725419183069)
    g = g * b + f64(0.636628488180777)
    g = g * b + f64(1.1283773294256605)
    g = g * b + f64(1.796037756554044e-07)
    n, e = exp_parts_f64(-g)
    large = f64(1.0) - (e + f64(1.0)) * two_to_f64(n)
    return f64(math.copysign(small if a < f64(1.0) else large, x))
