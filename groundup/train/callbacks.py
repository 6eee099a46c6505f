"""Callbacks: code that the ``Learner`` runs at set moments of training, and the exceptions that cut it short.

A callback overrides the moments it cares about and reads or changes the learner it is given. Progress bars,
early stopping, gradient clipping and checkpoints are all callbacks.
"""

from __future__ import annotations

import copy
import difflib
import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from groundup.train.learner import Learner

__all__ = ["Callback", "CancelBatch", "CancelEpoch", "CancelFit", "EarlyStopping", "GradientClip"]

EVENTS = (
    "before_fit",
    "before_epoch",
    "before_batch",
    "before_step",
    "after_step",
    "after_batch",
    "before_validate",
    "after_valid_batch",
    "after_validate",
    "after_epoch",
    "after_fit",
    "on_exception",
)


class Cancel(Exception):
    """What the three exceptions below have in common; ``reach`` orders them."""

    reach = 0


class CancelBatch(Cancel):
    """Raised by a callback: leave out the rest of this batch, and go on with the next one."""

    reach = 1


class CancelEpoch(Cancel):
    """Raised by a callback: leave out the rest of this epoch and its validation, and go on with the next."""

    reach = 2


class CancelFit(Cancel):
    """Raised by a callback: end training here; ``fit`` gives back its history as usual."""

    reach = 3


class Callback:
    """The base class: every moment does nothing until a subclass says otherwise.

    In the order in which they come: ``before_fit``; for each epoch ``before_epoch``, for each batch
    ``before_batch``, ``before_step`` (the gradients are there), ``after_step`` and ``after_batch``; then
    ``before_validate``, ``after_valid_batch`` for each batch, ``after_validate``; then ``after_epoch`` (the
    row of the history is there); at last ``after_fit``. ``on_exception`` runs in place of ``after_fit`` when
    something else than a cancellation ends the fit: put things in order there. ``evaluate`` and ``predict``
    run no callbacks.

    Callbacks run by rising ``order``, and within one order as they were given. When one cancels, the others
    still have their turn in that moment. ``fit(resume=...)`` runs ``before_fit`` and then hands back what
    ``state_dict`` gave; the moments that the saved run had behind it do not come again.

    A method that is named like a moment and is none (``before_bacth``) raises ``TypeError`` when the class
    is made.

    >>> from groundup.train import Callback, CancelEpoch
    >>> class FirstBatches(Callback):
    ...     def after_batch(self, learner):
    ...         if learner.batches_done == 10:
    ...             raise CancelEpoch
    """

    order: int = 0

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        for name in vars(cls):
            if name.startswith(("before_", "after_", "on_")) and name not in EVENTS:
                near = difflib.get_close_matches(name, EVENTS, 1)
                hint = f" Perhaps you meant {near[0]}." if near else ""
                raise TypeError(
                    f"{cls.__name__}.{name} would never be called: there is no such moment.{hint}\n"
                    f"  There are: {', '.join(EVENTS)}; begin the names of your own methods otherwise."
                )

    def before_fit(self, learner: Learner) -> None:
        """Training begins, or goes on from a checkpoint."""

    def before_epoch(self, learner: Learner) -> None:
        """An epoch begins; ``learner.epochs_done`` are behind it."""

    def before_batch(self, learner: Learner) -> None:
        """A batch is there: ``learner.inputs`` and ``learner.target``, which may be replaced."""

    def before_step(self, learner: Learner) -> None:
        """The gradients are there, and the optimiser has not used them."""

    def after_step(self, learner: Learner) -> None:
        """The optimiser has changed the weights."""

    def after_batch(self, learner: Learner) -> None:
        """A batch is done, or was cancelled; ``learner.batches_done`` counts it already."""

    def before_validate(self, learner: Learner) -> None:
        """The training part of the epoch is done."""

    def after_valid_batch(self, learner: Learner) -> None:
        """A batch of the validation set is done."""

    def after_validate(self, learner: Learner) -> None:
        """The validation part of the epoch is done."""

    def after_epoch(self, learner: Learner) -> None:
        """The epoch is done, and ``learner.history[-1]`` is its row."""

    def after_fit(self, learner: Learner) -> None:
        """Training ends, as planned or cancelled."""

    def on_exception(self, learner: Learner) -> None:
        """Training ends by an error or Ctrl-C, which is raised after this."""

    def state_dict(self) -> dict[str, Any]:
        """What a resumed run must know; empty for most."""
        return {}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Take what ``state_dict`` gave."""


def checked(callbacks: Callback | Sequence[Callback]) -> list[Callback]:
    """The callbacks as a list, after a look at what they are."""
    if isinstance(callbacks, Callback):
        return [callbacks]
    for each in callbacks:
        if isinstance(each, type):
            raise TypeError(f"pass a callback, not its class: {each.__name__}()")
        if not isinstance(each, Callback):
            raise TypeError(f"a callback must be a groundup.train.Callback, got {type(each).__name__}")
    return list(callbacks)


class GradientClip(Callback):
    """Limit the gradients before each step, by their norm over all parameters, or each number by itself.

    With ``max_norm``, gradients whose norm is larger are scaled by ``max_norm / norm``; with ``max_value``
    each is clamped to ``[-max_value, max_value]``. ``norm`` holds the last norm before clipping. The source
    of the first is Pascanu, Mikolov and Bengio, 2013, "On the difficulty of training recurrent neural
    networks".

    >>> from groundup.train import GradientClip
    >>> clip = GradientClip(max_norm=1.0)
    """

    order = 10  # after callbacks that change gradients

    def __init__(
        self, max_norm: float | None = None, *, max_value: float | None = None, norm_type: float = 2.0
    ) -> None:
        if (max_norm is None) == (max_value is None):
            raise ValueError("GradientClip needs one of max_norm and max_value")
        limit = max_norm if max_norm is not None else max_value
        if limit is None or not limit > 0:
            raise ValueError(f"the limit of GradientClip must be above 0, got {limit}")
        self.max_norm, self.max_value, self.norm_type = max_norm, max_value, norm_type
        self.norm: float | None = None

    def before_step(self, learner: Learner) -> None:
        from groundup.nn.utils import clip_grad_norm_, clip_grad_value_

        parameters = [each for each in learner.model.parameters() if each.grad is not None]
        if self.max_norm is not None:
            self.norm = float(clip_grad_norm_(parameters, self.max_norm, self.norm_type))
        elif self.max_value is not None:
            clip_grad_value_(parameters, self.max_value)


class Monitor:
    """Watches one column of the history, and tells whether its last number is the best so far."""

    def __init__(self, column: str | None, mode: str, min_delta: float = 0.0) -> None:
        if mode not in ("auto", "min", "max"):
            raise ValueError(f'mode must be "auto", "min" or "max", got {mode!r}')
        if not min_delta >= 0:
            raise ValueError(f"min_delta must be 0 or more, got {min_delta}")
        self.column, self.mode, self.min_delta = column, mode, min_delta
        self.best: float | None = None

    def prepare(self, learner: Learner) -> None:
        """Settle the column and the direction before training, so that a wrong name costs no epoch."""
        columns = learner.columns()
        if self.column is None:
            self.column = "valid_loss" if "valid_loss" in columns else "train_loss"
        if self.column not in columns:
            raise ValueError(f"there will be no column {self.column!r} to watch; there are: {', '.join(columns)}")
        if self.mode == "auto":
            higher = columns[self.column]
            if higher is None:
                raise ValueError(f'say mode="min" or mode="max": which is better of {self.column!r} is not known')
            self.mode = "max" if higher else "min"

    def improved(self, learner: Learner) -> bool:
        """Whether the last row is the best, by more than ``min_delta``; remembers it if so."""
        value = learner.history[-1].get(self.column or "")
        if value is None or math.isnan(value):
            return False
        gain = math.inf if self.best is None else (value - self.best) * (1 if self.mode == "max" else -1)
        if gain <= self.min_delta:
            return False
        self.best = value
        return True


class EarlyStopping(Callback):
    """End training when a column of the history has not improved for ``patience`` epochs.

    ``monitor`` is a column such as ``"valid_accuracy"``; by default it is the validation loss, or the
    training loss without a validation set. ``mode`` says whether lower or higher is better (known for the
    losses and this library's metrics), and a gain of ``min_delta`` or less does not count. With
    ``restore_best=True`` the weights of the best epoch are put back at the end.

    >>> from groundup.train import EarlyStopping
    >>> stop = EarlyStopping(patience=5, monitor="valid_accuracy")
    """

    order = 20

    def __init__(
        self,
        patience: int = 3,
        *,
        monitor: str | None = None,
        mode: str = "auto",
        min_delta: float = 0.0,
        restore_best: bool = False,
    ) -> None:
        if isinstance(patience, bool) or not isinstance(patience, int) or patience < 1:
            raise ValueError(f"patience must be a whole number of 1 or more, got {patience!r}")
        self.patience, self.restore_best = patience, restore_best
        self.monitor = Monitor(monitor, mode, min_delta)
        self.waited = 0
        self.best_weights: dict[str, Any] | None = None

    def before_fit(self, learner: Learner) -> None:
        self.monitor.prepare(learner)
        self.monitor.best, self.waited, self.best_weights = None, 0, None

    def after_epoch(self, learner: Learner) -> None:
        if self.monitor.improved(learner):
            self.waited = 0
            if self.restore_best:
                self.best_weights = copy.deepcopy(dict(learner.model.state_dict()))
            return
        self.waited += 1
        if self.waited >= self.patience:
            raise CancelFit(f"{self.monitor.column} has not improved for {self.waited} epochs")

    def after_fit(self, learner: Learner) -> None:
        if self.best_weights is not None:
            learner.model.load_state_dict(self.best_weights)

    def state_dict(self) -> dict[str, Any]:
        return {"best": self.monitor.best, "waited": self.waited, "best_weights": self.best_weights}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        self.monitor.best, self.waited = state["best"], state["waited"]
        self.best_weights = state["best_weights"]
