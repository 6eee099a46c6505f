"""Callbacks that save: the whole run, to go on after a death, and the best weights, to be used.

A checkpoint replaces the last one in a single step, so that a run killed at any moment leaves a whole one
behind; ``Learner.fit(resume=...)`` reads it. What it holds is ``run_state``'s affair.
"""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from groundup.atomic import StrPath
from groundup.io.state_file import save
from groundup.io.tensor_file import require_safetensors
from groundup.train.callbacks import Callback, Monitor

if TYPE_CHECKING:
    from groundup.train.learner import Learner

__all__ = ["Checkpoint", "SaveBest"]


class Checkpoint(Callback):
    """Saves the whole run to ``path``: after epochs, and also every so many batches or seconds.

    The file always holds the last checkpoint, whole. ``every_batches`` counts within each epoch. Go on with
    ``learner.fit(epochs, resume=True)``. Run it after all other callbacks, as its ``order`` does, so that
    it saves what they remember of the same moment.

    Raises, before training starts, ``MissingExtra`` without safetensors and ``OSError`` when the folder
    does not exist.

    >>> from groundup.train import Checkpoint
    >>> checkpoint = Checkpoint("run/checkpoint.safetensors", every_batches=100)
    """

    order = 1000

    def __init__(
        self,
        path: StrPath,
        *,
        every_epochs: int = 1,
        every_batches: int | None = None,
        every_seconds: float | None = None,
    ) -> None:
        for name, value in (("every_epochs", every_epochs), ("every_batches", every_batches)):
            if value is not None and (isinstance(value, bool) or not isinstance(value, int) or value < 1):
                raise ValueError(f"{name} must be a whole number of 1 or more, got {value!r}")
        if every_seconds is not None and not every_seconds >= 0:
            raise ValueError(f"every_seconds must be 0 or more, got {every_seconds!r}")
        self.path = path
        self.every_epochs, self.every_batches, self.every_seconds = every_epochs, every_batches, every_seconds
        self._saved_at = 0.0

    def before_fit(self, learner: Learner) -> None:
        require_safetensors("saving checkpoints")
        check_writable(self.path, "saving checkpoints")
        self._saved_at = time.monotonic()

    def after_batch(self, learner: Learner) -> None:
        by_count = self.every_batches is not None and learner.batches_done % self.every_batches == 0
        waited = time.monotonic() - self._saved_at
        if by_count or (self.every_seconds is not None and waited >= self.every_seconds):
            self._save(learner)

    def after_epoch(self, learner: Learner) -> None:
        over = learner.epochs_done >= learner.last_epoch or learner.stopped is not None
        if over or learner.epochs_done % self.every_epochs == 0:
            self._save(learner)

    def _save(self, learner: Learner) -> None:
        learner.save_checkpoint(self.path)
        self._saved_at = time.monotonic()


class SaveBest(Callback):
    """Saves the weights to ``path`` after each epoch in which ``monitor`` is better than ever before.

    ``monitor`` and ``mode`` are those of ``EarlyStopping``. The file is a plain state dict.

    >>> from groundup.train import SaveBest
    >>> best = SaveBest("run/best.safetensors", monitor="valid_accuracy")
    """

    order = 40

    def __init__(self, path: StrPath, *, monitor: str | None = None, mode: str = "auto") -> None:
        self.path = path
        self.monitor = Monitor(monitor, mode)

    def before_fit(self, learner: Learner) -> None:
        require_safetensors("saving weights")
        check_writable(self.path, "saving weights")
        self.monitor.prepare(learner)

    def after_epoch(self, learner: Learner) -> None:
        if self.monitor.improved(learner):
            save(dict(learner.model.state_dict()), self.path)

    def state_dict(self) -> dict[str, Any]:
        return {"best": self.monitor.best}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        self.monitor.best = state["best"]


def check_writable(path: StrPath, feature: str) -> None:
    """Fail now rather than after the first epoch, when a file cannot be written at ``path``."""
    folder = os.path.dirname(os.path.realpath(path))
    if not os.path.isdir(folder):
        raise FileNotFoundError(f"{feature} needs the folder {folder}, which does not exist")
    if os.path.isdir(path):
        raise IsADirectoryError(f"{feature} needs the name of a file; {os.fspath(path)} is a folder")
    if os.path.exists(path) and not os.access(path, os.W_OK):
        raise PermissionError(f"{feature} needs to replace {os.fspath(path)}, which is write-protected")
    if not os.access(folder, os.W_OK):
        raise PermissionError(f"{feature} needs to write in the folder {folder}, which is not allowed")


def find(resume: StrPath | bool | None, callbacks: Sequence[Callback]) -> StrPath | None:
    """The checkpoint to go on from: the path itself, or for True where the callback saves, if it has yet."""
    if resume is None or resume is False:
        return None
    if resume is not True:
        return resume
    paths = [each.path for each in callbacks if isinstance(each, Checkpoint)]
    if len(paths) != 1:
        raise ValueError(
            f"resume=True needs one Checkpoint callback, and there are {len(paths)}; or pass the checkpoint's path"
        )
    return paths[0] if os.path.exists(paths[0]) else None
