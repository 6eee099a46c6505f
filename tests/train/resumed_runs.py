"""The runs that the tests of resuming cut: learners that draw random numbers, and callbacks that end them."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

import groundup
from groundup import nn, optim
from groundup.train import Accuracy, Callback, Checkpoint, ConfusionMatrix, Learner

F = nn.functional


class Cut(BaseException):
    """What stands in for the end of the process."""


class CutAfter(Callback):
    """Ends the run after so many steps of the optimiser, before or after the checkpoint of that batch."""

    def __init__(self, steps: int, order: int = 2000) -> None:
        self.steps, self.order = steps, order

    def after_batch(self, learner: Learner) -> None:
        if learner.steps_done == self.steps:
            raise Cut


class Noise(Callback):
    """Draws from every global generator."""

    def before_batch(self, learner: Learner) -> None:
        (x,) = learner.inputs
        shift = random.random() + np.random.normal() + groundup.randn(1).item()
        learner.inputs = (x + 0.01 * shift,)


class Remember(Callback):
    """A callback of the user's with state: the running mean of the losses changes the rate."""

    def before_fit(self, learner: Learner) -> None:
        self.mean = 0.0

    def after_batch(self, learner: Learner) -> None:
        self.mean = 0.9 * self.mean + 0.1 * learner.loss.item()

    def before_step(self, learner: Learner) -> None:
        for parameter in learner.model.parameters():
            parameter.grad.mul_(1 + 0.1 * self.mean)

    def state_dict(self) -> dict[str, Any]:
        return {"mean": self.mean}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        self.mean = state["mean"]


class Shuffled:
    """A loader that keeps no place: it shuffles by the global generators whenever it is iterated over."""

    def __init__(self, batches: list[Any]) -> None:
        self.batches = batches

    def __iter__(self) -> Iterator[Any]:
        order = list(self.batches)
        random.shuffle(order)
        for i in groundup.randperm(len(order)).tolist():
            yield order[i]


def data() -> tuple[groundup.Tensor, groundup.Tensor]:
    generator = groundup.Generator().manual_seed(0)
    x = groundup.randn(30, 4, generator=generator)
    return x, (x[:, :3]).argmax(1)


def batches() -> list[Any]:
    x, y = data()
    return [(x[i : i + 5], y[i : i + 5]) for i in range(0, 30, 5)]


def loaders() -> dict[str, Callable[[], Any]]:
    def shuffled(**how: Any) -> Callable[[], Any]:
        from groundup.data import DataLoader, TensorDataset

        return lambda: DataLoader(TensorDataset(*data()), batch_size=5, shuffle=True, **how)

    return {
        "a list": batches,
        "a loader that keeps no place": lambda: Shuffled(batches()),
        "DataLoader": lambda: shuffled()(),
        "DataLoader with its own generator": lambda: shuffled(generator=groundup.Generator().manual_seed(3))(),
    }


OPTIMIZERS: dict[str, Callable[[Any], Any]] = {
    "SGD": lambda p: optim.SGD(p, lr=0.05, momentum=0.9, nesterov=True, weight_decay=0.01),
    "Adam": lambda p: optim.Adam(p, lr=0.01, amsgrad=True),
    "AdamW": lambda p: optim.AdamW(p, lr=0.01),
    "RMSprop": lambda p: optim.RMSprop(p, lr=0.01, momentum=0.5, centered=True),
}
SCHEDULERS: dict[str, Callable[[Any], Any]] = {
    "none": lambda o: None,
    "step": lambda o: optim.lr_scheduler.StepLR(o, 2),
    "cosine": lambda o: optim.lr_scheduler.CosineAnnealingLR(o, 5),
    "one cycle": lambda o: optim.lr_scheduler.OneCycleLR(o, 0.1, total_steps=100),
    "plateau": lambda o: optim.lr_scheduler.ReduceLROnPlateau(o, patience=0, threshold=0.9),
    "warm-up": lambda o: optim.lr_scheduler.SequentialLR(
        o,
        [optim.lr_scheduler.LinearLR(o, 0.1, total_iters=2), optim.lr_scheduler.ExponentialLR(o, 0.9)],
        milestones=[2],
    ),
}


def build(
    path: Path,
    *callbacks: Callback,
    loader: str = "a list",
    optimizer: str = "SGD",
    scheduler: str = "none",
    **changes: Any,
) -> Learner:
    """A run that draws random numbers wherever one can; the same whenever it is built."""
    groundup.manual_seed(7)
    random.seed(8)
    np.random.seed(9)
    net = nn.Sequential(nn.Linear(4, 6), nn.Tanh(), nn.Dropout(0.3), nn.Linear(6, 3))
    opt = OPTIMIZERS[optimizer](net.parameters())
    every = Checkpoint(path, every_batches=1)
    given: dict[str, Any] = {
        "train_loader": loaders()[loader](),
        "valid_loader": batches()[:2],
        "loss_fn": F.cross_entropy,
        "optimizer": opt,
        "scheduler": SCHEDULERS[scheduler](opt),
        "metrics": [Accuracy(), ConfusionMatrix(3)],
        "train_metrics": True,
        "progress": None,
        "callbacks": [every, *callbacks],
    }
    return Learner(net, **(given | changes))
