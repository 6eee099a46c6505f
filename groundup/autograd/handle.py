"""`RemovableHandle`: what registering a hook returns, whether on a tensor, a module or an optimiser."""

from __future__ import annotations

import itertools
from typing import Any

_identifiers = itertools.count()


class RemovableHandle:
    """Takes a hook out of its table by `remove()`, or at the end of a ``with`` block.

    Follows ``torch.utils.hooks.RemovableHandle``.

    >>> import groundup
    >>> x = groundup.ones(1, requires_grad=True)
    >>> with x.register_hook(lambda grad: print("gradient", grad)):
    ...     x.sum().backward()
    gradient tensor([1.])
    >>> x.sum().backward()
    """

    def __init__(self, table: dict[int, Any]) -> None:
        self._table = table
        # A table that was pickled elsewhere holds numbers which this process has yet to give out.
        self.id = next(number for number in _identifiers if number not in table)

    def remove(self) -> None:
        """Take the hook away; doing so twice is harmless."""
        self._table.pop(self.id, None)

    def __enter__(self) -> RemovableHandle:
        return self

    def __exit__(self, *exception: object) -> None:
        self.remove()
