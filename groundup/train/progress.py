"""How a fit shows itself: a table that grows by a line for each epoch, with or without a bar above it.

The bar is tqdm's. Without that package, or where the output is no terminal, the lines alone remain.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, TextIO

from groundup.errors import MissingExtra
from groundup.train.callbacks import Callback
from groundup.train.history import header, line

if TYPE_CHECKING:
    from groundup.train.learner import Learner

__all__ = ["ProgressBar", "ProgressLines"]


class ProgressLines(Callback):
    """Writes the history as it grows: the names of the columns first, then a line for each epoch.

    The lines go to ``file``, by default the standard output of the moment.
    """

    order = 30

    def __init__(self, file: TextIO | None = None) -> None:
        self.file = file

    def before_fit(self, learner: Learner) -> None:
        self._write(header(list(learner.columns())))

    def after_epoch(self, learner: Learner) -> None:
        self._write(line(learner.history[-1]))

    def _write(self, text: str) -> None:
        file = self.file or sys.stdout
        file.write(text + "\n")
        file.flush()


class ProgressBar(ProgressLines):
    """A bar over the batches of the present epoch, on standard error, and the lines of ``ProgressLines``.

    Raises ``MissingExtra`` when it is made without tqdm.
    """

    def __init__(self, file: TextIO | None = None) -> None:
        super().__init__(file)
        try:
            import tqdm  # noqa: F401
        except ImportError as error:
            raise MissingExtra("a progress bar", "tqdm", "train") from error
        self._bar: Any = None

    def before_batch(self, learner: Learner) -> None:
        if self._bar is None:  # also in the middle of an epoch, when it was resumed
            self._open(f"epoch {learner.epochs_done + 1}/{learner.last_epoch}", learner, learner.batches_done)

    def after_batch(self, learner: Learner) -> None:
        self._bar.set_postfix_str(f"loss {learner.train_loss.compute():.4f}", refresh=False)
        self._bar.update()

    def before_validate(self, learner: Learner) -> None:
        self._open("validate", learner, 0)

    def after_valid_batch(self, learner: Learner) -> None:
        self._bar.update()

    def after_validate(self, learner: Learner) -> None:
        self._close()

    def after_epoch(self, learner: Learner) -> None:
        self._close()
        super().after_epoch(learner)

    def after_fit(self, learner: Learner) -> None:
        self._close()

    def on_exception(self, learner: Learner) -> None:
        self._close()

    def _open(self, title: str, learner: Learner, done: int) -> None:
        from tqdm import tqdm

        self._close()
        total = learner.batch_count()
        self._bar = tqdm(desc=title, total=total, initial=done, leave=False, unit="batch", dynamic_ncols=True)

    def _close(self) -> None:
        if self._bar is not None:
            self._bar.close()
        self._bar = None


def progress_callback(kind: str | bool | None) -> Callback | None:
    """The callback for the ``progress`` argument of a ``Learner``."""
    if kind in (None, False, "none"):
        return None
    if kind == "lines":
        return ProgressLines()
    if kind in (True, "bar"):
        return ProgressBar()
    if kind != "auto":
        raise ValueError(f'progress must be "auto", "bar", "lines" or None, got {kind!r}')
    try:
        return ProgressBar() if sys.stderr is not None and sys.stderr.isatty() else ProgressLines()
    except MissingExtra:
        return ProgressLines()
