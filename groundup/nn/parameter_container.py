"""Lists and dictionaries of parameters, which belong to the module that holds them."""

from __future__ import annotations

import operator
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Self

from groundup.nn.module import Module
from groundup.nn.parameter import Parameter
from groundup.tensor import Tensor


def _filed(value: Any) -> Any:
    """A tensor as a parameter; anything else as it is."""
    return Parameter(value) if isinstance(value, Tensor) and not isinstance(value, Parameter) else value


def _described(key: Any, value: Any, numbers: str) -> str:
    if not isinstance(value, Tensor):
        return f"({key}): Object of type: {type(value).__name__}"
    kind = "Parameter" if isinstance(value, Parameter) else "Tensor"
    return f"({key}): {kind} containing: [{numbers} of size {'x'.join(map(str, value.shape))}]"


class ParameterList(Module):
    """A list of parameters; tensors become parameters. Follows ``torch.nn.ParameterList``.

    >>> import groundup
    >>> from groundup import nn
    >>> weights = nn.ParameterList([groundup.ones(2), groundup.zeros(3)])
    >>> [(name, p.shape) for name, p in weights.named_parameters()]
    [('0', groundup.Size([2])), ('1', groundup.Size([3]))]
    """

    def __init__(self, values: Iterable[Any] | None = None) -> None:
        self._size = 0
        self.extend(values or ())

    def _key(self, index: int) -> str:
        index = operator.index(index)
        if not -len(self) <= index < len(self):
            raise IndexError(f"index {index} is out of range")
        return str(index % len(self))

    def __len__(self) -> int:
        return self._size

    def __iter__(self) -> Iterator[Any]:
        return iter(self[i] for i in range(len(self)))

    def __getitem__(self, index: int | slice) -> Any:
        if isinstance(index, slice):
            return type(self)(self[i] for i in range(*index.indices(len(self))))
        return getattr(self, self._key(index))

    def __setitem__(self, index: int, value: Any) -> None:
        setattr(self, self._key(index), _filed(value))

    def __dir__(self) -> list[str]:
        return [name for name in super().__dir__() if not name.isdigit()]

    def __iadd__(self, values: Iterable[Any]) -> Self:
        return self.extend(values)

    def append(self, value: Any) -> Self:
        """Adds ``value`` at the end and returns the list."""
        self._size += 1
        self[self._size - 1] = value
        return self

    def extend(self, values: Iterable[Any]) -> Self:
        """Adds every one of ``values`` at the end and returns the list."""
        if isinstance(values, Tensor) or not isinstance(values, Iterable):
            raise TypeError(f"ParameterList.extend should be called with an iterable, but got {type(values).__name__}")
        for value in list(values):
            self.append(value)
        return self

    def pop(self, index: int = -1) -> Any:
        """Takes the entry at ``index`` out and returns it; those behind it move up."""
        kept = list(self)
        found = kept.pop(int(self._key(index)))
        for i, value in enumerate(kept):
            self[i] = value
        delattr(self, str(self._size - 1))
        self._size -= 1
        return found

    def extra_repr(self) -> str:
        """A line for each entry."""
        return "\n".join(_described(i, value, f"{getattr(value, 'dtype', None)}") for i, value in enumerate(self))

    def __repr__(self) -> str:
        return _indented(self)


class ParameterDict(Module):
    """A dictionary of parameters; tensors become parameters. Follows ``torch.nn.ParameterDict``.

    >>> import groundup
    >>> from groundup import nn
    >>> weights = nn.ParameterDict({"left": groundup.ones(2), "right": groundup.zeros(3)})
    >>> [(name, p.shape) for name, p in weights.named_parameters()]
    [('left', groundup.Size([2])), ('right', groundup.Size([3]))]
    """

    def __init__(self, parameters: Mapping[str, Any] | Iterable[tuple[str, Any]] | None = None) -> None:
        self._keys: dict[str, None] = {}
        if parameters is not None:
            self.update(parameters)

    def __getitem__(self, key: str) -> Any:
        if key not in self._keys:
            raise KeyError(key)
        return getattr(self, key)

    def __setitem__(self, key: str, parameter: Any) -> None:
        if not isinstance(key, str):
            raise TypeError(
                "Index given to ParameterDict cannot be used as a key as it is not a string "
                f"(type is '{type(key).__name__}')."
            )
        self._keys[key] = None
        setattr(self, key, _filed(parameter))

    def __delitem__(self, key: str) -> None:
        del self._keys[key]
        delattr(self, key)

    def __len__(self) -> int:
        return len(self._keys)

    def __iter__(self) -> Iterator[str]:
        return iter(self._keys)

    def __contains__(self, key: object) -> bool:
        return key in self._keys

    def keys(self) -> Iterable[str]:
        """The names."""
        return self._keys.keys()

    def values(self) -> Iterable[Any]:
        """The entries."""
        return (self[key] for key in self._keys)

    def items(self) -> Iterable[tuple[str, Any]]:
        """Pairs of name and entry."""
        return ((key, self[key]) for key in self._keys)

    def get(self, key: str, default: Any = None) -> Any:
        """The entry called ``key``, or ``default``."""
        return self[key] if key in self else default

    def setdefault(self, key: str, default: Any = None) -> Any:
        """The entry called ``key``, which becomes ``default`` if there is none."""
        if key not in self:
            self[key] = default
        return self[key]

    def update(self, parameters: Mapping[str, Any] | Iterable[tuple[str, Any]]) -> None:
        """Adds entries from a mapping or from pairs, replacing those of the same name."""
        pairs = parameters.items() if isinstance(parameters, ParameterDict) else dict(parameters).items()
        for key, parameter in pairs:
            self[key] = parameter

    def pop(self, key: str) -> Any:
        """Takes the entry called ``key`` out and returns it."""
        found = self[key]
        del self[key]
        return found

    def popitem(self) -> tuple[str, Any]:
        """Takes the last entry out and returns its name and itself."""
        key = next(reversed(self._keys))
        return key, self.pop(key)

    def copy(self) -> ParameterDict:
        """A new dictionary with the same entries."""
        return ParameterDict(dict(self.items()))

    def clear(self) -> None:
        """Takes every entry out."""
        for key in list(self._keys):
            del self[key]

    def extra_repr(self) -> str:
        """A line for each entry."""
        return "\n".join(
            _described(key, value, f"groundup.{value.dtype.legacy}Tensor" if isinstance(value, Tensor) else "")
            for key, value in self.items()
        )

    def __repr__(self) -> str:
        return _indented(self)


def _indented(container: Module) -> str:
    lines = [f"    {line}" for line in container.extra_repr().splitlines()]
    return f"{type(container).__name__}(" + "".join(f"\n{line}" for line in lines) + ("\n)" if lines else ")")
