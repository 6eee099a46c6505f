"""Containers: indexing, slicing, changing, and what they refuse."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from typing import Any

import pytest

import groundup
from groundup import nn


def three(nn: Any) -> Any:
    return nn.Sequential(nn.Linear(2, 3), nn.ReLU(), nn.Linear(3, 1))


def test_sequential_calls_in_order() -> None:
    net = three(nn)
    x = groundup.ones(4, 2)
    assert groundup.equal(net(x), net[2](net[1](net[0](x))))
    assert nn.Sequential()(x) is x


def test_an_error_says_which_module_it_came_from() -> None:
    net = nn.Sequential(nn.Sequential(nn.ReLU(), nn.Linear(3, 1)))
    with pytest.raises(RuntimeError, match="cannot be multiplied") as found:
        net(groundup.ones(4, 2))
    inner, outer = found.value.__notes__
    assert inner == "In module (1) of Sequential: Linear(in_features=3, out_features=1, bias=True)"
    assert outer.startswith("In module (0) of Sequential: Sequential(\n")


def test_sequential_edits_print_as_pytorchs(peer: Any) -> None:
    def edit(nn: Any) -> list[str]:
        net = three(nn)
        steps = [repr(net[1:]), repr(net[-1]), repr(net[::2])]
        net.append(nn.Tanh())
        steps.append(repr(net))
        net.insert(1, nn.Sigmoid())
        steps.append(repr(net))
        del net[0]
        steps.append(repr(net))
        del net[1:3]
        steps.append(repr(net))
        net.extend([nn.ReLU(), nn.GELU()])
        net[0] = nn.Identity()
        steps.append(repr(net))
        steps.append(repr(net.pop(-1)))
        steps.append(repr(net + three(nn)))
        steps.append(repr(nn.Sequential(OrderedDict(first=nn.ReLU(), second=nn.Tanh()))))
        return steps

    assert edit(nn) == edit(peer.nn)


def test_slices_share_the_modules() -> None:
    net = three(nn)
    assert net[:2][0] is net[0]

    class Named(nn.Sequential):
        def __init__(self, width: int) -> None:
            super().__init__(nn.Linear(width, width), nn.ReLU())

    assert isinstance(Named(3)[:1], nn.Sequential)


def test_named_sequential_keeps_its_names() -> None:
    net = nn.Sequential({"first": nn.Linear(1, 2), "then": nn.ReLU(), "last": nn.Linear(2, 1)})
    assert net.first is net[0] and next(iter(net.state_dict())) == "first.weight"
    del net[1]
    assert list(net._modules) == ["first", "last"]
    with pytest.raises(RuntimeError, match="no names of their own"):
        net.insert(0, nn.ReLU())


def test_indices_are_checked(peer: Any, raises_alike: Callable[..., str]) -> None:
    for index in (3, -4):
        raises_alike(lambda i=index: three(nn)[i], lambda i=index: three(peer.nn)[i])
    with pytest.raises(TypeError, match="indices must be integers or slices, not str"):
        three(nn)["0"]
    with pytest.raises(TypeError, match="is not a Module subclass"):
        nn.Sequential(nn.ReLU(), groundup.relu)


def test_module_list(peer: Any) -> None:
    def edit(nn: Any) -> list[Any]:
        layers = nn.ModuleList([nn.Linear(1, 1), nn.ReLU()])
        layers.append(nn.Tanh())
        layers.insert(0, nn.Sigmoid())
        layers += [nn.ReLU()]
        steps = [repr(layers), repr(layers[1:3]), len(layers), list(layers.state_dict())]
        steps.append(repr(layers.pop(1)))
        del layers[-1]
        steps += [repr(layers), repr(layers + [nn.GELU()]), nn.Tanh in [type(each) for each in layers]]
        return steps

    assert edit(nn) == edit(peer.nn)
    with pytest.raises(NotImplementedError, match="ModuleList"):
        nn.ModuleList([nn.ReLU()])(1)


def test_module_dict() -> None:
    heads = nn.ModuleDict({"a": nn.Linear(1, 1)})
    heads["b"] = nn.ReLU()
    heads.update([("c", nn.Tanh())])
    assert list(heads) == list(heads.keys()) == ["a", "b", "c"] and "b" in heads and len(heads) == 3
    assert [type(module).__name__ for module in heads.values()] == ["Linear", "ReLU", "Tanh"]
    assert heads.pop("b").training and [name for name, _ in heads.items()] == ["a", "c"]
    del heads["c"]
    assert heads.get("c") is None
    heads.clear()
    assert len(heads) == 0
    with pytest.raises(KeyError):
        heads["a"]
    with pytest.raises(KeyError, match="attribute 'keys' already exists"):
        heads["keys"] = nn.ReLU()
