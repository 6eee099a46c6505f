"""Values whose axes run in another order than NumPy's: convolution keeps the batch innermost from layer to layer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import groundup
from groundup import nn
from groundup.nn import functional as F

pytest.importorskip("llvmlite")
pytest.importorskip("scipy")

from groundup.compile.loops.group import contiguous
from groundup.compile.loops.layout import Buffer, Layout
from groundup.compile.loops.orders import in_order, order_of
from groundup.compile.loops.run import LoopProgram
from tests.compile.loops.judge import judged, judging, random

pytestmark = pytest.mark.usefixtures("own_kernels")

BATCH = 24


def test_orders() -> None:
    buffer = Buffer(np.dtype("float32"), 24, "temporary")
    turned = in_order(buffer, (4, 1, 2, 3), (1, 2, 3, 0))
    assert turned.strides == (1, 24, 12, 4) and order_of(turned) == (1, 2, 3, 0)
    assert order_of(contiguous(buffer, (4, 1, 2, 3))) is None
    assert order_of(Layout(buffer, (4, 3), (1, 8))) is None, "there are gaps"


class Residual(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.inner, self.outer = nn.Conv2d(2, 4, 1), nn.Conv2d(2, 4, 3, padding=1)

    def forward(self, x: Any) -> Any:
        return F.relu(self.inner(x) + self.outer(x)) * x.mean((2, 3), keepdim=True).repeat(1, 2, 1, 1)


def _padded() -> Any:
    return nn.Sequential(nn.ZeroPad2d(1), nn.Conv2d(4, 4, 3), nn.Upsample(scale_factor=2), nn.Conv2d(4, 2, 3))


FOLLOWING: dict[str, Callable[[], Any]] = {
    "relu": lambda: nn.Sequential(nn.ReLU(), nn.Conv2d(4, 3, 3, stride=2)),
    "in place": lambda: nn.Sequential(nn.ReLU(inplace=True), nn.Conv2d(4, 3, 3)),
    "in place, flattened": lambda: nn.Sequential(nn.ReLU(inplace=True), nn.Flatten(), nn.Linear(4 * 36, 3)),
    "flattened": lambda: nn.Sequential(nn.GELU(), nn.Flatten(), nn.Linear(4 * 36, 3)),
    "max pooling": lambda: nn.Sequential(nn.MaxPool2d(2), nn.ReLU(), nn.Conv2d(4, 3, 3, padding=1)),
    "overlapping": lambda: nn.Sequential(nn.MaxPool2d(3, stride=2, padding=1), nn.Conv2d(4, 3, 3)),
    "mean": lambda: nn.Sequential(nn.SiLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 3)),
    "batch norm": lambda: nn.Sequential(nn.BatchNorm2d(4), nn.ReLU(), nn.Conv2d(4, 2, 3)),
    "group norm": lambda: nn.Sequential(nn.GroupNorm(2, 4), nn.Tanh(), nn.Conv2d(4, 2, 3)),
    "layer norm": lambda: nn.Sequential(nn.LayerNorm([4, 6, 6]), nn.Conv2d(4, 2, 3, groups=2)),
    "softmax": lambda: nn.Sequential(nn.Softmax(1), nn.Conv2d(4, 2, 1)),
    "dropout": lambda: nn.Sequential(nn.Dropout2d(0.5), nn.Conv2d(4, 2, 3)),
    "transposed": lambda: nn.Sequential(nn.ConvTranspose2d(4, 3, 3, stride=2), nn.ReLU(), nn.Conv2d(3, 2, 5)),
    "padded": _padded,
    "residual": lambda: nn.Sequential(nn.Conv2d(4, 2, 1), Residual(), nn.Conv2d(4, 2, 3)),
}


@pytest.mark.parametrize("name", FOLLOWING)
def test_what_follows_a_convolution(name: str) -> None:
    groundup.manual_seed(0)
    net = nn.Sequential(nn.Conv2d(2, 4, 3, padding=1), FOLLOWING[name]())

    def step(x: Any) -> Any:
        net.zero_grad()
        x.grad = None
        loss = net(x).square().mean()
        loss.backward()
        return loss.detach(), x.grad

    with judging(least=1e-3) as judge:
        compiled = groundup.compile(step)
        for i in range(2):
            compiled(random(BATCH, 2, 6, 6, seed=i).requires_grad_())
    assert not judge.refused and judge.fast, judge.refused


def test_results_lie_as_they_do_in_numpy() -> None:
    net = nn.Sequential(nn.Conv2d(2, 4, 3), nn.ReLU(), nn.Conv2d(4, 3, 3))

    def hidden(x: Any) -> Any:
        h = net[:2](x)
        return h, net[2](h), h.sum((2, 3))

    compiled = groundup.compile(hidden)
    compiled(random(BATCH, 2, 6, 6))
    with judging(least=1e-3) as judge:
        compiled(random(BATCH, 2, 6, 6, seed=1))
    assert len(judge.fast) == 1
    for each in compiled(random(BATCH, 2, 6, 6, seed=2)):
        assert each.is_contiguous()


def test_gradients_that_the_caller_asks_for() -> None:
    net = nn.Sequential(nn.Conv2d(2, 4, 3), nn.ReLU(), nn.Conv2d(4, 3, 3), nn.Flatten())
    compiled = groundup.compile(net)
    compiled(random(BATCH, 2, 6, 6))
    with judging(least=1e-3) as judge:
        compiled(random(BATCH, 2, 6, 6, seed=1)).square().sum().backward()
    assert len(judge.fast) == 2 and not judge.refused


def test_nothing_is_copied_from_layer_to_layer() -> None:
    """Apart from the images themselves, whose batch comes first."""
    net = nn.Sequential(nn.Conv2d(1, 4, 3, stride=2), nn.ReLU(), nn.Conv2d(4, 6, 3), nn.ReLU(), nn.Conv2d(6, 2, 1))

    def step(x: Any) -> Any:
        net.zero_grad()
        loss = net(x).mean()
        loss.backward()
        return loss.detach()

    judge = judged(step, (random(BATCH, 1, 9, 9),), (random(BATCH, 1, 9, 9, seed=1),))
    (program,) = judge.fast.values()
    assert isinstance(program, LoopProgram)
    names = [
        made.kernel.name for step in program.steps if isinstance(step, list) for made in step if hasattr(made, "kernel")
    ]
    assert sum(name.startswith(("copy", "relaid", "to_columns", "reshape")) for name in names) == 1, names
    assert {"link_images", "link_products"} <= set(names), "no columns are laid out"
