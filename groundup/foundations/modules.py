"""`Module` and `Linear` from scratch: an object that finds its own parameters, however deep they lie.

An assignment `self.weight = ...` goes through `__setattr__`, which writes down every parameter and every module, so
that `parameters()` can name them all; that is the whole trick.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from groundup.foundations.function_ctx import functions
from groundup.foundations.initial import linear_bound
from groundup.foundations.network import Network, Step, copied
from groundup.foundations.optimizer import SGD


class Module:
    """Something with parameters, that is called. Parameters are tensors that require a gradient."""

    def __setattr__(self, name: str, value: Any) -> None:
        # The record itself is made here, so that a subclass need not call super().__init__().
        record = self.__dict__.setdefault("_record", {})
        record.pop(name, None)
        if isinstance(value, Module) or getattr(value, "requires_grad", False):
            record[name] = value
        super().__setattr__(name, value)

    def named_parameters(self) -> Iterator[tuple[str, Any]]:
        """Each parameter with the way to it: `layers.0.weight`. One that is shared is named once."""
        seen = set()
        for name, parameter in self._named(""):
            if id(parameter) not in seen:
                seen.add(id(parameter))
                yield name, parameter

    def _named(self, prefix: str) -> Iterator[tuple[str, Any]]:
        for name, value in self.__dict__.get("_record", {}).items():
            if isinstance(value, Module):
                yield from value._named(f"{prefix}{name}.")
            else:
                yield prefix + name, value

    def parameters(self) -> Iterator[Any]:
        """All parameters."""
        for _, parameter in self.named_parameters():
            yield parameter

    def __call__(self, *args: Any) -> Any:
        return self.forward(*args)

    def forward(self, *args: Any) -> Any:
        """What a call computes."""
        raise NotImplementedError(f"{type(self).__name__} needs forward(*args)")


class Linear(Module):
    """A dense layer of n_in inputs and n_out neurons, drawn as nn.Linear draws its own.

    >>> import groundup
    >>> layer = Linear(groundup, 3, 2)
    >>> [(name, tuple(parameter.shape)) for name, parameter in layer.named_parameters()]
    [('weight', (2, 3)), ('bias', (2,))]
    """

    def __init__(self, m: Any, n_in: int, n_out: int) -> None:
        bound = linear_bound(n_in)
        self.lin = functions(m).lin
        self.weight = m.empty(n_out, n_in).uniform_(-bound, bound).requires_grad_()
        self.bias = m.empty(n_out).uniform_(-bound, bound).requires_grad_()

    def forward(self, x: Any) -> Any:
        return self.lin(x, self.weight, self.bias)


class Relu(Module):
    """The positive numbers, and 0 for the others."""

    def __init__(self, m: Any) -> None:
        self.relu = functions(m).relu

    def forward(self, x: Any) -> Any:
        return self.relu(x)


class Sequential(Module):
    """Modules one after the other, named by their place.

    >>> import groundup
    >>> model = Sequential(Linear(groundup, 3, 2), Relu(groundup), Linear(groundup, 2, 1))
    >>> [name for name, _ in model.named_parameters()]
    ['0.weight', '0.bias', '2.weight', '2.bias']
    """

    def __init__(self, *modules: Module) -> None:
        self.modules = modules
        for place, module in enumerate(modules):
            setattr(self, str(place), module)

    def forward(self, x: Any) -> Any:
        for module in self.modules:
            x = module(x)
        return x


def training(m: Any, network: Network, lr: float) -> Step:
    """The network's training step with modules and an optimiser."""
    x, y, *weights = copied(network)
    hidden, n_in = network.w1.shape
    model = Sequential(Linear(m, n_in, hidden), Relu(m), Linear(m, hidden, 1))
    parameters = list(model.parameters())
    with m.no_grad():
        for parameter, weight in zip(parameters, weights):
            parameter.data = weight
    mse, optimizer = functions(m).mse, SGD(m, parameters, lr)

    def step() -> tuple[Any, dict[str, Any]]:
        optimizer.zero_grad()
        loss = mse(model(x), y)
        loss.backward()
        optimizer.step()
        return loss, {name: p.grad for name, p in zip(("w1", "b1", "w2", "b2"), parameters)}

    return step
