"""Whole training steps, compiled against eager: weights, buffers, the optimiser's state and random numbers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import groundup
from groundup import nn, optim
from groundup.nn import functional as F

STEPS = 5
ROWS = 8


def _dense() -> Any:
    return nn.Sequential(nn.Linear(10, 16), nn.Tanh(), nn.Linear(16, 3))


def _convolutional() -> Any:
    first = [nn.Unflatten(1, (1, 2, 5)), nn.Conv2d(1, 4, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)]
    return nn.Sequential(*first, nn.Conv2d(4, 8, 1), nn.GELU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(8, 3))


def _normalised() -> Any:
    return nn.Sequential(nn.Linear(10, 16), nn.BatchNorm1d(16), nn.ReLU(), nn.LayerNorm(16), nn.Linear(16, 3))


def _random() -> Any:
    return nn.Sequential(nn.Linear(10, 16), nn.Dropout(0.3), nn.Sigmoid(), nn.Linear(16, 3))


class _Attention(nn.Module):
    def __init__(self) -> None:
        self.enter = nn.Linear(2, 16)
        self.layer = nn.TransformerEncoderLayer(16, 2, 32, dropout=0.1, batch_first=True)
        self.leave = nn.Linear(16, 3)

    def forward(self, x: Any) -> Any:
        return self.leave(self.layer(self.enter(x.reshape(-1, 5, 2))).mean(1))


class _Shortened(nn.Module):
    """Rows of tables, which a step makes shorter before it looks them up."""

    def __init__(self, layer: Callable[..., Any]) -> None:
        self.table = layer(7, 6, max_norm=0.5, norm_type=1.0)
        self.leave = nn.Linear(6, 3)

    def forward(self, x: Any) -> Any:
        rows = self.table((x * 2).long().clamp(-3, 3) + 3)
        return self.leave(rows.sum(1) if rows.dim() == 3 else rows)


MODELS = {
    "dense": _dense,
    "convolutional": _convolutional,
    "normalised": _normalised,
    "random": _random,
    "attention": _Attention,
    "shortened": lambda: _Shortened(nn.Embedding),
    "shortened, in bags": lambda: _Shortened(nn.EmbeddingBag),
}
OPTIMIZERS: dict[str, Callable[[Any], Any]] = {
    name: lambda p, name=name: getattr(optim, name)(p)
    for name in ("SGD", "Adam", "AdamW", "RMSprop", "Adagrad", "Adadelta", "Adamax", "NAdam", "RAdam", "Rprop", "ASGD")
}
OPTIMIZERS["SGD, Nesterov"] = lambda p: optim.SGD(p, lr=0.1, momentum=0.9, nesterov=True, weight_decay=0.01)
OPTIMIZERS["AdamW, amsgrad"] = lambda p: optim.AdamW(p, amsgrad=True, maximize=True)
OPTIMIZERS["RMSprop, centered"] = lambda p: optim.RMSprop(p, momentum=0.9, centered=True, weight_decay=0.1)


def _clipped(parameters: Any) -> None:
    nn.utils.clip_grad_norm_(parameters, 0.5)


def _run(model: Callable[[], Any], optimizer: Any, compiled: bool, between: Any = None, after: Any = None) -> Any:
    """The losses and everything that training leaves behind, in float64."""
    groundup.manual_seed(1)
    net = model().double()
    opt = optimizer(net.parameters())
    schedule = optim.lr_scheduler.ExponentialLR(opt, 0.9)

    def step(x: Any, y: Any) -> Any:
        opt.zero_grad()
        loss = F.cross_entropy(net(x), y)
        loss.backward()
        if between is not None:
            between(net.parameters())
        opt.step()
        return loss.detach()

    run = groundup.compile(step) if compiled else step
    losses = []
    for i in range(STEPS):
        x = groundup.randn(ROWS, 10, dtype=groundup.float64)
        losses.append(run(x, groundup.arange(ROWS) % 3).item())
        schedule.step()
        if after is not None:
            after(i, net, opt)
    state = [value for entry in opt.state.values() for value in entry.values()]
    kept = [*net.state_dict().values(), *(p.grad for p in net.parameters()), *state, groundup.get_rng_state()]
    return losses, [np.asarray(each.detach() if isinstance(each, groundup.Tensor) else each) for each in kept], run


def _agree(model: Callable[[], Any], optimizer: Any, **options: Any) -> Any:
    eager, theirs, _ = _run(model, optimizer, False, **options)
    compiled, ours, run = _run(model, optimizer, True, **options)
    assert np.allclose(eager, compiled, rtol=1e-12)
    for a, b in zip(theirs, ours, strict=True):
        assert a.shape == b.shape and a.dtype == b.dtype
        assert np.allclose(a, b, rtol=1e-9, atol=1e-12)
    return run


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_optimizers(name: str) -> None:
    """The first step makes the state and the second uses it: two programs, whatever the learning rate becomes."""
    run = _agree(_dense, OPTIMIZERS[name])
    assert len(run.entries) == (1 if name == "SGD" else 2) or name in ("SGD", "RAdam")


@pytest.mark.parametrize("name", MODELS)
def test_models(name: str) -> None:
    _agree(MODELS[name], OPTIMIZERS["AdamW"])


@pytest.mark.parametrize("kind", ["float16", "bfloat16"])
def test_half_precision(kind: str) -> None:
    """Rounded where eager rounds."""
    if kind == "bfloat16":
        pytest.importorskip("ml_dtypes")
    found = []
    for compiled in (False, True):
        groundup.manual_seed(0)
        net = _dense().to(getattr(groundup, kind))
        opt = optim.SGD(net.parameters(), lr=0.1, momentum=0.9)

        def step(x: Any, net: Any = net, opt: Any = opt) -> Any:
            opt.zero_grad()
            loss = (net(x) ** 2).mean()
            loss.backward()
            opt.step()
            return loss.detach()

        run = groundup.compile(step) if compiled else step
        x = groundup.randn(ROWS, 10).to(getattr(groundup, kind))
        found.append([run(x).item() for _ in range(4)] + [p.tolist() for p in net.parameters()])
    assert found[0] == found[1]


def test_clipping() -> None:
    _agree(_dense, OPTIMIZERS["SGD, Nesterov"], between=_clipped)


def test_evaluation_mode_is_another_program() -> None:
    def after(i: int, net: Any, opt: Any) -> None:
        net.train(i % 2 == 0)

    run = _agree(_normalised, OPTIMIZERS["SGD"], after=after)
    assert len(run.entries) == 3  # the first step, and then both modes


def test_a_learning_rate_set_by_hand_is_read() -> None:
    def after(i: int, net: Any, opt: Any) -> None:
        opt.param_groups[0]["lr"] = 0.1 * (i + 1)

    _agree(_dense, OPTIMIZERS["Adam"], after=after)


def test_gradients_accumulate() -> None:
    found = []
    for compiled in (False, True):
        w = groundup.tensor([1.0, 2.0], requires_grad=True)

        def step(x: Any, w: Any = w) -> None:
            (w * x).sum().backward()

        run = groundup.compile(step) if compiled else step
        for i in range(4):
            run(groundup.full((2,), float(i)))
        found.append(w.grad.tolist())
    assert found[0] == found[1] == [6.0, 6.0]


def test_a_compiled_loss_can_be_differentiated_outside() -> None:
    groundup.manual_seed(0)
    net = _dense()
    loss = groundup.compile(lambda x, y: F.cross_entropy(net(x), y))
    x, y = groundup.randn(ROWS, 10, requires_grad=True), groundup.arange(ROWS) % 3
    for _ in range(3):
        grads = []
        for function in (loss, loss.function):
            net.zero_grad()
            x.grad = None
            function(x, y).backward()
            grads.append([x.grad, *(p.grad for p in net.parameters())])
        for a, b in zip(*grads, strict=True):
            assert groundup.allclose(a, b, rtol=1e-5, atol=1e-7)
    assert len(loss.entries) == 1
    assert "_backward(" in loss.source()


def test_a_step_may_return_its_loss_as_it_is() -> None:
    """Its backward was called already, so that there is nothing to differentiate."""
    found = []
    for compiled in (False, True):
        groundup.manual_seed(0)
        net = _dense()
        opt = optim.SGD(net.parameters(), lr=0.1)

        def step(x: Any, net: Any = net, opt: Any = opt) -> Any:
            opt.zero_grad()
            loss = (net(x) ** 2).mean()
            loss.backward()
            opt.step()
            return loss

        run = groundup.compile(step) if compiled else step
        x = groundup.randn(ROWS, 10)
        found.append([run(x).item() for _ in range(3)])
    assert found[1] == pytest.approx(found[0], rel=1e-6)


def test_a_value_changed_between_forward_and_backward_raises() -> None:
    w = groundup.tensor([1.0, 2.0], requires_grad=True)
    loss = groundup.compile(lambda: (w * w).sum())
    for _ in range(2):
        found = loss()
        with groundup.no_grad():
            w.add_(1)
        with pytest.raises(RuntimeError, match="modified by an inplace operation"):
            found.backward()


def test_without_gradients() -> None:
    net = _dense().eval()
    run = groundup.compile(net)
    with groundup.no_grad():
        for _ in range(2):
            x = groundup.randn(4, 10)
            assert groundup.allclose(run(x), net(x), atol=1e-6)
            assert not run(x).requires_grad


def test_gradients_that_are_added_up_between_updates() -> None:
    """The gradient from before a call is the one that the leaf has then, though it is a new tensor after each reset."""
    found = []
    for compiled in (False, True):
        groundup.manual_seed(0)
        net = nn.Linear(3, 2)
        opt = optim.SGD(net.parameters(), lr=0.1, momentum=0.9)

        def add(x: Any, net: Any = net) -> Any:
            loss = (net(x) ** 2).mean()
            loss.backward()
            return loss.detach()

        def update(opt: Any = opt) -> None:
            opt.step()

        add, update = (groundup.compile(each) if compiled else each for each in (add, update))
        losses = []
        for i in range(12):
            losses.append(add(groundup.randn(4, 3)).item())
            if i % 3 == 2:
                update()
                opt.zero_grad()
        found.append(losses)
    assert np.allclose(*found, rtol=1e-5)


def test_an_argument_whose_gradient_grows() -> None:
    def square(w: Any) -> Any:
        (w * w).sum().backward()
        return w.grad.clone()

    compiled = groundup.compile(square)
    v, w = (groundup.ones(2, requires_grad=True) for _ in range(2))
    for i in range(1, 4):
        for each in (v, w):
            assert compiled(each).tolist() == each.grad.tolist() == [2.0 * i] * 2
    v.grad = None
    assert [compiled(v)[0].item(), compiled(v)[0].item(), compiled(w)[0].item()] == [2.0, 4.0, 8.0]


def test_state_that_is_taken_away_is_made_again() -> None:
    def cleared(i: int, net: Any, opt: Any) -> None:
        if i == 1:
            opt.state.clear()

    _agree(_dense, OPTIMIZERS["Adam"], after=cleared)
