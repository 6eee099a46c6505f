"""`RemovableHandle`: hooks of tensors, modules and optimisers are taken away by it alike."""

from __future__ import annotations

import copy
import itertools

import pytest

import groundup
from groundup import nn, optim
from groundup.autograd import handle as handles


def test_every_kind_of_hook_ends_with_its_block() -> None:
    weight = groundup.ones(1, requires_grad=True)
    module, optimizer = nn.Identity(), optim.SGD([weight], lr=0.1)
    calls: list[str] = []

    def run() -> None:
        module(weight).sum().backward()
        optimizer.step()

    with (
        weight.register_hook(lambda grad: calls.append("tensor")),
        module.register_forward_hook(lambda *given: calls.append("module")),
        optimizer.register_step_post_hook(lambda *given: calls.append("optimizer")),
    ):
        run()
    assert calls == ["module", "tensor", "optimizer"]
    run()
    assert len(calls) == 3


def test_removing_twice_is_harmless() -> None:
    layer = nn.ReLU()
    handle = layer.register_forward_hook(lambda *given: groundup.zeros(1))
    handle.remove()
    handle.remove()
    assert layer(groundup.ones(1)).item() == 1.0


def test_hooks_that_came_from_another_process_are_not_overwritten(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[str] = []
    layer = nn.ReLU()
    layer.register_forward_hook(lambda *given: calls.append("old"))
    there = copy.deepcopy(layer)
    (number,) = there._forward_hooks.after.entries  # as unpickled in a process that counts from there
    monkeypatch.setattr(handles, "_identifiers", itertools.count(number))
    there.register_forward_hook(lambda *given: calls.append("new"))
    there(groundup.ones(1))
    assert calls == ["old", "new"]
