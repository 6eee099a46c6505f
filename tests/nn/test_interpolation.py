"""`interpolate`, the layers of it and `local_response_norm`: PyTorch's values and gradients in every mode."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import groundup
from groundup import autograd, nn
from groundup.nn import functional as F
from groundup.ops.resampling import SHORT

MODES = {
    1: ("nearest", "nearest-exact", "linear", "area"),
    2: ("nearest", "nearest-exact", "bilinear", "bicubic", "area"),
    3: ("nearest", "nearest-exact", "trilinear", "area"),
}
SMOOTH = ("linear", "bilinear", "bicubic", "trilinear")
CHANGES: list[dict[str, Any]] = [
    {"size": 3},
    {"size": 11},
    {"size": 1},
    {"scale_factor": 2},
    {"scale_factor": 1.7},
    {"scale_factor": 0.6, "recompute_scale_factor": True},
    {"scale_factor": 0.6},
]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("change", CHANGES, ids=str)
@pytest.mark.parametrize(("rank", "mode"), [(rank, mode) for rank, modes in MODES.items() for mode in modes])
def test_values_and_gradients(peer: Any, rank: int, mode: str, change: dict[str, Any], dtype: str) -> None:
    for corners in (None, False, True) if mode in SMOOTH else (None,):
        x, their_x = peer.pair(2, 2, *(5, 4, 6)[:rank], dtype=dtype)
        settings = {"mode": mode, "align_corners": corners} | change
        peer.same_gradients(F.interpolate(x, **settings), peer.F.interpolate(their_x, **settings), (x, their_x))


@pytest.mark.parametrize("size", [(3, 5), (20, 4), (1, 30)])
@pytest.mark.parametrize("mode", ["bilinear", "bicubic"])
@pytest.mark.parametrize("corners", [False, True])
def test_antialias(peer: Any, mode: str, size: tuple[int, int], corners: bool) -> None:
    x, their_x = peer.pair(1, 2, 9, 13)
    settings = {"size": size, "mode": mode, "antialias": True, "align_corners": corners}
    peer.same_gradients(F.interpolate(x, **settings), peer.F.interpolate(their_x, **settings), (x, their_x))


@pytest.mark.parametrize("mode", ["linear", "nearest", "nearest-exact"])
@pytest.mark.parametrize("size", [SHORT // 2, SHORT + 50, 3 * SHORT])
def test_long_axes(peer: Any, mode: str, size: int) -> None:
    x, their_x = peer.pair(1, 2, SHORT + 10)
    peer.same_gradients(F.interpolate(x, size, mode=mode), peer.F.interpolate(their_x, size, mode=mode), (x, their_x))


@pytest.mark.parametrize("mode", ["bilinear", "bicubic", "nearest"])
@pytest.mark.parametrize("wrong", [math.inf, math.nan])
def test_a_wrong_pixel_spoils_only_its_neighbours(peer: Any, mode: str, wrong: float) -> None:
    x = peer.random.standard_normal((1, 1, 6, 6))
    x[0, 0, 2, 3] = wrong
    ours, theirs = peer.both(x)
    peer.same(F.interpolate(ours, (11, 13), mode=mode), peer.F.interpolate(theirs, (11, 13), mode=mode))


def test_whole_numbers(peer: Any) -> None:
    x, their_x = peer.both(np.arange(12, dtype=np.uint8).reshape(1, 1, 3, 4))
    peer.same(F.interpolate(x, scale_factor=2), peer.F.interpolate(their_x, scale_factor=2))
    with pytest.raises(NotImplementedError, match="Convert the images with"):
        F.interpolate(x, 2, mode="bilinear")


@pytest.mark.parametrize("mode", ["nearest", "bilinear", "bicubic", "area"])
def test_derivatives_of_both_orders(leaf: Callable[..., Any], mode: str) -> None:
    x = leaf(1, 1, 3, 4)
    for size in ((5, 3), (2, 7)):

        def run(x: Any, size: tuple[int, int] = size) -> Any:
            return F.interpolate(x, size, mode=mode) ** 2

        assert autograd.gradcheck(run, (x,)) and autograd.gradgradcheck(run, (x,))


def test_layers(peer: Any) -> None:
    for name, args, settings in (
        ("Upsample", (), {"scale_factor": 2}),
        ("Upsample", ((3, 9),), {"mode": "bilinear", "align_corners": True}),
        ("Upsample", (), {"scale_factor": (1.5, 2), "mode": "bicubic"}),
        ("UpsamplingNearest2d", (7,), {}),
        ("UpsamplingBilinear2d", (), {"scale_factor": 3}),
        ("LocalResponseNorm", (2,), {"alpha": 0.5, "beta": 0.6, "k": 2.0}),
        ("LocalResponseNorm", (3,), {}),
    ):
        ours, theirs = getattr(nn, name)(*args, **settings), getattr(peer.nn, name)(*args, **settings)
        peer.same_module(ours, theirs, peer.pair(2, 4, 5, 4))


def test_errors_are_pytorchs(peer: Any, raises_alike: Callable[..., str]) -> None:
    cases: list[tuple[tuple[int, ...], dict[str, Any]]] = [
        ((1, 1, 4, 4), {}),
        ((1, 1, 4, 4), {"size": 2, "scale_factor": 2}),
        ((1, 1, 4, 4), {"size": 2, "recompute_scale_factor": True}),
        ((1, 1, 4, 4), {"size": (2, 2, 2)}),
        ((1, 1, 4, 4), {"scale_factor": (2, 2, 2)}),
        ((1, 1, 4, 4), {"size": 2, "align_corners": True}),
        ((1, 1, 4, 4), {"size": 2, "mode": "linear"}),
        ((1, 1, 4), {"size": 2, "mode": "bilinear"}),
    ]
    for shape, settings in cases:
        raises_alike(
            lambda s=shape, k=settings: F.interpolate(groundup.zeros(*s), **k),
            lambda s=shape, k=settings: peer.F.interpolate(peer.torch.zeros(*s), **k),
        )
    raises_alike(
        lambda: F.local_response_norm(groundup.zeros(2, 3), 2),
        lambda: peer.F.local_response_norm(peer.torch.zeros(2, 3), 2),
    )
    with pytest.raises(ValueError, match="Anti-alias option is restricted to bilinear"):
        F.interpolate(groundup.zeros(1, 1, 4), 2, antialias=True)
    with pytest.raises(RuntimeError, match="Input and output sizes should be greater than 0"):
        F.interpolate(groundup.zeros(1, 1, 4), 0)
    with pytest.raises(NotImplementedError, match="Only 3D, 4D and 5D input"):
        F.interpolate(groundup.zeros(1, 1, 4), 2, mode="cubic")
