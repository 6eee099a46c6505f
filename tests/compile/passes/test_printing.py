"""How programs and graphs read: names of gradients, changes in place, the graph as text."""

from __future__ import annotations

from typing import Any

import groundup
from groundup import nn, optim
from groundup.nn import functional as F


def _step(optimizer: Any) -> Any:
    groundup.manual_seed(0)
    net = nn.Sequential(nn.Linear(4, 3), nn.ReLU(), nn.Linear(3, 1))
    opt = optimizer(net.parameters())

    def step(x: Any, y: Any) -> Any:
        out = net(x).squeeze(-1)
        loss = F.mse_loss(out, y)
        opt.zero_grad()
        loss.backward()
        opt.step()
        return loss.detach()

    compiled = groundup.compile(step)
    for _ in range(2):
        compiled(groundup.randn(5, 4), groundup.randn(5))
    return compiled


def test_gradients_are_named_after_layers_and_variables() -> None:
    source = _step(lambda p: optim.SGD(p, lr=0.1)).source()
    assert "out_grad = (0.4 * sub_1)[:, None]" in source
    assert "linear_1_grad = np.where(relu_1 != 0, relu_1_grad, 0)" in source
    assert "weight_0_grad = linear_1_grad.T @ x" in source
    assert source.rstrip().endswith("return loss, weight_0_grad, bias_0_grad, weight_2_grad, bias_2_grad")


def test_what_is_added_in_place_is_written_so() -> None:
    source = _step(optim.Adam).source()
    assert "exp_avg_0_weight += (1 - beta1) * (weight_0_grad - exp_avg_0_weight)" in source
    assert "weight_0 -= lr / (1 - beta1 ** (steps + 1)) * (exp_avg_0_weight / sqrt_1)" in source
    assert "[...] =" not in source


def test_sums_and_differences_behind_it_are_not_taken_for_it() -> None:
    def step(x: Any, y: Any) -> None:
        with groundup.no_grad():
            x.copy_(x + y - y * x)
            x.lerp_(y, 0.25)

    compiled = groundup.compile(step)
    (ours, theirs), y = [groundup.arange(6.0) for _ in range(2)], groundup.ones(6) / 3
    with groundup.compile.reading("numpy"):
        for _ in range(2):
            compiled(ours, y)
            step(theirs, y)
    assert groundup.equal(ours, theirs)


def test_the_graph_is_text() -> None:
    lines = str(_step(lambda p: optim.SGD(p, lr=0.1)).graph).split("\n")
    assert lines[0] == "x: float32 (5, 4)"
    assert [line for line in lines if line.startswith("#")] == ["# forward", "# backward", "# update"]
    shown = [" ".join(line.split()) for line in lines]
    assert "weight_0_grad = mm(%7, x) # float32 (3, 4)" in shown
    assert "weight_0 <- add(weight_0, %8) # float32 (3, 4)" in shown
    assert lines[-1].startswith("return loss, ")
