"""A small learner, its data and a callback that writes a diary, for the tests of the training loop."""

from __future__ import annotations

from typing import Any

import pytest

import groundup
from groundup import nn, optim
from groundup.train import Callback, Learner
from groundup.train.steps import can_compile

Batch = tuple[groundup.Tensor, groundup.Tensor]
F = nn.functional
needs_llvmlite = pytest.mark.skipif(not can_compile(), reason="machine code needs the extra 'compile'")


def batches(count: int = 4, size: int = 5, seed: int = 0) -> list[Batch]:
    groundup.manual_seed(seed)
    x = groundup.randn(count * size, 3)
    y = (x.sum(1) > 0).long()
    return [(x[i : i + size], y[i : i + size]) for i in range(0, count * size, size)]


def model() -> nn.Module:
    groundup.manual_seed(1)
    return nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 2))


def learner(**changes: Any) -> Learner:
    net = changes.pop("model", None) or model()
    given: dict[str, Any] = {
        "train_loader": batches(),
        "loss_fn": F.cross_entropy,
        "optimizer": optim.SGD(net.parameters(), lr=0.1),
        "progress": None,
    }
    return Learner(net, **(given | changes))


def weights(net: nn.Module) -> list[Any]:
    return [parameter.tolist() for parameter in net.parameters()]


class Diary(Callback):
    """Writes down every moment, and cancels in the chosen ones."""

    def __init__(self, **cancels: type[Exception]) -> None:
        self.moments: list[str] = []
        self.cancels = cancels

    def _note(self, moment: str) -> None:
        self.moments.append(moment)
        if moment in self.cancels:
            raise self.cancels[moment]

    def before_fit(self, learner: Learner) -> None:
        self._note("before_fit")

    def before_epoch(self, learner: Learner) -> None:
        self._note("before_epoch")

    def before_batch(self, learner: Learner) -> None:
        self._note("before_batch")

    def before_step(self, learner: Learner) -> None:
        self._note("before_step")

    def after_step(self, learner: Learner) -> None:
        self._note("after_step")

    def after_batch(self, learner: Learner) -> None:
        self._note("after_batch")

    def before_validate(self, learner: Learner) -> None:
        self._note("before_validate")

    def after_valid_batch(self, learner: Learner) -> None:
        self._note("after_valid_batch")

    def after_validate(self, learner: Learner) -> None:
        self._note("after_validate")

    def after_epoch(self, learner: Learner) -> None:
        self._note("after_epoch")

    def after_fit(self, learner: Learner) -> None:
        self._note("after_fit")

    def on_exception(self, learner: Learner) -> None:
        self._note("on_exception")
