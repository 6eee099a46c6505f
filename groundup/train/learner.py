"""The training loop: a model, its data, a loss and an optimiser, put together as a ``Learner``.

``fit`` trains and gives back the history, ``evaluate`` and ``predict`` use the result. What happens around
the loop (bars, early stopping, checkpoints) is done by callbacks; ``checkpoint`` lets a killed run go on.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence, Sized
from typing import Any

from groundup.atomic import StrPath
from groundup.autograd import no_grad
from groundup.functions import view
from groundup.io.state_file import save
from groundup.nn import Module
from groundup.optim import Optimizer
from groundup.tensor import Tensor
from groundup.train import run_state
from groundup.train.callbacks import EVENTS, Callback, Cancel, CancelBatch, CancelEpoch, CancelFit, checked
from groundup.train.checkpoint import find
from groundup.train.checks import check_fit, check_loss, check_parts
from groundup.train.history import History
from groundup.train.metrics import Mean, Metric, as_metrics, batch_size
from groundup.train.progress import progress_callback
from groundup.train.schedule import settle_interval, step_epoch
from groundup.train.steps import Steps

__all__ = ["Learner"]


class Learner:
    """Trains ``model`` on the batches of ``train_loader``, and measures it on those of ``valid_loader``.

    Args:
        model: a ``Module``, called with the inputs of a batch.
        train_loader, valid_loader: iterables of batches, such as ``DataLoader``. A batch is a tuple whose
            last entry is the target and whose others are the inputs.
        loss_fn: ``loss_fn(prediction, target)``, a mean over the batch.
        optimizer: an optimiser made over the model's parameters.
        scheduler: a learning-rate scheduler of that optimiser. ``scheduler_interval`` says when it steps:
            after each ``"epoch"``, after each ``"step"`` of the optimiser, or ``"auto"``, which is ``"step"``
            for ``OneCycleLR``, which counts in steps, and ``"epoch"`` for the others. ``ReduceLROnPlateau``
            is given the validation loss, or the training loss without a validation set.
        metrics: metrics or functions of ``(prediction, target)``, taken over the validation set, or over the
            training batches without one, or over both with ``train_metrics=True``.
        callbacks: instances of ``Callback``.
        progress: ``"bar"``, ``"lines"`` or None; ``"auto"`` is a bar in a terminal with tqdm, else lines.
        compiled: whether training and validation in ``fit`` run compiled, as by ``groundup.compile``. None: they
            do if the extra ``compile`` is installed, after the first 50 steps, and what cannot be compiled runs
            eagerly, with one warning that says why. True: from the first step on, and what cannot be compiled
            raises ``TraceError``. False: eagerly.

    What is missing or wrong raises before training starts.

    >>> import groundup
    >>> from groundup import nn, optim
    >>> from groundup.train import Learner
    >>> _ = groundup.manual_seed(0)
    >>> x = groundup.linspace(-1, 1, 32).reshape(32, 1)
    >>> batches = [(x[i : i + 8], 3 * x[i : i + 8]) for i in range(0, 32, 8)]
    >>> model = nn.Linear(1, 1)
    >>> optimizer = optim.SGD(model.parameters(), lr=0.5)
    >>> learner = Learner(model, batches, loss_fn=nn.functional.mse_loss, optimizer=optimizer, progress=None)
    >>> history = learner.fit(epochs=20)
    >>> len(history), history[-1]["train_loss"] < 0.001
    (20, True)
    """

    def __init__(
        self,
        model: Module,
        train_loader: Iterable[Any] | None = None,
        valid_loader: Iterable[Any] | None = None,
        loss_fn: Callable[[Any, Any], Tensor] | None = None,
        optimizer: Optimizer | None = None,
        scheduler: Any = None,
        *,
        metrics: Metric | Callable[..., Any] | Sequence[Any] = (),
        callbacks: Callback | Sequence[Callback] = (),
        scheduler_interval: str = "auto",
        train_metrics: bool | None = None,
        progress: str | bool | None = "auto",
        compiled: bool | None = None,
    ) -> None:
        check_parts(model, loss_fn=loss_fn, optimizer=optimizer, scheduler=scheduler)
        self.model = model
        self.train_loader, self.valid_loader = train_loader, valid_loader
        self.loss_fn, self.scheduler = loss_fn, scheduler
        self.optimizer: Any = optimizer  # None only where nothing is trained
        self.scheduler_interval = settle_interval(scheduler, scheduler_interval)
        self.metrics = as_metrics(metrics)
        self.train_metrics = valid_loader is None if train_metrics is None else train_metrics
        self.callbacks = checked(callbacks)
        self.progress = progress
        self.steps = Steps(compiled)
        self.history = History()
        self.train_loss, self.valid_loss = Mean("loss"), Mean("loss")

        # Where training stands. ``batches_done`` counts those of the present epoch's training part.
        self.fits_done = self.epochs_done = self.batches_done = self.steps_done = 0
        self.first_epoch = self.last_epoch = 0
        self.stopped: str | None = None
        self.mode = "idle"
        self.seconds = 0.0  # spent on the present epoch before it was last resumed
        self.rate: Any = None  # the learning rate of the last step

        # The batch at hand, for callbacks.
        self.inputs: tuple[Any, ...] = ()
        self.target: Any = None
        self.prediction: Any = None
        self.loss: Any = None

        # What a checkpoint also needs to know: whether an epoch has begun, its random states at that
        # moment (for loaders that cannot tell their place), and the batches that a resumed epoch has left.
        self.in_epoch = False
        self.epoch_random: Any = None
        self.batches: Iterator[Any] | None = None
        self._resumable = True

        self._row: dict[str, Any] = {}
        self._handlers: dict[str, list[Callable[[Learner], None]]] = {event: [] for event in EVENTS}
        self._started = 0.0

    # Training ------------------------------------------------------------------------------------

    def fit(self, epochs: int, *, resume: StrPath | bool | None = None) -> History:
        """Train for ``epochs`` more epochs; gives back the history of all.

        With ``resume`` the state of a killed run is loaded first, from the path of its checkpoint, and
        training goes on where that run stood until it has done the ``epochs`` of its fit: the weights at the
        end are the same, bit for bit, as without the interruption. ``resume=True`` takes the path from the
        ``Checkpoint`` callback, and starts from the beginning when there is no such file yet; a program that
        fits several times can say so each time, and goes on in the fit in which it was killed.

        Raises ``ValueError`` when something that training needs was not given, ``OSError`` or ``ValueError``
        when the checkpoint cannot be read or does not fit; nothing has changed then.
        """
        check_fit(self, epochs)
        callbacks = self._arrange()
        saved = self._saved(resume)
        self._start(epochs)
        try:
            with contextlib.suppress(CancelFit):
                self._notify("before_fit")
                if saved is not None:
                    self._go_on(*saved, epochs=epochs, by_number=resume is True)
                while self.epochs_done < self.last_epoch and self.stopped is None:
                    self._fit_epoch()
            with contextlib.suppress(CancelFit):
                self._notify("after_fit")
            self.fits_done += 1
        except BaseException:
            for each in callbacks:
                each.on_exception(self)
            raise
        finally:
            self.mode, self.batches = "idle", None
        return self.history

    def save_checkpoint(self, path: StrPath) -> None:
        """Save the whole run to ``path``, whole or not at all; ``fit(resume=path)`` goes on from it.

        This may be called between fits and, by a callback, in ``after_batch`` and ``after_epoch``; at other
        moments it raises ``RuntimeError``, as a run cannot go on from the middle of a batch.
        """
        if not self._resumable:
            raise RuntimeError(
                "a checkpoint can be saved between two batches or epochs: in after_batch or after_epoch, "
                "or when fit has come to its end"
            )
        save(run_state.capture(self), path)

    def _saved(self, resume: StrPath | bool | None) -> tuple[dict[str, Any], StrPath] | None:
        """The state to go on from and its file; with True none of a fit that this learner has behind it."""
        source = find(resume, self.callbacks)
        if source is None:
            return None
        state = run_state.read(source)
        behind = state["position"]["fits_done"] < self.fits_done
        return None if resume is True and behind else (state, source)

    def _go_on(self, state: dict[str, Any], source: StrPath, *, epochs: int, by_number: bool) -> None:
        number = self.fits_done
        run_state.restore(self, state, source)
        self.last_epoch = self.first_epoch + epochs
        if by_number and self.fits_done > number:  # the saved run has done this fit, and so nothing is left of it
            self.fits_done, self.last_epoch = number, self.epochs_done

    def _start(self, epochs: int) -> None:
        """A new fit: it counts its epochs from here, and owes nothing to one that was cut short."""
        self.first_epoch, self.last_epoch = self.epochs_done, self.epochs_done + epochs
        self.batches_done, self.seconds = 0, 0.0
        self.stopped, self.in_epoch, self.batches, self._resumable = None, False, None, True
        run_state.forget_places(self)
        self.optimizer.zero_grad()

    def _fit_epoch(self) -> None:
        """One epoch, or what is left of one that was resumed in the middle."""
        self._started = time.perf_counter() - self.seconds
        self._resumable = False
        self._row = dict.fromkeys(self.columns())
        try:
            if not self.in_epoch:
                self._begin_epoch()
            self._train()
            if self.valid_loader is not None:
                self._validate(self.valid_loader)
        except CancelEpoch:
            run_state.forget_places(self)
        self._end_epoch()

    def _begin_epoch(self) -> None:
        self.mode, self.in_epoch = "train", True
        self._reset(self.train_loss)
        self._notify("before_epoch")

    def _train(self) -> None:
        self.mode = "train"
        self.model.train()
        batches, self.batches = self.batches, None
        if batches is None:
            batches, self.epoch_random = run_state.begin(self.train_loader or ())
        try:
            for batch in batches:
                self._train_batch(batch)
            if not self.batches_done:
                raise ValueError("train_loader gave no batches; with drop_last, is batch_size too large?")
        finally:
            if isinstance(batches, Generator):
                batches.close()  # at once, with the threads that it may have
            self._note("train", self.train_loss)

    def _train_batch(self, batch: Any) -> None:
        self._resumable = False
        with contextlib.suppress(CancelBatch):
            self._take(batch)
            self._notify("before_batch")
            stepped = self._learn()
            self._notify("before_step")
            self.rate = self.optimizer.param_groups[0].get("lr")
            if not stepped:
                self.steps.update(self.optimizer)
            self.steps_done += 1
            if self.scheduler is not None and self.scheduler_interval == "step":
                self.scheduler.step()
            self._notify("after_step")
            if not stepped:
                self.optimizer.zero_grad()
        self.batches_done += 1
        self.seconds = time.perf_counter() - self._started
        self._resumable = True
        with contextlib.suppress(CancelBatch):
            self._notify("after_batch")

    def _learn(self) -> bool:
        """Prediction, loss and gradients of the batch at hand; the whole step, which is told, where nobody listens."""
        metrics = self.metrics if self.train_metrics else []
        if self.steps.are_due(self.steps_done, self.model, self.loss_fn, self.optimizer):
            self._check_target()
            whole = not (self._handlers["before_step"] or self._handlers["after_step"])
            found = self.steps.train(self.inputs, self.target, whole)
            if found is not None:
                self._measure(*found, self.train_loss, metrics)
                return whole
        self._forward(self.train_loss, metrics)
        self.loss.backward()
        return False

    def _validate(self, loader: Iterable[Any]) -> None:
        self.mode, self._resumable = "validate", False
        self._reset(self.valid_loss)
        self._notify("before_validate")
        try:
            with self._evaluating():
                for batch in loader:
                    with contextlib.suppress(CancelBatch):
                        self._take(batch)
                        self._validate_batch()
                        self._notify("after_valid_batch")
        finally:
            self._note("valid", self.valid_loss)
        self._notify("after_validate")

    def _validate_batch(self) -> None:
        found = None
        if self.steps.are_due(self.steps_done, self.model, self.loss_fn, self.optimizer):
            self._check_target()
            found = self.steps.measure(self.inputs, self.target)
        if found is None:
            self._forward(self.valid_loss, self.metrics)
        else:
            self._measure(*found, self.valid_loss, self.metrics)

    def _end_epoch(self) -> None:
        self.mode = "epoch"
        self.epochs_done += 1
        rate = None if self.rate is None else float(self.rate)
        seconds = time.perf_counter() - self._started
        self._row |= {"epoch": self.epochs_done, "lr": rate, "seconds": seconds}
        if self.scheduler is not None and self.scheduler_interval == "epoch":
            step_epoch(self.scheduler, self._row)
        self.history.append(self._row)
        self.in_epoch, self.batches_done, self.seconds = False, 0, 0.0
        self._resumable = True
        self._notify("after_epoch")

    # Measuring -----------------------------------------------------------------------------------

    def evaluate(self, loader: Iterable[Any] | None = None) -> dict[str, Any]:
        """The mean loss and each metric over ``loader``, or over the validation set without one.

        The loss is weighted by the size of each batch. Dropout and the like are off, no gradients are
        recorded, no callbacks run, and the learner stays as it was, so that a callback may evaluate too.

        >>> import groundup
        >>> from groundup import nn
        >>> from groundup.train import Accuracy, Learner
        >>> learner = Learner(nn.Identity(), loss_fn=nn.functional.cross_entropy, metrics=Accuracy())
        >>> results = learner.evaluate([(groundup.eye(3), groundup.tensor([0, 1, 0]))])
        >>> round(results["loss"], 4), round(results["accuracy"], 4)
        (0.8848, 0.6667)
        """
        loader = self.valid_loader if loader is None else loader
        if loader is None:
            raise ValueError("evaluate needs data: evaluate(loader), or Learner(..., valid_loader=loader)")
        if self.loss_fn is None and not self.metrics:
            raise ValueError("evaluate needs a loss_fn or metrics: Learner(model, loss_fn=..., metrics=[...])")
        loss = Mean("loss")
        with self._aside(), self._evaluating():
            self._reset(loss)
            for batch in loader:
                self._take(batch)
                self._forward(loss, self.metrics)
            results = {} if self.loss_fn is None else {"loss": loss.compute()}
            return results | {metric.name: metric.compute() for metric in self.metrics}

    def predict(self, data: Tensor | Iterable[Any]) -> Tensor:
        """The model's outputs for ``data``, one batch below the other.

        ``data`` is a tensor, which is one batch, or an iterable of batches. Of a batch that is a tuple of two
        or more, the last entry is the target and is left out, as in training. Otherwise as ``evaluate``.

        >>> import groundup
        >>> from groundup import nn
        >>> from groundup.train import Learner
        >>> Learner(nn.Flatten()).predict(groundup.zeros(2, 3, 4)).shape
        groundup.Size([2, 12])
        """
        outputs = []
        with self._aside(), self._evaluating():
            for batch in [data] if isinstance(data, Tensor) else data:
                self._take(batch)
                outputs.append(self.model(*self.inputs))
        if not outputs:
            raise ValueError("predict was given no batches")
        return outputs[0] if len(outputs) == 1 else view.cat(outputs)

    @contextlib.contextmanager
    def _evaluating(self) -> Iterator[None]:
        """The model in eval mode and no gradients; each of its modules as it was afterwards."""
        modes = [(module, module.training) for module in self.model.modules()]
        self.model.eval()
        try:
            with no_grad():
                yield
        finally:
            for module, training in modes:
                module.training = training

    @contextlib.contextmanager
    def _aside(self) -> Iterator[None]:
        """Other batches for a while; the batch at hand and the metrics are as they were afterwards."""
        kept = self.inputs, self.target, self.prediction, self.loss
        totals = [metric.state_dict() for metric in self.metrics]
        try:
            yield
        finally:
            self.inputs, self.target, self.prediction, self.loss = kept
            for metric, state in zip(self.metrics, totals, strict=True):
                metric.load_state_dict(state)

    # The batch at hand ---------------------------------------------------------------------------

    def split_batch(self, batch: Any) -> tuple[tuple[Any, ...], Any]:
        """The inputs and the target of a batch, whether for training, evaluation or prediction.

        Override it for batches of another form, or to change every batch on its way in.
        """
        if isinstance(batch, tuple | list):
            return (tuple(batch[:-1]), batch[-1]) if len(batch) > 1 else (tuple(batch), None)
        return (batch,), None

    def batch_count(self) -> int | None:
        """How many batches the present part of the epoch has, None if its loader does not tell."""
        loader = self.valid_loader if self.mode == "validate" else self.train_loader
        return len(loader) if isinstance(loader, Sized) else None

    def _take(self, batch: Any) -> None:
        self.inputs, self.target = self.split_batch(batch)
        self.prediction = self.loss = None

    def _forward(self, loss: Mean, metrics: list[Metric]) -> None:
        """Prediction and loss of the batch at hand, added to their meters."""
        self._check_target()
        prediction = self.model(*self.inputs)
        found = None
        if self.loss_fn is not None:
            found = self.loss_fn(prediction, self.target)
            check_loss(found)
        self._measure(prediction, found, loss, metrics)

    def _check_target(self) -> None:
        if self.target is None and type(self).split_batch is Learner.split_batch:
            raise ValueError(
                "this batch has no target: a batch must be a tuple of inputs and target, such as (x, y).\n"
                "  For batches of another form override Learner.split_batch."
            )

    def _measure(self, prediction: Any, found: Any, loss: Mean, metrics: list[Metric]) -> None:
        self.prediction, self.loss = prediction, found
        if found is not None:
            loss.update(found, batch_size(self.target if hasattr(self.target, "shape") else self.inputs[0]))
        for metric in metrics:
            metric.update(prediction, self.target)

    # The history ---------------------------------------------------------------------------------

    def columns(self) -> dict[str, bool | None]:
        """The columns of the history, and for each that can be watched whether higher is better."""
        parts = {"train": self.metrics if self.train_metrics else []}
        if self.valid_loader is not None:
            parts["valid"] = self.metrics
        found: dict[str, bool | None] = {"epoch": None}
        for part, metrics in parts.items():
            found[f"{part}_loss"] = False
            found |= {f"{part}_{each.name}": each.higher_is_better for each in metrics if each.scalar}
        return found | {"lr": None, "seconds": None}

    def _reset(self, loss: Mean) -> None:
        for meter in (loss, *self.metrics):
            meter.reset()

    def _note(self, part: str, loss: Mean) -> None:
        """Put what a part of the epoch measured into its row; nothing if it was cancelled before a batch."""
        if not loss.count:
            return
        for meter in (loss, *self.metrics):
            name = f"{part}_{meter.name}"
            if name in self._row:
                value = meter.compute()
                self._row[name] = value.item() if isinstance(value, Tensor) else value

    # Callbacks -----------------------------------------------------------------------------------

    def _arrange(self) -> list[Callback]:
        """Settle who is told of which moment: the callbacks in their order, and the progress."""
        shown = progress_callback(self.progress)
        callbacks = checked(self.callbacks) + ([shown] if shown else [])
        callbacks.sort(key=lambda each: each.order)
        for event in EVENTS:
            idle = getattr(Callback, event)
            told = [each for each in callbacks if getattr(type(each), event) is not idle]
            self._handlers[event] = [getattr(each, event) for each in told]
        return callbacks

    def _notify(self, event: str) -> None:
        """Run every callback of a moment; the farthest-reaching cancellation among them counts."""
        cancelled: Cancel | None = None
        for handler in self._handlers[event]:
            try:
                handler(self)
            except Cancel as cancel:
                if isinstance(cancel, CancelFit) and self.stopped is None:
                    self.stopped = str(cancel) or "cancelled by a callback"
                if cancelled is None or cancel.reach > cancelled.reach:
                    cancelled = cancel
        if cancelled is not None:
            try:
                raise cancelled
            finally:
                del cancelled  # or this frame and the exception would keep each other, and the batch, alive
