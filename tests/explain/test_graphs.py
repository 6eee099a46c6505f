"""The recorded graph and the walk back over it, as they are shown, on graphs of both libraries."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ElementTree
from typing import Any

import numpy as np
import pytest

import groundup
from groundup import explain, nn
from groundup.explain.graphs import Graph
from groundup.explain.recorded import Stats, record


def diamond(library: Any) -> tuple[Any, Any]:
    """exp(x) used by three, and x."""
    x = library.tensor([1.0, -2.0], requires_grad=True)
    h = x.exp()
    return (h * h.sin() + h).sum(), x


def model(library: Any) -> tuple[Any, Any]:
    layers = library.nn.Linear(4, 8), library.nn.Tanh(), library.nn.Linear(8, 1)
    net = library.nn.Sequential(*layers)
    return (net(library.ones(5, 4)) ** 2).mean(), net


@pytest.fixture(params=["groundup", "torch"])
def library(request: pytest.FixtureRequest) -> Any:
    return groundup if request.param == "groundup" else pytest.importorskip("torch")


def test_the_gradients_shown_are_those_of_backward_and_none_is_stored(library: Any) -> None:
    loss, net = model(library)
    recording = record(loss, net)
    assert all(parameter.grad is None for parameter in net.parameters())
    loss.backward()  # the graph is still there
    shown = {vertex.name: vertex for vertex in recording.vertices.values() if vertex.leaf}
    assert set(shown) == {name for name, _ in net.named_parameters()}
    for name, parameter in net.named_parameters():
        np.testing.assert_allclose(shown[name].gradient, parameter.grad.numpy(), rtol=1e-6)
        np.testing.assert_array_equal(shown[name].value, parameter.detach().numpy())


def test_a_node_is_visited_when_all_its_uses_have_been(library: Any) -> None:
    loss, x = diamond(library)
    walk = explain.backward(loss, {"x": x})
    titles = [visit.vertex.title.lower() for visit in walk]
    assert len(walk) == 6 and sorted(titles) == ["add", "exp", "mul", "sin", "sum", "x"]
    seen: set[int] = set()
    for visit in walk:
        users = {key for key, vertex in walk.recording.vertices.items() if visit.vertex.key in vertex.inputs}
        assert users <= seen
        seen.add(visit.vertex.key)
    exp = walk[titles.index("exp")]
    assert len(exp.arrived) == 3
    np.testing.assert_allclose(sum(g for _, g in exp.arrived), exp.vertex.gradient, rtol=1e-6)
    assert "as if whole" in str(exp) and "[1., 1.]" in str(exp)
    assert walk.paths == 3 and "reach the 1 leaves 3 times" in walk.reason


def test_each_gradient_handed_on_arrives() -> None:
    loss, net = model(groundup)
    for visit in explain.backward(loss, net):
        if visit.number > 1:
            total = sum(g for _, g in visit.arrived)
            np.testing.assert_allclose(total, visit.vertex.gradient, rtol=1e-6)


def test_a_chain_needs_no_order() -> None:
    x = groundup.ones(3, requires_grad=True)
    assert explain.backward(x.exp().sum()).reason.startswith("Every value is used once")


def test_paths_double_with_each_diamond() -> None:
    x = groundup.tensor(1.0, requires_grad=True)
    y = x
    for _ in range(30):
        y = y + y
    walk = explain.backward(y)
    assert walk.paths == 2**30 and len(walk) == 31


def test_the_list_of_nodes() -> None:
    x = groundup.tensor([1.0, 3.0], requires_grad=True)
    lines = str(explain.graph((x * x).sum(), {"x": x})).splitlines()
    assert lines[0].split() == ["node", "shape", "made", "of", "value", "gradient", "recorded", "at"]
    assert re.split(r"\s{2,}", lines[1]) == ["1", "x", "(2,)", "2 ± 1", "4 ± 2"]
    assert re.split(r"\s{2,}", lines[2])[:6] == ["2", "mul", "(2,)", "1, 1", "not kept", "1 ± 0"]
    assert lines[2].endswith('lines = str(explain.graph((x * x).sum(), {"x": x})).splitlines()')
    assert "test_graphs.py:" in lines[3]


def test_the_picture_has_a_box_for_each_node_and_an_arrow_for_each_edge(library: Any) -> None:
    pytest.importorskip("igraph", reason="igraph lays graphs out")
    loss, x = diamond(library)
    shown = explain.graph(loss, {"x": x})
    picture = ElementTree.fromstring(shown._repr_svg_())
    assert not picture.findall(".//{*}circle")
    vertices = shown.recording.vertices.values()
    boxes = list(picture.findall(".//{*}g/{*}rect"))
    arrows = [each for each in picture.findall(".//{*}path") if each.get("marker-end")]
    assert len(boxes) == len(vertices) and len(arrows) == sum(len(vertex.inputs) for vertex in vertices)
    corners = [(float(each.get("x", 0)), float(each.get("y", 0))) for each in boxes]
    for i, (left, top) in enumerate(corners):  # no two boxes overlap
        for other_left, other_top in corners[:i]:
            assert abs(left - other_left) >= 176 or abs(top - other_top) >= 66
    assert len({each.get("d") for each in arrows}) == len(arrows)
    numbered = ElementTree.fromstring(Graph(shown.recording, numbered=True).svg())
    assert len(numbered.findall(".//{*}circle")) == len(vertices)


def test_names_are_escaped() -> None:
    pytest.importorskip("igraph", reason="igraph lays graphs out")
    x = groundup.tensor(1.0, requires_grad=True)
    shown = explain.backward(x.exp(), {"<script>": x})._repr_html_()
    assert "<script" not in shown and "&lt;script&gt;" in shown


def test_the_users_hooks_neither_run_nor_are_lost() -> None:
    x = groundup.tensor([1.0], requires_grad=True)
    seen: list[Any] = []
    h = x.exp()
    h.register_hook(seen.append)
    loss = h.sum()
    explain.graph(loss)
    assert seen == []
    loss.backward()
    assert len(seen) == 1


def test_a_users_function_is_shown() -> None:
    class Square(groundup.autograd.Function):
        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            ctx.save_for_backward(x)
            return x * x

        @staticmethod
        def backward(ctx: Any, grad: Any) -> Any:
            return 2 * ctx.saved_tensors[0] * grad

    x = groundup.tensor([3.0], requires_grad=True)
    recording = record(Square.apply(x).sum(), {"x": x})
    assert [vertex.gradient.tolist() for vertex in recording.vertices.values() if vertex.name == "x"] == [[6.0]]
    assert [vertex.operation for vertex in recording.vertices.values()] == ["sum", "Square", "leaf"]
    walk = str(explain.backward(Square.apply(x).sum()))
    assert walk.count("Square (1,)") == 1 and "hands [6.] to leaf" in walk


def test_what_has_no_graph_is_refused(library: Any) -> None:
    with pytest.raises(RuntimeError, match="does not require grad"):
        explain.graph(library.ones(1))
    with pytest.raises(RuntimeError, match="only for scalar outputs"):
        explain.graph(library.ones(2, requires_grad=True) * 2)
    with pytest.raises(TypeError, match="not behind float"):
        explain.graph(1.0)
    walked = library.ones(1, requires_grad=True).exp()
    walked.backward()
    with pytest.raises(RuntimeError, match="second time"):
        explain.graph(walked)


def test_statistics_tell_what_is_not_finite() -> None:
    assert str(Stats.of(np.array([1.0, 3.0]))) == "2 ± 1"
    assert str(Stats.of(np.array([1.0, np.inf]))).endswith("not finite")
    assert str(Stats.of(np.zeros((0, 3)))) == "0 ± 0"


def test_a_layer_of_ours_in_a_graph_of_ours() -> None:
    layer = nn.Linear(2, 2)
    names = [vertex.name for vertex in record(layer(groundup.ones(1, 2)).sum(), layer).vertices.values() if vertex.leaf]
    assert sorted(names) == ["bias", "weight"]
