"""The top of the ladder leads back to the bottom: the training step of the library, compiled, is the one by hand.

`groundup.compile` reads what `nn`, autograd and `optim` do, and writes the function that ``plain_numpy`` has from a
person. ``beside`` prints the two side by side.
"""

from __future__ import annotations

import inspect
import itertools
import re
import textwrap
from typing import Any

import numpy as np

import groundup
from groundup.foundations import library, plain_numpy
from groundup.foundations.network import Network, Step, sample


def compiled(network: Network, lr: float) -> tuple[Any, Any]:
    """The compiled training step of a network of groundup's tensors, a function of x and y, and its model."""
    model, optimizer = library.modules(groundup, network, lr)

    def step(x: Any, y: Any) -> Any:
        optimizer.zero_grad()
        loss = groundup.nn.functional.mse_loss(model(x).squeeze(-1), y)
        loss.backward()
        optimizer.step()
        return loss

    return groundup.compile(step), model


def training(m: Any, network: Network, lr: float) -> Step:
    """The network's training step, compiled. Tensors of another namespace come and go as arrays."""
    own = Network(*(groundup.tensor(np.asarray(each)) for each in network))
    step_of, model = compiled(own, lr)
    names = ("w1", "b1", "w2", "b2")

    def step() -> tuple[Any, dict[str, Any]]:
        loss = step_of(own.x, own.y)
        return loss, {name: p.grad for name, p in zip(names, model.parameters())}

    return step


def compiled_source() -> str:
    """The source that the compiler writes for the network's training step."""
    network = sample(groundup)
    step, _ = compiled(network, lr=0.1)
    step(network.x, network.y)
    return str(step.source("numpy"))


def beside(width: int = 54) -> str:
    """The step by hand on the left and the compiler's on the right, without its notes on shapes and lines.

    >>> print(beside())
    def train_step(x: Array, ...
    """
    by_hand = inspect.getsource(plain_numpy.train_step)
    by_compiler = re.sub(r"(?<=\S)[ \t]+# .*", "", compiled_source())
    left, right = (_lines(text, width) for text in (by_hand, by_compiler))
    pairs = itertools.zip_longest(left, right, fillvalue="")
    return "\n".join(f"{a.ljust(width)} | {b}".rstrip() for a, b in pairs)


def _lines(text: str, width: int) -> list[str]:
    """The lines of a program; one that is too long goes on below, further in."""
    lines = []
    for line in text.rstrip().splitlines():
        indent = " " * (len(line) - len(line.lstrip()) + 8)
        lines += textwrap.wrap(line, width, subsequent_indent=indent, break_long_words=False) or [""]
    return lines
