"""Compiled functions between other operations: gradients go through them to what was computed before."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import groundup
from groundup import nn


def _agree(function: Any, compute: Any) -> None:
    """`compute` is called with the function and with the compiled one, three times, and gives tensors."""
    compiled = groundup.compile(function)
    for scale in (1.0, 2.0, -3.0):
        ours, theirs = compute(compiled, scale), compute(function, scale)
        for a, b in zip(ours, theirs, strict=True):
            assert a.requires_grad == b.requires_grad
            np.testing.assert_allclose(a.detach().numpy(), b.detach().numpy(), rtol=1e-5)
    assert len(compiled.entries) == 1


def test_gradients_reach_what_the_argument_was_computed_from() -> None:
    def compute(function: Any, scale: float) -> Any:
        x = groundup.tensor([1.0, 2.0], requires_grad=True)
        found = function((x * scale).sin())
        found.sum().backward()
        return found, x.grad

    _agree(lambda h: h * h * h.exp(), compute)


def test_each_way_to_a_weight_counts_once() -> None:
    """The weight is used before the function, and in it."""
    w = groundup.tensor([1.0, 2.0], requires_grad=True)

    def compute(function: Any, scale: float) -> Any:
        w.grad = None
        h = (w * scale).sin()
        found = function(h, h * h)
        found.backward()
        return found, w.grad

    _agree(lambda h, k: (h * k * w).sum(), compute)


def test_a_layer_in_the_middle() -> None:
    class Middle(nn.Linear):
        @groundup.compile
        def forward(self, x: Any) -> Any:
            return super().forward(x).tanh()

    found = []
    for kind in (nn.Linear, Middle):
        groundup.manual_seed(0)
        layers = [nn.Linear(3, 4), kind(4, 4), *([nn.Tanh()] if kind is nn.Linear else []), nn.Linear(4, 2)]
        net = nn.Sequential(*layers)
        opt = groundup.optim.SGD(net.parameters(), lr=0.5)
        for _ in range(4):
            opt.zero_grad()
            (net(groundup.randn(5, 3)) ** 2).mean().backward()
            opt.step()
        found.append([p.detach().numpy() for p in net.parameters()])
    for a, b in zip(*found, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-6)


def test_views_and_arguments_that_are_returned() -> None:
    def compute(function: Any, scale: float) -> Any:
        x = groundup.arange(6.0).reshape(2, 3).requires_grad_()
        h = x * scale
        same, other = function(h, x[1])
        assert same is h
        (same.sum() * 2 + other.sum()).backward()
        return same, other, x.grad

    _agree(lambda h, row: (h, h[0] * row), compute)


def test_backward_inside_does_not_go_on_outside() -> None:
    w = groundup.ones(2, requires_grad=True)

    def step(h: Any) -> Any:
        loss = (h * h).sum()
        loss.backward()
        return loss.detach()

    h = w * 3
    with pytest.raises(groundup.compile.TraceError, match=r"computed before the call, a tensor of shape \(2,\)"):
        groundup.compile(step)(h)
    assert h.grad_fn is not None and w.grad is None
    h.sum().backward()
    assert w.grad.tolist() == [3.0, 3.0]


@pytest.mark.parametrize("reading", ["numpy", "loops"])
def test_a_hook_on_a_weight_is_called_once(reading: str) -> None:
    weight = groundup.ones(3, requires_grad=True)
    heard: list[float] = []

    def halved(g: Any) -> Any:
        heard.append(g.sum().item())
        return g * 0.5

    weight.register_hook(halved)
    loss = groundup.compile(lambda x: (weight * x).sum())
    with groundup.compile.reading(reading):
        for i in range(1, 4):
            weight.grad = None
            loss(groundup.ones(3) * i).backward()
            assert groundup.equal(weight.grad, groundup.ones(3) * i / 2)
    assert heard == [3.0, 6.0, 9.0]


@pytest.mark.parametrize("reading", ["numpy", "loops"])
def test_what_is_seen_first_without_its_history(reading: str) -> None:
    """A weight's copy, its data, and the gradient of one that does not learn any more."""
    weight = groundup.ones(3, requires_grad=True)
    weight.grad = groundup.ones(3)
    other = groundup.ones(3)
    step = groundup.compile(lambda x: (x * weight.detach() + other.data, weight.grad.detach() * 2))
    with groundup.compile.reading(reading):
        for i in range(3):
            with groundup.no_grad():
                weight.fill_(i)
                other.fill_(2 * i)
            weight.grad = groundup.full((3,), float(i))
            first, second = step(groundup.ones(3))
            assert groundup.equal(first, groundup.full((3,), 3.0 * i))
            assert groundup.equal(second, groundup.full((3,), 2.0 * i))


@pytest.mark.parametrize("reading", ["numpy", "loops"])
def test_zeros_for_the_gradient_of_a_weight_that_is_frozen(reading: str) -> None:
    def trained(compiled: bool) -> list[Any]:
        groundup.manual_seed(0)
        model = nn.Linear(3, 2)
        optimizer = groundup.optim.SGD(model.parameters(), lr=0.1)

        def step(x: Any) -> None:
            optimizer.zero_grad(set_to_none=False)
            model(x).square().sum().backward()
            nn.utils.clip_grad_norm_(model.parameters(), 0.5)
            optimizer.step()

        run = groundup.compile(step) if compiled else step
        for i in range(5):
            model.weight.requires_grad_(i not in (2, 3))
            run(groundup.ones(4, 3))
        return [*model.parameters(), *(each.grad for each in model.parameters())]

    with groundup.compile.reading(reading):
        for found, wanted in zip(trained(True), trained(False), strict=True):
            assert groundup.allclose(found, wanted, atol=1e-6)
