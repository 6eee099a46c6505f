"""Arguments and results as flat lists: the tensors in them, and what else there is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from groundup.autograd.tape import TensorBase
from groundup.compile.numbers import Number
from groundup.compile.reach import PLAIN, equal


def leaves(value: Any) -> list[Any]:
    """The tensors, and numbers of the program, in nested tuples, lists and dicts, in order."""
    if isinstance(value, (TensorBase, Number)):
        return [value]
    if isinstance(value, dict):
        value = value.values()
    elif not isinstance(value, (tuple, list)):
        return []
    return [found for each in value for found in leaves(each)]


def rebuilt(value: Any, changed: Callable[[Any], Any]) -> Any:
    """The same structure, with what `changed` makes of each leaf in its place."""
    if isinstance(value, (TensorBase, Number)):
        return changed(value)
    if isinstance(value, dict):
        return {key: rebuilt(each, changed) for key, each in value.items()}
    if isinstance(value, (tuple, list)):
        return alike(value, [rebuilt(each, changed) for each in value])
    return value


def alike(value: Any, parts: list[Any]) -> Any:
    """A tuple or list of the same kind, a named one too."""
    return type(value)(*parts) if hasattr(value, "_fields") else type(value)(parts)


def equal_argument(now: Any, value: Any) -> bool:
    """Whether an argument that is no tensor is as it was."""
    return type(now) is type(value) and (equal(now, value) if isinstance(value, PLAIN) else bool(now == value))


def objects(value: Any) -> list[Any]:
    """The arguments that have attributes of their own, as modules have."""
    if isinstance(value, dict):
        value = list(value.values())
    elif not isinstance(value, (tuple, list)):
        own = hasattr(value, "__dict__") and not isinstance(value, (TensorBase, type))
        return [value] if own else []
    return [found for each in value for found in objects(each)]
