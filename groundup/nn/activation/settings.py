"""The setting that many activation layers share."""

from __future__ import annotations

from groundup.nn.module import Module


class InPlace(Module):
    """An activation whose only setting is whether it overwrites its input."""

    def __init__(self, inplace: bool = False) -> None:
        self.inplace = inplace

    def extra_repr(self) -> str:
        """The settings."""
        return "inplace=True" if self.inplace else ""
