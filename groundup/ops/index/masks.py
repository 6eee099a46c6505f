"""What a mask or counts choose, in results whose shapes do not depend on how many there are."""

from __future__ import annotations

import math

import numpy as np

from groundup.ops.index.family import indexing


def _put(x: np.ndarray, mask: np.ndarray, source: np.ndarray) -> np.ndarray:
    count = int(np.count_nonzero(mask))
    if source.size < count:
        raise RuntimeError(
            f"Number of elements of source < number of ones in mask\n  There are {source.size} for {count} places."
        )
    out = np.array(x)
    out[mask] = source.reshape(-1)[:count]
    return out


def _taken(x: np.ndarray, mask: np.ndarray, size: tuple[int, ...]) -> np.ndarray:
    """The elements where the mask holds, in order, and zeros behind them."""
    out = np.zeros(math.prod(size), x.dtype)
    found = x[mask]
    out[: found.size] = found
    return out.reshape(size)


def places_of(counts: np.ndarray, size: int, total: int | None) -> np.ndarray:
    """The index of each of `size` elements, as often as the counts say: `total` times together, if that is known."""
    if (counts < 0).any():
        raise RuntimeError("repeats can not be negative")
    found = np.repeat(np.arange(size), counts)
    if total is not None and total != found.size:
        raise RuntimeError(f"allocated size does not match required size\n  {total} and {found.size}")
    return found


masked_put = indexing(
    lambda m, x, mask, source: _put(x, mask, source),
    lambda m, g, mask: m.where(mask, 0, g),
    None,
    lambda m, g, mask, shape: m.masked_taken(g, mask, size=shape),
    label="MaskedScatterBackward0",
    judge="finite differences and PyTorch",
)
masked_taken = indexing(
    lambda m, x, mask, *, size: _taken(x, mask, size),
    lambda m, g, mask: m.masked_put(m.cast(mask, to=g.dtype), mask, g),  # nothing is left of the mask's ones
    judge="finite differences and PyTorch",
)
repeated_places = indexing(lambda m, counts, *, size, total: places_of(counts, size, total))
