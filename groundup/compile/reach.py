"""What a function can reach besides its arguments: tensors, modules, optimisers, and plain numbers.

Found through its closure, its globals, its defaults, its arguments and the object it is a method of. Tensors become
inputs of the program, the optimisers' numbers too. The program is right while every other number, bool and string has
its value, every place holds the tensor, module or other object that it held, and nothing was added or taken away.
"""

from __future__ import annotations

import dis
import functools
import sys
import types
from collections.abc import Callable, Iterator
from typing import Any

from groundup.random import Generator
from groundup.tensor import Tensor


class Wrapping:
    """A compiled function: what it reaches is what the function inside reaches."""

    function: Any


PLAIN = (bool, int, float, str, type(None))
_CLOSED = (type, types.ModuleType, Generator)  # what is inside does not matter, or is read when it is used
_DEEP = 12  # levels of objects within objects
BY_KEY = (dict, list, tuple, types.MappingProxyType)  # what a condition reads by subscript; other holders by attribute
_OURS = frozenset({"groundup", "numpy", "builtins", *sys.stdlib_module_names}) - {"__main__"}


class Reach:
    """Everything found: `tensors` by name, `optimizers`, and what must stay as it is.

    `conditions` are places, `sizes` say how many entries a dict or list has. `restless` are dicts in which there is
    more than what is looked at.
    """

    def __init__(self, function: Any, objects: list[Any]) -> None:
        self.tensors: dict[str, Tensor] = {}
        self.conditions: list[tuple[Any, Any, Any]] = []  # a dict or list or cell, the key in it, the value
        self.sizes: list[tuple[Any, int]] = []
        self.optimizers: list[Any] = []
        self.restless: set[int] = set()  # by their id
        self._visited: dict[int, Any] = {}
        self._function(function, 0)
        for each in objects:
            self._visit("", each, 1)

    def unchanged(self) -> bool:
        """Whether every plain value in reach equals what it was, and all else is the same object."""
        try:
            if any(len(holder) != size for holder, size in self.sizes):
                return False
            for holder, key, value in self.conditions:
                now = holder[key] if isinstance(holder, BY_KEY) else getattr(holder, key)
                if now is not value and not equal(now, value):
                    return False
        except (AttributeError, LookupError, ValueError):  # it is gone; of an empty cell ValueError
            return False
        return True

    def _visit(self, name: str, value: Any, depth: int) -> None:
        if depth > _DEEP or id(value) in self._visited or isinstance(value, _CLOSED):
            return
        self._visited[id(value)] = value
        if isinstance(value, Wrapping):
            value = value.function
        if isinstance(value, Tensor):
            self.tensors.setdefault(name, value)
        elif isinstance(value, (types.FunctionType, types.MethodType)):
            self._function(value, depth)
        elif isinstance(value, (list, tuple)):
            self.sizes.append((value, len(value)))
            self._entries(name, value, enumerate(value), depth)
        elif isinstance(value, dict):
            self.sizes.append((value, len(value)))
            self._entries(name, value, list(value.items()), depth)
        elif hasattr(value, "param_groups") and hasattr(value, "state"):
            self.optimizers.append(value)
            self._optimizer(value, depth)
        elif hasattr(value, "_parameters") and hasattr(value, "_modules"):
            self._module(name, value, depth)
        elif hasattr(value, "__dict__") and not type(value).__module__.startswith(("builtins", "numpy")):
            self.sizes.append((vars(value), len(vars(value))))
            self._entries(name, vars(value), list(vars(value).items()), depth)
            self._class(type(value), depth)

    def _entries(self, name: str, holder: Any, entries: Any, depth: int) -> None:
        for key, value in entries:
            self.conditions.append((holder, key, value))
            if not isinstance(value, PLAIN):
                self._visit(_joined(name, key), value, depth + 1)

    def _class(self, kind: type, depth: int) -> None:
        """The plain values of a user's class, and what its methods reach."""
        if id(kind) in self._visited:
            return
        self._visited[id(kind)] = kind
        for each in kind.__mro__:
            if _root(each) not in _OURS:
                for key, value in list(vars(each).items()):
                    if isinstance(value, PLAIN) and not key.startswith("__"):
                        self.conditions.append((vars(each), key, value))
                    elif isinstance(value, types.FunctionType):
                        self.conditions.append((vars(each), key, value))
                        self._visit("", value, depth + 1)

    def _mentioned(self, space: Any, names: frozenset[str], depth: int) -> None:
        """Of a class or a module those attributes that the code names."""
        for each in space.__mro__ if isinstance(space, type) else (space,):
            if _root(each) not in _OURS:
                own = vars(each)
                self.restless.add(id(own))
                self._entries("", own, [(key, own[key]) for key in sorted(names & own.keys())], depth)

    def _optimizer(self, optimizer: Any, depth: int) -> None:
        """The parameters under the names that they have; the state's buffers under theirs and the parameter's."""
        groups = optimizer.param_groups
        self.conditions += [(optimizer, "param_groups", groups), (optimizer, "state", optimizer.state)]
        self.sizes.append((groups, len(groups)))
        for i, group in enumerate(groups):
            fixed = (bool, str, type(None), list)
            self.conditions.append((groups, i, group))
            self.restless.add(id(group))
            self.conditions += [(group, key, v) for key, v in group.items() if isinstance(v, fixed)]
            self.sizes.append((group["params"], len(group["params"])))
            for j, param in enumerate(group["params"]):
                self.conditions.append((group["params"], j, param))
                self._visit(f"parameter.{i}.{j}", param, depth + 1)
        names = {id(tensor): name for name, tensor in self.tensors.items()}
        for param, state in optimizer.state.items():
            self.restless.add(id(state))
            for key, value in state.items():
                if isinstance(value, Tensor):
                    self.conditions.append((state, key, value))
                    self._visit(f"{key}.{names.get(id(param), 'parameter')}", value, depth + 1)

    def _module(self, name: str, module: Any, depth: int) -> None:
        """A module's own attributes, then its children; names are paths, without the name of the whole model."""
        prefix = "" if depth <= 1 else name
        self.sizes.append((vars(module), len(vars(module))))
        for table in (module._parameters, module._buffers):
            self._entries(prefix, table, list(table.items()), depth)
        for key, value in list(vars(module).items()):
            if key.startswith("_") and isinstance(value, dict):  # hooks among them
                self.sizes.append((value, len(value)))
            elif key != "_non_persistent_buffers_set":  # which is for saving
                self._entries(prefix, vars(module), [(key, value)], depth)
        for key, child in module._modules.items():
            self.conditions.append((module._modules, key, child))
            if child is not None:
                self._visit(_joined(prefix, key), child, depth + 1 if prefix else 2)
        self._class(type(module), depth)

    def _function(self, function: Any, depth: int) -> None:
        owner = getattr(function, "__self__", None)
        if owner is not None:
            self._visit("self", owner, depth + 1)
            function = function.__func__ if isinstance(function, types.MethodType) else None
        if not isinstance(function, types.FunctionType):
            if function is not None and hasattr(function, "__dict__"):
                self._visit("", function, depth + 1)
            return
        if (function.__module__ or "").split(".")[0] == "groundup" and depth:
            return
        code = function.__code__
        for key in ("__code__", "__defaults__", "__kwdefaults__"):
            self.conditions.append((function, key, getattr(function, key)))
        for name, cell in zip(code.co_freevars, function.__closure__ or (), strict=True):
            self._holder(name, cell, "cell_contents", depth)
        attributes = _attributes_in(code)
        self.restless.add(id(function.__globals__))
        for name in sorted(_globals_in(code)):
            if name in function.__globals__:
                value = function.__globals__[name]
                self._entries("", function.__globals__, [(name, value)], depth)
                if isinstance(value, (type, types.ModuleType)):
                    self._mentioned(value, attributes, depth + 1)
        for value in (*(function.__defaults__ or ()), *(function.__kwdefaults__ or {}).values()):
            if not isinstance(value, PLAIN):
                self._visit("", value, depth + 1)

    def _holder(self, name: str, cell: Any, key: str, depth: int) -> None:
        try:
            value = getattr(cell, key)
        except ValueError:  # not filled yet
            return
        self.conditions.append((cell, key, value))
        if not isinstance(value, PLAIN):
            self._visit(name, value, depth + 1)


def terms(
    sizes: list[tuple[Any, int]], conditions: list[tuple[Any, Any, Any]], named: Callable[[Any], str]
) -> list[str]:
    """Source that is true while every place holds the very object that it held; `named` gives objects names."""
    found = [f"len({named(holder)}) == {size}" if size else f"not {named(holder)}" for holder, size in sizes]
    for holder, key, value in conditions:
        place = f"[{key!r}]" if type(key) in (str, int) else f"[{named(key)}]"
        found.append(f"{named(holder)}{place if isinstance(holder, BY_KEY) else f'.{key}'} is {named(value)}")
    return list(dict.fromkeys(found))


def equal(now: Any, value: Any) -> bool:
    """Whether two plain values are alike to every use: 0.0 is not -0.0, and 1 not True."""
    if type(now) is not type(value) or not isinstance(value, PLAIN):
        return False
    return bool(now == value) and (type(value) is not float or value != 0 or str(now) == str(value))


def _root(space: Any) -> str:
    """The package that a class or a module is from."""
    name = space.__module__ if isinstance(space, type) else space.__name__
    return str(name).partition(".")[0]


def _joined(prefix: str, key: Any) -> str:
    return f"{prefix}.{key}" if prefix else str(key)


def _codes(code: types.CodeType) -> Iterator[types.CodeType]:
    """The code and that of the functions within it."""
    yield code
    for each in code.co_consts:
        if isinstance(each, types.CodeType):
            yield from _codes(each)


@functools.lru_cache(maxsize=4096)  # taking code apart is slow, and code never changes
def _globals_in(code: types.CodeType) -> frozenset[str]:
    """The names of globals that the code reads."""
    instructions = (each for part in _codes(code) for each in dis.get_instructions(part))
    return frozenset(each.argval for each in instructions if each.opname == "LOAD_GLOBAL")


@functools.lru_cache(maxsize=4096)
def _attributes_in(code: types.CodeType) -> frozenset[str]:
    """The names that the code may read as attributes."""
    return frozenset(name for part in _codes(code) for name in part.co_names)
