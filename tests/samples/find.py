"""Which function of groundup stands for an entry of PyTorch's list of operations.

Most are found by their dotted name. An entry whose operation is a small function of PyTorch's test code, which calls
`torch.this` or `x.that()`, is the same function with groundup in the place of torch.
"""

from __future__ import annotations

import types
from collections.abc import Callable
from functools import reduce
from typing import Any

import groundup

# Entries that are a function of another name, or of a name that says nothing of where to find it.
OTHER_NAMES = {
    "cauchy": "Tensor.cauchy_",
    "exponential": "Tensor.exponential_",
    "geometric": "Tensor.geometric_",
    "log_normal": "Tensor.log_normal_",
    "uniform": "Tensor.uniform_",
    "zero_": "Tensor.zero_",
    "item": "Tensor.item",
}


class _Library:
    """groundup as PyTorch's test code expects its library: in-place methods are functions too (`torch.zero_`)."""

    def __getattr__(self, name: str) -> Any:
        return getattr(groundup, name, None) or getattr(groundup.Tensor, name)


LIBRARY = _Library()


def _resolved(path: str) -> Callable[..., Any] | None:
    try:
        return reduce(getattr, path.split("."), groundup)
    except AttributeError:
        return None


def full_name(entry: Any) -> str:
    """The entry's name, with its variant: `div.floor_rounding`."""
    return f"{entry.name}.{entry.variant_test_name}" if entry.variant_test_name else entry.name


def named(entry: Any) -> Callable[..., Any] | None:
    """What has the entry's name here: a function, or a method of Tensor; None if nothing has."""
    path = OTHER_NAMES.get(entry.name, entry.name)
    return _resolved(path) or _resolved(f"Tensor.{path}")


def translated(function: Any) -> Any:
    """A function of PyTorch's test code, with groundup in the place of torch."""
    if not isinstance(function, types.FunctionType) or not (function.__module__ or "").startswith("torch.testing"):
        return function
    world = {
        name: LIBRARY if name == "torch" else translated(value) if _is_helper(function, name, value) else value
        for name, value in function.__globals__.items()
        if name in _names_in(function.__code__)
    }
    world["__builtins__"] = __builtins__
    if "wrapper_set_seed" in world:
        world["wrapper_set_seed"] = _call  # the two libraries draw different numbers from one seed
    closure = function.__closure__ and tuple(
        types.CellType(translated(cell.cell_contents)) for cell in function.__closure__
    )
    made = types.FunctionType(function.__code__, world, function.__name__, function.__defaults__, closure)
    made.__kwdefaults__ = function.__kwdefaults__
    return made


def _call(function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    return function(*args, **kwargs)


def _names_in(code: types.CodeType) -> set[str]:
    inner = (each for each in code.co_consts if isinstance(each, types.CodeType))
    return set(code.co_names).union(*(_names_in(each) for each in inner))


def _is_helper(function: types.FunctionType, name: str, value: Any) -> bool:
    own = isinstance(value, types.FunctionType) and (value.__module__ or "").startswith("torch.testing")
    return own and value is not function


def ours(entry: Any) -> Callable[..., Any] | None:
    """The function of groundup for that entry, or None."""
    found = named(entry)
    if found is None:
        return None
    function = entry.op
    if isinstance(function, types.FunctionType) and (function.__module__ or "").startswith("torch.testing"):
        return translated(function)
    return found
