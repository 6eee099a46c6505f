"""What convolution and pooling share: arguments that are one number or one for each axis."""

from __future__ import annotations

import operator
from typing import Any

Sizes = int | tuple[int, ...]
LAYOUTS = {1: "length", 2: "height, width", 3: "depth, height, width"}


def integers(name: str, value: Any, count: int) -> tuple[int, ...]:
    """``value`` as ``count`` integers, one for each axis: a single one serves for all.

    >>> integers("stride", 2, 3), integers("stride", (2, 1), 2)
    ((2, 2, 2), (2, 1))
    """
    values = tuple(value) if isinstance(value, (tuple, list)) else (value,)
    try:
        found = tuple([operator.index(each) for each in values])
    except TypeError:
        raise TypeError(f"{name} must be an integer or {count} integers, got {value!r}") from None
    if len(found) == count:
        return found
    if len(found) == 1:
        return found * count
    raise RuntimeError(f"{name} must be an integer or {count} integers, got {value!r}")


def hashable(value: Any) -> Any:
    """A list as a tuple, so that settings can be looked up among those that were checked before."""
    return tuple(value) if type(value) is list else value


def layout(rank: int) -> str:
    """What the axes of a batch of images are, in the words of messages."""
    return f"(batch, channels, {LAYOUTS[rank]})"


def batched(operation: str, shape: tuple[int, ...], rank: int) -> bool:
    """Whether images of that shape have a batch dimension; raises unless one or two axes precede the image's."""
    if len(shape) in (rank + 1, rank + 2):
        return len(shape) == rank + 2
    raise RuntimeError(
        f"Expected {rank + 1}D (unbatched) or {rank + 2}D (batched) input to {operation}, "
        f"but got input of size: {list(shape)}\n  images have the shape {layout(rank)}"
    )
