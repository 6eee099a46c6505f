"""Lets the compiler know of random numbers: while a thread listens, each draw is announced with its arguments."""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")


class _Listener(threading.local):
    asked: Callable[[tuple[Any, ...], dict[str, Any]], None] | None = None  # before the draw
    told: Callable[[Any, Callable[..., Any], tuple[Any, ...], dict[str, Any]], None] | None = None


LISTENER = _Listener()


def announced(draw: Callable[P, R]) -> Callable[P, R]:
    """`draw`, whose result and arguments are told to the thread's listener, if it has one."""

    @functools.wraps(draw)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        told = LISTENER.told
        if told is None:
            return draw(*args, **kwargs)
        if LISTENER.asked is not None:
            LISTENER.asked(args, kwargs)
        LISTENER.told = None  # a draw that is made of other draws is one
        try:
            found = draw(*args, **kwargs)
        finally:
            LISTENER.told = told
        told(found, draw, args, kwargs)
        return found

    return run
