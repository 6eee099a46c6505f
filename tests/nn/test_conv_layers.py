"""The convolution layers of one and three dimensions, the transposed ones, and borders that are not zeros."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import pytest

import groundup
from groundup import autograd, nn
from groundup.nn import functional as F

IMAGES = {1: (7,), 2: (5, 6), 3: (4, 3, 5)}
FEW_OR_MANY = (2, 25)  # few images and many have different layouts


@pytest.mark.parametrize("batch", FEW_OR_MANY)
@pytest.mark.parametrize("rank", [1, 3])
@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"stride": 2, "padding": 1, "bias": False},
        {"dilation": 2, "groups": 2, "padding": 2},
        {"padding": "same"},
        {"padding": "valid", "groups": 2},
    ],
    ids=str,
)
@pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel")
def test_convolution(peer: Any, rank: int, settings: dict[str, Any], batch: int) -> None:
    name = f"Conv{rank}d"
    ours, theirs = getattr(nn, name)(2, 4, 2, **settings), getattr(peer.nn, name)(2, 4, 2, **settings)
    peer.same_module(ours.double(), theirs.double(), peer.pair(batch, 2, *IMAGES[rank]))
    peer.same(ours(groundup.ones(2, *IMAGES[rank]).double()), theirs(peer.torch.ones(2, *IMAGES[rank]).double()))


@pytest.mark.parametrize("batch", FEW_OR_MANY)
@pytest.mark.parametrize("rank", [1, 2, 3])
@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"stride": 2, "padding": 1, "output_padding": 1},
        {"dilation": 2, "groups": 2, "bias": False},
        {"stride": 3, "output_padding": 2, "groups": 2},
    ],
    ids=str,
)
def test_transposed(peer: Any, rank: int, settings: dict[str, Any], batch: int) -> None:
    name = f"ConvTranspose{rank}d"
    ours, theirs = getattr(nn, name)(4, 2, 3, **settings), getattr(peer.nn, name)(4, 2, 3, **settings)
    image = tuple(n - 2 for n in IMAGES[rank])
    peer.same_module(ours.double(), theirs.double(), peer.pair(batch, 4, *image))
    peer.same(ours(groundup.ones(4, *image).double()), theirs(peer.torch.ones(4, *image).double()))


@pytest.mark.parametrize("batch", FEW_OR_MANY)
def test_a_transposed_convolution_is_the_adjoint(leaf: Callable[..., Any], batch: int) -> None:
    for stride, padding, dilation, groups in itertools.product((1, 2), (0, 1), (1, 2), (1, 2)):
        x, weight = leaf(batch, 4, 7, 5), leaf(6, 4 // groups, 2, 3)
        y = F.conv2d(x, weight, None, stride, padding, dilation, groups)
        g = groundup.randn(*y.shape).double()
        size = [
            x.shape[i] - ((y.shape[i] - 1) * stride - 2 * padding + dilation * (weight.shape[i] - 1) + 1)
            for i in (2, 3)
        ]
        (back,) = autograd.grad(y, x, g)
        found = F.conv_transpose2d(g, weight, None, stride, padding, tuple(size), groups, dilation)
        assert groundup.allclose(found, back, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("settings", [{"stride": 2, "padding": 1, "output_padding": 1}, {"dilation": 2, "groups": 2}])
def test_derivatives_of_both_orders(leaf: Callable[..., Any], settings: dict[str, Any]) -> None:
    groups = settings.get("groups", 1)
    inputs = (leaf(1, 2, 2, 3), leaf(2, 2 // groups, 2, 2), leaf(2))

    def run(x: Any, w: Any, b: Any) -> Any:
        return F.conv_transpose2d(x, w, b, **settings)

    assert autograd.gradcheck(run, inputs) and autograd.gradgradcheck(run, inputs)


@pytest.mark.parametrize("mode", ["reflect", "replicate", "circular"])
@pytest.mark.parametrize("padding", [1, 2, "same"])
@pytest.mark.parametrize("rank", [1, 2, 3])
def test_borders(peer: Any, rank: int, mode: str, padding: Any) -> None:
    settings = {"padding": padding, "padding_mode": mode}
    ours = getattr(nn, f"Conv{rank}d")(2, 3, 4 if padding == "same" else 3, **settings)
    theirs = getattr(peer.nn, f"Conv{rank}d")(2, 3, 4 if padding == "same" else 3, **settings)
    peer.same_module(ours.double(), theirs.double(), peer.pair(2, 2, *IMAGES[rank]))


def test_output_size(peer: Any, raises_alike: Callable[..., str]) -> None:
    settings = {"stride": 3, "padding": 1}
    ours, theirs = nn.ConvTranspose2d(2, 3, 4, **settings), peer.nn.ConvTranspose2d(2, 3, 4, **settings)
    peer.copy(ours, theirs)
    x, their_x = peer.pair(2, 2, 3, 5, dtype="float32")
    for size in ((8, 16), [10, 15], (2, 3, 9, 14)):
        peer.same(ours(x, output_size=size), theirs(their_x, output_size=list(size)))
    for size in ([11, 14], [7, 14], [9], [1, 9, 14]):
        raises_alike(lambda s=size: ours(x, s), lambda s=size: theirs(their_x, s))


def test_errors_are_pytorchs(peer: Any, raises_alike: Callable[..., str]) -> None:
    def call(library: Any, x: tuple[int, ...], w: tuple[int, ...], bias: int = 0, **settings: Any) -> Any:
        b = library.zeros(bias) if bias else None
        return library.nn.functional.conv_transpose2d(library.zeros(*x), library.zeros(*w), b, **settings)

    x, w = (1, 4, 4, 5), (4, 2, 2, 2)
    cases: list[dict[str, Any]] = [
        {"x": (2, 3), "w": w},
        {"x": x, "w": (3, 2, 2, 2)},
        {"x": x, "w": w, "output_padding": 2},
        {"x": x, "w": w, "output_padding": -1},
        {"x": x, "w": w, "output_padding": (1, 2, 3)},
        {"x": x, "w": w, "groups": 3},
        {"x": x, "w": w, "bias": 3},
        {"x": (1, 4, 1, 1), "w": (4, 2, 1, 1), "padding": 1},
        {"x": x, "w": w, "stride": (1, 2, 3)},
    ]
    for case in cases:
        raises_alike(lambda c=case: call(groundup, **c), lambda c=case: call(peer.torch, **c))
    raises_alike(
        lambda: nn.ConvTranspose2d(2, 2, 2, padding_mode="reflect"),
        lambda: peer.nn.ConvTranspose2d(2, 2, 2, padding_mode="reflect"),
    )
