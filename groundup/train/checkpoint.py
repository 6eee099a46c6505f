"""Checkpoints: everything that a training run is, in one file, from which it goes on as if never ended.

A checkpoint holds the weights, the optimiser, the scheduler, what callbacks and metrics remember, the
history, the loader's place in the epoch and every random state. It replaces the last one in a single step,
so that a run killed at any moment leaves a whole one behind. ``Learner.fit(resume=...)`` reads it.
"""

from __future__ import annotations

import copy
import itertools
import os
import time
import warnings
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from groundup.io.atomic import StrPath
from groundup.io.state_file import load, save
from groundup.io.tensor_file import require_safetensors
from groundup.train.callbacks import Callback, Monitor
from groundup.train.fingerprint import ResumeWarning, differences, fingerprint
from groundup.train.random_states import get_random_states, set_random_states

if TYPE_CHECKING:
    from groundup.train.learner import Learner
    from groundup.train.metrics import Metric

__all__ = ["Checkpoint", "SaveBest"]

_FORMAT = 1
_PARTS = {
    "format",
    "fingerprint",
    "position",
    "model",
    "gradients",
    "optimizer",
    "scheduler",
    "callbacks",
    "meters",
    "history",
    "loaders",
    "random",
}
_POSITION = (
    "fits_done",
    "epochs_done",
    "batches_done",
    "steps_done",
    "first_epoch",
    "stopped",
    "seconds",
    "rate",
)


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
    if not os.access(folder, os.W_OK):
        raise PermissionError(f"{feature} needs to write in the folder {folder}, which is not allowed")


# Taking a run down and putting it back ---------------------------------------------------------------


def capture(learner: Learner) -> dict[str, Any]:
    """The whole state of a run between two batches or two epochs."""
    loaders = {"train": _state(learner.train_loader), "valid": _state(learner.valid_loader)}
    _check_place(learner, loaders["train"])
    position = {name: getattr(learner, name) for name in _POSITION}
    return {
        "format": _FORMAT,
        "fingerprint": fingerprint(),
        "position": position | {"in_epoch": learner.in_epoch},
        "model": dict(learner.model.state_dict()),
        # There are none between batches, unless a callback adds them up over several.
        "gradients": {n: p.grad for n, p in learner.model.named_parameters() if p.grad is not None},
        "optimizer": _state(learner.optimizer),
        "scheduler": _state(learner.scheduler),
        "callbacks": {name: each.state_dict() for name, each in named(learner.callbacks).items()},
        "meters": {name: meter.state_dict() for name, meter in _meters(learner).items()},
        "history": learner.history.state_dict(),
        "loaders": loaders,
        "random": {"now": get_random_states(), "epoch": learner.epoch_random},
    }


def find(resume: StrPath | bool | None, callbacks: Sequence[Callback]) -> dict[str, Any] | None:
    """The state to go on from: at a path, or for True where the ``Checkpoint`` callback saves, if it did."""
    if resume is None or resume is False:
        return None
    if resume is True:
        paths = [each.path for each in callbacks if isinstance(each, Checkpoint)]
        if len(paths) != 1:
            raise ValueError(
                f"resume=True needs one Checkpoint callback, and there are {len(paths)}; or pass the checkpoint's path"
            )
        if not os.path.exists(paths[0]):
            return None
        resume = paths[0]
    return read(resume)


def read(path: StrPath) -> dict[str, Any]:
    """Read a checkpoint; raises ``ValueError``, naming the file, when it is whole but something else."""
    require_safetensors("resuming a run")
    state = load(path)
    if not isinstance(state, dict) or "format" not in state or not set(state) >= _PARTS - {"format"}:
        raise ValueError(f"{os.fspath(path)} is no checkpoint of a Learner; for weights use groundup.load")
    if state["format"] != _FORMAT:
        raise ValueError(f"{os.fspath(path)} is a checkpoint of format {state['format']}; this version reads {_FORMAT}")
    return state


def restore(learner: Learner, state: dict[str, Any]) -> None:
    """Put a run back; if a part does not fit, everything is as it was before, and the error is raised."""
    _warn_of_differences(learner, state)
    before = copy.deepcopy(capture(learner))
    try:
        _restore(learner, state)
    except BaseException:
        _restore(learner, before)
        raise


def _restore(learner: Learner, state: dict[str, Any]) -> None:
    learner.model.load_state_dict(state["model"])
    for name, parameter in learner.model.named_parameters():
        parameter.grad = state["gradients"].get(name)
    for part in ("optimizer", "scheduler"):
        _load_state(getattr(learner, part), state[part], f"the {part}")
    meters = _meters(learner)
    if set(meters) != set(state["meters"]):
        raise ValueError(
            f"the checkpoint was made with the metrics {sorted(state['meters'])}, and this learner has {sorted(meters)}"
        )
    for name, meter in meters.items():
        meter.load_state_dict(state["meters"][name])
    for name, each in named(learner.callbacks).items():
        if name in state["callbacks"]:
            each.load_state_dict(state["callbacks"][name])
    learner.history.load_state_dict(state["history"])
    for name in _POSITION:
        setattr(learner, name, state["position"][name])
    learner.in_epoch = state["position"]["in_epoch"]
    _load_state(learner.valid_loader, state["loaders"]["valid"], "the validation loader")
    learner.batches = _rewind(learner, state)
    set_random_states(state["random"]["now"])


def _warn_of_differences(learner: Learner, state: dict[str, Any]) -> None:
    """Say what may make the run another one: its conditions, and callbacks that came or went."""
    found = differences(state["fingerprint"], fingerprint())
    now = {name: each.state_dict() for name, each in named(learner.callbacks).items()}
    saved = state["callbacks"]
    found += [f"the callback {name} is gone" for name in saved if saved[name] and name not in now]
    found += [f"the callback {name} is new" for name in now if now[name] and name not in saved]
    if found:
        warnings.warn(
            "the run goes on under other conditions, and may end with other bits: " + "; ".join(found),
            ResumeWarning,
            stacklevel=4,
        )


def _meters(learner: Learner) -> dict[str, Metric]:
    return {"loss": learner.train_loss, **{each.name: each for each in learner.metrics}}


def named(callbacks: Sequence[Callback]) -> dict[str, Callback]:
    """Callbacks by the name of their class, numbered where one occurs twice."""
    found: dict[str, Callback] = {}
    for each in callbacks:
        base = name = type(each).__name__
        for number in itertools.count(2):
            if name not in found:
                break
            name = f"{base}#{number}"
        found[name] = each
    return found


def _state(part: Any) -> Any:
    """The state of an optimiser, a scheduler or a loader; None for one that keeps none."""
    return dict(part.state_dict()) if hasattr(part, "state_dict") else None


def _load_state(part: Any, state: Any, what: str) -> None:
    if hasattr(part, "load_state_dict") != (state is not None):
        there = "has none" if state is not None else "has one"
        raise ValueError(f"the checkpoint {'holds' if state else 'lacks'} the state of {what}; this learner {there}")
    if state is not None:
        part.load_state_dict(state)


# The loader's place in an epoch ----------------------------------------------------------------------


def _check_place(learner: Learner, state: Any) -> None:
    """Refuse to save a place in an epoch that is not the learner's."""
    place = state.get("position") if isinstance(state, dict) else None
    if learner.in_epoch and place not in (None, learner.batches_done):
        raise RuntimeError(
            f"the training loader is at batch {place} and the epoch at {learner.batches_done}: something else "
            "went through the loader in the middle of the epoch; use another loader for that"
        )


def begin(loader: Iterable[Any]) -> tuple[Iterator[Any], Any]:
    """Start an epoch: the batches, and what it takes to find a place in them again.

    A loader without ``state_dict`` is taken through the epoch again from the same random states, which gives
    the same batches; so those states are kept.
    """
    states = None if hasattr(loader, "state_dict") else get_random_states()
    return iter(loader), states


def forget_places(learner: Learner) -> None:
    """Let both loaders begin anew, where an epoch was cut short that they would otherwise finish."""
    for loader in (learner.train_loader, learner.valid_loader):
        reset = getattr(loader, "reset", None)
        if reset is not None:
            reset()


def _rewind(learner: Learner, state: dict[str, Any]) -> Iterator[Any] | None:
    """The rest of the batches of the epoch in which the run stood, None if it stood between two."""
    loader, position = learner.train_loader, state["position"]
    _load_state(loader, state["loaders"]["train"], "the training loader")
    learner.epoch_random = state["random"]["epoch"]
    if not position["in_epoch"] or loader is None:
        return None
    if hasattr(loader, "load_state_dict"):
        return iter(loader)
    set_random_states(learner.epoch_random)
    batches = iter(loader)
    for _ in range(position["batches_done"]):
        if next(batches, None) is None:
            raise ValueError("the training loader has fewer batches than the epoch had when it was saved")
    return batches
