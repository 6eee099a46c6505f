"""In which order to contract: the cheapest sequence of pairs, found exactly for up to eight operands.

Multiplying two operands costs the product of the sizes of all their letters. The exact search asks, for every set of
operands, for the cheapest way to part it in two; the greedy one, for more operands, takes the cheapest pair each time.
"""

from __future__ import annotations

import math
from functools import cache
from typing import NamedTuple

EXACT = 8  # the search looks at 3**n partings


class Step(NamedTuple):
    """Two operands contracted into one; operands are counted from 0, results of steps go on from there."""

    left: int
    right: int
    letters: tuple[str, str, str]
    product: str
    flops: int
    size: int
    lost: tuple[str, str]  # letters that only this operand has, summed over before

    def written(self, names: list[str]) -> str:
        """The step as an equation between operands.

        >>> best_order(["ij", "jk"], "ik", {"i": 2, "j": 3, "k": 4}).steps[0].written(["A", "B"])
        'A[ij] B[jk] -> [ik]'
        """
        labels = [names[i] if i < len(names) else f"step {i - len(names) + 1} " for i in (self.left, self.right)]
        labels = [f"{label} summed over {lost} " if lost else label for label, lost in zip(labels, self.lost)]
        a, b, out = self.letters
        return f"{labels[0]}[{a}] {labels[1]}[{b}] -> [{out}]"


class Order(NamedTuple):
    """A sequence of steps, what it costs (2 for a multiplication and an addition), and its largest result between."""

    steps: tuple[Step, ...]
    exact: bool

    @property
    def flops(self) -> int:
        """The cost of all steps."""
        return sum(step.flops for step in self.steps)

    @property
    def largest(self) -> int:
        """The elements of the largest result that is not the last."""
        return max((step.size for step in self.steps[:-1]), default=0)


def best_order(terms: list[str], output: str, sizes: dict[str, int]) -> Order:
    """The cheapest order.

    >>> sizes = {"i": 1, "j": 100, "k": 100, "l": 100}
    >>> best_order(["ij", "jk", "kl"], "il", sizes).flops
    40000
    >>> best_order(["ij", "jk", "kl"], "il", sizes | {"i": 100, "l": 1}).flops
    40000
    """
    if len(terms) > EXACT:
        return _along(_greedy(terms, output, sizes), terms, output, sizes, exact=False)
    everything = frozenset(range(len(terms)))

    @cache
    def best(group: frozenset[int]) -> tuple[int, object]:
        """The cost of contracting the group, and how: a tree of pairs."""
        if len(group) == 1:
            return 0, next(iter(group))
        first = min(group)
        found = []
        for part in _subsets(group - {first}):
            left, right = group - part, part
            cost = _cost(_kept(left, terms, output), _kept(right, terms, output), sizes)
            (a, how_a), (b, how_b) = best(left), best(right)
            found.append((cost + a + b, (how_a, how_b)))
        return min(found, key=lambda each: each[0])

    return _along(best(everything)[1], terms, output, sizes, exact=True)


def in_turn(terms: list[str], output: str, sizes: dict[str, int]) -> Order:
    """The order from left to right."""
    tree: object = 0
    for i in range(1, len(terms)):
        tree = (tree, i)
    return _along(tree, terms, output, sizes, exact=False)


def _subsets(group: frozenset[int]) -> list[frozenset[int]]:
    """Every subset but the empty one."""
    found: list[frozenset[int]] = [frozenset()]
    for each in group:
        found += [part | {each} for part in found]
    return found[1:]


def _kept(group: frozenset[int], terms: list[str], output: str) -> str:
    """The letters of the group's product that the output or an operand outside of it still needs."""
    outside = set(output).union(*(terms[i] for i in range(len(terms)) if i not in group))
    own = dict.fromkeys("".join(terms[i] for i in sorted(group)))
    return "".join(c for c in own if c in outside)


def _lost(operand: int, kept: str, terms: list[str]) -> str:
    """The letters of an operand that are summed over before it is multiplied."""
    return "".join(c for c in dict.fromkeys(terms[operand]) if c not in kept) if operand < len(terms) else ""


def _cost(a: str, b: str, sizes: dict[str, int]) -> int:
    return 2 * math.prod(sizes[c] for c in {*a, *b})


def _greedy(terms: list[str], output: str, sizes: dict[str, int]) -> object:
    """The pair that costs least, again and again; as a tree of pairs."""
    groups: dict[frozenset[int], object] = {frozenset({i}): i for i in range(len(terms))}
    while len(groups) > 1:
        pairs = [(a, b) for a in groups for b in groups if min(a) < min(b)]
        a, b = min(pairs, key=lambda ab: _cost(_kept(ab[0], terms, output), _kept(ab[1], terms, output), sizes))
        groups[a | b] = (groups.pop(a), groups.pop(b))
    return next(iter(groups.values()))


def _along(tree: object, terms: list[str], output: str, sizes: dict[str, int], exact: bool) -> Order:
    """The steps that a tree of pairs stands for."""
    steps: list[Step] = []

    def walk(node: object) -> tuple[int, frozenset[int]]:
        if not isinstance(node, tuple):
            return int(str(node)), frozenset({int(str(node))})
        (left, a), (right, b) = walk(node[0]), walk(node[1])
        letters = _kept(a, terms, output), _kept(b, terms, output)
        out = output if len(a | b) == len(terms) else _kept(a | b, terms, output)
        size, product = math.prod(sizes[c] for c in out), _product(*letters, out, sizes)
        lost = _lost(left, letters[0], terms), _lost(right, letters[1], terms)
        steps.append(Step(left, right, (*letters, out), product, _cost(*letters, sizes), size, lost))
        return len(terms) + len(steps) - 1, a | b

    walk(tree)
    return Order(tuple(steps), exact)


def _product(a: str, b: str, out: str, sizes: dict[str, int]) -> str:
    """The contraction of two as what it is at heart: a batch of matrix products, or what is simpler."""

    def count(letters: set[str]) -> int:
        return math.prod(sizes[c] for c in letters)

    both, kept = set(a) & set(b), set(out)
    batch, inner = count(both & kept), count(both - kept)
    rows, columns = count((set(a) - both) & kept), count((set(b) - both) & kept)
    if not both - kept:
        kind = "multiplied element by element" if both else f"outer product, {rows} x {columns}"
    else:
        kind = f"matrix product ({rows} x {inner}) @ ({inner} x {columns})"
    return kind + (f", {batch} of them" if both & kept and both - kept else "")
