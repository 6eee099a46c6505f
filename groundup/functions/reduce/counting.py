"""Histograms: how many elements fall between neighbouring edges."""

from __future__ import annotations

import builtins
from typing import Any

import numpy as np

from groundup.autograd.tape import TensorBase, wrap
from groundup.functions.reduce.results import histogram_result

__all__ = ["histc", "histogram"]

Tensor = Any


def histc(input: Tensor, bins: int = 100, min: float = 0, max: float = 0) -> Tensor:
    """How many elements fall into each of `bins` equal parts between min and max (those of the data, if equal).

    >>> import groundup
    >>> groundup.histc(groundup.tensor([1.0, 2.0, 1.0]), bins=4, min=0, max=3)
    tensor([0., 2., 1., 0.])
    """
    x = input._array
    if bins <= 0:
        raise RuntimeError("torch.histc(): bins must be > 0")
    low, high = _ends(x, min, max, 1, "torch.histc")
    inside = x[(x >= low) & (x <= high)]
    places = ((inside - low) / (high - low) * bins).astype(np.int64)
    return wrap(np.bincount(np.minimum(places, bins - 1), minlength=bins).astype(x.dtype))


def _ends(x: np.ndarray, low: Any, high: Any, margin: float, name: str) -> tuple[Any, Any]:
    """Where the bins begin and end: as given, or where the data do; so far apart if that is at one place."""
    if low == high and x.size:
        low, high = x.min(), x.max()
    if not (np.isfinite(low) and np.isfinite(high)):
        raise RuntimeError(f"{name}: range of [{low:g}, {high:g}] is not finite")
    if low > high:
        raise RuntimeError(f"{name}: max must be larger than min")
    return (low - margin, high + margin) if low == high else (low, high)


def histogram(
    input: Tensor,
    bins: int | Tensor,
    *,
    range: tuple[float, float] | None = None,
    weight: Tensor | None = None,
    density: bool = False,
) -> histogram_result:
    """The weight of the elements between neighbouring edges, and the edges: given, or so many equal parts of `range`.

    With `density` the bars have the area 1.

    >>> import groundup
    >>> groundup.histogram(groundup.tensor([1.0, 2.0, 1.0]), 2, range=(0.0, 3.0)).hist
    tensor([2., 1.])
    """
    x = input._array.reshape(-1)
    if isinstance(bins, TensorBase):
        edges = bins._array
        if edges.dtype != x.dtype:
            raise RuntimeError("torch.histogram(): input tensor and bins tensors should have the same dtype")
    else:
        first, last = range or (0, 0 if x.size else 1)
        low, high = _ends(x, first, last, 0.5, "torch.histogram")
        edges = np.linspace(low, high, bins + 1, dtype=x.dtype)
    if weight is not None and weight._array.shape != input._array.shape:
        raise RuntimeError(
            "torch.histogram(): if weight tensor is provided it should have the same shape as the input tensor "
            "excluding its innermost dimension"
        )
    inside = (x >= edges[0]) & (x <= edges[-1])
    places = np.searchsorted(edges, x[inside], side="right") - 1
    weights = None if weight is None else weight._array.reshape(-1)[inside]
    bars = builtins.max(len(edges) - 1, 1)
    found = np.bincount(np.minimum(places, bars - 1), weights, bars)
    if density:
        found = found / (found.sum() * np.diff(edges))
    return histogram_result(wrap(found.astype(x.dtype)), wrap(edges.copy()))
