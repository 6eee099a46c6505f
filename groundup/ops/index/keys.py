"""Keys of square brackets, with arrays among them, and rows of a table."""

from __future__ import annotations

from typing import Any

import numpy as np

from groundup.ops.index.adding import add_at as _add_at
from groundup.ops.index.family import ARRAY, indexing, rebuild


def _added(g: np.ndarray, key: tuple[Any, ...], size: tuple[int, ...]) -> np.ndarray:
    """Zeros of `size` with `g` added at `key`, once for each time that a position occurs."""
    out = np.zeros(size, g.dtype)
    _add_at(out, key, g)
    return out


def _with_added(x: np.ndarray, value: Any, key: tuple[Any, ...]) -> np.ndarray:
    out = np.array(x, order="C")
    _add_at(out, key, value)
    return out


def _assigned(x: np.ndarray, value: Any, key: tuple[Any, ...]) -> np.ndarray:
    out = np.array(x)
    out[key] = value
    return out


index = indexing(
    lambda m, x, *indices, pattern: x[rebuild(pattern, indices)],
    lambda m, g, rest, pattern, shape: m.index_added(g, *rest, pattern=pattern, size=shape),
)

index_added = indexing(
    lambda m, x, *indices, pattern, size: _added(x, rebuild(pattern, indices), size),
    lambda m, g, rest, pattern: m.index(g, *rest, pattern=pattern),
)

assign = indexing(
    lambda m, x, value, *indices, pattern: _assigned(x, value, rebuild(pattern, indices)),
    lambda m, g, rest, pattern: m.assign(g, 0, *rest, pattern=pattern),
    lambda m, g, rest, pattern: m.index(g, *rest, pattern=pattern),
    label="CopySlices",
)

add_at = indexing(
    lambda m, x, value, *indices, pattern: _with_added(x, value, rebuild(pattern, indices)),
    lambda m, g: g,
    lambda m, g, rest, pattern: m.index(g, *rest, pattern=pattern),
    label="IndexPutBackward0",
)
index_select = indexing(
    lambda m, x, index, *, dim: x.take(index, axis=dim),
    lambda m, g, index, dim, shape: m.index_added(g, index, pattern=(slice(None),) * dim + (ARRAY,), size=shape),
)
# As `embedding`, but the gradient passes over the row `padding`, and if `shared` the indices of a row share it.
padded_embedding = indexing(
    lambda m, weight, index, *, padding, shared: weight[index],
    lambda m, g, index, shape, padding, shared: m.index_added(
        _row_gradients(m, g, index, padding, shape[0] if shared else None), index, pattern=(ARRAY,), size=shape
    ),
    label="EmbeddingBackward0",
)
embedding = indexing(
    lambda m, weight, index: weight[index],
    lambda m, g, index, shape: m.index_added(g, index, pattern=(ARRAY,), size=shape),
)


def _row_gradients(m: Any, g: Any, index: Any, padding: int | None, count: int | None) -> Any:
    """0 for the padding; with a `count` of rows, the others divided by how often their index occurs."""
    if padding is not None:
        g = m.where(m.reshape(index, size=(*index.shape, 1)) == padding, 0, g)
    if count is None:
        return g
    found = m.index_added(m.cast(index == index, to=g.dtype), index, pattern=(ARRAY,), size=(count,))
    return g / m.reshape(m.index(found, index, pattern=(ARRAY,)), size=(*index.shape, 1))
