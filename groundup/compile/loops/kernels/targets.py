"""The loops of the negative log-likelihood: each example is read, or written, at the class that its target names.

Long sums go by panels of a fixed number of examples and are added up in double precision, so that their bits do not
depend on the number of threads. Without weights, `weight` is a single 1 and its step 0. A target that no class has
raises the flag, and nothing is read or written there.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from groundup.compile.graph import Statement, Value
from groundup.compile.loops.kernels.context import Context, Lowering, operand

PANEL = 4096  # examples that one thread adds up at once


def pick_targets(
    x: Any, target: Any, weight: Any, out: Any, flag: Any, weight_step: int, classes: int, after: int, ignore: int,
    begin: int, end: int,
) -> None:  # fmt: skip
    """-weight x at the target of each example, 0 where it is ignored; units are examples."""
    for i in range(begin, end):
        chosen = int(target[i])
        if chosen == ignore:
            out[i] = 0
        elif chosen < 0 or chosen >= classes:
            flag[1] = chosen
            flag[0] = 1
        else:
            out[i] = -x[(i // after * classes + chosen) * after + i % after] * weight[chosen * weight_step]


def add_targets(
    x: Any, target: Any, weight: Any, sums: Any, counts: Any, flag: Any, weight_step: int, classes: int, after: int,
    ignore: int, examples: int, panel: int, begin: int, end: int,
) -> None:  # fmt: skip
    """For each panel of examples the sum of -weight x at their targets, and of the weights; units are panels."""
    for part in range(begin, end):
        total = 0.0
        count = 0.0
        for i in range(part * panel, min((part + 1) * panel, examples)):
            chosen = int(target[i])
            if chosen != ignore:
                if chosen < 0 or chosen >= classes:
                    flag[1] = chosen
                    flag[0] = 1
                else:
                    total -= x[(i // after * classes + chosen) * after + i % after] * weight[chosen * weight_step]
                    count += weight[chosen * weight_step]
        sums[part] = total
        counts[part] = count


def combine_sums(sums: Any, counts: Any, out: Any, panels: int, mean: int, begin: int, end: int) -> None:
    """The sum of all panels, for a mean divided by that of their counts: not a number if nothing counts."""
    for _ in range(begin, end):
        total = 0.0
        count = 0.0
        for part in range(panels):
            total += sums[part]
            count += counts[part]
        if mean:
            total /= count
        out[0] = total


def weigh_targets(
    target: Any, weight: Any, counts: Any, weight_step: int, classes: int, ignore: int, examples: int, panel: int,
    begin: int, end: int,
) -> None:  # fmt: skip
    """For each panel the sum of the weights of its examples; units are panels."""
    for part in range(begin, end):
        count = 0.0
        for i in range(part * panel, min((part + 1) * panel, examples)):
            chosen = int(target[i])
            if chosen != ignore and chosen >= 0 and chosen < classes:
                count += weight[chosen * weight_step]
        counts[part] = count


def spread_targets(
    g: Any, target: Any, weight: Any, counts: Any, out: Any, flag: Any, g_step: int, weight_step: int, classes: int,
    after: int, ignore: int, panels: int, begin: int, end: int,
) -> None:  # fmt: skip
    """Zeros, and -weight g at the target of each example, for a mean (of some panels) divided by the counts.

    Units are rows, each of all classes and the examples side by side in it.
    """
    count = 1.0
    if panels > 0:
        count = 0.0
        for part in range(panels):
            count += counts[part]
    for row in range(begin, end):
        corner = row * classes * after
        for k in range(classes * after):
            out[corner + k] = 0
        for j in range(after):
            i = row * after + j
            chosen = int(target[i])
            if chosen != ignore:
                if chosen < 0 or chosen >= classes:
                    flag[1] = chosen
                    flag[0] = 1
                elif weight[chosen * weight_step] != 0:
                    out[corner + chosen * after + j] = -g[i * g_step] * weight[chosen * weight_step] / count


class _Shape:
    """An array of examples: how many there are, how many side by side, and how many classes they have."""

    def __init__(self, size: tuple[int, ...], axis: int) -> None:
        self.before, self.classes, self.after = math.prod(size[:axis]), size[axis], math.prod(size[axis + 1 :])
        self.examples = self.before * self.after
        self.panels = max(1, -(-self.examples // PANEL))


def _checked(s: Statement, ctx: Context) -> tuple[_Shape, Any, Any, int, Any]:
    """The shape, the targets, the weights with their step, and the flag."""
    target, weight = s.operands[1], s.operands[2]
    size = s.params.get("size", s.operands[0].shape if isinstance(s.operands[0], Value) else ())
    weighted = isinstance(weight, Value)
    if not isinstance(target, Value) or target.dtype.kind not in "iu" or target.dtype == np.uint64:
        raise ctx.refuse("targets of another type")
    if s.out.dtype.char not in "fd" or not size or 0 in size or not (weighted or weight == 1):
        raise ctx.refuse("losses of nothing, of another type, or with a weight that is a number")
    shape = _Shape(size, s.params["axis"])
    classes = shape.classes
    flag = ctx.flag(
        lambda wrong: IndexError(
            f"Target {wrong} is out of bounds.\n  There are {classes} classes: 0 to {classes - 1}."
        )
    )
    weights = ctx.read(weight) if weighted else ctx.constant(np.ones(1, s.out.dtype))
    return shape, ctx.read(target), weights, 1 if weighted else 0, flag


def lower_nll(s: Statement, ctx: Context) -> None:
    """A sum over panels and then over their results, or each example for itself."""
    shape, target, weight, step, flag = _checked(s, ctx)
    x, out, reduction = ctx.read(s.operands[0]), ctx.out(s.out), s.params["reduction"]
    numbers = (step, shape.classes, shape.after, s.params["ignore"])
    if reduction == "none":
        ctx.call(pick_targets, [x, target, weight, out, flag, *numbers], split=shape.examples)
        return
    sums, counts = ctx.scratch((shape.panels,), np.float64), ctx.scratch((shape.panels,), np.float64)
    arguments = [x, target, weight, sums, counts, flag, *numbers, shape.examples, PANEL]
    ctx.call(add_targets, arguments, split=shape.panels)
    ctx.call(combine_sums, [sums, counts, out, shape.panels, int(reduction == "mean")])


def lower_nll_back(s: Statement, ctx: Context) -> None:
    """Zeros but for the targets."""
    shape, target, weight, step, flag = _checked(s, ctx)
    g, out, mean = operand(ctx, s.operands[0], s.out.dtype), ctx.out(s.out), s.params["reduction"] == "mean"
    ignore, panels = s.params["ignore"], shape.panels if mean else 0
    counts = ctx.scratch((shape.panels,), np.float64)
    if mean:
        arguments = [target, weight, counts, step, shape.classes, ignore, shape.examples, PANEL]
        ctx.call(weigh_targets, arguments, split=shape.panels)
    numbers = (int(s.params["reduction"] == "none"), step, shape.classes, shape.after, ignore, panels)
    moved = math.prod(s.out.shape) * s.out.dtype.itemsize + shape.examples * s.operands[1].dtype.itemsize
    ctx.call(spread_targets, [g, target, weight, counts, out, flag, *numbers], split=shape.before, bytes=moved)


LOWERINGS: dict[str, Lowering] = {"nll": lower_nll, "nll_back": lower_nll_back}
