"""The activations of networks."""

from __future__ import annotations

from typing import Any

from groundup.ops import kernels
from groundup.ops.elementwise.family import elementwise

SQRT_HALF = 0.7071067811865476
INV_SQRT_2PI = 0.3989422804014327
SQRT_2_OVER_PI = 0.7978845608028654

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
    kernel=kernels.log_sigmoid,
    label="LogSigmoidBackward0",
    smooth=("0 < x", "x < 0"),
)
softplus = elementwise(
    lambda m, x, beta, threshold: m.where(
        x * beta > threshold, x, m.log1p(m.exp(m.minimum(x * beta, threshold))) / beta
    ),
    lambda m, g, x, beta, threshold: m.where(x * beta > threshold, g, g / (1 + m.exp(-x * beta))),
    dtypes="float",
    kernel=kernels.softplus,
    smooth=("0 < beta, x < 0 < threshold", "beta = 1, 0 < threshold < x"),
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
    lambda m, g, x: m.where(x > 0, 0, g * x),
    kernel=kernels.leaky_relu,
    smooth=("0 < x", "x < 0"),
)
elu = elementwise(
    lambda m, x, alpha, scale, rate: scale * m.where(x > 0, x, alpha * m.expm1(rate * m.minimum(x, 0))),
    lambda m, g, x, alpha, scale, rate: m.where(
        x > 0, g * scale, g * (scale * alpha * rate * m.exp(rate * m.minimum(x, 0)))
    ),
    dtypes="floating",
    kernel=kernels.elu,
    smooth=("0 < x", "x < 0"),
)
hardtanh = elementwise(
    lambda m, x, low, high: m.minimum(m.maximum(x, low), high),
    lambda m, g, x, low, high: m.where((x <= low) | (x >= high), 0, g),
    smooth=("low < x < high", "low < high < x", "x < low < high"),
)
hardsigmoid = elementwise(
    lambda m, x: m.minimum(m.maximum(x + 3, 0), 6) / 6,
    lambda m, g, x: m.where((x > -3) & (x < 3), g / 6, 0),
    dtypes="floating",
    smooth=(),
    judge="finite differences and PyTorch: three straight lines",
)
hardswish = elementwise(
    lambda m, x: x * m.minimum(m.maximum(x + 3, 0), 6) / 6,
    lambda m, g, x: m.where(x <= -3, 0, m.where(x < 3, g * (x / 3 + 0.5), g)),
    dtypes="floating",
    smooth=(),
    judge="finite differences and PyTorch: a parabola between two straight lines",
)
hardshrink = elementwise(
    lambda m, x, lambd: m.where(m.abs(x) <= lambd, 0, x),
    lambda m, g, x, lambd: m.where(m.abs(x) <= lambd, 0, g),
    smooth=("0 < lambd < x", "0 < x < lambd", "lambd = 1, x < -1"),
)
softshrink = elementwise(
    lambda m, x, lambd: x - m.minimum(m.maximum(x, -lambd), lambd),
    lambda m, g, x, lambd: m.where(m.abs(x) <= lambd, 0, g),
    smooth=("0 < lambd < x", "0 < x < lambd", "lambd = 1, x < -1"),
)
threshold = elementwise(
    lambda m, x, threshold, value: m.where(x <= threshold, value, x),
    lambda m, g, x, threshold: m.where(x <= threshold, 0, g),
    smooth=("threshold < x", "x < threshold"),
)
silu = elementwise(
    lambda m, x: x / (1 + m.exp(-x)),
    lambda m, g, x: g * _silu_slope(m, x),
    dtypes="floating",
    kernel=kernels.silu,
)
mish = elementwise(
    lambda m, x: x * m.tanh(m.log1p(m.exp(x))),
    lambda m, g, x: g * _mish_slope(m, x),
    dtypes="floating",
    kernel=kernels.mish,
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


def _silu_slope(m: Any, x: Any) -> Any:
    share = 1 / (1 + m.exp(-x))
    return share * (1 + x * (1 - share))


def _mish_slope(m: Any, x: Any) -> Any:
    t = m.tanh(m.log1p(m.exp(x)))
    return t + x * (1 - t * t) / (1 + m.exp(-x))
