"""The elementwise family: each row is ordinary Python in the mathematics `m`, its derivatives beside it.

A row is read five ways: on Python floats, NumPy arrays, Tensors, SymPy symbols and source text. `g` is the incoming
gradient and `y` the result. A masked gradient selects with `where`, since `g * 0` would turn an inf into nan.
`smooth` names the regions on which algebra proves the derivative; at a kink the row follows PyTorch's convention.
"""

from __future__ import annotations

from typing import Any

from groundup.ops import kernels
from groundup.ops.row import Formula, Row, name_rows

SQRT_HALF = 0.7071067811865476
INV_SQRT_2PI = 0.3989422804014327
SQRT_2_OVER_PI = 0.7978845608028654
INV_LN2 = 1.4426950408889634
INV_LN10 = 0.4342944819032518


def elementwise(
    forward: Formula,
    *grads: Formula | None,
    dtypes: str = "promote",
    label: str | None = None,
    ufunc: str | None = None,
    kernel: Formula | None = None,
    into: Formula | None = None,
    smooth: tuple[str, ...] = ("",),
    judge: str | None = None,
) -> Row:
    """An elementwise row: NumPy broadcasting, one derivative formula for each argument."""
    return Row(
        "elementwise",
        forward,
        grads,
        dtypes=dtypes,
        label=label,
        ufunc=ufunc,
        kernel=kernel,
        into=into,
        smooth=smooth,
        judge=judge,
    )


# Arithmetic
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
        return g * (p * m.pow(x, p - 1)) if p else _zero(m, g)
    return m.where(p == 0, 0, g * (p * m.pow(x, p - 1)))


def _zero(m: Any, g: Any) -> Any:
    """0 whatever `g` is, also inf or nan, which g * 0 would make nan."""
    return m.where(m.abs(g) < 0, g, 0)


square = elementwise(lambda m, x: x * x, lambda m, g, x: g * (2 * x), label="PowBackward0", ufunc="square")
reciprocal = elementwise(lambda m, x: 1 / x, lambda m, g, y: -g * (y * y), dtypes="float")
floor_divide = elementwise(lambda m, a, b: m.floor_divide(a, b))
remainder = elementwise(
    lambda m, a, b: m.remainder(a, b),
    lambda m, g: g,
    lambda m, g, a, b: -g * m.floor_divide(a, b),
    smooth=(),
    judge="finite differences and PyTorch: floor is piecewise constant",
)
abs_ = elementwise(lambda m, x: m.abs(x), lambda m, g, x: g * m.sign(x), ufunc="absolute", smooth=("0 < x", "x < 0"))
sign = elementwise(lambda m, x: m.sign(x), lambda m, g: _zero(m, g), smooth=("0 < x", "x < 0"))

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

# Activations
tanh = elementwise(lambda m, x: m.tanh(x), lambda m, g, y: g * (1 - y * y), dtypes="float", ufunc="tanh")
sigmoid = elementwise(
    lambda m, x: 1 / (1 + m.exp(-x)),
    lambda m, g, y: g * (y * (1 - y)),
    dtypes="float",
    kernel=kernels.sigmoid,
)
log_sigmoid = elementwise(
    lambda m, x: m.minimum(x, 0) - m.log1p(m.exp(-m.abs(x))),
    lambda m, g, x: g / (1 + m.exp(x)),
    dtypes="float",
    label="LogSigmoidBackward0",
    smooth=("0 < x", "x < 0"),
)
softplus = elementwise(
    lambda m, x, beta, threshold: m.where(
        x * beta > threshold, x, m.log1p(m.exp(m.minimum(x * beta, threshold))) / beta
    ),
    lambda m, g, x, beta, threshold: m.where(x * beta > threshold, g, g / (1 + m.exp(-x * beta))),
    dtypes="float",
    smooth=("0 < beta, x < 0 < threshold", "beta = 1, 0 < threshold < x"),
)
erf = elementwise(
    lambda m, x: m.erf(x),
    lambda m, g, x: g * (2 * SQRT_2_OVER_PI * SQRT_HALF * m.exp(-x * x)),
    dtypes="float",
)
relu = elementwise(
    lambda m, x: m.maximum(x, 0),
    lambda m, g, y: m.where(y != 0, g, 0),
    kernel=kernels.relu,
    smooth=("0 < x", "x < 0"),
)
leaky_relu = elementwise(
    lambda m, x, slope: m.where(x > 0, x, slope * x),
    lambda m, g, x, slope: m.where(x > 0, g, slope * g),
    smooth=("0 < x", "x < 0"),
)
gelu = elementwise(
    lambda m, x: x * (0.5 * (1 + m.erf(x * SQRT_HALF))),
    lambda m, g, x: g * (0.5 * (1 + m.erf(x * SQRT_HALF)) + x * (INV_SQRT_2PI * m.exp(-0.5 * (x * x)))),
    dtypes="float",
    kernel=kernels.gelu,
)
gelu_tanh = elementwise(
    lambda m, x: 0.5 * x * (1 + m.tanh(SQRT_2_OVER_PI * (x + 0.044715 * (x * x * x)))),
    lambda m, g, x: g * _gelu_tanh_slope(m, x),
    dtypes="float",
    kernel=kernels.gelu_tanh,
    label="GeluBackward0",
)


def _gelu_tanh_slope(m: Any, x: Any) -> Any:
    t = m.tanh(SQRT_2_OVER_PI * (x + 0.044715 * (x * x * x)))
    return 0.5 * (1 + t) + 0.5 * x * (1 - t * t) * (SQRT_2_OVER_PI * (1 + 3 * 0.044715 * (x * x)))


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

# Rounding: the slope is zero wherever there is one
floor = elementwise(
    lambda m, x: m.floor(x), lambda m, g: _zero(m, g), ufunc="floor", smooth=(), judge="piecewise constant"
)
ceil = elementwise(
    lambda m, x: m.ceil(x), lambda m, g: _zero(m, g), ufunc="ceil", smooth=(), judge="piecewise constant"
)
round_ = elementwise(
    lambda m, x: m.round(x), lambda m, g: _zero(m, g), ufunc="rint", smooth=(), judge="piecewise constant"
)
trunc = elementwise(
    lambda m, x: m.trunc(x), lambda m, g: _zero(m, g), ufunc="trunc", smooth=(), judge="piecewise constant"
)

# Comparisons and logic: no derivative
eq = elementwise(lambda m, a, b: a == b, dtypes="bool", ufunc="equal")
ne = elementwise(lambda m, a, b: a != b, dtypes="bool", ufunc="not_equal")
lt = elementwise(lambda m, a, b: a < b, dtypes="bool", ufunc="less")
le = elementwise(lambda m, a, b: a <= b, dtypes="bool", ufunc="less_equal")
gt = elementwise(lambda m, a, b: a > b, dtypes="bool", ufunc="greater")
ge = elementwise(lambda m, a, b: a >= b, dtypes="bool", ufunc="greater_equal")
isnan = elementwise(lambda m, x: x != x, dtypes="bool", ufunc="isnan")
isinf = elementwise(lambda m, x: m.isinf(x), dtypes="bool", ufunc="isinf")
isfinite = elementwise(lambda m, x: m.isfinite(x), dtypes="bool", ufunc="isfinite")
logical_and = elementwise(lambda m, a, b: m.logical_and(a, b), dtypes="bool", ufunc="logical_and")
logical_or = elementwise(lambda m, a, b: m.logical_or(a, b), dtypes="bool", ufunc="logical_or")
logical_xor = elementwise(lambda m, a, b: m.logical_xor(a, b), dtypes="bool", ufunc="logical_xor")
logical_not = elementwise(lambda m, x: m.logical_not(x), dtypes="bool", ufunc="logical_not")
bitwise_and = elementwise(lambda m, a, b: a & b, dtypes="integral", ufunc="bitwise_and")
bitwise_or = elementwise(lambda m, a, b: a | b, dtypes="integral", ufunc="bitwise_or")
bitwise_xor = elementwise(lambda m, a, b: a ^ b, dtypes="integral", ufunc="bitwise_xor")
bitwise_not = elementwise(lambda m, x: ~x, dtypes="integral", ufunc="bitwise_not")

# A change of type: the gradient returns in the type that it left
cast = elementwise(
    lambda m, x, *, to: m.cast(x, to), lambda m, g: g, dtypes="own", label="ToCopyBackward0", judge="identity"
)

ROWS = name_rows(globals())
