"""What the rules of the safe forms share: the walk, with what the forward rules found for the backward ones."""

from __future__ import annotations

from dataclasses import dataclass, field

from groundup.compile.graph import Graph, Value
from groundup.compile.passes.rewriting import Rewriting


@dataclass
class Found:
    """What the forward rules found, for the backward rules: which safe value stands beside an unsafe one."""

    log_softmax: dict[Value, Value] = field(default_factory=dict)  # by the softmax
    sums: dict[Value, tuple[Value, Value]] = field(default_factory=dict)  # x and logsumexp(x), by sum(exp(x))
    differences: dict[tuple[Value, tuple[int, ...]], Value] = field(default_factory=dict)  # x - logsumexp(x)
    sigmoids: dict[Value, Value] = field(default_factory=dict)  # x, by sigmoid(x) whose logarithm was asked for
    by_hand: dict[Value, tuple[Value, Value]] = field(default_factory=dict)  # exp(-x) and x, by 1 / (1 + exp(-x))
    quotients: dict[Value, tuple[Value, Value, int]] = field(default_factory=dict)  # exp(x), its sum, by softmax(x)


class Stable(Rewriting):
    """The walk, with what it found on the way."""

    def __init__(self, graph: Graph) -> None:
        super().__init__(graph)
        self.found = Found()
