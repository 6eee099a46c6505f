"""Einsum explained: what becomes of each letter, the loops it stands for, the order that costs least, the gradients.

A letter of the output is kept: it is an axis of the result. Any other is summed over. A letter that several operands
have is matched: they are multiplied where their indices agree. That is the whole rule; a letter may be matched and
kept (a batch), or be repeated within an operand (its diagonal).
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

from groundup.explain.explanation import COLOURS, PALE, Drawing, Explanation, in_bytes, listed, table
from groundup.explain.order import Order, best_order, in_turn
from groundup.explain.seen import look
from groundup.functions.contract.subscripts import parse

ROLES = {
    (True, True): "kept, and matched",
    (True, False): "kept",
    (False, True): "summed, and matched",
    (False, False): "summed",
}


class Letter(NamedTuple):
    """A letter of the equation: its size, the operands that have it, and whether the output has it."""

    name: str
    size: int
    operands: tuple[str, ...]
    kept: bool

    @property
    def role(self) -> str:
        """What becomes of it."""
        return ROLES[self.kept, len(self.operands) > 1]

    @property
    def colour(self) -> str:
        """Its colour in pictures."""
        return COLOURS["summed" if not self.kept else "matched" if len(self.operands) > 1 else "kept"]


def einsum(equation: str, *operands: Any) -> Einsum:
    """``groundup.einsum(equation, *operands)`` explained, for tensors, arrays or shapes (tuples of whole numbers).

    Raises RuntimeError, which names the letter and the operand, where the equation and the shapes do not fit.

    >>> from groundup import explain
    >>> found = explain.einsum("ik,kj->ij", (5, 784), (784, 10))
    >>> found.result, found.flops
    ((5, 10), 78400)
    >>> print(found.loops())
    out = zeros((5, 10))
    for i in range(5):
        for j in range(10):
            for k in range(784):
                out[i, j] += A[i, k] * B[k, j]
    """
    if not isinstance(equation, str):
        raise TypeError(f"explain.einsum takes an equation such as 'ik,kj->ij' first, got {type(equation).__name__}")
    return Einsum(equation, [look(operand).shape for operand in operands])


class Einsum(Explanation):
    """What `einsum` found: ``letters``, the shape of the ``result``, the ``flops`` in the cheapest order."""

    def __init__(self, equation: str, shapes: list[tuple[int, ...]]) -> None:
        self.equation, self.shapes = equation.replace(" ", ""), shapes
        self.terms, self.output, self.sizes = parse(equation, tuple(shapes))
        capitals = [chr(ord("A") + i) for i in range(len(shapes))]
        free = len(shapes) <= 26 and not set(capitals) & set(self.sizes)
        self.names = capitals if free else [f"x{i}" for i in range(len(shapes))]
        self.letters = [self._letter(c) for c in dict.fromkeys(self.output + "".join(self.terms))]
        self.result = tuple(self.sizes[c] for c in self.output)
        self.order = best_order(self.terms, self.output, self.sizes)
        self.flops = self.order.flops

    def _letter(self, c: str) -> Letter:
        having = tuple(name for name, term in zip(self.names, self.terms, strict=True) if c in term)
        return Letter(c, self.sizes[c], having, c in self.output)

    def text(self) -> str:
        """Letters, loops, order and gradients."""
        lines = [f'einsum("{self.equation}")', ""]
        rows = [[name, f"[{', '.join(term)}]", str(shape)] for name, term, shape in self._operands()]
        rows.append(["result", f"[{', '.join(self.output)}]", str(self.result)])
        lines += ["  " + line for line in table(rows)]
        if "..." in self.equation:
            lines += ["  The dots stand for the axes that no letter names; they have got letters here."]
        lines += ["", *("  " + line for line in table(self._letter_rows(), "lrll"))]
        lines += ["", "It stands for", *("  " + line for line in self.loops().splitlines())]
        for title, part in (("Order", self._order()), ("Gradients", self._gradients())):
            lines += ["", title, *("  " + line if line else "" for line in part)]
        return "\n".join(lines)

    def _operands(self) -> list[tuple[str, str, tuple[int, ...]]]:
        return list(zip(self.names, self.terms, self.shapes, strict=True))

    def _letter_rows(self) -> list[list[str]]:
        return [["letter", "size", "in", "it is"]] + [
            [each.name, str(each.size), " ".join(each.operands), each.role] for each in self.letters
        ]

    def loops(self) -> str:
        """The loops as Python source: one for each letter, those of the output first."""
        target = f"out[{', '.join(self.output)}]" if self.output else "out[()]"
        factors = [self._element(*operand) for operand in self._operands()]
        lines = [f"out = zeros({self.result})"]
        for depth, each in enumerate(self.letters):
            lines.append("    " * depth + f"for {each.name} in range({each.size}):")
        return "\n".join([*lines, "    " * len(self.letters) + f"{target} += {' * '.join(factors)}"])

    def _element(self, name: str, term: str, shape: tuple[int, ...]) -> str:
        """The element of an operand that the loops read; an axis of size 1 that is stretched is read at 0."""
        places = [c if n == self.sizes[c] else "0" for c, n in zip(term, shape, strict=True)]
        return f"{name}[{', '.join(places) or '()'}]"

    def _order(self) -> list[str]:
        """The steps of the cheapest order, and what other ways would cost."""
        loops = math.prod(self.sizes.values())
        if len(self.terms) == 1:
            return [f"one operand: {loops:,} elements are read, nothing is multiplied"]
        rows = [[step.written(self.names), step.product, f"{step.flops:,} FLOPs"] for step in self.order.steps]
        lines = table(rows, "llr")
        if len(self.terms) > 2:
            turn, at_once = in_turn(self.terms, self.output, self.sizes), len(self.terms) * loops
            lines += ["", *table(self._comparison(turn, at_once), "lrr")]
        return lines

    def _comparison(self, turn: Order, at_once: int) -> list[list[str]]:
        best = max(self.flops, 1)
        kind = "this order, the cheapest" if self.order.exact else "this order, each time the cheapest pair"
        return [
            [kind, f"{self.flops:,} FLOPs", in_bytes(4 * self.order.largest) + " at most between (float32)"],
            ["from left to right", f"{turn.flops:,} FLOPs", f"{turn.flops / best:,.1f} times as many"],
            ["in the loops above", f"{at_once:,} FLOPs", f"{at_once / best:,.1f} times as many"],
        ]

    def _gradients(self) -> list[str]:
        """For each operand, the contraction of the result's gradient G that is its gradient."""
        return [self._gradient(i) for i in range(len(self.terms))]

    def _gradient(self, index: int) -> str:
        name, wanted, shape = self._operands()[index]
        stretched = [c for c, n in zip(wanted, shape, strict=True) if n != self.sizes[c]]
        if len(set(wanted)) < len(wanted) or stretched:
            part = "on its diagonal" if len(set(wanted)) < len(wanted) else f"summed over {listed(stretched)}"
            return f"of {name}: the same exchange of letters, {part}"
        others = [i for i in range(len(self.terms)) if i != index]
        source = self.output + "".join(self.terms[i] for i in others)
        have = "".join(c for c in wanted if c in source)
        left = ",".join([self.output, *(self.terms[i] for i in others)])
        call = f'einsum("{left}->{have}", {", ".join(["G", *(self.names[i] for i in others)])})'
        lost = [c for c in wanted if c not in source]
        return f"of {name}: {call}" + (f", the same for every {listed(lost)}" if lost else "")

    def svg(self) -> str:
        """A row of letters for each operand and the result, coloured by what becomes of them."""
        drawing, left, wide, high = Drawing(), 76, 62, 40
        rows = [*self._operands(), ("result", self.output, self.result)]
        by_name = {each.name: each for each in self.letters}
        drawing.words(14, 24, f'einsum("{self.equation}")', bold=True)
        for row, (name, term, shape) in enumerate(rows):
            y = 40 + row * (high + 8) + (8 if name == "result" else 0)
            drawing.words(left - 10, y + high / 2 + 5, name, anchor="end", bold=True)
            for place, (c, n) in enumerate(zip(term, shape, strict=True)):
                x = left + place * wide
                drawing.box(x, y, wide - 6, high, fill=by_name[c].colour, dashed=n != by_name[c].size)
                drawing.words(x + (wide - 6) / 2, y + 18, c, size=15, anchor="middle", bold=True)
                drawing.words(x + (wide - 6) / 2, y + 33, f"{n:,}", size=10, anchor="middle", fill=PALE)
            if not term:
                drawing.words(left, y + high / 2 + 5, "a number")
        y = 40 + len(rows) * (high + 8) + 14
        self._legend(drawing, left, y)
        for row, step in enumerate(self.order.steps):
            words = f"{step.written(self.names)}   {step.product}   {step.flops:,} FLOPs"
            drawing.words(left, y + 44 + 18 * row, words, size=11)
        return drawing.svg()

    def _legend(self, drawing: Drawing, x: float, y: float) -> None:
        seen = {(each.kept, len(each.operands) > 1 and each.kept): each for each in self.letters}
        for (kept, matched), each in seen.items():
            words = "kept and matched" if matched else "kept" if kept else "summed"
            drawing.box(x, y, 14, 14, fill=each.colour)
            drawing.words(x + 20, y + 11, words, size=11, fill=PALE)
            x += 40 + 11 * 0.61 * len(words)
