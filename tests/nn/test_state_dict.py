"""`state_dict` and `load_state_dict`: PyTorch's keys and messages; what does not fit changes nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import groundup
from groundup import nn


def build(nn: Any, classes: int = 4) -> Any:
    return nn.Sequential(
        nn.Conv2d(1, 2, 3, bias=False),
        nn.ReLU(),
        nn.Flatten(),
        nn.Sequential(nn.Linear(8, 5), nn.Linear(5, classes)),
    )


def test_weights_move_both_ways(peer: Any) -> None:
    ours, theirs = build(nn), build(peer.nn)
    assert list(ours.state_dict()) == list(theirs.state_dict())
    x, their_x = peer.pair(3, 1, 4, 4, dtype="float32", grad=False)
    assert str(ours.load_state_dict(theirs.state_dict())) == "<All keys matched successfully>"
    peer.same(ours(x), theirs(their_x))
    other = build(nn)
    theirs.load_state_dict({key: peer.torch.from_numpy(value.numpy()) for key, value in other.state_dict().items()})
    peer.same(other(x), theirs(their_x))
    ours.load_state_dict(dict(theirs.named_parameters()))  # parameters that still require gradients
    peer.same(ours(x), theirs(their_x))


def test_errors_are_pytorchs(peer: Any, raises_alike: Callable[..., str]) -> None:
    def load(nn: Any, library: Any, change: Callable[[dict[str, Any], Any], None]) -> None:
        state = dict(build(nn).state_dict())
        change(state, library)
        build(nn).load_state_dict(state)

    def missing(state: dict[str, Any], _: Any) -> None:
        del state["0.weight"], state["3.1.bias"]

    def unexpected(state: dict[str, Any], library: Any) -> None:
        state["more"] = state["3.9.weight"] = library.zeros(1)

    def shapes(state: dict[str, Any], library: Any) -> None:
        state["3.0.weight"] = library.zeros(3, 2)
        state["3.0.bias"] = library.zeros(())

    def everything(state: dict[str, Any], library: Any) -> None:
        for change in (missing, unexpected, shapes):
            change(state, library)

    for change in (missing, unexpected, shapes, everything):
        with pytest.raises(RuntimeError) as theirs:
            load(peer.nn, peer.torch, change)
        with pytest.raises(RuntimeError) as ours:
            load(nn, groundup, change)
        assert str(ours.value) == str(theirs.value).replace("torch.Size", "groundup.Size")
    raises_alike(lambda: nn.ReLU().load_state_dict([1]), lambda: peer.nn.ReLU().load_state_dict([1]))


def test_a_state_that_does_not_fit_changes_nothing() -> None:
    net = build(nn)
    before = {key: value.clone() for key, value in net.state_dict().items()}
    for wrong in ({"3.1.bias": groundup.zeros(5)}, {"3.1.bias": "text"}, {"extra": groundup.zeros(1)}):
        state = {key: groundup.zeros_like(value) for key, value in before.items()} | wrong
        with pytest.raises(RuntimeError, match=r"Error\(s\) in loading state_dict for Sequential:\n\t"):
            net.load_state_dict(state)
        assert all(groundup.equal(value, before[key]) for key, value in net.state_dict().items())


def test_keys_that_differ_by_a_prefix_say_what_to_write() -> None:
    plain, wrapped = nn.Sequential(nn.Linear(2, 1)), nn.ModuleDict({"module": nn.Sequential(nn.Linear(2, 1))})
    with pytest.raises(RuntimeError, match=r"load \{key\.removeprefix\('module\.'\): value for") as found:
        plain.load_state_dict(wrapped.state_dict())
    assert 'Missing key(s) in state_dict: "0.weight", "0.bias". ' in str(found.value)
    plain.load_state_dict({key.removeprefix("module."): value for key, value in wrapped.state_dict().items()})
    with pytest.raises(RuntimeError, match=r"load \{'module\.' \+ key: value for"):
        wrapped.load_state_dict(plain.state_dict())
    wrapped.load_state_dict({"module." + key: value for key, value in plain.state_dict().items()})
    with pytest.raises(RuntimeError) as found:  # another network, and no prefix helps
        plain.load_state_dict({"module.0.weight": groundup.ones(1, 2)})
    assert "Only the beginning" not in str(found.value)


def test_not_strict_loads_what_fits_and_says_what_did_not() -> None:
    net = build(nn)
    keys = net.load_state_dict({"3.1.bias": groundup.ones(4), "more": groundup.ones(1)}, strict=False)
    assert net[3][1].bias.tolist() == [1.0] * 4
    assert keys.unexpected_keys == ["more"]
    assert keys.missing_keys == ["0.weight", "3.0.weight", "3.0.bias", "3.1.weight"]
    with pytest.raises(RuntimeError, match=r"size mismatch for 3\.1\.bias"):
        net.load_state_dict({"3.1.bias": groundup.ones(5)}, strict=False)


def test_values_are_cast_and_parameters_stay_the_same_objects() -> None:
    net = nn.Linear(2, 1)
    weight = net.weight
    net.load_state_dict({"weight": np.array([[1.0, 2.0]]), "bias": groundup.tensor([3.0], dtype=groundup.float64)})
    assert net.weight is weight and weight.requires_grad and weight.dtype == groundup.float32
    assert weight.tolist() == [[1.0, 2.0]] and net.bias.tolist() == [3.0]


def test_assign_puts_the_given_tensors_in_place() -> None:
    net = nn.Linear(2, 1)
    net.weight.requires_grad_(False)
    given = {"weight": groundup.ones(1, 2, dtype=groundup.float64), "bias": groundup.zeros(1)}
    net.load_state_dict(given, assign=True)
    assert net.weight.dtype == groundup.float64 and isinstance(net.weight, nn.Parameter)
    assert not net.weight.requires_grad and net.bias.requires_grad
    given["weight"].fill_(4.0)
    assert net.weight.tolist() == [[4.0, 4.0]]


def test_state_shares_memory_and_is_detached() -> None:
    net = nn.Linear(2, 1)
    state = net.state_dict()
    assert not state["weight"].requires_grad
    state["weight"].fill_(2.0)
    assert net.weight.tolist() == [[2.0, 2.0]]
    assert net.state_dict(keep_vars=True)["weight"] is net.weight
    collected: dict[str, Any] = {}
    assert net.state_dict(destination=collected, prefix="p.") is collected
    assert list(collected) == ["p.weight", "p.bias"]


def test_loading_does_not_disturb_a_recorded_graph_silently() -> None:
    net = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 1))
    loss = net(groundup.ones(1, 2)).sum()
    net.load_state_dict({key: value * 2 for key, value in net.state_dict().items()})
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        loss.backward()
