"""Numerically safe forms: what overflows or cancels as it was written is computed by the formula that does not.

Each rule gives the same number within rounding wherever the formula as written has digits, and a better one where it
has none:

- log(softmax(x)) is log_softmax(x), also behind an index: finite where the probability rounds to 0.
- log(sum(exp(x))) is logsumexp(x), and x less that is log_softmax(x): finite where exp(x) is infinite or 0.
- exp(x) / sum(exp(x)) is softmax(x), for the same reason.
- log(sigmoid(x)), log(1 - sigmoid(x)) and log(1 + exp(x)) are log sigmoids: finite where their argument is 0 or inf.
  The binary cross entropy of sigmoid(x), written out, is made of these.
- log(1 + x) is log1p(x) and exp(x) - 1 is expm1(x): near 0 they keep the digits that 1 swallows.
- 1 / (1 + exp(-x)) is sigmoid(x): its derivative is not 0 times infinity. sqrt(x * x) is |x|: x * x may overflow.

The statements of the backward pass that belong to them are rewritten too (`softmax_gradients`, `sigmoid_gradients`):
the derivative of a safe form is no quotient of a number and one that rounds to 0.
"""

from __future__ import annotations

from groundup.compile.graph import Graph
from groundup.compile.passes.stable.forward import FORWARD
from groundup.compile.passes.stable.found import Stable
from groundup.compile.passes.stable.sigmoid_gradients import THROUGH_SIGMOIDS
from groundup.compile.passes.stable.softmax_gradients import THROUGH_SOFTMAXES


def stable(graph: Graph) -> Graph:
    """Write the safe forms, forward and backward."""
    names = {statement.row.name for statement in graph.statements}
    if not names & {"log", "log1p", "logsumexp", "exp", "sqrt"}:
        return graph
    return Stable(graph).by(*FORWARD, *THROUGH_SOFTMAXES, *THROUGH_SIGMOIDS)
