"""Normalisation: rows that subtract the mean over some axes and divide by the standard deviation.

There are two kinds. Where the last axes are normalised (layer, group, instance normalisation, and with `centred` off,
which leaves the mean in place, RMS normalisation) the rows are measured on the way, `ops.normalise_rows`. Where the
first axis is among them (batch normalisation), `moments` measures x before, `ops.normalise_columns`. The derivatives
know that the moments are those of x, so that each is one pass forward, one back for x and one for the weight.
"""

from __future__ import annotations

from typing import Any

from groundup.ops import normalise_columns as columns
from groundup.ops import normalise_rows as rows
from groundup.ops.reduce import count, reduction
from groundup.ops.row import name_rows

Axes = tuple[int, ...]


def _second(m: Any, v: Any, g: Any, x: Any, stats: Any, weight: Any, dim: Axes, eps: float, centred: bool) -> Any:
    """The derivative of `normalise_back` with respect to x: x measured anew, so that it has derivatives too.

    With h = g weight, z the normalised x, r = 1 / sqrt(var + eps) and M the mean over `dim`, what is differentiated is
    the sum of v r (h - M(h) - z M(h z)): through z, and through r, whose own derivative is -r ** 2 z / n.
    """
    n = count(x.shape, dim)
    average = m.mean(x, dim=dim, keepdim=True) if centred else 0
    middle = x - average
    r = m.rsqrt(m.mean(middle * middle, dim=dim, keepdim=True) + eps)
    z, h = middle * r, g * weight
    hz = m.mean(h * z, dim=dim, keepdim=True)
    through_z = -r * (v * hz + h * m.mean(v * z, dim=dim, keepdim=True))
    rest = h - z * hz
    if centred:
        rest = rest - m.mean(h, dim=dim, keepdim=True)
    through_r = m.sum(v * rest, dim=dim, keepdim=True) * (-(r * r) / n) * z
    return m.normalise_back(through_z, x, stats, 1, dim=dim, eps=eps, centred=centred) + through_r


moments = reduction(lambda m, x, *, dim: columns.moments(x, dim) if dim[0] == 0 else rows.moments(x, dim))
# `stats` are the moments of x if the first axis is in `dim`, else 0.
normalise = reduction(
    lambda m, x, stats, weight, bias, *, dim, eps, centred: (
        columns.normalise(x, stats, weight, bias, eps)
        if dim[0] == 0
        else rows.normalise(x, weight, bias, dim, eps, centred)
    ),
    lambda m, g, x, stats, weight, dim, eps, centred: m.normalise_back(
        g, x, stats, weight, dim=dim, eps=eps, centred=centred
    ),
    None,
    lambda m, g, x, stats, shape, dim, eps, centred: m.normalise_weight(
        g, x, stats, size=shape, dim=dim, eps=eps, centred=centred
    ),
    lambda m, g, shape: m.sum_to(g, size=shape),
)
normalise_back = reduction(
    lambda m, v, x, stats, weight, *, dim, eps, centred: (
        columns.back(v, x, stats, weight, dim, eps) if dim[0] == 0 else rows.back(v, x, weight, dim, eps, centred)
    ),
    lambda m, g, x, stats, weight, dim, eps, centred: (
        m.normalise_back(g, x, stats, 1, dim=dim, eps=eps, centred=centred) * weight
    ),
    lambda m, g, v, x, stats, weight, dim, eps, centred: _second(m, g, v, x, stats, weight, dim, eps, centred),
    None,
    lambda m, g, v, x, stats, shape, dim, eps, centred: m.sum_to(
        m.normalise_back(g, x, stats, 1, dim=dim, eps=eps, centred=centred) * v, size=shape
    ),
    judge="finite differences and PyTorch",
)
normalise_weight = reduction(
    lambda m, v, x, stats, *, size, dim, eps, centred: (
        columns.weight_back(v, x, stats, size, dim, eps)
        if dim[0] == 0
        else rows.weight_back(v, x, size, dim, eps, centred)
    ),
    lambda m, g, x, stats, dim, eps, centred: m.normalise(x, stats, g, 0, dim=dim, eps=eps, centred=centred),
    lambda m, g, v, x, stats, dim, eps, centred: m.normalise_back(v, x, stats, g, dim=dim, eps=eps, centred=centred),
    judge="finite differences and PyTorch",
)

ROWS = name_rows(globals())
