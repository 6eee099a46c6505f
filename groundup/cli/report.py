"""What ``groundup train`` tells and leaves behind: its words, the weights, and the pictures.

The pictures show the course of the training, the misread images, and what was taken for what.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from groundup.cli.settings import Form, Settings
from groundup.data import ImageSet
from groundup.nn import functional as F
from groundup.train import Learner, RunFolder, confusion_figure, images_figure, save_figure
from groundup.train.history import History

MOST_SHOWN, ROW = 40, 8  # misread images in the picture, and in a row of it


@dataclass(frozen=True)
class Result:
    """How the held-out images were read."""

    answers: np.ndarray[Any, Any]
    sure: np.ndarray[Any, Any]  # the probability of each answer
    labels: np.ndarray[Any, Any]
    loss: float

    @property
    def right(self) -> int:
        return int(np.count_nonzero(self.answers == self.labels))

    @property
    def accuracy(self) -> float:
        return self.right / len(self.labels)

    def confusion(self, classes: int) -> np.ndarray[Any, Any]:
        """How often class i (down) was taken for class j (across)."""
        pairs = self.labels * classes + self.answers
        return np.bincount(pairs, minlength=classes**2).reshape(classes, classes)


def read_test(learner: Learner, images: ImageSet) -> Result:
    """Let the model read the held-out images."""
    from groundup.data import DataLoader
    from groundup.functions.creation import from_numpy

    scores = learner.predict(DataLoader(images.dataset(train=False), 250))
    chances = scores.softmax(1).numpy()
    loss = F.cross_entropy(scores, from_numpy(images.test_labels)).item()
    answers = chances.argmax(1)
    return Result(answers, chances[np.arange(len(answers)), answers], images.test_labels, loss)


def opening(settings: Settings, form: Form, images: ImageSet, learner: Learner, path: Path) -> str:
    """What is about to be done."""
    size = " x ".join(str(each) for each in (form.shape if form.shape[0] > 1 else form.shape[1:]))
    weights = sum(each.numel() for each in learner.model.parameters())
    return (
        f"data   {images.name}: {len(images.train_labels):,} images to train on and {len(images.test_labels):,} "
        f"held out, {size} pixels, {len(form.classes)} classes\n"
        f"model  {settings.model} with {weights:,} weights, {settings.epochs} epochs, {settings.optimizer}, "
        f"seed {settings.seed}{', compiled' if learner.steps.on else ''}\n"
        f"run    {path}\n"
    )


def closing(result: Result, path: Path, seconds: float, epochs: int, quiet: bool) -> str:
    """What came of it."""
    found = f"{result.accuracy:.2%} of the held-out images are read right: {result.right:,} of {len(result.labels):,}"
    if quiet:
        return f"{found} ({path})"
    took = f"{epochs} epochs took {seconds:.1f} seconds" if epochs else "all epochs were done before"
    return (
        f"\n{found}\n{took}\n"
        f"{path} has the weights, history.csv, history.png, misread.png and confusion.png; next:\n"
        f"  groundup evaluate {path}\n"
        f"  groundup predict {path} IMAGE.png"
    )


def leave(run: RunFolder, learner: Learner, images: ImageSet) -> Result:
    """Save weights, table and pictures, and read the held-out images."""
    run.save_weights(learner.model)
    result = read_test(learner, images)
    learner.history.save_csv(run.history_csv)  # as the fit did, if the process lived to the end of its last epoch
    _draw(run, learner.history, result, images)
    return result


def _draw(run: RunFolder, history: History, result: Result, images: ImageSet) -> None:
    history.plot(run.history_plot)
    _save_misread(run.path / "misread.png", result, images)
    confusion = confusion_figure(result.confusion(len(images.classes)), images.classes)
    if max(map(len, images.classes)) > 3:  # names that would run into each other
        confusion.axes[0].tick_params(axis="x", labelrotation=90)
    save_figure(confusion, run.path / "confusion.png")


def _save_misread(path: Path, result: Result, images: ImageSet) -> None:
    """The misread images, the surest mistakes first; where they are few, also those that were read right unsurely."""
    wrong = np.flatnonzero(result.answers != result.labels)
    total, names = len(result.labels), images.classes
    order = wrong[np.argsort(-result.sure[wrong], kind="stable")][:MOST_SHOWN]
    title = f"misread: {len(wrong):,} of {total:,} images"
    if len(order) < len(wrong):
        title += f"; here the {len(order)} of which the model was surest"
    if len(order) < ROW:
        right = np.flatnonzero(result.answers == result.labels)
        unsure = right[np.argsort(result.sure[right], kind="stable")]
        order = np.concatenate([order, unsure[: ROW - len(order)]])
        title += "; then those of which the model was least sure"
    titles = [_caption(names[result.labels[i]], names[result.answers[i]], result.sure[i]) for i in order]
    figure = images_figure(images.test_images[order].astype(np.float32), titles, columns=ROW)
    width, height = figure.get_size_inches()
    figure.set_size_inches(width, height + 0.4)
    figure.suptitle(title, fontsize=10)
    save_figure(figure, path)


def _caption(truth: str, answer: str, sure: float) -> str:
    if truth == answer:
        return f"{truth}\n({sure:.0%})"
    return f"{truth} read as\n{answer} ({sure:.0%})"
