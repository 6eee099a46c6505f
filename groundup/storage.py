"""The memory under a tensor as users see it: one row of elements, printed one to a line."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from groundup import dtypes, printing


class Storage:
    """The memory under a tensor, as a row of elements. Follows ``torch.Storage``: indexing, length, printing."""

    def __init__(self, elements: np.ndarray) -> None:
        self._elements = elements

    def __len__(self) -> int:
        return len(self._elements)

    size = __len__

    def __getitem__(self, key: Any) -> Any:
        found = self._elements[key]
        return found.item() if found.ndim == 0 else type(self)(found)

    def __setitem__(self, key: Any, value: Any) -> None:
        self._elements[key] = value

    def __iter__(self) -> Iterator[Any]:
        return iter(self._elements.tolist())

    def tolist(self) -> list[Any]:
        """The elements as Python numbers."""
        return self._elements.tolist()

    def data_ptr(self) -> int:
        """The address of the first element."""
        return int(self._elements.ctypes.data)

    def __repr__(self) -> str:
        return printing.storage_repr(self._elements, dtypes.OF_NUMPY[self._elements.dtype])
