"""Training holds no memory from step to step, even where Python's collector of cycles is off."""

from __future__ import annotations

import gc
import tracemalloc
from collections.abc import Callable

import pytest

import groundup
from groundup import nn, optim
from groundup.data import DataLoader, TensorDataset
from groundup.train import Accuracy, GradientClip, Learner
from tests.train.small_learner import needs_llvmlite

STEPS = 100
# One batch that is kept would be 18 KB; the random generator keeps a window or two of 32 KiB in all.
LEAK_PER_STEP = 1024


def network() -> nn.Sequential:
    return nn.Sequential(
        *(nn.Conv2d(1, 4, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(4, 4, 3), nn.ReLU()),
        *(nn.AvgPool2d(2), nn.Flatten(), nn.Dropout(0.1), nn.Linear(16, 10)),
    )


def growth(train: Callable[[int], object]) -> tuple[int, int]:
    """By how many objects and bytes memory grows over `STEPS` steps, with the collector off.

    Bytes are counted after a collection, which also empties the lists that Python keeps of freed tuples; what
    hangs in cycles is among the objects, which are counted before.
    """
    gc.collect()
    gc.disable()
    tracemalloc.start()
    try:
        train(20)
        gc.collect()
        objects, (size, _) = len(gc.get_objects()), tracemalloc.get_traced_memory()
        train(STEPS)
        objects = len(gc.get_objects()) - objects
        gc.collect()
        return objects, tracemalloc.get_traced_memory()[0] - size
    finally:
        tracemalloc.stop()
        gc.enable()


def test_a_loop_written_out_holds_nothing() -> None:
    net = network()
    optimizer = optim.Adam(net.parameters())
    schedule = optim.lr_scheduler.CosineAnnealingLR(optimizer, 1000)
    x, y = groundup.randn(32, 1, 12, 12), groundup.randint(0, 10, (32,))

    def train(steps: int) -> None:
        for _ in range(steps):
            optimizer.zero_grad()
            nn.functional.cross_entropy(net(x), y).backward()
            nn.utils.clip_grad_norm_(net.parameters(), 1.0)
            optimizer.step()
            schedule.step()

    objects, size = growth(train)
    assert objects < STEPS and size < STEPS * LEAK_PER_STEP


@pytest.mark.parametrize("compiled", [False, pytest.param(True, marks=needs_llvmlite)])
def test_a_learner_holds_nothing(compiled: bool) -> None:
    net = network()
    data = TensorDataset(groundup.randn(64, 1, 12, 12), groundup.randint(0, 10, (64,)))
    learner = Learner(
        net,
        DataLoader(data, 32, shuffle=True),
        DataLoader(data, 32),
        nn.CrossEntropyLoss(),
        optim.SGD(net.parameters(), lr=0.01, momentum=0.9),
        metrics=Accuracy(),
        callbacks=GradientClip(1.0),
        progress=None,
        compiled=compiled,
    )
    objects, size = growth(lambda steps: learner.fit(steps // 2))
    assert objects < STEPS and size < STEPS * LEAK_PER_STEP


def test_the_measure_sees_a_leak() -> None:
    kept: list[groundup.Tensor] = []
    objects, size = growth(lambda steps: kept.extend(groundup.zeros(1000) for _ in range(steps)))
    assert objects >= STEPS and size > STEPS * LEAK_PER_STEP

    def cycles(steps: int) -> None:
        for _ in range(steps):
            cycle = [groundup.zeros(100)]
            cycle.append(cycle)

    objects, _ = growth(cycles)
    assert objects >= STEPS
