"""`backward()` on what a compiled function returned: its program runs in loops, on memory that no other call uses."""

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

from groundup.compile.loops.run import LoopProgram
from tests.compile.loops.judge import judging, random

pytestmark = pytest.mark.usefixtures("own_kernels")


def dense() -> Any:
    groundup.manual_seed(0)
    return nn.Sequential(nn.Linear(6, 5), nn.Tanh(), nn.Linear(5, 4))


def convolutional() -> Any:
    groundup.manual_seed(0)
    first = [nn.Unflatten(1, (1, 2, 3)), nn.Conv2d(1, 4, 3, padding=1), nn.ReLU(), nn.Conv2d(4, 3, 2), nn.Flatten()]
    return nn.Sequential(*first, nn.Linear(6, 4))


def gradients(net: Any, forward: Callable[[Any], Any], use: Callable[[Callable[[Any], Any]], Any]) -> list[np.ndarray]:
    """Those of the weights after `use` has called the function."""
    for p in net.parameters():
        p.grad = None
    use(forward)
    return [p.grad.numpy() for p in net.parameters()]


def _once(forward: Any) -> None:
    forward(random(3, 6)).sum().backward()


def _weighted(forward: Any) -> None:
    (forward(random(3, 6)) * random(3, 4, seed=1)).sum().backward()


def _turned(forward: Any) -> None:
    (forward(random(3, 6)).t() @ random(3, 2, seed=1)).square().sum().backward()


def _two_forwards_first(forward: Any) -> None:
    first, second = forward(random(3, 6)), forward(random(3, 6, seed=1))
    (first * 2).sum().backward()
    second.square().sum().backward()


def _later_forwards(forward: Any) -> None:
    first = forward(random(3, 6))
    with groundup.no_grad():
        forward(random(3, 6, seed=1))
    forward(random(3, 6, seed=2))
    first.square().sum().backward()


def _one_sum_of_two(forward: Any) -> None:
    (forward(random(3, 6)).square().sum() + forward(random(3, 6, seed=1)).sum()).backward()


def _again(forward: Any) -> None:
    loss = forward(random(3, 6)).square().sum()
    loss.backward(retain_graph=True)
    loss.backward()


USES = {
    each.__name__.strip("_").replace("_", " "): each
    for each in (_once, _weighted, _turned, _two_forwards_first, _later_forwards, _one_sum_of_two, _again)
}


@pytest.mark.parametrize("name", USES)
@pytest.mark.parametrize("model", [dense, convolutional])
def test_gradients_are_eagers(model: Any, name: str) -> None:
    net = model()
    wanted = gradients(net, net, USES[name])
    compiled = groundup.compile(lambda x: net(x))
    compiled(random(3, 6))
    for _ in range(2):
        found = gradients(net, compiled, USES[name])
        for a, b in zip(found, wanted, strict=True):
            assert np.allclose(a, b, rtol=1e-4, atol=1e-5 * np.abs(b).max())
    program = compiled.entries[-1].pull.runner.__self__
    assert isinstance(program, LoopProgram) and program.program is compiled.entries[-1].tail
    assert not program.fallbacks


def test_the_reading_is_chosen_at_the_first_backward() -> None:
    net = dense()
    compiled = groundup.compile(lambda x: net(x))
    compiled(random(3, 6))
    with groundup.compile.reading("numpy"):
        compiled(random(3, 6)).sum().backward()
    assert compiled.entries[0].pull.runner is compiled.entries[0].tail.run


def test_it_runs_on_numpy_while_another_thread_runs_it() -> None:
    net = dense()
    compiled = groundup.compile(lambda x: net(x))
    compiled(random(3, 6))
    wanted = gradients(net, compiled, _weighted)
    with compiled.entries[0].pull.runner.__self__.lock:
        found = gradients(net, compiled, _weighted)
    for a, b in zip(found, wanted, strict=True):
        assert np.allclose(a, b, rtol=1e-4, atol=1e-6)


CHANGES: dict[str, tuple[Callable[[Any, Any], Any], Callable[[Any, Any, Any], Any]]] = {
    "a weight": (lambda w, x: x @ (w * w), lambda w, x, out: w.add_(1)),
    "a weight seen as a view": (lambda w, x: w.reshape(2, 12)[:, ::2].square() * 2, lambda w, x, out: w.add_(1)),
    "an argument": (lambda w, x: (x @ w).tanh(), lambda w, x, out: x.add_(1)),
    "the result": (lambda w, x: (x @ w).tanh(), lambda w, x, out: out.detach().mul_(2)),
    "a result beside it": (
        lambda w, x: ((h := (x @ w).tanh()).square(), h.detach()),
        lambda w, x, out: out[1].mul_(2),
    ),
}


@pytest.mark.parametrize("name", CHANGES)
def test_what_has_been_changed_since_raises(name: str) -> None:
    function, change = CHANGES[name]
    w, x = random(6, 4).requires_grad_(), random(5, 6)
    compiled = groundup.compile(lambda x: function(w, x))
    compiled(x)
    for call in (lambda x: function(w, x), compiled):
        out = call(x)
        with groundup.no_grad():
            change(w, x, out)
        with pytest.raises(RuntimeError, match="modified by an inplace operation"):
            (out[0] if isinstance(out, tuple) else out).sum().backward()


def test_a_second_time_only_with_retain_graph() -> None:
    net = dense()
    compiled = groundup.compile(lambda x: net(x))
    compiled(random(3, 6))
    out = compiled(random(3, 6)).sum()
    out.backward()
    with pytest.raises(RuntimeError, match="a second time"):
        out.backward()


def test_losses_of_all_kinds() -> None:
    """Judged against NumPy: forwards, and backwards from gradients of several results."""
    w = random(6, 4).requires_grad_()
    target = groundup.tensor([0, 3, 1, 2, 2])

    def step(x: Any) -> Any:
        out = x @ w
        return F.cross_entropy(out, target), F.layer_norm(out, (4,)), out.softmax(-1).sum(0), out[:, :1].clone()

    compiled = groundup.compile(step)
    compiled(random(5, 6))
    with judging() as judge:
        results = compiled(random(5, 6, seed=1))
        sum((each * each).sum() for each in results).backward()
        (compiled(random(5, 6, seed=2))[2] * random(4)).sum().backward()
    assert len(judge.fast) == 2 and not judge.refused
