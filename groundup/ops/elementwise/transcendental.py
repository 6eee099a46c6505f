"""Exponentials, logarithms, roots, and the functions of angles."""

from __future__ import annotations

from groundup.ops.elementwise.family import elementwise

PI = 3.141592653589793
LN2 = 0.6931471805599453
INV_LN2 = 1.4426950408889634
INV_LN10 = 0.4342944819032518

# Exponentials and logarithms
exp = elementwise(lambda m, x: m.exp(x), lambda m, g, y: g * y, dtypes="float", ufunc="exp")
exp2 = elementwise(lambda m, x: m.exp2(x), lambda m, g, y: g * (y * LN2), dtypes="float", ufunc="exp2")
expm1 = elementwise(lambda m, x: m.expm1(x), lambda m, g, y: g * (y + 1), dtypes="float", ufunc="expm1")
log = elementwise(lambda m, x: m.log(x), lambda m, g, x: g / x, dtypes="float", ufunc="log", smooth=("0 < x",))
log1p = elementwise(
    lambda m, x: m.log1p(x),
    lambda m, g, x: g / (x + 1),
    dtypes="float",
    label="Log1PBackward0",
    ufunc="log1p",
    smooth=("-1 < x",),
)
log2 = elementwise(
    lambda m, x: m.log2(x), lambda m, g, x: g * INV_LN2 / x, dtypes="float", ufunc="log2", smooth=("0 < x",)
)
log10 = elementwise(
    lambda m, x: m.log10(x),
    lambda m, g, x: g * INV_LN10 / x,
    dtypes="float",
    ufunc="log10",
    smooth=("0 < x",),
)
sqrt = elementwise(lambda m, x: m.sqrt(x), lambda m, g, y: g / (2 * y), dtypes="float", ufunc="sqrt", smooth=("0 < x",))
rsqrt = elementwise(
    lambda m, x: 1 / m.sqrt(x), lambda m, g, y: -0.5 * g * (y * y * y), dtypes="float", smooth=("0 < x",)
)

logaddexp = elementwise(
    lambda m, a, b: m.logaddexp(a, b),
    lambda m, g, a, b: g / (1 + m.exp(b - a)),
    lambda m, g, a, b: g / (1 + m.exp(a - b)),
    dtypes="floating",
    ufunc="logaddexp",
)
logaddexp2 = elementwise(
    lambda m, a, b: m.logaddexp2(a, b),
    lambda m, g, a, b: g / (1 + m.exp2(b - a)),
    lambda m, g, a, b: g / (1 + m.exp2(a - b)),
    dtypes="floating",
    ufunc="logaddexp2",
)
# a log(b), and 0 where a is 0 and b whatever number it may be
xlogy = elementwise(
    lambda m, a, b: m.where((a == 0) & (b == b), 0, a * m.log(b)),
    lambda m, g, a, b: m.where((a == 0) & (b <= 0), 0, g * m.log(b)),
    lambda m, g, a, b: g * (a / b),
    dtypes="float",
    smooth=("0 < a, 0 < b", "a < 0 < b"),
)
xlog1py = elementwise(
    lambda m, a, b: m.where((a == 0) & (b == b), 0, a * m.log1p(b)),
    lambda m, g, a, b: m.where((a == 0) & (b <= -1), 0, g * m.log1p(b)),
    lambda m, g, a, b: g * (a / (b + 1)),
    dtypes="float",
    label="SpecialXlog1PyBackward0",
    smooth=("0 < a, 0 < b", "a < 0 < b"),
)
logit = elementwise(
    lambda m, x: m.log(x / (1 - x)),
    lambda m, g, x, y: m.where(y != y, y, g / (x * (1 - x))),  # nan outside of [0, 1], as the value
    dtypes="float",
    smooth=("0 < x",),
)
hypot = elementwise(
    lambda m, a, b: m.hypot(a, b),
    lambda m, g, a, y: g * (a / y),
    lambda m, g, b, y: g * (b / y),
    dtypes="floating",
    ufunc="hypot",
)

# Trigonometry
sin = elementwise(lambda m, x: m.sin(x), lambda m, g, x: g * m.cos(x), dtypes="float", ufunc="sin")
cos = elementwise(lambda m, x: m.cos(x), lambda m, g, x: -g * m.sin(x), dtypes="float", ufunc="cos")
tan = elementwise(lambda m, x: m.tan(x), lambda m, g, y: g * (1 + y * y), dtypes="float", ufunc="tan")
asin = elementwise(lambda m, x: m.asin(x), lambda m, g, x: g / m.sqrt(1 - x * x), dtypes="float", ufunc="arcsin")
acos = elementwise(lambda m, x: m.acos(x), lambda m, g, x: -g / m.sqrt(1 - x * x), dtypes="float", ufunc="arccos")
atan = elementwise(lambda m, x: m.atan(x), lambda m, g, x: g / (1 + x * x), dtypes="float", ufunc="arctan")
atan2 = elementwise(
    lambda m, a, b: m.atan2(a, b),
    lambda m, g, a, b: m.where((a == 0) & (b == 0), 0, g * (b / (a * a + b * b))),
    lambda m, g, a, b: m.where((a == 0) & (b == 0), 0, -g * (a / (a * a + b * b))),
    dtypes="float",
    ufunc="arctan2",
)
sinc = elementwise(
    lambda m, x: m.where(x == 0, 1.0, m.sin(PI * x) / (PI * x)),
    lambda m, g, x, y: m.where(x == 0, 0, g * ((m.cos(PI * x) - y) / x)),
    dtypes="float",
)

# Hyperbolic functions
sinh = elementwise(lambda m, x: m.sinh(x), lambda m, g, x: g * m.cosh(x), dtypes="float", ufunc="sinh")
cosh = elementwise(lambda m, x: m.cosh(x), lambda m, g, x: g * m.sinh(x), dtypes="float", ufunc="cosh")
tanh = elementwise(lambda m, x: m.tanh(x), lambda m, g, y: g * (1 - y * y), dtypes="float", ufunc="tanh")
asinh = elementwise(lambda m, x: m.asinh(x), lambda m, g, x: g / m.sqrt(x * x + 1), dtypes="float", ufunc="arcsinh")
acosh = elementwise(
    lambda m, x: m.acosh(x), lambda m, g, x: g / m.sqrt(x * x - 1), dtypes="float", ufunc="arccosh", smooth=("1 < x",)
)
atanh = elementwise(lambda m, x: m.atanh(x), lambda m, g, x: g / (1 - x * x), dtypes="float", ufunc="arctanh")
