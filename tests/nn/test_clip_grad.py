"""Clipping gradients and flattening parameters, beside PyTorch."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pytest

import groundup
from groundup import nn
from groundup.nn import utils


def leaves(peer: Any) -> tuple[list[Any], list[Any]]:
    """Leaves with gradients, and one without."""
    pairs = [peer.pair(3, 2), peer.pair(4), peer.pair(1)]
    for ours, theirs in pairs[:2]:
        (ours * ours).sum().backward()
        (theirs * theirs).sum().backward()
    return [a for a, _ in pairs], [b for _, b in pairs]


@pytest.mark.parametrize("norm_type", [1.0, 2.0, 3.0, math.inf])
@pytest.mark.parametrize("max_norm", [0.5, 1e3])
def test_clip_grad_norm(peer: Any, norm_type: float, max_norm: float) -> None:
    ours, theirs = leaves(peer)
    total = utils.clip_grad_norm_(ours, max_norm, norm_type)
    peer.same(total, peer.nn.utils.clip_grad_norm_(theirs, max_norm, norm_type))
    for a, b in zip(ours[:2], theirs[:2], strict=True):
        peer.same(a.grad, b.grad)
    assert ours[2].grad is None


def test_clip_grad_norm_of_one_tensor_or_a_generator(peer: Any) -> None:
    ours, _ = leaves(peer)
    utils.clip_grad_norm_(ours[0], 1.0)
    assert ours[0].grad.norm().item() == pytest.approx(1.0, rel=1e-5)
    assert utils.clip_grad_norm_((leaf for leaf in ours), 1e9).item() > 0
    assert utils.clip_grad_norm_([], 1.0).item() == 0.0


def test_a_norm_that_is_not_finite(peer: Any, raises_alike: Callable[..., str]) -> None:
    (w, w_there) = peer.pair(2)
    (w * math.inf).sum().backward()
    (w_there * math.inf).sum().backward()
    raises_alike(
        lambda: utils.clip_grad_norm_([w], 1.0, error_if_nonfinite=True),
        lambda: peer.nn.utils.clip_grad_norm_([w_there], 1.0, error_if_nonfinite=True),
    )
    peer.same(utils.clip_grad_norm_([w], 1.0), peer.nn.utils.clip_grad_norm_([w_there], 1.0))
    peer.same(w.grad, w_there.grad)


def test_clip_grad_value(peer: Any) -> None:
    ours, theirs = leaves(peer)
    utils.clip_grad_value_(ours, 0.5)
    peer.nn.utils.clip_grad_value_(theirs, 0.5)
    for a, b in zip(ours[:2], theirs[:2], strict=True):
        peer.same(a.grad, b.grad)


def test_what_is_no_list_of_parameters(peer: Any, raises_alike: Callable[..., str]) -> None:
    net, theirs = nn.Linear(2, 1), peer.nn.Linear(2, 1)
    message = raises_alike(lambda: utils.clip_grad_norm_(net, 1.0), lambda: peer.nn.utils.clip_grad_norm_(theirs, 1.0))
    assert "write model.parameters()" in message
    used_up = net.parameters()
    list(used_up)
    with pytest.warns(UserWarning, match=r"empty generator, no gradient clipping will occur\.\n.*make it anew"):
        assert utils.clip_grad_norm_(used_up, 1.0).item() == 0.0


def test_vectors_and_parameters() -> None:
    net = nn.Sequential(nn.Linear(2, 3), nn.Linear(3, 1))
    vector = utils.parameters_to_vector(net.parameters())
    assert vector.shape == (13,) and vector.requires_grad
    utils.vector_to_parameters(groundup.arange(13.0), net.parameters())
    assert net[0].weight.tolist() == [[0.0, 1.0], [2.0, 3.0], [4.0, 5.0]]
    assert utils.parameters_to_vector(net.parameters()).tolist() == list(range(13))
    with pytest.raises(ValueError, match="the parameters have 13 elements"):
        utils.vector_to_parameters(groundup.zeros(12), net.parameters())
    with pytest.raises(TypeError, match=r"expected groundup\.Tensor, but got: list"):
        utils.vector_to_parameters([1.0], net.parameters())
    with pytest.raises(ValueError, match="at least one parameter"):
        utils.parameters_to_vector([])
