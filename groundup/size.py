"""`Size`, the tuple that a tensor's shape is: it prints by name and counts its elements. Nothing stands below it."""

from __future__ import annotations

import math
from typing import Any, SupportsIndex


class Size(tuple[int, ...]):
    """A shape. Follows ``torch.Size``.

    >>> import groundup
    >>> groundup.zeros(3, 3).shape
    groundup.Size([3, 3])
    >>> groundup.zeros(2, 5).shape.numel()
    10
    """

    __slots__ = ()

    def numel(self) -> int:
        """The number of elements of a tensor of this shape (1 for the empty shape)."""
        return math.prod(self)

    def __repr__(self) -> str:
        return f"groundup.Size({list(self)})"

    __str__ = __repr__

    def __getitem__(self, key: SupportsIndex | slice) -> Any:
        item: Any = tuple.__getitem__(self, key)
        return Size(item) if isinstance(key, slice) else item

    def __add__(self, other: tuple[int, ...]) -> Size:  # type: ignore[override]
        return Size(tuple.__add__(self, tuple(other)))

    def __mul__(self, times: SupportsIndex) -> Size:
        return Size(list(self) * times.__index__())

    def __reduce__(self) -> tuple[type, tuple[tuple[int, ...]]]:
        return Size, (tuple(self),)
