"""The error functions, the gamma function and their kin: the numbers come from `ops.special`."""

from __future__ import annotations

from groundup.ops.elementwise.family import elementwise

INFINITY, NAN = float("inf"), float("nan")
TWO_OVER_SQRT_PI = 1.1283791670955126
HALF_SQRT_PI = 0.886226925452758
SQRT_2PI = 2.5066282746310002
SQRT_HALF = 0.7071067811865476
SQRT_2_OVER_PI = 0.7978845608028654

erf = elementwise(
    lambda m, x: m.erf(x),
    lambda m, g, x: g * (TWO_OVER_SQRT_PI * m.exp(-x * x)),
    dtypes="float",
)
erfc = elementwise(
    lambda m, x: m.erfc(x),
    lambda m, g, x: -g * (TWO_OVER_SQRT_PI * m.exp(-x * x)),
    dtypes="float",
)
erfcx = elementwise(
    lambda m, x: m.erfcx(x),
    lambda m, g, x, y: g * (2 * x * y - TWO_OVER_SQRT_PI),
    dtypes="float",
    label="SpecialErfcxBackward0",
)
erfinv = elementwise(
    lambda m, x: m.erfinv(x),
    lambda m, g, y: g * (HALF_SQRT_PI * m.exp(y * y)),
    dtypes="float",
)
# The normal distribution: the inverse of its function, and the logarithm of it
ndtri = elementwise(
    lambda m, x: m.ndtri(x),
    lambda m, g, y: g * (SQRT_2PI * m.exp(0.5 * (y * y))),
    dtypes="float",
    label="SpecialNdtriBackward0",
)
log_ndtr = elementwise(
    lambda m, x: m.where(
        x < -1,
        m.log(0.5 * m.erfcx(-x * SQRT_HALF)) - 0.5 * (x * x),
        m.log1p(-0.5 * m.erfc(x * SQRT_HALF)),
    ),
    lambda m, g, x: g * (SQRT_2_OVER_PI / m.erfcx(-x * SQRT_HALF)),
    dtypes="float",
    label="SpecialLogNdtrBackward0",
    smooth=("x < -1", "-1 < x"),
)
entr = elementwise(
    lambda m, x: m.where(x > 0, -x * m.log(x), m.where(x < 0, -INFINITY, 0 * x)),
    lambda m, g, x: m.where(x < 0, NAN, g * (-m.log(x) - 1)),
    dtypes="float",
    label="SpecialEntrBackward0",
    smooth=("0 < x",),
)
# The gamma function: its logarithm, the derivative of that, and what all further derivatives are sums of
lgamma = elementwise(lambda m, x: m.lgamma(x), lambda m, g, x: g * m.digamma(x), dtypes="float")
digamma = elementwise(lambda m, x: m.digamma(x), lambda m, g, x: g * m.zeta(2.0, x), dtypes="float")
zeta = elementwise(
    lambda m, s, q: m.zeta(s, q),
    None,
    lambda m, g, s, q: g * (-s * m.zeta(s + 1, q)),
    dtypes="float",
    label="SpecialZetaBackward0",
    smooth=("1 < s, 0 < q",),
)
