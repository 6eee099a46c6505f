"""Histograms: how many elements fall between neighbouring edges. No derivative."""

from __future__ import annotations

from typing import Any

import numpy as np

from groundup.ops.reduce.family import reduction

histc = reduction(lambda m, x, *, bins, low, high: _counted(x, bins, low, high))
bin_edges = reduction(lambda m, x, *, bins, low, high: _edges(x, bins, low, high))
# The weight is an array of the same shape, or 1.
histogram = reduction(lambda m, x, edges, weight, *, density: _bars(x, edges, weight, density))


def _ends(x: np.ndarray, low: Any, high: Any, margin: float, name: str) -> tuple[Any, Any]:
    """Where the bins begin and end: as given, or where the data do; so far apart if that is at one place."""
    if low == high and x.size:
        low, high = x.min(), x.max()
    if not (np.isfinite(low) and np.isfinite(high)):
        raise RuntimeError(f"{name}: range of [{low:g}, {high:g}] is not finite")
    if low > high:
        raise RuntimeError(f"{name}: max must be larger than min")
    return (low - margin, high + margin) if low == high else (low, high)


def _counted(x: np.ndarray, bins: int, low: Any, high: Any) -> np.ndarray:
    """How many elements fall into each of so many equal parts."""
    low, high = _ends(x, low, high, 1, "torch.histc")
    inside = x[(x >= low) & (x <= high)]
    places = ((inside - low) / (high - low) * bins).astype(np.int64)
    return np.bincount(np.minimum(places, bins - 1), minlength=bins).astype(x.dtype)


def _edges(x: np.ndarray, bins: int, low: Any, high: Any) -> np.ndarray:
    """The edges of so many equal parts."""
    low, high = _ends(x, low, high, 0.5, "torch.histogram")
    return np.linspace(low, high, bins + 1, dtype=x.dtype)


def _bars(x: np.ndarray, edges: np.ndarray, weight: Any, density: bool) -> np.ndarray:
    """The weight of the elements between neighbouring edges; with `density` the bars have the area 1."""
    line = x.reshape(-1)
    inside = (line >= edges[0]) & (line <= edges[-1])
    places = np.searchsorted(edges, line[inside], side="right") - 1
    weights = weight.reshape(-1)[inside] if isinstance(weight, np.ndarray) else None
    bars = max(len(edges) - 1, 1)
    found = np.bincount(np.minimum(places, bars - 1), weights, bars)
    if density:
        found = found / (found.sum() * np.diff(edges))
    return found.astype(x.dtype)
