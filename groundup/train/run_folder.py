"""A run folder: where one training run keeps its settings, weights, checkpoint, history and plot.

``groundup train`` writes one, and ``predict``, ``evaluate`` and ``--resume`` read it. Every file in it is
replaced whole or not at all, so that a run killed at any moment leaves a folder that can be read.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from groundup.atomic import StrPath, is_partial, write_bytes
from groundup.io.state_file import load, save
from groundup.train.callbacks import Callback
from groundup.train.checkpoint import Checkpoint, check_writable
from groundup.train.figures import require_matplotlib
from groundup.train.history import History

if TYPE_CHECKING:
    from groundup.nn import Module
    from groundup.train.learner import Learner

__all__ = ["RunFolder", "SaveHistory"]


class RunFolder:
    """The files of one run. Make one with ``RunFolder.create`` or ``RunFolder.open``.

    >>> import os, tempfile
    >>> from groundup.train import RunFolder
    >>> path = os.path.join(tempfile.mkdtemp(), "first")
    >>> run = RunFolder.create(path, {"model": "mlp", "lr": 0.1})
    >>> RunFolder.open(path).config["model"], run.weights.name
    ('mlp', 'weights.safetensors')
    """

    def __init__(self, path: StrPath, config: Mapping[str, Any]) -> None:
        self.path = Path(path)
        self.config = dict(config)

    @property
    def config_file(self) -> Path:
        """The settings, as JSON."""
        return self.path / "config.json"

    @property
    def weights(self) -> Path:
        """The model's state dict."""
        return self.path / "weights.safetensors"

    @property
    def checkpoint(self) -> Path:
        """The state of the whole run, from which it can go on."""
        return self.path / "checkpoint.safetensors"

    @property
    def history_csv(self) -> Path:
        """The history as a table."""
        return self.path / "history.csv"

    @property
    def history_plot(self) -> Path:
        """The history as a picture."""
        return self.path / "history.png"

    @classmethod
    def create(cls, path: StrPath, config: Mapping[str, Any]) -> RunFolder:
        """Make a new folder with its settings, which must be what JSON can hold.

        An empty folder is taken; one that holds anything raises ``FileExistsError``, and so no run ever
        overwrites another.
        """
        run = cls(path, config)
        text = json.dumps(run.config, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
        run.path.mkdir(parents=True, exist_ok=True)
        if any(not is_partial(entry.name) for entry in run.path.iterdir()):
            hint = "resume it, or choose another" if run.config_file.exists() else "choose another"
            raise FileExistsError(f"the folder {run.path} is not empty; {hint}")
        write_bytes(run.config_file, text.encode())
        return run

    @classmethod
    def open(cls, path: StrPath) -> RunFolder:
        """Open the folder of a run that was made before.

        Raises ``FileNotFoundError`` when it is none, and ``ValueError`` when its settings are damaged.
        """
        run = cls(path, {})
        try:
            text = run.config_file.read_text(encoding="utf-8")
            config = json.loads(text)
        except (FileNotFoundError, NotADirectoryError):
            reason = "it has no config.json" if run.path.is_dir() else "there is no such folder"
            raise FileNotFoundError(f"{run.path} is not the folder of a run: {reason}") from None
        except (ValueError, RecursionError) as error:
            raise ValueError(f"{run.config_file} is damaged: {error}") from error
        if not isinstance(config, dict):
            raise ValueError(f"{run.config_file} is damaged: it holds no settings")
        run.config = config
        return run

    def callbacks(
        self, *, every_batches: int | None = None, every_seconds: float | None = 30.0, plot: bool = True
    ) -> list[Callback]:
        """Callbacks that keep the checkpoint, the history's table and its plot in this folder."""
        history = SaveHistory(self.history_csv, self.history_plot if plot else None)
        return [
            history,
            Checkpoint(self.checkpoint, every_batches=every_batches, every_seconds=every_seconds),
        ]

    def save_weights(self, model: Module) -> None:
        """Save the model's state dict."""
        save(dict(model.state_dict()), self.weights)

    def load_weights(self, model: Module) -> None:
        """Load the state dict into ``model``; raises as ``groundup.load`` and ``load_state_dict`` do."""
        model.load_state_dict(load(self.weights))

    def load_history(self) -> History:
        """Read the history's table."""
        return History.load_csv(self.history_csv)


class SaveHistory(Callback):
    """Writes the history to a CSV file after each epoch, and its plot when the fit ends.

    Raises ``MissingExtra`` before training starts when a plot is asked for without matplotlib.

    >>> from groundup.train import SaveHistory
    >>> table = SaveHistory("run/history.csv", plot="run/history.png")
    """

    order = 50

    def __init__(self, path: StrPath, plot: StrPath | None = None) -> None:
        self.path, self.plot = path, plot

    def before_fit(self, learner: Learner) -> None:
        check_writable(self.path, "saving the history")
        if self.plot is not None:
            require_matplotlib("plotting the history")
            check_writable(self.plot, "plotting the history")

    def after_epoch(self, learner: Learner) -> None:
        learner.history.save_csv(self.path)

    def after_fit(self, learner: Learner) -> None:
        if self.plot is not None and len(learner.history):
            learner.history.plot(self.plot)
