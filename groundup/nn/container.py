"""Containers: modules made of other modules, called in a row or kept in a list or a dictionary.

They are used wherever a network is put together; only ``Sequential`` has a ``forward`` of its own.
"""

from __future__ import annotations

import operator
from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby
from typing import Any, Self, overload

from groundup.nn.module import Module, bracketed, indent


class _Numbered(Module):
    """A module whose children are named "0", "1", ... and can be used as a list."""

    def __len__(self) -> int:
        return len(self._modules)

    def __iter__(self) -> Iterator[Any]:
        return iter(self._modules.values())

    def _key(self, index: int) -> str:
        """The name of the child at ``index``, which may be negative."""
        try:
            index = operator.index(index)
        except TypeError:
            raise TypeError(
                f"{type(self).__name__} indices must be integers or slices, not {type(index).__name__}"
            ) from None
        if not -len(self) <= index < len(self):
            raise IndexError(f"index {index} is out of range")
        return list(self._modules)[index]

    def _part(self, index: slice) -> dict[str, Any]:
        return dict(list(self._modules.items())[index])

    def _replace_all(self, modules: Iterable[Any]) -> None:
        kept = list(modules)
        self._modules.clear()
        for position, module in enumerate(kept):
            self.add_module(str(position), module)

    def __setitem__(self, index: int, module: Module) -> None:
        setattr(self, self._key(index), module)

    def __delitem__(self, index: int | slice) -> None:
        gone = self._part(index) if isinstance(index, slice) else {self._key(index): None}
        self._forget(gone)

    def _forget(self, gone: dict[str, Any]) -> None:
        self._replace_all(module for name, module in self._modules.items() if name not in gone)

    def append(self, module: Module) -> Self:
        """Adds ``module`` at the end and returns the container.

        >>> from groundup import nn
        >>> nn.Sequential(nn.Linear(2, 1)).append(nn.Tanh())
        Sequential(
          (0): Linear(in_features=2, out_features=1, bias=True)
          (1): Tanh()
        )
        """
        self.add_module(str(len(self)), module)
        return self

    def extend(self, modules: Iterable[Module]) -> Self:
        """Adds every one of ``modules`` at the end and returns the container."""
        for module in list(modules):
            self.append(module)
        return self

    def insert(self, index: int, module: Module) -> Self:
        """Puts ``module`` before position ``index`` and returns the container."""
        if not -len(self) <= index <= len(self):
            raise IndexError(f"Index out of range: {index}")
        modules = list(self._modules.values())
        modules.insert(index, module)
        self._replace_all(modules)
        return self

    def pop(self, index: int = -1) -> Any:
        """Takes the module at ``index`` out and returns it."""
        module = self[index]  # type: ignore[index]
        del self[index]
        return module

    def __dir__(self) -> list[str]:
        return [name for name in super().__dir__() if not name.isdigit()]


class Sequential(_Numbered):
    """Modules called one after the other, each with the result of the one before.

    Takes modules, or one dictionary that gives each its name. Indexing gives a module, slicing another
    ``Sequential`` of the same modules. Follows ``torch.nn.Sequential``.

    >>> import groundup
    >>> from groundup import nn
    >>> net = nn.Sequential(nn.Linear(4, 3), nn.ReLU(), nn.Linear(3, 2))
    >>> net(groundup.ones(5, 4)).shape
    groundup.Size([5, 2])
    >>> net[1:]
    Sequential(
      (1): ReLU()
      (2): Linear(in_features=3, out_features=2, bias=True)
    )
    """

    def __init__(self, *args: Module | Mapping[str, Module]) -> None:
        if len(args) == 1 and isinstance(args[0], Mapping):
            named: Iterable[tuple[str, Any]] = args[0].items()
        else:
            named = ((str(position), module) for position, module in enumerate(args))
        for name, module in named:
            self.add_module(name, module)

    def forward(self, input: Any) -> Any:
        """Calls every module in order; an error gets a note of which module it came from."""
        for name, module in self._modules.items():
            try:
                input = module(input)  # type: ignore[misc]
            except Exception as error:
                error.add_note(f"In module ({name}) of {self._get_name()}: {module}")
                raise
        return input

    @overload
    def __getitem__(self, index: int) -> Any: ...
    @overload
    def __getitem__(self, index: slice) -> Sequential: ...
    def __getitem__(self, index: int | slice) -> Any:
        if isinstance(index, slice):
            # A subclass with an __init__ of its own could not be made from the modules alone.
            kind = type(self) if type(self).__init__ is Sequential.__init__ else Sequential
            return kind(self._part(index))
        return self._modules[self._key(index)]

    def _forget(self, gone: dict[str, Any]) -> None:
        # Children may have names of their own, which the rest keep; plain numbers close up.
        rest = {name: module for name, module in self._modules.items() if name not in gone}
        if all(name.isdigit() for name in self._modules):
            self._replace_all(rest.values())
        else:
            self._modules.clear()
            self._modules.update(rest)

    def _replace_all(self, modules: Iterable[Any]) -> None:
        kept = list(modules)
        if not all(name.isdigit() for name in self._modules):
            raise RuntimeError("insert needs a Sequential whose modules have no names of their own")
        super()._replace_all(kept)

    def __add__(self, other: Sequential) -> Sequential:
        """The modules of both, in a new ``Sequential``."""
        if not isinstance(other, Sequential):
            return NotImplemented
        return Sequential(*self, *other)


class ModuleList(_Numbered):
    """A list of modules whose parameters belong to the module that holds it. Follows ``torch.nn.ModuleList``.

    It has no ``forward``: index it or loop over it in the ``forward`` of its owner.

    >>> from groundup import nn
    >>> layers = nn.ModuleList(nn.Linear(2, 2) for _ in range(3))
    >>> layers
    ModuleList(
      (0-2): 3 x Linear(in_features=2, out_features=2, bias=True)
    )
    >>> len(list(layers.parameters()))
    6
    """

    def __init__(self, modules: Iterable[Module] | None = None) -> None:
        self.extend(modules or ())

    @overload
    def __getitem__(self, index: int) -> Any: ...
    @overload
    def __getitem__(self, index: slice) -> ModuleList: ...
    def __getitem__(self, index: int | slice) -> Any:
        if isinstance(index, slice):
            return type(self)(self._part(index).values())
        return self._modules[self._key(index)]

    def __iadd__(self, modules: Iterable[Module]) -> Self:
        return self.extend(modules)

    def __add__(self, other: Iterable[Module]) -> ModuleList:
        return ModuleList([*self, *other])

    def __repr__(self) -> str:
        if not len(self):
            return f"{self._get_name()}()"
        children = []
        position = 0
        for text, equal in groupby(map(repr, self)):
            count = len(list(equal))
            last = position + count - 1
            label = f"({position}): " if count == 1 else f"({position}-{last}): {count} x "
            children.append(label + indent(text))
            position += count
        return bracketed(self._get_name(), [], children)


class ModuleDict(Module):
    """A dictionary of modules whose parameters belong to its owner. Follows ``torch.nn.ModuleDict``.

    >>> from groundup import nn
    >>> heads = nn.ModuleDict({"colour": nn.Linear(8, 3), "size": nn.Linear(8, 1)})
    >>> heads["size"]
    Linear(in_features=8, out_features=1, bias=True)
    >>> list(heads.state_dict())
    ['colour.weight', 'colour.bias', 'size.weight', 'size.bias']
    """

    def __init__(self, modules: Mapping[str, Module] | Iterable[tuple[str, Module]] | None = None) -> None:
        if modules is not None:
            self.update(modules)

    def __getitem__(self, key: str) -> Any:
        return self._modules[key]

    def __setitem__(self, key: str, module: Module) -> None:
        self.add_module(key, module)

    def __delitem__(self, key: str) -> None:
        del self._modules[key]

    def __len__(self) -> int:
        return len(self._modules)

    def __iter__(self) -> Iterator[str]:
        return iter(self._modules)

    def __contains__(self, key: object) -> bool:
        return key in self._modules

    def keys(self) -> Iterable[str]:
        """The names of the modules."""
        return self._modules.keys()

    def values(self) -> Iterable[Any]:
        """The modules."""
        return self._modules.values()

    def items(self) -> Iterable[tuple[str, Any]]:
        """Pairs of name and module."""
        return self._modules.items()

    def get(self, key: str, default: Any = None) -> Any:
        """The module called ``key``, or ``default``."""
        return self._modules.get(key, default)

    def update(self, modules: Mapping[str, Module] | Iterable[tuple[str, Module]]) -> None:
        """Adds modules from a mapping or from ``(name, module)`` pairs, replacing those of the same name."""
        for name, module in dict(modules).items():
            self[name] = module

    def pop(self, key: str) -> Any:
        """Takes the module called ``key`` out and returns it."""
        return self._modules.pop(key)

    def clear(self) -> None:
        """Takes every module out."""
        self._modules.clear()
