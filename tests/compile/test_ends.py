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
