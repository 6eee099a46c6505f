"""Which of several values; and the change of type."""

from __future__ import annotations

from groundup.ops.elementwise.family import elementwise

# Choosing: at a tie, maximum and minimum share the gradient equally
maximum = elementwise(
    lambda m, a, b: m.maximum(a, b),
    lambda m, g, a, b: m.where(a == b, g / 2, m.where(a < b, 0, g)),
    lambda m, g, a, b: m.where(a == b, g / 2, m.where(b < a, 0, g)),
    ufunc="maximum",
    smooth=("a < b", "b < a"),
)
minimum = elementwise(
    lambda m, a, b: m.minimum(a, b),
    lambda m, g, a, b: m.where(a == b, g / 2, m.where(a > b, 0, g)),
    lambda m, g, a, b: m.where(a == b, g / 2, m.where(b > a, 0, g)),
    ufunc="minimum",
    smooth=("a < b", "b < a"),
)
# fmax and fmin leave nan out: a number beside it wins; at a tie the first has the gradient
fmax = elementwise(
    lambda m, a, b: m.fmax(a, b),
    lambda m, g, a, b: m.where((a >= b) | (b != b), g, 0),
    lambda m, g, a, b: m.where((a >= b) | (b != b), 0, g),
    ufunc="fmax",
    smooth=("a < b", "b < a"),
)
fmin = elementwise(
    lambda m, a, b: m.fmin(a, b),
    lambda m, g, a, b: m.where((a <= b) | (b != b), g, 0),
    lambda m, g, a, b: m.where((a <= b) | (b != b), 0, g),
    ufunc="fmin",
    smooth=("a < b", "b < a"),
)
clamp_min = elementwise(
    lambda m, x, low: m.maximum(x, low),
    lambda m, g, x, low: m.where(x >= low, g, 0),
    lambda m, g, x, low: m.where(x < low, g, 0),
    ufunc="maximum",
    smooth=("low < x", "x < low"),
)
clamp_max = elementwise(
    lambda m, x, high: m.minimum(x, high),
    lambda m, g, x, high: m.where(x <= high, g, 0),
    lambda m, g, x, high: m.where(x > high, g, 0),
    ufunc="minimum",
    smooth=("x < high", "high < x"),
)
where = elementwise(
    lambda m, condition, a, b: m.where(condition, a, b),
    None,
    lambda m, g, condition: m.where(condition, g, 0),
    lambda m, g, condition: m.where(condition, 0, g),
    dtypes="where",
    smooth=("0 < condition", "condition = 0"),
)

# A change of type: the gradient returns in the type that it left
cast = elementwise(
    lambda m, x, *, to: m.cast(x, to), lambda m, g: g, dtypes="own", label="ToCopyBackward0", judge="identity"
)
