"""``groundup train``: a classifier of images, trained and measured, with all that it leaves in a run folder.

A run can end at any moment (Ctrl-C, SIGTERM, a full disk, a power cut) and goes on with ``--resume`` as if it
had not; ``report`` tells how it ended and draws the pictures.
"""

from __future__ import annotations

import argparse
import contextlib
import itertools
import math
import re
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import TextIO, cast

import groundup
from groundup import data, nn, optim
from groundup.cli import report
from groundup.cli.models import build
from groundup.cli.outcome import Interrupted, Output, described, on_signal, say
from groundup.cli.settings import Form, Settings, as_config, changed, measure, read_config, settle
from groundup.cli.warp import RandomWarp
from groundup.compile import threads
from groundup.errors import MissingExtra
from groundup.io.tensor_file import require_safetensors
from groundup.train import Accuracy, Callback, Learner, ProgressBar, ProgressLines, RunFolder
from groundup.train.figures import require_matplotlib

_OPTIMIZERS: dict[str, Callable[..., optim.Optimizer]] = {
    "adamw": optim.AdamW,
    "adam": optim.Adam,
    "rmsprop": optim.RMSprop,
}
TEST_BATCH = 250


@dataclass(frozen=True)
class Job:
    """A run, new or resumed, with everything that it is made of."""

    run: RunFolder
    settings: Settings
    form: Form
    images: data.ImageSet

    @property
    def resume_hint(self) -> str:
        return f"continue with: groundup train --resume {self.run.path}"


def run(options: argparse.Namespace) -> None:
    """Train, or go on training, and leave the results in the run folder."""
    _require_packages()
    job = _new(options) if options.resume is None else _reopened(options)
    with _threads(job.settings.threads), _said_how_to_go_on(job):
        learner = make_learner(job, options)
        if not options.quiet:
            say(report.opening(job.settings, job.form, job.images, learner, job.run.path))
        started = time.perf_counter()
        epochs = _fit(job, learner)
        seconds = time.perf_counter() - started
        result = report.leave(job.run, learner, job.images)
        say(report.closing(result, job.run.path, seconds, epochs, options.quiet))


def _require_packages() -> None:
    """Say what is missing now and not after the training."""
    require_safetensors("groundup train")
    require_matplotlib("groundup train")
    try:
        import threadpoolctl  # noqa: F401
        import tqdm  # noqa: F401
    except ImportError as error:
        raise MissingExtra("groundup train", str(error.name), "train") from error


# A new run, or one that goes on ----------------------------------------------------------------------


def _new(options: argparse.Namespace) -> Job:
    if options.out is not None:
        _check_free(Path(options.out))
    images = data.load(options.data or "digits", options.root)
    settings, form = settle(options, images), measure(images)
    path = Path(options.out) if options.out is not None else _numbered(settings)
    try:
        folder = RunFolder.create(path, as_config(settings, form))
    except OSError:
        with contextlib.suppress(OSError):
            path.rmdir()  # goes only if it is empty
        raise
    return Job(folder, settings, form, images)


def _check_free(path: Path) -> None:
    """Refuse a folder that is in use before the data are read."""
    if path.is_dir() and any(path.iterdir()):
        again = f"resume it (--resume {path}) or choose" if (path / "config.json").exists() else "choose"
        raise ValueError(f"the folder {path} is not empty: {again} another with --out")
    if path.exists() and not path.is_dir():
        raise ValueError(f"{path} is a file; --out takes a folder")


def _numbered(settings: Settings) -> Path:
    """A new folder below ``runs``, with the first number that is free."""
    name = re.sub(r"[^\w-]+", "-", Path(settings.data).stem).strip("-") or "data"
    for count in itertools.count(1):
        path = Path("runs", f"{name}-{settings.model}-{count}")
        try:
            path.mkdir(parents=True)
        except FileExistsError:
            continue
        return path
    raise AssertionError("unreachable")


def _reopened(options: argparse.Namespace) -> Job:
    folder = RunFolder.open(options.resume)
    settings, form = read_config(folder)
    differing = changed(options, settings)
    if differing:
        raise ValueError(f"a resumed run keeps its settings, and you asked for {', '.join(differing)}; start a new run")
    images = data.load(settings.data, options.root if options.root is not None else settings.root)
    if measure(images) != form:
        raise ValueError(f"the images of {settings.data} are not those that {folder.path} began with")
    return Job(folder, settings, form, images)


# Training --------------------------------------------------------------------------------------------


def make_learner(job: Job, options: argparse.Namespace) -> Learner:
    """Everything that the settings say, put together; the same settings give the same learner."""
    settings = job.settings
    groundup.manual_seed(settings.seed)
    model = build(settings.model, job.form.shape, len(job.form.classes))
    train = data.DataLoader(job.images.dataset(), settings.batch_size, shuffle=True)
    test = data.DataLoader(job.images.dataset(train=False), TEST_BATCH)
    optimizer = _optimizer(settings, model)
    callbacks = job.run.callbacks(every_batches=options.checkpoint_every, plot=False)
    callbacks.append(StopWhenDiverged(settings.lr))
    if settings.augment:
        callbacks.append(RandomWarp(job.form.background))
    if not options.quiet:
        shown = ProgressBar if sys.stderr.isatty() else ProgressLines
        callbacks.append(shown(cast(TextIO, Output())))
    return Learner(
        model,
        train,
        test,
        nn.functional.cross_entropy,
        optimizer,
        _scheduler(settings, optimizer, len(train)),
        metrics=Accuracy(),
        callbacks=callbacks,
        progress=None,
        compiled=False if settings.eager else None,
    )


def _optimizer(settings: Settings, model: nn.Module) -> optim.Optimizer:
    parameters, rate, decay = model.parameters(), settings.lr, settings.weight_decay
    if settings.optimizer == "sgd":
        return optim.SGD(parameters, lr=rate, weight_decay=decay, momentum=0.9, nesterov=True)
    return _OPTIMIZERS[settings.optimizer](parameters, lr=rate, weight_decay=decay)


def _scheduler(settings: Settings, optimizer: optim.Optimizer, batches: int) -> object:
    if settings.scheduler == "onecycle":
        return optim.lr_scheduler.OneCycleLR(
            optimizer, settings.lr, total_steps=settings.epochs * batches, cycle_momentum=False
        )
    if settings.scheduler == "cosine":
        return optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=settings.epochs)
    return None


def _fit(job: Job, learner: Learner) -> int:
    """Train to the end, and tell how many epochs that took now."""
    stop = StopOnSignal(job.run)
    learner.callbacks.append(stop)
    try:
        with on_signal(stop.request):
            learner.fit(job.settings.epochs, resume=True)
    except Interrupted as interrupted:
        done = f"{learner.epochs_done} of {learner.last_epoch} epochs"
        if learner.batches_done:
            done += f" and {learner.batches_done} batches"
        raise Interrupted(interrupted.signum, f"interrupted after {done}") from None
    return stop.epochs


class StopOnSignal(Callback):
    """Ends training at the next place from which it can go on, with a checkpoint; a second signal, at once."""

    order = 2000

    def __init__(self, folder: RunFolder) -> None:
        self.folder = folder
        self.signum: int | None = None
        self.epochs = 0

    def request(self, signum: int, frame: FrameType | None) -> None:
        """The handler of the signal."""
        if self.signum is not None:
            raise Interrupted(signum)
        self.signum = signum

    def after_batch(self, learner: Learner) -> None:
        if self.signum is not None:
            learner.save_checkpoint(self.folder.checkpoint)
            raise Interrupted(self.signum)

    def after_epoch(self, learner: Learner) -> None:
        self.epochs += 1
        self.after_batch(learner)


class StopWhenDiverged(Callback):
    """Ends training when the loss is no number any more, before a checkpoint of that is saved."""

    order = 1

    def __init__(self, rate: float) -> None:
        self.rate = rate

    def after_batch(self, learner: Learner) -> None:
        if not math.isfinite(learner.train_loss.total):
            raise ValueError(
                f"the loss became {learner.train_loss.total} in epoch {learner.epochs_done + 1}, batch "
                f"{learner.batches_done}; start a new run with a lower --lr than {self.rate:g}"
            )


@contextlib.contextmanager
def _threads(count: int) -> Iterator[None]:
    """Let matrix products and compiled programs use so many threads.

    One is best for networks of this size: a second one spends its time waiting, and where another program
    needs the processor both wait for each other, ten times as long as the work takes.
    """
    from threadpoolctl import threadpool_limits

    before = threads.get_num_threads()
    threads.set_num_threads(min(count, threads.LARGEST))
    try:
        with threadpool_limits(count, user_api="blas"):
            yield
    finally:
        threads.set_num_threads(before)


@contextlib.contextmanager
def _said_how_to_go_on(job: Job) -> Iterator[None]:
    """Add to what ended the run how it goes on, if there is something to go on from."""
    try:
        yield
    except KeyboardInterrupt as interrupt:
        signum = interrupt.signum if isinstance(interrupt, Interrupted) else 2
        raise Interrupted(signum, f"{str(interrupt) or 'interrupted'}; {job.resume_hint}") from None
    except BrokenPipeError:
        raise
    except OSError as error:
        if job.run.checkpoint.exists():
            raise OSError(f"{described(error)}; {job.resume_hint}") from error
        raise
