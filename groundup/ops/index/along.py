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
    if not isinstance(src, np.ndarray) or src.shape == index.shape:
        return src
    return src[tuple([slice(n) for n in index.shape])]


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
scatter_prod = indexing(
    lambda m, x, index, src, *, dim: _combined(x, index, src, dim, np.multiply),
    lambda m, g, x, index, src, dim: _factor_self(m, g, x, index, src, dim),
    None,
    lambda m, g, x, index, src, y, dim: _factor_src(m, g, x, index, src, y, dim),
    judge="finite differences and PyTorch",
)
scatter_extreme = indexing(
    lambda m, x, index, src, *, dim, how: _combined(x, index, src, dim, getattr(np, how)),
    lambda m, g, x, index, src, y, dim: m.where(x == y, _share(m, g, x, index, src, y, dim), 0),
    None,
    lambda m, g, x, index, src, y, dim: m.where(
        src == m.gather(y, index, dim=dim), m.gather(_share(m, g, x, index, src, y, dim), index, dim=dim), 0
    ),
    judge="finite differences and PyTorch",
)


def _factor_self(m: Any, g: Any, x: Any, index: Any, src: Any, dim: int) -> Any:
    """g times the product of what `src` sends to each place, which is a quotient with the zeros of `x` made 1."""
    whole = m.where(x == 0, 1, x)
    return g * (m.scatter_prod(whole, index, src, dim=dim) / whole)


def _factor_src(m: Any, g: Any, x: Any, index: Any, src: Any, y: Any, dim: int) -> Any:
    """g times the product of the others: a quotient, for a zero that is alone in its place with 1 in its stead."""
    zero = src == 0
    zeros = m.gather_added(m.cast(zero, to=g.dtype), index, dim=dim, size=tuple(x.shape))
    alone = zero & (m.gather(zeros, index, dim=dim) == 1)
    without = m.scatter_prod(x, index, m.where(alone, 1, src), dim=dim)
    others = m.where(alone, m.gather(without, index, dim=dim), m.gather(y, index, dim=dim) / m.where(zero, 1, src))
    return m.gather(g, index, dim=dim) * others


def _share(m: Any, g: Any, x: Any, index: Any, src: Any, y: Any, dim: int) -> Any:
    """The gradient divided by the number of those that reach the extreme."""
    reached = m.cast(src == m.gather(y, index, dim=dim), to=g.dtype)
    return g / m.scatter_add(m.cast(x == y, to=g.dtype), index, reached, dim=dim)
