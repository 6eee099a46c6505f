"""What a function can reach besides its arguments: tensors, modules, optimisers, and plain numbers.

Found through its closure, its globals, its defaults and the object it is a method of. Tensors become inputs of the
program, the optimisers' numbers too; every other number, bool or string is a condition: the program is right while
it keeps its value.
"""

from __future__ import annotations

import types
from collections.abc import Callable, Iterator
from typing import Any

from groundup.tensor import Tensor


class Wrapping:
    """A compiled function: what it reaches is what the function inside reaches."""

    function: Any


_PLAIN = (bool, int, float, str, type(None))
_DEEP = 12  # levels of objects within objects


class Reach:
    """Everything found: `tensors` by name, `conditions` as places that hold plain values, `optimizers`."""

    def __init__(self, function: Any) -> None:
        self.tensors: dict[str, Tensor] = {}
        self.conditions: list[tuple[Any, Any, Any]] = []  # a dict or list or cell, the key in it, the value
        self.optimizers: list[Any] = []
        self._visited: dict[int, Any] = {}
        self._function(function, 0)

    def quickly(self) -> Callable[[], bool]:
        """A function that says at once whether every plain value in reach is the very object that it was."""
        terms, world = [], {}
        for i, (holder, key, value) in enumerate(self.conditions):
            place = f"h{i}[k{i}]" if isinstance(holder, (dict, list, tuple)) else f"h{i}.{key}"
            terms.append(f"{place} is v{i}")
            world.update({f"h{i}": holder, f"k{i}": key, f"v{i}": value})
        found: Callable[[], bool] = eval(f"lambda: {' and '.join(terms) or 'True'}", world)
        return found

    def unchanged(self) -> bool:
        """Whether every plain value in reach equals what it was."""
        for holder, key, value in self.conditions:
            now = holder[key] if isinstance(holder, (dict, list, tuple)) else getattr(holder, key)
            if now is not value and (type(now) is not type(value) or now != value):
                return False
        return True

    def _visit(self, name: str, value: Any, depth: int) -> None:
        if depth > _DEEP or id(value) in self._visited or isinstance(value, (type, types.ModuleType)):
            return
        self._visited[id(value)] = value
        if isinstance(value, Wrapping):
            value = value.function
        if isinstance(value, Tensor):
            self.tensors.setdefault(name, value)
        elif isinstance(value, (types.FunctionType, types.MethodType)):
            self._function(value, depth)
        elif isinstance(value, (list, tuple)):
            self._entries(name, value, enumerate(value), depth)
        elif isinstance(value, dict):
            self._entries(name, value, list(value.items()), depth)
        elif hasattr(value, "param_groups") and hasattr(value, "state"):
            self.optimizers.append(value)
            self._optimizer(value, depth)
        elif hasattr(value, "_parameters") and hasattr(value, "_modules"):
            self._module(name, value, depth)
        elif hasattr(value, "__dict__") and not type(value).__module__.startswith(("builtins", "numpy")):
            self._entries(name, vars(value), list(vars(value).items()), depth)

    def _entries(self, name: str, holder: Any, entries: Any, depth: int) -> None:
        for key, value in entries:
            if isinstance(value, _PLAIN):
                self.conditions.append((holder, key, value))
            else:
                self._visit(_joined(name, key), value, depth + 1)

    def _optimizer(self, optimizer: Any, depth: int) -> None:
        """The parameters under the names that they have; the state's buffers under theirs and the parameter's."""
        for i, group in enumerate(optimizer.param_groups):
            self.conditions += [(group, key, v) for key, v in group.items() if isinstance(v, (bool, str, type(None)))]
            for j, param in enumerate(group["params"]):
                self._visit(f"parameter.{i}.{j}", param, depth + 1)
        names = {id(tensor): name for name, tensor in self.tensors.items()}
        for param, state in optimizer.state.items():
            for key, value in state.items():
                if isinstance(value, Tensor):
                    self._visit(f"{key}.{names.get(id(param), 'parameter')}", value, depth + 1)

    def _module(self, name: str, module: Any, depth: int) -> None:
        """A module's own attributes, then its children; names are paths, without the name of the whole model."""
        prefix = "" if depth <= 1 else name
        for table in (module._parameters, module._buffers):
            for key, value in table.items():
                if value is not None:
                    self._visit(_joined(prefix, key), value, depth + 1)
        for key, value in vars(module).items():
            if key.startswith("_") and isinstance(value, dict):
                continue
            self._entries(prefix, vars(module), [(key, value)], depth)
        for key, child in module._modules.items():
            if child is not None:
                self._visit(_joined(prefix, key), child, depth + 1 if prefix else 2)

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
        for name, cell in zip(code.co_freevars, function.__closure__ or (), strict=True):
            self._holder(name, cell, "cell_contents", depth)
        for name in sorted(_names_in(code)):
            if name in function.__globals__:
                self._entries("", function.__globals__, [(name, function.__globals__[name])], depth)
        for value in function.__defaults__ or ():
            if not isinstance(value, _PLAIN):
                self._visit("", value, depth + 1)

    def _holder(self, name: str, cell: Any, key: str, depth: int) -> None:
        try:
            value = getattr(cell, key)
        except ValueError:  # not filled yet
            return
        if isinstance(value, _PLAIN):
            self.conditions.append((cell, key, value))
        else:
            self._visit(name, value, depth + 1)


def _joined(prefix: str, key: Any) -> str:
    return f"{prefix}.{key}" if prefix else str(key)


def _names_in(code: types.CodeType) -> set[str]:
    """The names of globals that the code, or a function within it, mentions."""
    inner: Iterator[types.CodeType] = (each for each in code.co_consts if isinstance(each, types.CodeType))
    return set(code.co_names).union(*(_names_in(each) for each in inner))
