"""Dropout of elements, of channels, and for selu: what is dropped, what is kept, and what passes back."""

from __future__ import annotations

import math
from typing import Any

import pytest

import groundup
from groundup import nn
from groundup.nn import functional as F

EVERY = [nn.Dropout, nn.Dropout1d, nn.Dropout2d, nn.Dropout3d, nn.AlphaDropout, nn.FeatureAlphaDropout]
SHAPES = {nn.Dropout1d: (2, 3, 4), nn.Dropout2d: (2, 3, 4, 4), nn.Dropout3d: (2, 3, 2, 4, 4)}


@pytest.fixture(autouse=True)
def seeded() -> None:
    groundup.manual_seed(5)


@pytest.mark.parametrize("layer", EVERY)
def test_evaluation_and_p_0_change_nothing(layer: Any) -> None:
    x = groundup.randn(*SHAPES.get(layer, (2, 3, 4)))
    assert layer(0.7).eval()(x) is x
    assert layer(0.0)(x) is x
    assert repr(layer(0.3)) == f"{layer.__name__}(p=0.3, inplace=False)"
    with pytest.raises(ValueError, match="dropout probability has to be between 0 and 1"):
        layer(1.5)


@pytest.mark.parametrize("layer", EVERY)
def test_p_1_leaves_zeros_and_passes_zeros_back(layer: Any) -> None:
    x = groundup.randn(*SHAPES.get(layer, (2, 3, 4))).requires_grad_()
    out = layer(1.0)(x)
    assert not out.any()
    out.sum().backward()
    assert not x.grad.any()


@pytest.mark.parametrize(("drop", "shape"), [
    (F.dropout1d, (40, 50, 3)), (F.dropout2d, (40, 50, 2, 3)), (F.dropout3d, (40, 50, 2, 3, 2)),
    (lambda x, p: F.feature_alpha_dropout(x, p, training=True), (40, 50, 3)),
])  # fmt: skip
def test_channels_go_as_a_whole(drop: Any, shape: tuple[int, ...]) -> None:
    x = groundup.ones(shape, dtype=groundup.float64)
    out = drop(x, 0.3).flatten(2)
    assert (out == out[:, :, :1]).all()
    dropped = (out[:, :, 0] < 1).double().mean().item()
    assert abs(dropped - 0.3) < 5 * math.sqrt(0.21 / 2000)


def test_inputs_without_a_batch() -> None:
    for drop, shape in ((F.dropout1d, (400, 5)), (F.dropout3d, (400, 2, 2, 2))):
        out = drop(groundup.ones(shape), 0.5).flatten(1)
        assert (out == out[:, :1]).all()
        assert set(out[:, 0].tolist()) == {0.0, 2.0}


def test_what_is_kept_grows() -> None:
    out = F.dropout2d(groundup.ones(100, 10, 2, 2), 0.75)
    assert sorted(set(out.flatten().tolist())) == [0.0, 4.0]


@pytest.mark.parametrize("drop", [F.alpha_dropout, F.feature_alpha_dropout])
def test_mean_and_variance_stay(drop: Any) -> None:
    x = groundup.randn(100_000, 2, dtype=groundup.float64)
    out = drop(x, 0.4, training=True)
    assert abs(out.mean().item()) < 5 / math.sqrt(2e5)
    assert abs(out.var().item() - 1) < 5 * math.sqrt(3 / 2e5)


def test_alpha_dropout_gives_selus_limit() -> None:
    out = F.alpha_dropout(groundup.zeros(1000, dtype=groundup.float64), 0.5, training=True)
    low, high = sorted(set(out.tolist()))
    alpha = -1.7580993408473766
    scale = (0.5 * (1 + 0.5 * alpha**2)) ** -0.5
    assert low == pytest.approx(scale * alpha * 0.5) and high == pytest.approx(-scale * alpha * 0.5)


@pytest.mark.parametrize("layer", EVERY)
def test_gradients_go_where_values_came_from(layer: Any) -> None:
    x = groundup.randn(*SHAPES.get(layer, (2, 3, 4)), dtype=groundup.float64).requires_grad_()
    made = groundup.manual_seed(8)
    out = layer(0.5)(x)
    out.sum().backward()
    again = groundup.manual_seed(8)
    assert again is made
    moved = layer(0.5)(x.detach() + 1)
    assert groundup.allclose(moved - out.detach(), x.grad)


@pytest.mark.parametrize("layer", EVERY)
def test_in_place_is_the_same_in_the_same_memory(layer: Any) -> None:
    x = groundup.randn(*SHAPES.get(layer, (2, 3, 4)))
    groundup.manual_seed(9)
    wanted = layer(0.5)(x)
    groundup.manual_seed(9)
    out = layer(0.5, inplace=True)(x)
    assert out is x or out._storage is x._storage
    assert groundup.allclose(x, wanted)


def test_channels_are_needed() -> None:
    with pytest.raises(RuntimeError, match="dropout1d: Expected 2D or 3D input, but received a 1D input"):
        F.dropout1d(groundup.ones(3))
    with pytest.raises(RuntimeError, match="Feature dropout requires at least 2 dimensions in the input"):
        F.feature_alpha_dropout(groundup.ones(3), 0.5, True)
    with pytest.warns(UserWarning, match="dropout2d: Received a 2-D input"):
        F.dropout2d(groundup.ones(3, 2))
