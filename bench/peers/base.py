"""What every peer gives back: a step that is ready to be called, and how to read and await its results."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


class Absent(Exception):
    """A version that cannot be had here, or has no form of this workload; it says why."""


def nothing_to_wait_for(result: Any) -> None:
    """The result of a library that returns when it has computed."""


@dataclass(frozen=True)
class Made:
    """A step; what it computed, as arrays (the losses of its steps, or its results); and a wait for it."""

    step: Callable[[], Any]
    look: Callable[[Any], list[Any]]
    wait: Callable[[Any], None] = nothing_to_wait_for
    steps_in_one_call: int = 1
