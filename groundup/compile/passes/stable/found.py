"""What the rules of the safe forms share: the walk, with what the forward rules found for the backward ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from groundup.compile.graph import Graph, Statement, Value
from groundup.compile.passes.rewriting import Rewriting, Rule


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

    def _rewritten(self, statement: Statement, rules: Sequence[Rule]) -> Value | None:
        empty = any(0 in each.shape for each in (statement.out, *statement.values()))
        return None if empty else super()._rewritten(statement, rules)
