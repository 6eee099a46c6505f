"""Training in three ways: eager, by single compiled calls, and by calls of many steps; and what is left behind."""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Callable
from typing import Any

import numpy as np

import groundup
from groundup import nn, optim
from groundup.nn import functional as F

Pair = namedtuple("Pair", "loss parts")
ROWS = 6


class Training:
    """A network with its optimiser, and what is left behind of them."""

    def __init__(
        self, model: Callable[[], Any], optimizer: Callable[[Any], Any], dtype: Any = groundup.float32
    ) -> None:
        groundup.manual_seed(3)
        self.net = model().to(dtype)
        self.opt = optimizer(self.net.parameters())

    def step(self, x: Any, y: Any) -> Any:
        self.opt.zero_grad()
        loss = F.cross_entropy(self.net(x), y)
        loss.backward()
        self.opt.step()
        return loss.detach()

    def state(self) -> list[Any]:
        """Weights, buffers, gradients, the optimiser's state, and where the random numbers are."""
        found = [*self.net.state_dict().values(), *(p.grad for p in self.net.parameters())]
        for state in self.opt.state.values():
            found += state.values()
        found.append(groundup.get_rng_state())
        return [None if each is None else each.detach().numpy().copy() for each in map(_tensor, found)]


def _tensor(value: Any) -> Any:
    return value if value is None or isinstance(value, groundup.Tensor) else groundup.tensor(value)


def batches(n: int, seed: int, dtype: Any = groundup.float32) -> tuple[Any, Any]:
    numbers = np.random.default_rng(seed)
    x = groundup.from_numpy(numbers.standard_normal((n, ROWS, 5))).to(dtype)
    return x, groundup.from_numpy(numbers.integers(0, 3, (n, ROWS)))


def dense() -> Any:
    return nn.Sequential(nn.Linear(5, 8), nn.Tanh(), nn.Linear(8, 3))


def normalised() -> Any:
    return nn.Sequential(nn.Linear(5, 8, bias=False), nn.BatchNorm1d(8), nn.ReLU(), nn.Linear(8, 3))


def random() -> Any:
    return nn.Sequential(nn.Linear(5, 8), nn.Dropout(0.4), nn.Sigmoid(), nn.Linear(8, 3))


def _like_step(training: Training) -> Callable[[Any, Any], Any]:
    return training.step


def _adding_up(training: Training) -> Callable[[Any, Any], Any]:
    """Gradients that are added up over all steps, and weights that follow their sum."""

    def step(x: Any, y: Any) -> Any:
        loss = F.cross_entropy(training.net(x), y)
        (loss / 4).backward()
        training.opt.step()
        return loss.detach()

    return step


def _clipped(training: Training) -> Callable[[Any, Any], Any]:
    def step(x: Any, y: Any) -> Any:
        training.opt.zero_grad()
        loss = F.cross_entropy(training.net(x), y)
        loss.backward()
        norm = nn.utils.clip_grad_norm_(training.net.parameters(), 0.5)
        training.opt.step()
        return Pair(
            loss.detach(), {"norm": norm, "rows": len(x), "none": None, "lr": training.opt.param_groups[0]["lr"]}
        )

    return step


def _own_gradient(training: Training) -> Callable[[Any, Any], Any]:
    """Returns the gradients and the scores as well."""

    def step(x: Any, y: Any) -> Any:
        training.opt.zero_grad()
        scores = training.net(x)
        loss = F.cross_entropy(scores, y)
        loss.backward()
        training.opt.step()
        return [loss.detach(), scores.detach().T, *(p.grad for p in training.net.parameters())]

    return step


OPTIMIZERS: dict[str, Callable[[Any], Any]] = {
    "SGD": lambda p: optim.SGD(p, lr=0.1),
    "momentum": lambda p: optim.SGD(p, lr=0.1, momentum=0.9, nesterov=True, weight_decay=0.01),
    "Adam": lambda p: optim.Adam(p, lr=0.01),
    "AdamW": lambda p: optim.AdamW(p, lr=0.01, amsgrad=True),
    "RAdam": lambda p: optim.RAdam(p, lr=0.01),
    "NAdam": lambda p: optim.NAdam(p, lr=0.01),
    "Rprop": optim.Rprop,
}
KINDS = {
    **{name: (dense, optimizer, _like_step) for name, optimizer in OPTIMIZERS.items()},
    "batch norm": (normalised, OPTIMIZERS["AdamW"], _like_step),
    "dropout": (random, OPTIMIZERS["SGD"], _like_step),
    "adding up": (dense, OPTIMIZERS["SGD"], _adding_up),
    "clipped": (dense, OPTIMIZERS["Adam"], _clipped),
    "own gradient": (dense, OPTIMIZERS["momentum"], _own_gradient),
}


def trained(kind: str, n: int, how: str, calls: int, dtype: Any = groundup.float32) -> list[Any]:
    """What `calls` calls of n steps each give and leave, with a scheduler between them."""
    model, optimizer, make = KINDS[kind]
    training = Training(model, optimizer, dtype)
    schedule = optim.lr_scheduler.ExponentialLR(training.opt, 0.9)
    step = make(training)
    if how != "eager":
        step = groundup.compile(step, steps=n) if how == "steps" else groundup.compile(step)
    found: list[Any] = []
    for call in range(calls):
        x, y = batches(n, call, dtype)
        result = step(x, y) if how == "steps" else stacked([step(x[i], y[i]) for i in range(n)])
        found += [each.numpy().copy() for each in flat(result)] + training.state()
        schedule.step()
    return found


def flat(result: Any) -> list[Any]:
    if isinstance(result, dict):
        result = list(result.values())
    if isinstance(result, (tuple, list)):
        return [found for each in result for found in flat(each)]
    return [] if result is None else [result]


def stacked(results: list[Any]) -> list[Any]:
    rows = [[each.detach() for each in map(_tensor, flat(result))] for result in results]
    return [groundup.stack(list(column)) for column in zip(*rows, strict=True)]


def exactly(found: list[Any], wanted: list[Any]) -> None:
    assert len(found) == len(wanted)
    for i, (a, b) in enumerate(zip(found, wanted, strict=True)):
        if b is None:
            assert a is None
            continue
        assert (a.dtype, a.shape) == (b.dtype, b.shape), f"{i}: {a.dtype} {a.shape}, not {b.dtype} {b.shape}"
        assert a.tobytes() == b.tobytes(), f"{i}: {a}\nis not\n{b}"
