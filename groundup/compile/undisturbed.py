"""Ctrl-C waits while a program runs and its results are put in their places: a call is made as a whole or not at all.

Python looks for signals between any two instructions of the main thread. What a handler would do here, it does as soon
as the block is done.
"""

from __future__ import annotations

# What `signal` is made of: `signal` itself makes enumerations of all that it is given.
import _signal as signal  # type: ignore[import-not-found]
import threading
from types import FrameType, TracebackType
from typing import Any


class Undisturbed:
    """A block in which the handler of Ctrl-C is not called; it is called behind it, if it would have been."""

    __slots__ = ("_heard", "_usual")

    def __enter__(self) -> None:
        self._heard: list[tuple[int, FrameType | None]] = []
        self._usual: Any = None
        if threading.get_ident() == threading.main_thread().ident:  # no other thread has handlers called
            usual = signal.getsignal(signal.SIGINT)
            if callable(usual):
                self._usual = usual
                signal.signal(signal.SIGINT, self._hear)

    def _hear(self, number: int, frame: FrameType | None) -> None:
        self._heard.append((number, frame))

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        if self._usual is not None:
            signal.signal(signal.SIGINT, self._usual)
            if self._heard:
                self._usual(*self._heard[0])
