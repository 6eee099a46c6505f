"""What a library can ask the namespace about itself."""

from __future__ import annotations

from typing import Any

from groundup.array_api.data_types import KINDS, default_float, int64
from groundup.dtypes import dtype
from groundup.functions import creation

__all__ = ["__array_namespace_info__"]


class _Info:
    """What `__array_namespace_info__` returns."""

    def capabilities(self) -> dict[str, Any]:
        """What the standard leaves to each library."""
        return {"boolean indexing": True, "data-dependent shapes": True, "max dimensions": 64}

    def default_device(self) -> creation.device:
        """The CPU."""
        return creation.device("cpu")

    def devices(self) -> list[creation.device]:
        """The CPU."""
        return [creation.device("cpu")]

    def default_dtypes(self, *, device: Any = None) -> dict[str, dtype]:
        """The types of new arrays that say none. There is no complex one."""
        creation.device("cpu" if device is None else device)
        return {"real floating": default_float(), "integral": int64, "indexing": int64}

    def dtypes(self, *, device: Any = None, kind: str | tuple[str, ...] | None = None) -> dict[str, dtype]:
        """The types of a kind (all without one), by name."""
        creation.device("cpu" if device is None else device)
        if kind is None:
            kind = ("bool", "numeric")
        names = kind if isinstance(kind, tuple) else (kind,)
        unknown = [name for name in names if name not in KINDS]
        if unknown:
            raise ValueError(f"unknown kind of data type {unknown[0]!r}; write one of {', '.join(map(repr, KINDS))}")
        return {each.name: each for name in names for each in KINDS[name]}


def __array_namespace_info__() -> _Info:
    """What the namespace is able to do, and its types, devices and defaults."""
    return _Info()
