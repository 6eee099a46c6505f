"""Two groups become one, where a statement needs both: the earlier one waits for the later one.

A statement joins the earliest group that takes it, so that `v *= momentum` stands before the group that scales the
gradient, and `v += ...` needs the one and joins the other. If nothing between the two touches what the first one does,
its statements move to the second, and the elements are gone through once.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from groundup.compile.loops.group import Group, begun
from groundup.compile.loops.items import Item, read_by, written_by

MOST = 32  # statements in a group that comes of two: one that does more has no registers left


def merged(items: Sequence[Item], early: int, late: int) -> Group | None:
    """The group that does what both do, in the place of the later one; None if that cannot be."""
    first, second = items[early], items[late]
    if not isinstance(first, Group) or not isinstance(second, Group):
        return None
    if math.prod(first.domain) != math.prod(second.domain) or len(first.tasks) + len(second.tasks) > MOST:
        return None
    made = first.buffers_written()
    for item in items[early + 1 : late]:
        if item is None:
            continue
        writes = written_by(item)
        if not made.isdisjoint(read_by(item) | writes) or not first.touched.isdisjoint(writes):
            return None
    (task, name), *others = [*first.tasks, *second.tasks]
    whole = begun(task, name)
    return whole if all(whole.admit(task, name) for task, name in others) else None
