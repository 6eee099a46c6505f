"""Hooks: functions that a module calls before and after its ``forward``, and on the way back.

A module without hooks never comes here, so that an ordinary call costs one test of an attribute.
The looking-at tools (activation statistics, shape summaries) stand on these hooks.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from groundup.autograd.handle import RemovableHandle

if TYPE_CHECKING:
    from groundup.nn.module import Module

Hook = Callable[..., Any]


class HookTable:
    """The hooks of one kind on one module, in the order in which they are called."""

    def __init__(self) -> None:
        self.entries: dict[int, tuple[Hook, bool]] = {}

    def add(self, hook: Hook, prepend: bool, with_kwargs: bool) -> RemovableHandle:
        """Adds ``hook`` at the end, or at the beginning if ``prepend``."""
        if not callable(hook):
            raise TypeError(f"a hook must be callable, got {type(hook).__name__}")
        handle = RemovableHandle(self.entries)
        self.entries[handle.id] = (hook, with_kwargs)
        if prepend:
            rest = {key: entry for key, entry in self.entries.items() if key != handle.id}
            self.entries.clear()
            self.entries[handle.id] = (hook, with_kwargs)
            self.entries.update(rest)
        return handle

    def __iter__(self) -> Any:
        return iter(tuple(self.entries.values()))


class PlainHooks(HookTable):
    """Hooks that have no form with keyword arguments."""

    def __iter__(self) -> Any:
        return iter([hook for hook, _ in self.entries.values()])


class Hooks:
    """The hooks of one module: both kinds of forward hooks, and the backward hooks, if there are any."""

    def __init__(self) -> None:
        self.before = HookTable()
        self.after = HookTable()
        self.backward: BackwardHooks | None = None


class BackwardHooks:
    """Both kinds of backward hooks of one module."""

    def __init__(self) -> None:
        self.before = PlainHooks()
        self.after = PlainHooks()


def call_with_hooks(module: Module, hooks: Hooks, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Calls ``module.forward`` with the hooks around it, each of which may replace what it was shown."""
    for hook, with_kwargs in hooks.before:
        if with_kwargs:
            replaced = hook(module, args, kwargs)
            if replaced is not None:
                args, kwargs = _checked_arguments(replaced)
        else:
            replaced = hook(module, args)
            if replaced is not None:
                args = replaced if isinstance(replaced, tuple) else (replaced,)
    behind = None
    if hooks.backward is not None and (hooks.backward.before.entries or hooks.backward.after.entries):
        from groundup.nn.backward_hooks import BackwardPass

        behind = BackwardPass(module, hooks.backward)
        args = behind.enter(args)
    output = module.forward(*args, **kwargs)
    for hook, with_kwargs in hooks.after:
        replaced = hook(module, args, kwargs, output) if with_kwargs else hook(module, args, output)
        if replaced is not None:
            output = replaced
    return output if behind is None else behind.leave(output)


def _checked_arguments(replaced: Any) -> tuple[tuple[Any, ...], dict[str, Any]]:
    if isinstance(replaced, tuple) and len(replaced) == 2:
        args, kwargs = replaced
        return args if isinstance(args, tuple) else (args,), kwargs
    raise RuntimeError(
        f"forward pre-hook must return None or a tuple of (new_args, new_kwargs), but got {type(replaced).__name__}."
    )
