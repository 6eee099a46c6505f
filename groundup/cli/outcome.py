"""How a command ends: errors become one line on the standard error and an exit code, signals likewise.

A mistake of the user's or a failure of the machine is told without a traceback; set GROUNDUP_TRACEBACK=1 to
see it. What no command expects is a mistake in groundup, and keeps its traceback.
"""

from __future__ import annotations

import contextlib
import io
import os
import signal
import sys
import threading
import warnings
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Any

FAILED = 2
_EXPECTED = (OSError, ValueError, RuntimeError, ImportError, MemoryError, OverflowError)
_STDOUT = "standard output"


class Interrupted(KeyboardInterrupt):
    """The user or the system asked the command to end, by the signal ``signum``."""

    def __init__(self, signum: int, message: str = "interrupted") -> None:
        super().__init__(message)
        self.signum = signum


class Output(io.TextIOBase):
    """The standard output of the moment, whose failures say what could not be written."""

    def write(self, text: str) -> int:
        with _named():
            return sys.stdout.write(text)

    def flush(self) -> None:
        with _named():
            sys.stdout.flush()


def say(text: str) -> None:
    """Write a line to the standard output at once."""
    output = Output()
    output.write(text + "\n")
    output.flush()


def complain(text: str) -> None:
    """Write one line to the standard error, whatever line breaks the text has."""
    line = " ".join(part.strip() for part in text.splitlines() if part.strip())
    with contextlib.suppress(OSError, ValueError):  # it may be closed; then there is nobody to tell
        sys.stderr.write(f"groundup: {line}\n")
        sys.stderr.flush()


def guarded(command: Callable[[], None]) -> int:
    """Run a command; gives the exit code of the process."""
    with _streams(), _warnings_in_a_line():
        try:
            with on_signal(_interrupt):
                command()
                Output().flush()
        except SystemExit as end:  # argparse has said why
            return _flushed(end.code if isinstance(end.code, int) else FAILED)
        except KeyboardInterrupt as interrupt:
            complain(str(interrupt) or "interrupted")
            return _flushed(128 + getattr(interrupt, "signum", signal.SIGINT))
        except BrokenPipeError:  # the reader has seen enough, as in "| head"
            _drop_output()
            return 128 + getattr(signal, "SIGPIPE", 13)
        except _EXPECTED as error:
            if os.environ.get("GROUNDUP_TRACEBACK"):
                raise
            if getattr(error, "filename", None) == _STDOUT:
                _drop_output()
            complain(f"error: {described(error)}")
            return _flushed(FAILED)
    return 0


def described(error: BaseException) -> str:
    """An error in words, beginning with the file if it is about one."""
    if isinstance(error, OSError) and error.strerror:
        return f"{error.filename}: {error.strerror}" if error.filename else error.strerror
    if isinstance(error, MemoryError):
        return f"out of memory: {error}" if str(error) else "out of memory"
    return str(error) or type(error).__name__


@contextlib.contextmanager
def on_signal(handler: Callable[[int, FrameType | None], Any]) -> Iterator[None]:
    """Handle Ctrl-C, SIGTERM and SIGHUP by ``handler`` for a while, except those that the process ignores."""
    before: dict[int, Any] = {}
    if threading.current_thread() is threading.main_thread():
        for name in ("SIGINT", "SIGTERM", "SIGHUP"):
            signum = getattr(signal, name, None)
            # Ignored is what nohup and shells that start background jobs wish.
            if signum is not None and signal.getsignal(signum) not in (signal.SIG_IGN, None):
                before[signum] = signal.signal(signum, handler)
    try:
        yield
    finally:
        for signum, old in before.items():
            signal.signal(signum, old)


def _interrupt(signum: int, frame: FrameType | None) -> None:
    raise Interrupted(signum)


@contextlib.contextmanager
def _named() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        error.filename = _STDOUT
        raise


@contextlib.contextmanager
def _streams() -> Iterator[None]:
    """A place to write to even where the process was started without one (``>&-``)."""
    with contextlib.ExitStack() as stack:
        for name in ("stdout", "stderr"):
            if getattr(sys, name) is None:
                setattr(sys, name, stack.enter_context(open(os.devnull, "w", encoding="utf-8")))
                stack.callback(setattr, sys, name, None)
        yield


@contextlib.contextmanager
def _warnings_in_a_line() -> Iterator[None]:
    def show(message: Warning | str, *_: object, **__: object) -> None:
        complain(f"warning: {message}")

    with warnings.catch_warnings():
        warnings.showwarning = show
        yield


def _flushed(code: int) -> int:
    """Write out what is left; a failure then counts, and must not be found again when Python ends."""
    try:
        Output().flush()
    except BrokenPipeError:
        _drop_output()
    except OSError as error:
        _drop_output()
        complain(f"error: {described(error)}")
        return code or FAILED
    return code


def _drop_output() -> None:
    """Send what is still to be written to the standard output nowhere."""
    with contextlib.suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)
