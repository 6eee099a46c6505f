"""Tuples whose items have names: small records, and what the functions with several results return.

`typing.NamedTuple` needs ten times as long to make a class, which counts where importing the library makes dozens.
"""

from __future__ import annotations

from operator import itemgetter
from typing import Any, ClassVar


class Named(tuple[Any, ...]):
    """The base of such a class, whose annotations are the names in order; a class without any has its base's.

    >>> class Point(Named):
    ...     x: float
    ...     y: float
    >>> Point(3.0, 4.0).y
    4.0
    """

    __slots__ = ()

    _fields: ClassVar[tuple[str, ...]] = ()

    def __init_subclass__(cls) -> None:
        names = cls.__annotations__
        if names:
            cls._fields = tuple(names)
            for place, name in enumerate(names):
                setattr(cls, name, property(itemgetter(place)))

    def __new__(cls, *values: Any) -> Any:
        if len(values) != len(cls._fields):
            raise TypeError(f"{cls.__name__}() takes {len(cls._fields)} values but {len(values)} were given")
        return tuple.__new__(cls, values)

    def __getnewargs__(self) -> tuple[Any, ...]:
        return tuple(self)

    def _shown(self) -> list[str]:
        return [f"{name}={value!r}" for name, value in zip(self._fields, self, strict=True)]

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(self._shown())})"


class Result(Named):
    """The results of one function, printed as PyTorch prints its own: each on a line of its own."""

    __slots__ = ()

    def __repr__(self) -> str:
        name = type(self).__name__.removesuffix("_result")
        fields = ",\n".join(self._shown())
        return f"groundup.return_types.{name}(\n{fields})"
