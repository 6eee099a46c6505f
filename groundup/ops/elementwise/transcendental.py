"""Exponentials, logarithms, roots, and the functions of angles."""

from __future__ import annotations

from groundup.ops.elementwise.family import elementwise

INV_LN2 = 1.4426950408889634
INV_LN10 = 0.4342944819032518

# Exponentials and logarithms
exp = elementwise(lambda m, x: m.exp(x), lambda m, g, y: g * y, dtypes="float", ufunc="exp")
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

# Trigonometry
sin = elementwise(lambda m, x: m.sin(x), lambda m, g, x: g * m.cos(x), dtypes="float", ufunc="sin")
cos = elementwise(lambda m, x: m.cos(x), lambda m, g, x: -g * m.sin(x), dtypes="float", ufunc="cos")
