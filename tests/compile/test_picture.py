"""The graph of a compiled function as a picture: well-formed, with every name, and no box upon another."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from itertools import combinations, pairwise
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("hypothesis")

from hypothesis import given, settings
from hypothesis import strategies as st

import groundup
from groundup.compile.layered import placed
from groundup.nn import functional as F
from tests.compile.test_saved import CASES, random

SVG = "{http://www.w3.org/2000/svg}"


def graph_of(name: str) -> Any:
    step, arguments = CASES[name]()
    compiled = groundup.compile(step)
    with groundup.compile.reading("numpy"):
        for _ in range(2):
            compiled(*arguments)
    return compiled.graph


def words(picture: str) -> list[str]:
    return [each.text or "" for each in ElementTree.fromstring(picture).iter(f"{SVG}text")]


def boxes(picture: str) -> list[tuple[float, float, float, float]]:
    """Left, top, right and bottom of each."""
    found = [each.attrib for each in ElementTree.fromstring(picture).iter(f"{SVG}rect") if "rx" in each.attrib]
    sides = [[float(each[key]) for key in ("x", "y", "width", "height")] for each in found]
    return [(x, y, x + width, y + height) for x, y, width, height in sides]


def test_the_two_layer_network_is_legible() -> None:
    found = words(graph_of("two_layers").svg())
    assert {"forward", "backward", "update"} <= set(found)
    inputs = {"x", "y", "weight_0", "bias_0", "weight_2", "bias_2"}
    assert inputs <= set(found)
    assert {"value", "relu_1", "weight_0_grad", "bias_2_grad"} <= set(found)
    assert {"linear", "relu", "20×10", "5×10", "scalar"} <= set(found)
    assert sum("in place" in each for each in found) == 4


@pytest.mark.parametrize("name", CASES)
def test_no_box_lies_upon_another_or_outside(name: str) -> None:
    picture = graph_of(name).svg()
    root = ElementTree.fromstring(picture)
    width, height = float(root.attrib["width"]), float(root.attrib["height"])
    found = boxes(picture)
    assert found
    for left, top, right, bottom in found:
        assert 0 <= left and right <= width and 0 <= top and bottom <= height
    for a, b in combinations(found, 2):
        assert a[2] <= b[0] + 1 or b[2] <= a[0] + 1 or a[3] <= b[1] or b[3] <= a[1], name


def test_updates_that_are_alike_are_drawn_once() -> None:
    found = words(graph_of("adam").svg())
    assert "each of 6 parameters, as here" in found
    assert found.count("sqrt") == 1


def test_kernels_are_named_where_asked() -> None:
    pytest.importorskip("llvmlite")
    graph = graph_of("classifier")
    assert any(each.startswith("linear_relu") for each in words(graph.svg(fused=True)))
    assert not any(each.startswith("linear_relu") for each in words(graph.svg()))


def test_notebooks_and_files(tmp_path: Path) -> None:
    graph = graph_of("gradient_outside")
    graph.save(tmp_path / "graph.svg")
    assert (tmp_path / "graph.svg").read_text("utf-8") == graph.svg() == graph._repr_svg_()


def test_the_gradients_of_results_belong_to_it() -> None:
    found = words(graph_of("gradient_outside").svg())
    assert {"forward", "backward"} <= set(found)


def test_names_are_escaped() -> None:
    @groundup.compile
    def step(x: Any, y: Any) -> Any:
        return F.softmax(x, -1) < y

    step(random(3, 4), random(3, 4))
    ElementTree.fromstring(step.graph.svg())


# Places


@st.composite
def graphs(draw: st.DrawFn) -> tuple[dict[Any, float], list[tuple[Any, Any]]]:
    count = draw(st.integers(1, 14))
    widths: dict[Any, float] = {i: float(draw(st.integers(5, 60))) for i in range(count)}
    pairs = [(a, b) for b in range(count) for a in range(b)]
    arrows: list[tuple[Any, Any]] = draw(st.lists(st.sampled_from(pairs), max_size=20)) if pairs else []
    return widths, arrows


@settings(max_examples=60, deadline=None)
@given(graphs())
def test_arrows_point_down_and_boxes_stand_apart(graph: Any) -> None:
    widths, arrows = graph
    found = placed(widths, arrows, gap=4.0)
    assert all(found.layer[a] < found.layer[b] for a, b in arrows)
    assert max(found.layer.values()) < found.layers and min(found.layer.values()) >= 0
    for level in set(found.layer.values()):
        row = sorted((found.across[key], widths[key]) for key in widths if found.layer[key] == level)
        for (x, width), (other, wide) in pairwise(row):
            assert other - x >= (width + wide) / 2 + 4.0 - 1e-9
    for (a, b), route in zip(arrows, found.routes, strict=True):
        assert [level for _, level in route] == [*range(found.layer[a], found.layer[b] + 1)]
        assert route[0][0] == found.across[a] and route[-1][0] == found.across[b]


def test_a_chain_is_straight() -> None:
    found = placed({"a": 30.0, "b": 10.0, "c": 50.0}, [("a", "b"), ("b", "c")], gap=4.0)
    assert max(found.across.values()) - min(found.across.values()) < 0.5  # it is drawn in whole points
