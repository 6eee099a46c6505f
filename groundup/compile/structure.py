"""Arguments and results as flat lists of tensors, and what kind of arguments a program is for."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from groundup.autograd.tape import TensorBase
from groundup.compile.numbers import Number


def leaves(value: Any) -> list[Any]:
    """The tensors, and numbers of the program, in nested tuples, lists and dicts, in order."""
    if isinstance(value, (TensorBase, Number)):
        return [value]
    if isinstance(value, dict):
        value = value.values()
    elif not isinstance(value, (tuple, list)):
        return []
    return [found for each in value for found in leaves(each)]


def filled(value: Any, found: Iterator[Any]) -> Any:
    """The same nest, with what `found` gives in the places of its tensors and numbers."""
    if isinstance(value, (TensorBase, Number)):
        return next(found)
    if isinstance(value, dict):
        return {key: filled(each, found) for key, each in value.items()}
    if isinstance(value, (tuple, list)):
        parts = [filled(each, found) for each in value]
        return type(value)(*parts) if hasattr(value, "_fields") else type(value)(parts)
    return value


def kind(value: Any) -> Any:
    """What must be equal for a program to fit: shapes and types of tensors, everything else itself."""
    if isinstance(value, TensorBase):
        array = value._array
        return array.shape, array.dtype, value._node is not None, array.flags.c_contiguous
    if isinstance(value, dict):
        return tuple([(key, kind(each)) for key, each in value.items()])
    if isinstance(value, (tuple, list)):
        return type(value), tuple(map(kind, value))
    return type(value), value


def objects(value: Any) -> list[Any]:
    """The arguments that have attributes of their own, as modules have."""
    if isinstance(value, dict):
        value = list(value.values())
    elif not isinstance(value, (tuple, list)):
        own = hasattr(value, "__dict__") and not isinstance(value, (TensorBase, type))
        return [value] if own else []
    return [found for each in value for found in objects(each)]
