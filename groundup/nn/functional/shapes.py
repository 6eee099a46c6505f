"""What convolution and pooling share: arguments that are one number or two, and the sizes of windows."""

from __future__ import annotations

import operator
from typing import Any


def pair(name: str, value: Any) -> tuple[int, int]:
    """``value`` as (height, width): one integer serves for both.

    >>> pair("stride", 2), pair("stride", (2, 1))
    ((2, 2), (2, 1))
    """
    values = tuple(value) if isinstance(value, (tuple, list)) else (value,)
    try:
        found = tuple(operator.index(each) for each in values)
    except TypeError:
        raise TypeError(f"{name} must be an integer or a pair of integers, got {value!r}") from None
    if len(found) == 1:
        return found[0], found[0]
    if len(found) == 2:
        return found[0], found[1]
    raise RuntimeError(f"{name} must be an integer or a pair of integers, got {value!r}")


def check_at_least(name: str, values: tuple[int, int], least: int) -> None:
    """Raises unless both values are at least ``least``."""
    if min(values) < least:
        kind = "negative" if least == 0 else "non-positive"
        raise RuntimeError(f"{kind} {name} is not supported\n  {name} is {values}; the least is {least}")


def batched(operation: str, shape: tuple[int, ...]) -> bool:
    """Whether an image tensor has a batch dimension; raises unless it has three or four dimensions."""
    if len(shape) in (3, 4):
        return len(shape) == 4
    raise RuntimeError(
        f"Expected 3D (unbatched) or 4D (batched) input to {operation}, "
        f"but got input of size: {list(shape)}\n"
        "  images have the shape (batch, channels, height, width)"
    )
