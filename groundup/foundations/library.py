"""What all of this becomes in use: `nn`, autograd and `optim`, as they come with groundup, or with PyTorch."""

from __future__ import annotations

from typing import Any

from groundup.foundations.network import Network, Step, copied


def modules(m: Any, network: Network, lr: float) -> tuple[Any, Any]:
    """The model with the network's weights, and its optimiser."""
    hidden, n_in = network.w1.shape
    model = m.nn.Sequential(m.nn.Linear(n_in, hidden), m.nn.ReLU(), m.nn.Linear(hidden, 1))
    for parameter, weight in zip(model.parameters(), network[2:]):
        parameter.data = weight
    return model, m.optim.SGD(model.parameters(), lr=lr)


def training(m: Any, network: Network, lr: float) -> Step:
    """The network's training step as a user of the library writes it."""
    own = copied(network)
    model, optimizer = modules(m, own, lr)

    def step() -> tuple[Any, dict[str, Any]]:
        optimizer.zero_grad()
        loss = m.nn.functional.mse_loss(model(own.x).squeeze(-1), own.y)
        loss.backward()
        optimizer.step()
        return loss, {name: p.grad for name, p in zip(("w1", "b1", "w2", "b2"), model.parameters())}

    return step
