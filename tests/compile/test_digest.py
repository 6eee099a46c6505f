"""The text of a traced graph, under which programs are kept: it holds every part of the graph."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from groundup.compile.digest import text_of
from groundup.compile.graph import Graph, Memory, Statement, Value, copied
from groundup.ops import ROWS


def _small() -> Graph:
    """x <- x * 2 + constant, and the sum of it."""
    outside = Memory(external=True)
    x = Value((4, 3), np.dtype(np.float32), outside, "x")
    constant = Value((3,), x.dtype, Memory(external=False), constant=np.arange(3, dtype=np.float32))
    product = Value((4, 3), x.dtype, Memory(external=False))
    written = Value((4, 3), x.dtype, outside, older=x)
    total = Value((3,), x.dtype, Memory(external=False))
    return Graph(
        [x],
        [
            Statement(ROWS["mul"], product, [x, 2], {}),
            Statement(ROWS["add"], written, [x, constant], {}, inplace=True),
            Statement(ROWS["sum"], total, [written], {"dim": (0,), "keepdim": False}),
        ],
        [total, product],
    )


def _change_type(graph: Graph) -> None:
    graph.statements[0].out.dtype = np.dtype(np.float64)


def _change_order_of_bytes(graph: Graph) -> None:
    graph.inputs[0].dtype = graph.inputs[0].dtype.newbyteorder()


def _change_constant(graph: Graph) -> None:
    constant = graph.statements[1].operands[1].constant
    constant[0] = -0.0


CHANGES: dict[str, Callable[[Graph], object]] = {
    "shape": lambda graph: setattr(graph.statements[2].out, "shape", (3, 1)),
    "type": _change_type,
    "order of bytes": _change_order_of_bytes,
    "constant": _change_constant,
    "row": lambda graph: setattr(graph.statements[0], "row", ROWS["div"]),
    "operand": lambda graph: graph.statements[0].operands.__setitem__(1, 3),
    "operand of another kind": lambda graph: graph.statements[0].operands.__setitem__(1, 2.0),
    "operands": lambda graph: graph.statements[0].operands.reverse(),
    "true is not one": lambda graph: graph.statements[2].params.update(keepdim=0),
    "parameter": lambda graph: graph.statements[2].params.update(dim=(1,)),
    "list for tuple": lambda graph: graph.statements[2].params.update(dim=[0]),
    "in place": lambda graph: setattr(graph.statements[1], "inplace", False),
    "view": lambda graph: setattr(graph.statements[0], "is_view", True),
    "outside": lambda graph: setattr(graph.statements[0], "outside", True),
    "phase": lambda graph: setattr(graph.statements[0], "phase", "update"),
    "memory": lambda graph: setattr(graph.statements[1].out, "memory", Memory(external=True)),
    "whose memory": lambda graph: setattr(graph.inputs[0].memory, "external", False),
    "what was there": lambda graph: setattr(graph.statements[1].out, "older", None),
    "gradient": lambda graph: setattr(graph.statements[0].out, "gradient_of", graph.inputs[0]),
    "name": lambda graph: setattr(graph.inputs[0], "name", "y"),
    "order": lambda graph: graph.statements.reverse(),
    "one more": lambda graph: graph.statements.append(graph.statements[0]),
    "results": lambda graph: graph.outputs.reverse(),
    "fewer results": lambda graph: graph.outputs.pop(),
    "input": lambda graph: graph.inputs.append(Value((1,), np.dtype(np.float32), Memory(external=True), "z")),
}


@pytest.mark.parametrize("change", CHANGES)
def test_every_part_of_a_graph_decides(change: str) -> None:
    graph = _small()
    text = text_of(graph)
    assert text is not None and text == text_of(_small()) == text_of(copied(graph))
    CHANGES[change](graph)
    assert text_of(graph) not in (None, text)


def test_a_graph_that_cannot_be_told_has_no_text() -> None:
    for thing in (object(), len, {1, 2}, np.array([None])):
        graph = _small()
        graph.statements[0].params["what"] = thing
        assert text_of(graph) is None
    graph = _small()
    graph.statements[0].call = (len, (), {})
    assert text_of(graph) is None
    graph = _small()
    graph.statements[0].row = type(ROWS["mul"]).__new__(type(ROWS["mul"]))
    graph.statements[0].row.name = "mul"
    assert text_of(graph) is None
