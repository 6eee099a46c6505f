"""Arithmetic, and several operations of it at once."""

from __future__ import annotations

from typing import Any

from groundup.ops.elementwise.family import elementwise, zero

add = elementwise(lambda m, a, b: a + b, lambda m, g: g, lambda m, g: g, ufunc="add")
sub = elementwise(lambda m, a, b: a - b, lambda m, g: g, lambda m, g: -g, ufunc="subtract")
mul = elementwise(lambda m, a, b: a * b, lambda m, g, b: g * b, lambda m, g, a: g * a, ufunc="multiply")
div = elementwise(
    lambda m, a, b: a / b,
    lambda m, g, b: g / b,
    lambda m, g, a, b: -g * (a / b / b),  # not y / b: the result may be changed in place, as in PyTorch
    dtypes="float",
    ufunc="true_divide",
)
neg = elementwise(lambda m, x: -x, lambda m, g: -g, ufunc="negative")
pow_ = elementwise(
    lambda m, x, p: m.pow(x, p),
    lambda m, g, x, p: _pow_slope(m, g, x, p),
    lambda m, g, x, p, y: m.where((x == 0) & (p >= 0), 0, g * (y * m.log(x))),
    smooth=("0 < x, 0 < p", "0 < x, p < 0"),
)


def _pow_slope(m: Any, g: Any, x: Any, p: Any) -> Any:
    """g p x ** (p - 1); 0 for p = 0 also where x is 0."""
    if isinstance(p, (int, float)):
        return g * (p * m.pow(x, p - 1)) if p else zero(m, g)
    return m.where(p == 0, 0, g * (p * m.pow(x, p - 1)))


square = elementwise(lambda m, x: x * x, lambda m, g, x: g * (2 * x), label="PowBackward0", ufunc="square")
reciprocal = elementwise(lambda m, x: 1 / x, lambda m, g, y: -g * (y * y), dtypes="float", ufunc="reciprocal")
floor_divide = elementwise(lambda m, a, b: m.floor_divide(a, b))
# the same with the slope that PyTorch's div(rounding_mode="floor") has, and floor_divide has not
div_floor = elementwise(
    lambda m, a, b: m.floor_divide(a, b),
    lambda m, g: zero(m, g),
    lambda m, g: zero(m, g),
    smooth=(),
    judge="piecewise constant",
)
remainder = elementwise(
    lambda m, a, b: m.remainder(a, b),
    lambda m, g: g,
    lambda m, g, a, b: -g * m.floor_divide(a, b),
    smooth=(),
    judge="finite differences and PyTorch: floor is piecewise constant",
)
fmod = elementwise(
    lambda m, a, b: m.fmod(a, b),
    lambda m, g: g,
    lambda m, g, a, b: -g * m.trunc(a / b),
    dtypes="numbers",
    smooth=(),
    judge="finite differences and PyTorch: trunc is piecewise constant",
)
abs_ = elementwise(lambda m, x: m.abs(x), lambda m, g, x: g * m.sign(x), ufunc="absolute", smooth=("0 < x", "x < 0"))
copysign = elementwise(
    lambda m, a, b: m.copysign(a, b),
    lambda m, g, a, b: g * (m.sign(a) * m.copysign(1.0, b)),
    lambda m, g: zero(m, g),
    dtypes="float",
    ufunc="copysign",
    smooth=("0 < a, 0 < b", "a < 0 < b", "b < 0 < a", "a < 0, b < 0"),
)
sign = elementwise(lambda m, x: m.sign(x), lambda m, g: zero(m, g), smooth=("0 < x", "x < 0"))

# Several at once
lerp = elementwise(
    lambda m, a, b, weight: a + weight * (b - a),
    lambda m, g, weight: g * (1 - weight),
    lambda m, g, weight: g * weight,
    lambda m, g, a, b: g * (b - a),
    into=lambda a, b, weight: a.__iadd__(weight * (b - a)),
)
addcmul = elementwise(
    lambda m, x, a, b, value: x + value * (a * b),
    lambda m, g: g,
    lambda m, g, b, value: g * (b * value),
    lambda m, g, a, value: g * (a * value),
    into=lambda x, a, b, value: x.__iadd__(value * (a * b)),
)
addcdiv = elementwise(
    lambda m, x, a, b, value: x + value * (a / b),
    lambda m, g: g,
    lambda m, g, b, value: g * (value / b),
    lambda m, g, a, b, value: -g * (value * (a / (b * b))),
    into=lambda x, a, b, value: x.__iadd__(value * (a / b)),
    dtypes="float",
)
