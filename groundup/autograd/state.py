"""What each thread has of its own: whether gradients are recorded, and a context in which NumPy keeps quiet.

NumPy's floating-point warnings are silenced by running each row inside a `contextvars.Context` of the thread's own.
Entering one costs a tenth of `np.errstate`, and the user's settings are never touched.
"""

from __future__ import annotations

import contextvars
import functools
import threading
from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np

F = TypeVar("F", bound=Callable[..., Any])


class State:
    """One thread's grad mode, and `run(function, *args)`, which calls a function with NumPy's warnings off."""

    __slots__ = ("grad", "run")

    def __init__(self) -> None:
        context = contextvars.Context()
        context.run(np.seterr, all="ignore")
        self.grad = True
        self.run = context.run


class _Local(threading.local):
    def __init__(self) -> None:
        self.state = State()


LOCAL = _Local()


def run_nested(function: Callable[..., Any], *args: Any, **params: Any) -> Any:
    """`run` for the rare call from inside another one (a finaliser or signal handler that computes)."""
    with np.errstate(all="ignore"):
        return function(*args, **params)


def is_grad_enabled() -> bool:
    """Whether operations of this thread are recorded for `backward`."""
    return LOCAL.state.grad


class _GradMode:
    """A context manager and decorator that sets the grad mode of the current thread."""

    mode = False

    def __init__(self) -> None:
        self._before: list[bool] = []

    def __enter__(self) -> None:
        self._before.append(LOCAL.state.grad)
        LOCAL.state.grad = self.mode

    def __exit__(self, *_: object) -> None:
        LOCAL.state.grad = self._before.pop()

    def __call__(self, function: F) -> F:
        @functools.wraps(function)
        def wrapped(*args: Any, **kwargs: Any) -> Any:
            with type(self)() if type(self) is not set_grad_enabled else set_grad_enabled(self.mode):
                return function(*args, **kwargs)

        return wrapped  # type: ignore[return-value]


class no_grad(_GradMode):
    """Inside, nothing is recorded and results do not require a gradient. Follows ``torch.no_grad``.

    >>> import groundup
    >>> x = groundup.ones(2, requires_grad=True)
    >>> with groundup.no_grad():
    ...     (x * 2).requires_grad
    False
    """

    mode = False

    def __new__(cls, function: Callable[..., Any] | None = None) -> Any:
        made = super().__new__(cls)
        if function is None:
            return made
        made.__init__()  # type: ignore[misc]
        return made(function)


class enable_grad(no_grad):
    """Inside, operations are recorded again. Follows ``torch.enable_grad``."""

    mode = True


class inference_mode(no_grad):
    """The same as `no_grad` here. Follows ``torch.inference_mode``."""


class set_grad_enabled(_GradMode):
    """Set the grad mode of this thread, at once or for a `with` block. Follows ``torch.set_grad_enabled``."""

    def __init__(self, mode: bool) -> None:
        super().__init__()
        self.mode = bool(mode)
        self._before.append(LOCAL.state.grad)
        LOCAL.state.grad = self.mode

    def __enter__(self) -> None:
        LOCAL.state.grad = self.mode
