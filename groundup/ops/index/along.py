"""Positions along one axis: gather and scatter."""

from __future__ import annotations

from typing import Any

import numpy as np

from groundup.ops.index.adding import MANY, combine_along, flat_place, place
from groundup.ops.index.family import indexing


def _gathered(x: np.ndarray, index: np.ndarray, dim: int) -> np.ndarray:
    if index.size < MANY or not x.flags.c_contiguous:
        return x[place(index, dim)]
    return x.reshape(-1)[flat_place(index, dim, x.shape)].reshape(index.shape)


def _used(index: np.ndarray, src: Any) -> Any:
    """The part of `src` that has an index."""
    return src[tuple([slice(n) for n in index.shape])] if isinstance(src, np.ndarray) else src


def _scattered(x: np.ndarray, index: np.ndarray, src: Any, dim: int) -> np.ndarray:
    out = np.array(x, order="C")
    src = _used(index, src)
    if index.size < MANY:
        out[place(index, dim)] = src
    else:
        out.reshape(-1)[flat_place(index, dim, out.shape)] = src.reshape(-1) if isinstance(src, np.ndarray) else src
    return out


def _combined(x: np.ndarray, index: np.ndarray, src: Any, dim: int, how: np.ufunc) -> np.ndarray:
    out = np.array(x, order="C")
    combine_along(out, index, _used(index, src), dim, how)
    return out


def _gather_added(g: np.ndarray, index: np.ndarray, dim: int, size: tuple[int, ...]) -> np.ndarray:
    out = np.zeros(size, g.dtype)
    combine_along(out, index, g, dim)
    return out


def _read_back(m: Any, g: Any, index: Any, dim: int, shape: tuple[int, ...]) -> Any:
    """The gradient of scattered values: read from where they went; parts of `src` beyond `index` were not used."""
    read = m.gather(g, index, dim=dim)
    widths = tuple((0, have - used) for have, used in zip(shape, read.shape, strict=True))
    return m.pad(read, widths=widths, value=0) if any(after for _, after in widths) else read


gather = indexing(
    lambda m, x, index, *, dim: _gathered(x, index, dim),
    lambda m, g, index, dim, shape: m.gather_added(g, index, dim=dim, size=shape),
)
gather_added = indexing(
    lambda m, x, index, *, dim, size: _gather_added(x, index, dim, size),
    lambda m, g, index, dim: m.gather(g, index, dim=dim),
)
scatter = indexing(
    lambda m, x, index, src, *, dim: _scattered(x, index, src, dim),
    lambda m, g, index, dim: m.scatter(g, index, 0, dim=dim),
    None,
    lambda m, g, index, dim, shape: _read_back(m, g, index, dim, shape),
)
scatter_add = indexing(
    lambda m, x, index, src, *, dim: _combined(x, index, src, dim, np.add),
    lambda m, g: g,
    None,
    lambda m, g, index, dim, shape: _read_back(m, g, index, dim, shape),
)
