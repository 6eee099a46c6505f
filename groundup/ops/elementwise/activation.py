"""The activations of networks."""

from __future__ import annotations

from typing import Any

from groundup.ops import kernels
from groundup.ops.elementwise.family import elementwise

SQRT_HALF = 0.7071067811865476
INV_SQRT_2PI = 0.3989422804014327
SQRT_2_OVER_PI = 0.7978845608028654

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
