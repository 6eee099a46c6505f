"""The passes, in the order in which they run. Each is one module with one function from graph to graph."""

from __future__ import annotations

from groundup.compile.graph import Graph
from groundup.compile.passes.algebra import algebra
from groundup.compile.passes.common import common
from groundup.compile.passes.constants import constants
from groundup.compile.passes.contractions import contractions
from groundup.compile.passes.copies import copies
from groundup.compile.passes.dead import dead
from groundup.compile.passes.folding import folding
from groundup.compile.passes.pieces import pieces
from groundup.compile.passes.stable import stable
from groundup.compile.passes.views import views

__all__ = ["PASSES", "simplified"]

PASSES = (
    constants,
    common,
    algebra,
    views,
    common,
    dead,
    stable,
    algebra,
    contractions,
    views,
    folding,
    pieces,
    views,
    common,
    dead,
    copies,
)


def simplified(graph: Graph) -> Graph:
    """The same program with less to do."""
    for each in PASSES:
        graph = each(graph)
    return graph
