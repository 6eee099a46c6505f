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

# NumPy's default of 8192 lets it copy a row or column that is broadcast into a buffer, for rows of about half to a
# whole thousand elements and more: twice the time of the loop itself, sometimes ten times.
_BUFFER = 1024  # elements

_GENERATOR = 0x20  # the flag of a generator's code; `inspect` would be a heavy import for one number


class State:
    """One thread's grad mode, its watch, and `run(function, *args)`, which calls with NumPy's warnings off."""

    __slots__ = ("grad", "run", "watch")

    def __init__(self) -> None:
        context = contextvars.Context()
        context.run(np.seterr, all="ignore")
        context.run(np.setbufsize, _BUFFER)
        self.grad = True
        self.watch: Any = None  # a Watch while the compiler looks on
        self.run = context.run


class _Local(threading.local):
    def __init__(self) -> None:
        self.state = State()


LOCAL = _Local()


def run_nested(function: Callable[..., Any], *args: Any, **params: Any) -> Any:
    """`run` for the rare call from inside another one (a finaliser or signal handler that computes)."""
    with np.errstate(all="ignore"):
        return function(*args, **params)


def quiet(function: Callable[..., Any], *args: Any, **params: Any) -> Any:
    """Call a function of NumPy's with its warnings off: a conversion that overflows gives inf, as everywhere here."""
    try:
        return LOCAL.state.run(function, *args, **params)
    except RuntimeError as error:
        if not is_nested(error):
            raise
    return run_nested(function, *args, **params)


def is_nested(error: BaseException) -> bool:
    """Whether the error says that the thread's context was in use already."""
    return isinstance(error, RuntimeError) and "cannot enter context" in str(error)


def usable_run(state: State) -> Callable[..., Any]:
    """The thread's `run`, or `run_nested` where the thread is already inside it."""
    try:
        state.run(bool)
    except RuntimeError:
        return run_nested
    return state.run


def is_grad_enabled() -> bool:
    """Whether operations of this thread are recorded for `backward`."""
    return LOCAL.state.grad


def is_traced() -> bool:
    """Whether the compiler looks on, so that nothing may depend on values: what checks them must do without."""
    return LOCAL.state.watch is not None


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
        """`function`, run in this mode; a generator's own code runs in it, and not the code that it yields to."""
        mode = self.mode
        if (function.__code__.co_flags if hasattr(function, "__code__") else 0) & _GENERATOR:

            @functools.wraps(function)
            def generator(*args: Any, **kwargs: Any) -> Any:
                return _stepped(function(*args, **kwargs), mode)

            return generator  # type: ignore[return-value]

        @functools.wraps(function)
        def wrapped(*args: Any, **kwargs: Any) -> Any:
            state = LOCAL.state
            before, state.grad = state.grad, mode
            try:
                return function(*args, **kwargs)
            finally:
                state.grad = before

        return wrapped  # type: ignore[return-value]


def _stepped(steps: Any, mode: bool) -> Any:
    """The generator `steps`, each of its steps run in the grad mode `mode`."""
    step: Callable[..., Any] = steps.send
    values: tuple[Any, ...] = (None,)
    while True:
        state = LOCAL.state
        before, state.grad = state.grad, mode
        try:
            found = step(*values)
        except StopIteration as end:
            return end.value
        finally:
            state.grad = before
        try:
            step, values = steps.send, ((yield found),)
        except GeneratorExit:
            steps.close()
            raise
        except BaseException as error:
            step, values = steps.throw, (error,)


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


class inference_mode(_GradMode):
    """The same as `no_grad` here; `inference_mode(False)` is `enable_grad`. Follows ``torch.inference_mode``."""

    def __new__(cls, mode: bool | Callable[..., Any] = True) -> Any:
        made = super().__new__(cls)
        if not callable(mode):
            return made
        made.__init__()  # type: ignore[misc]
        return made(mode)

    def __init__(self, mode: bool = True) -> None:
        super().__init__()
        self.mode = not mode


class set_grad_enabled(_GradMode):
    """Set the grad mode of this thread, at once or for a `with` block. Follows ``torch.set_grad_enabled``."""

    def __init__(self, mode: bool) -> None:
        super().__init__()
        self.mode = bool(mode)
        self._before.append(LOCAL.state.grad)
        LOCAL.state.grad = self.mode

    def __enter__(self) -> None:
        LOCAL.state.grad = self.mode

    def __call__(self, function: F) -> F:
        """`function`, run in this mode; used as a decorator, it leaves the mode outside as it was."""
        LOCAL.state.grad = self._before[-1]
        return super().__call__(function)
