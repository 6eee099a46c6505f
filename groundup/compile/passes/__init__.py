"""The passes, in the order in which they run. Each is one module with one function from graph to graph."""

from __future__ import annotations

from groundup.compile.graph import Graph
from groundup.compile.passes.algebra import algebra
from groundup.compile.passes.common import common
from groundup.compile.passes.constants import constants
from groundup.compile.passes.copies import copies
from groundup.compile.passes.dead import dead

__all__ = ["PASSES", "simplified"]

PASSES = (constants, common, algebra, dead, copies)


def simplified(graph: Graph) -> Graph:
    """The same program with less to do."""
    for each in PASSES:
        graph = each(graph)
    return graph
