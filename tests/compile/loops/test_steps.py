"""Training steps in loops do what NumPy does: models, optimisers, and gradients that the caller asks for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import groundup
from groundup import nn, optim
from groundup.nn import functional as F

pytest.importorskip("llvmlite")
pytest.importorskip("scipy")

from tests.compile.loops.judge import judged, judging, random

pytestmark = pytest.mark.usefixtures("own_kernels")


def regression() -> tuple[Any, ...]:
    net = nn.Sequential(nn.Linear(10, 5), nn.ReLU(), nn.Linear(5, 1))
    return net, lambda o, y: F.mse_loss(o.squeeze(-1), y), lambda i: (random(20, 10, seed=i), random(20, seed=i))


def deep() -> tuple[Any, ...]:
    net = nn.Sequential(nn.Linear(8, 32), nn.Tanh(), nn.Linear(32, 32), nn.Sigmoid(), nn.Linear(32, 1))
    return net, F.mse_loss, lambda i: (random(16, 8, seed=i), random(16, 1, seed=i))


def classes(count: int, rows: int, seed: int) -> Any:
    return groundup.from_numpy(np.random.default_rng(seed).integers(0, count, rows))


def classifier() -> tuple[Any, ...]:
    net = nn.Sequential(nn.Linear(30, 16), nn.ReLU(), nn.Linear(16, 10))
    return net, F.cross_entropy, lambda i: (random(12, 30, seed=i), classes(10, 12, i))


def smoothed() -> tuple[Any, ...]:
    net = nn.Sequential(nn.Linear(30, 10), nn.LogSoftmax(-1))
    return net, F.nll_loss, lambda i: (random(12, 30, seed=i), classes(10, 12, i))


def images(pooling: Callable[[], list[Any]]) -> Callable[[], tuple[Any, ...]]:
    def made() -> tuple[Any, ...]:
        first = [nn.Conv2d(1, 4, 3, stride=2, padding=1), nn.ReLU(), nn.Conv2d(4, 6, 3, padding=1), nn.ReLU()]
        net = nn.Sequential(*first, *pooling())
        return net, F.cross_entropy, lambda i: (random(5, 1, 12, 12, seed=i), classes(6, 5, i))

    return made


def many_images() -> tuple[Any, ...]:
    """As many as stand side by side, and no other convolution between."""
    net = nn.Sequential(nn.Conv2d(2, 3, 3, stride=2), nn.ReLU(), nn.Conv2d(3, 5, 2), nn.AdaptiveAvgPool2d(1))
    return net, lambda o, y: F.mse_loss(o.flatten(1), y), lambda i: (random(16, 2, 7, 7, seed=i), random(16, 5, seed=i))


def normalised() -> tuple[Any, ...]:
    net = nn.Sequential(
        nn.Linear(10, 12, bias=False), nn.BatchNorm1d(12), nn.ReLU(), nn.LayerNorm(12), nn.Linear(12, 3)
    )
    return net, F.cross_entropy, lambda i: (random(16, 10, seed=i), classes(3, 16, i))


def groups() -> tuple[Any, ...]:
    net = nn.Sequential(
        nn.Conv2d(2, 4, 1, bias=False),
        nn.BatchNorm2d(4),
        nn.GELU(),
        nn.GroupNorm(2, 4),
        nn.Conv2d(4, 3, 3),
        nn.Flatten(),
    )
    return net, F.cross_entropy, lambda i: (random(4, 2, 5, 5, seed=i), classes(27, 4, i))


def dropped() -> tuple[Any, ...]:
    net = nn.Sequential(nn.Linear(10, 16), nn.Dropout(0.3), nn.SiLU(), nn.Linear(16, 3))
    return net, F.cross_entropy, lambda i: (random(16, 10, seed=i), classes(3, 16, i))


class Block(nn.Module):
    """A transformer's block on the embeddings of words."""

    def __init__(self, words: int = 11, d: int = 16, heads: int = 2, length: int = 6) -> None:
        super().__init__()
        self.words, self.places = nn.Embedding(words, d), nn.Parameter(groundup.randn(length, d) * 0.1)
        self.before, self.after, self.heads = nn.LayerNorm(d), nn.LayerNorm(d), heads
        self.qkv, self.out = nn.Linear(d, 3 * d), nn.Linear(d, d)
        self.up, self.down, self.head = nn.Linear(d, 4 * d), nn.Linear(4 * d, d), nn.Linear(d, words)

    def forward(self, words: Any) -> Any:
        x = self.words(words) + self.places
        n, t, d = x.shape
        parts = self.qkv(self.before(x)).view(n, t, 3, self.heads, d // self.heads).permute(2, 0, 3, 1, 4)
        found = F.scaled_dot_product_attention(*parts.unbind(0), is_causal=True)
        x = x + self.out(found.transpose(1, 2).reshape(n, t, d))
        x = x + self.down(F.gelu(self.up(self.after(x))))
        return self.head(x).reshape(-1, self.head.out_features)


def language() -> tuple[Any, ...]:
    def batch(i: int) -> tuple[Any, Any]:
        return classes(11, 18, i).reshape(3, 6), classes(11, 18, i + 9)

    return Block(), F.cross_entropy, batch


MODELS: dict[str, Callable[[], tuple[Any, ...]]] = {
    "regression": regression,
    "deep": deep,
    "classifier": classifier,
    "log softmax": smoothed,
    "average pooling": images(lambda: [nn.AvgPool2d(2), nn.AdaptiveAvgPool2d(1), nn.Flatten()]),
    "max pooling": images(lambda: [nn.MaxPool2d(2), nn.Flatten(), nn.Linear(54, 6)]),
    "many images": many_images,
    "normalised": normalised,
    "groups": groups,
    "dropout": dropped,
    "language": language,
}
OPTIMIZERS: dict[str, Callable[[Any], Any]] = {
    "SGD": lambda p: optim.SGD(p, lr=0.1),
    "SGD, momentum": lambda p: optim.SGD(p, lr=0.1, momentum=0.9, weight_decay=0.01, nesterov=True),
    "Adam": lambda p: optim.Adam(p),
    "AdamW": lambda p: optim.AdamW(p, lr=0.01),
    "RMSprop": lambda p: optim.RMSprop(p, momentum=0.9, centered=True),
}


def train(name: str, optimizer: str, dtype: Any, threads: int = 1) -> None:
    groundup.manual_seed(0)
    net, loss_of, batch = MODELS[name]()
    net = net.to(dtype)
    opt = OPTIMIZERS[optimizer](net.parameters())

    def step(x: Any, y: Any) -> Any:
        opt.zero_grad()
        loss = loss_of(net(x), y)
        loss.backward()
        opt.step()
        return loss.detach()

    def typed(i: int) -> tuple[Any, ...]:
        return tuple(each.to(dtype) if each.is_floating_point() else each for each in batch(i))

    with judging() as judge:
        compiled = groundup.compile(step)
        for i in range(4):
            compiled(*typed(i))
    assert not judge.refused and judge.fast, judge.refused


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("dtype", [groundup.float32, groundup.float64], ids=["float32", "float64"])
def test_training_steps(name: str, dtype: Any) -> None:
    train(name, "SGD, momentum", dtype)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_optimizers(name: str) -> None:
    """Where squares are subtracted from each other, single precision has too few digits to compare."""
    train("deep", name, groundup.float64 if name == "RMSprop" else groundup.float32)


@pytest.mark.parametrize("name", ["NAdam", "ASGD", "Rprop", "Adagrad", "Adadelta", "Adamax", "RAdam"])
def test_nothing_of_an_optimizer_is_left_to_numpy(name: str) -> None:
    """Clipped, with dropout and batch normalisation; only random numbers are drawn by NumPy."""
    groundup.manual_seed(0)
    net = nn.Sequential(
        nn.Linear(4, 8, bias=False), nn.BatchNorm1d(8), nn.ReLU(), nn.Dropout(0.2), nn.Linear(8, 3)
    ).double()
    opt = getattr(optim, name)(net.parameters())

    def step(x: Any, y: Any) -> Any:
        opt.zero_grad()
        loss = F.cross_entropy(net(x), y)
        loss.backward()
        nn.utils.clip_grad_norm_(net.parameters(), 0.5)
        opt.step()
        return loss.detach()

    with judging() as judge:
        compiled = groundup.compile(step)
        for i in range(8):
            compiled(random(12, 4, seed=i).double(), classes(3, 12, i))
    assert not judge.refused and judge.fast
    for fast in judge.fast.values():
        assert {why for _, why in fast.fallbacks} == {"random numbers are drawn"}


def test_many_layers() -> None:
    weights = [(random(10, 10, seed=i) * 0.4).requires_grad_() for i in range(20)]

    def step(x: Any) -> Any:
        h = x
        for w in weights:
            h = F.relu(h @ w)
            w.grad = None
        loss = h.mean()
        loss.backward()
        return loss.detach()

    judged(step, (random(10, 10),), (random(10, 10, seed=1),))


def test_gradients_that_the_caller_asks_for() -> None:
    """The program of the results' gradients runs in loops too."""
    w = random(6, 4).requires_grad_()
    compiled = groundup.compile(lambda x: F.softmax(x @ w, -1).square())
    compiled(random(5, 6))
    with judging() as judge:
        compiled(random(5, 6, seed=1)).sum().backward()
    assert len(judge.fast) == 2 and not judge.refused
