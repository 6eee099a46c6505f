"""Attention without the scores of all heads in memory: what lies between two products is made for one item at a time.

An item is a head of a sample. A product whose result rows are reduced, the groups that do this, and the products that
take what comes of it become one `Nest`, if nothing forbids to do all of it for one item before the next is begun. Then
scores are as large as one item, or as some rows of it. Backward makes the weights once more where they are long: that
costs a product, and no array of all of them lives from forward to backward.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from groundup.compile.graph import Graph, Value
from groundup.compile.loops.group import ACROSS, Group, begun
from groundup.compile.loops.items import Item, Left, Looked, Nest, Product, read_by, written_by
from groundup.compile.loops.layout import Buffer, Layout
from groundup.compile.loops.nests.blocks import Scores, nest_of
from groundup.compile.loops.nests.masks import Masks
from groundup.compile.loops.products import multiplied
from groundup.compile.loops.terms import Refused
from groundup.compile.numbers import Number

FAR = 48  # items behind the last member, up to which another one is looked for
# Backward makes weights once more that are of so many bytes: of one item, where a mask spares much of the work, and of
# all items elsewhere, since it takes longer than to keep them.
MASKED = 1 << 17
WHOLE = 1 << 26


@dataclass(eq=False)
class Run:
    """Items that may be done for one item of their leading axes after the other."""

    scores: Scores
    members: list[Item]

    @property
    def reads(self) -> set[Buffer]:
        """What it needs from outside, or makes and reads."""
        return set().union(*map(read_by, self.members))

    @property
    def writes(self) -> set[Buffer]:
        """What its members make."""
        return set().union(*map(written_by, self.members))


def nested(items: list[Item], graph: Graph, layouts: dict[Value, Layout]) -> list[Item]:
    """The items of a plan, with nests in the place of those that become one."""
    found = items
    at = 0
    while at < len(found):
        found = _with_run(found, at)
        at += 1
    returned = {layouts[each].buffer for each in graph.outputs if isinstance(each, Value) and each in layouts}
    if not any(isinstance(each, Run) for each in found):
        return items
    try:
        _make_again(found, returned)
        made = _as_nests(found, returned)
    except Refused:
        return items
    # One that is refused leaves everything as it was: another may have relied on it.
    return items if None in made else made


def _as_nests(found: list[Item], returned: set[Buffer]) -> list[Item | None]:
    """Runs as nests; None where one cannot be.

    Scores that only other runs read need not be made where these do not look, if that is how it turns out.
    """
    shared = _between_runs(found) - returned
    made = _with_nests(found, returned, shared)
    nests = [each for each in made if isinstance(each, Nest)]
    makers = {buffer: nest for nest in nests for buffer in nest.writes & shared}
    for nest in nests:
        for buffer in nest.reads & makers.keys():
            if any(b > a for a, b in zip(makers[buffer].columns(), nest.columns(), strict=True)):
                return _with_nests(found, returned, set())
    return made


def _with_nests(found: list[Item], returned: set[Buffer], shared: set[Buffer]) -> list[Item | None]:
    made: list[Item | None] = []
    masks = Masks()
    for item in found:
        if isinstance(item, Run):
            outside = returned.union(*(read_by(other) for other in found if other is not item))
            made.append(nest_of(item.scores, item.members, outside, shared, masks))
        else:
            made.append(item)
    return made


def _between_runs(found: list[Item]) -> set[Buffer]:
    """Scores that runs make, and only runs of the same axes read."""
    shared: set[Buffer] = set()
    for run in found:
        if isinstance(run, Run):
            for buffer in run.writes & run.scores.buffers:
                readers = [other for other in found if other is not run and buffer in read_by(other)]
                if all(isinstance(each, Run) and each.scores.is_same(run.scores) for each in readers):
                    shared.add(buffer)
    return shared


# Which items


def _with_run(items: list[Item], at: int) -> list[Item]:
    """The items with a run in the place of the product at that place and of what follows from it, if there is one."""
    product = items[at]
    if not isinstance(product, Product) or len(product.out.shape) < 3 or product.beta or multiplied(product) is None:
        return items
    scores = _scores(product, items[at + 1 : at + FAR])
    if scores is None:
        return items
    members: list[Item] = [product]
    before: list[Item] = []  # who comes before them,
    deferred: list[Item] = []  # and who after them
    best: tuple[int, list[Item], list[Item], list[Item]] | None = None
    for place in range(at + 1, len(items)):
        item = items[place]
        if isinstance(item, Looked) or place > (at if best is None else best[0]) + FAR:
            break
        if _joins(item, scores, members, deferred):
            members += [*_makers_for(item, scores, before), item]
            best = place, [*members], [*before], [*deferred]
        elif any(_in_order(item, other) for other in (*members, *deferred)):
            deferred.append(item)
        else:
            before.append(item)
    if best is None:
        return items
    end, members, before, deferred = best
    head, early = _earlier(items[:at], scores, product)
    if sum(isinstance(each, Product) for each in (*early, *members)) < 2:
        return items
    return [*head, *before, Run(scores, [*early, *members]), *deferred, *items[end + 1 :]]


def _scores(product: Product, later: list[Item]) -> Scores | None:
    """The axes of a product's result, and the arrays that lie like it, if the next that reads it reduces its rows."""
    *lead, rows, columns = product.out.shape
    if math.prod(lead) < 2 or not product.out.contiguous:
        return None
    group = next((item for item in later if product.out.buffer in read_by(item)), None)
    scores = Scores(tuple(lead), rows, columns)
    if not isinstance(group, Group) or not any(task.reduced for task, _ in group.tasks):
        return None
    scores.buffers.add(product.out.buffer)
    return scores if _suits(group, scores) else None


def _suits(group: Group, scores: Scores) -> bool:
    """Whether a group makes each item of what it makes from the same item; its arrays are noted if it does."""
    if any(m.kind == ACROSS or m.statement.inplace or _is_late(m.statement.operands) for m in group.members):
        return False
    found = [scores.accesses(task) for task, _ in group.tasks]
    if None in found:
        return False
    for accesses in found:
        scores.buffers |= {each.buffer for each in accesses or () if each is not None and scores.is_like(each)}
    return True


def _is_late(operands: Iterable[Any]) -> bool:
    return any(isinstance(each, Number) and each.late for each in operands)


def _joins(item: Item, scores: Scores, members: list[Item], deferred: list[Item]) -> bool:
    """Whether an item may be done for each item of the leading axes after what has joined already."""
    if any(_in_order(item, other) for other in deferred):
        return False
    made = set().union(*map(written_by, members))
    if not (read_by(item) & made) <= scores.buffers or not made.isdisjoint(written_by(item)):
        return False
    if isinstance(item, Group):
        return not scores.buffers.isdisjoint(read_by(item)) and _suits(item, scores)
    return isinstance(item, Product) and scores.takes(item) and multiplied(item) is not None


def _makers_for(item: Item, scores: Scores, before: list[Item]) -> list[Item]:
    """Products that make other scores for a member: they leave those who come before, if nobody of these needs them."""
    found: list[Item] = []
    for other in before[::-1]:
        if isinstance(other, Product) and other.out.buffer in scores.buffers & read_by(item) and scores.axes(other):
            later = before[before.index(other) + 1 :]
            if not other.beta and multiplied(other) and not any(_in_order(other, each) for each in later):
                before.remove(other)
                found.insert(0, other)
    return found


def _earlier(items: list[Item], scores: Scores, first: Product) -> tuple[list[Item], list[Item]]:
    """Products before the first member that take the same weights, and can wait for it."""
    rest = list(items)
    taken: list[Item] = []
    for item in reversed(items[-8:]):
        later = rest[rest.index(item) + 1 :]
        if isinstance(item, Product) and scores.takes(item) and multiplied(item) is not None:
            if not any(_in_order(item, other) for other in (*later, first)):
                rest.remove(item)
                taken.insert(0, item)
    return rest, taken


def _in_order(item: Item, other: Item) -> bool:
    """Whether two items must stay in their order."""
    if isinstance(item, Left) and isinstance(other, Left):
        return True  # both may draw random numbers
    a, b = written_by(item), written_by(other)
    return not a.isdisjoint(read_by(other) | b) or not b.isdisjoint(read_by(item))


# Weights made again


def _make_again(items: list[Item], returned: set[Buffer]) -> None:
    """Let a run make the long weights that it reads, as the run did that made them first."""
    for at, run in enumerate(items):
        if not isinstance(run, Run):
            continue
        for place, other in enumerate(items[:at]):
            if not isinstance(other, Run) or not other.scores.is_same(run.scores):
                continue
            weights = other.writes & other.scores.buffers & run.reads
            readers = {i for i, item in enumerate(items) if not weights.isdisjoint(read_by(item))}
            if not weights or readers - {at, place} or not weights.isdisjoint(returned):
                continue
            makers = _makers(other.members, weights)
            if not _is_long(weights, other.scores, makers):
                continue
            needed = set().union(*map(read_by, makers)) - set().union(*map(written_by, makers))
            if any(not needed.isdisjoint(written_by(item)) for item in items[place : at + 1]):
                continue
            _make_first(run, makers, other.scores)


def _is_long(weights: set[Buffer], scores: Scores, makers: list[Item]) -> bool:
    size = max(each.size * each.dtype.itemsize for each in weights)
    spared = sum(Masks().reach(scores, makers, set())) < 3 * scores.rows * scores.columns // 4
    return size >= (min(MASKED * scores.items, WHOLE) if spared else WHOLE)


def _makers(members: list[Item], weights: set[Buffer]) -> list[Item]:
    """Who makes the weights, and what they are made of."""
    found: list[Item] = []
    wanted = set(weights)
    for item in reversed(members):
        if not wanted.isdisjoint(written_by(item)):
            found.insert(0, item)
            wanted |= read_by(item)
    return found


def _make_first(run: Run, makers: list[Item], scores: Scores) -> None:
    """Put copies of the makers, with buffers of their own, before the members of a run."""
    own = {old: Buffer(old.dtype, old.size, old.kind, old.name) for item in makers for old in written_by(item)}
    members = [_over(item, own) for item in (*makers, *run.members)]
    run.members = members
    run.scores.buffers |= scores.buffers
    run.scores.buffers = {own.get(each, each) for each in run.scores.buffers}


def _over(item: Item, own: dict[Buffer, Buffer]) -> Item:
    """The same item with other buffers."""

    def moved(layout: Layout) -> Layout:
        return replace(layout, buffer=own.get(layout.buffer, layout.buffer))

    if isinstance(item, Product):
        return Product(moved(item.a), moved(item.b), moved(item.out), item.beta)
    found: Group | None = None
    for task, name in item.tasks:
        reads = [None if each is None else (each[0], moved(each[1]), each[2]) for each in task.reads]
        copy = replace(task, reads=reads, out=(task.out[0], moved(task.out[1]), task.out[2]))
        if found is None:
            found = begun(copy, name)
        elif not found.admit(copy, name):
            raise Refused("a group that cannot be made twice")
    return found
