"""The pooling layers beside `MaxPool2d` and its like: one and three dimensions, indices, norms, chosen sizes."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pytest

import groundup
from groundup import autograd, nn
from groundup.nn import functional as F

IMAGES = {1: (9,), 2: (7, 8), 3: (5, 4, 6)}
SETTINGS: list[dict[str, Any]] = [
    {"kernel_size": 2},
    {"kernel_size": 3, "stride": 2, "padding": 1},
    {"kernel_size": 3, "stride": 2, "padding": 1, "ceil_mode": True},
]


@pytest.mark.parametrize("settings", SETTINGS, ids=str)
@pytest.mark.parametrize("kind", ["MaxPool", "AvgPool"])
@pytest.mark.parametrize("rank", [1, 3])
def test_one_and_three_dimensions(peer: Any, rank: int, kind: str, settings: dict[str, Any]) -> None:
    name = f"{kind}{rank}d"
    for shape in ((2, 3, *IMAGES[rank]), (3, *IMAGES[rank])):
        peer.same_module(getattr(nn, name)(**settings), getattr(peer.nn, name)(**settings), peer.pair(*shape))


@pytest.mark.parametrize("settings", [*SETTINGS, {"kernel_size": 2, "dilation": 2, "stride": 1}], ids=str)
@pytest.mark.parametrize("rank", [1, 2, 3])
def test_indices(peer: Any, rank: int, settings: dict[str, Any]) -> None:
    x = peer.random.integers(0, 3, (2, 2, *IMAGES[rank])).astype("float64")
    x[0, 0, 1] = math.nan
    x[1, 1] = -math.inf
    ours, theirs = peer.both(x, grad=True)
    name = f"MaxPool{rank}d"
    values, places = getattr(nn, name)(**settings, return_indices=True)(ours)
    their_values, their_places = getattr(peer.nn, name)(**settings, return_indices=True)(theirs)
    peer.same(places, their_places)
    peer.same_gradients(values, their_values, (ours, theirs))
    assert not places.requires_grad


@pytest.mark.parametrize("rank", [1, 2, 3])
def test_unpooling(peer: Any, rank: int) -> None:
    x, their_x = peer.pair(2, 2, *(2 * n + 1 for n in IMAGES[rank]))
    pool, unpool = getattr(nn, f"MaxPool{rank}d"), getattr(nn, f"MaxUnpool{rank}d")
    their_pool, their_unpool = getattr(peer.nn, f"MaxPool{rank}d"), getattr(peer.nn, f"MaxUnpool{rank}d")
    assert repr(unpool(2)) == repr(their_unpool(2))
    even, their_even = peer.pair(2, 2, *(2 * n for n in IMAGES[rank]))
    found, expected = pool(2, return_indices=True)(even), their_pool(2, return_indices=True)(their_even)
    peer.same(unpool(2)(*found), their_unpool(2)(*expected))
    found, expected = pool(2, return_indices=True)(x), their_pool(2, return_indices=True)(their_x)
    size = tuple(x.shape)
    peer.same_gradients(unpool(2)(*found, output_size=size), their_unpool(2)(*expected, output_size=size), (x, their_x))


@pytest.mark.parametrize("norm_type", [1, 2, 3.5])
@pytest.mark.parametrize("rank", [1, 2, 3])
def test_norms(peer: Any, rank: int, norm_type: float) -> None:
    x = peer.both(peer.random.uniform(0.1, 2, (2, 3, *IMAGES[rank])), grad=True)
    name = f"LPPool{rank}d"
    for settings in ({"kernel_size": 2}, {"kernel_size": 3, "stride": 2, "ceil_mode": True}):
        ours, theirs = getattr(nn, name)(norm_type, **settings), getattr(peer.nn, name)(norm_type, **settings)
        peer.same_module(ours, theirs, x)


@pytest.mark.parametrize("size", [1, 2, 3, 7])
@pytest.mark.parametrize("kind", ["Avg", "Max"])
@pytest.mark.parametrize("rank", [1, 2, 3])
def test_chosen_sizes(peer: Any, rank: int, kind: str, size: int) -> None:
    name = f"Adaptive{kind}Pool{rank}d"
    x = peer.pair(2, 3, *IMAGES[rank])
    peer.same_module(getattr(nn, name)(size), getattr(peer.nn, name)(size), x)
    if kind == "Max":
        ours = getattr(nn, name)(size, return_indices=True)(x[0])
        theirs = getattr(peer.nn, name)(size, return_indices=True)(x[1])
        peer.same(ours[1], theirs[1])


def test_a_wrong_pixel_spoils_only_its_regions(peer: Any) -> None:
    x = peer.random.standard_normal((1, 1, 7, 7))
    x[0, 0, 2, 3] = math.nan
    x[0, 0, 6, 6] = math.inf
    ours, theirs = peer.both(x)
    for name in ("adaptive_avg_pool2d", "adaptive_max_pool2d"):
        peer.same(getattr(F, name)(ours, (3, 2)), getattr(peer.F, name)(theirs, (3, 2)))
    peer.same(F.avg_pool2d(ours, 3, 2), peer.F.avg_pool2d(theirs, 3, 2))


@pytest.mark.parametrize(
    "run",
    [
        lambda x: F.max_pool2d(x, 2, return_indices=True)[0] ** 2,
        lambda x: F.adaptive_max_pool2d(x, (3, 2)) ** 2,
        lambda x: F.lp_pool2d(x, 2, 2),
        lambda x: F.max_unpool2d(x[..., :2, :2], groundup.tensor([[[0, 5], [10, 15]], [[3, 2], [14, 9]]]), 2) ** 2,
    ],
)
def test_derivatives_of_both_orders(peer: Any, run: Callable[[Any], Any]) -> None:
    values = peer.random.permutation(40).reshape(2, 5, 4).astype("float64") + 1
    x = groundup.tensor(values, requires_grad=True)
    assert autograd.gradcheck(run, (x,)) and autograd.gradgradcheck(run, (x,))


def test_errors_are_pytorchs(peer: Any, raises_alike: Callable[..., str]) -> None:
    def unpool(library: Any, change: Callable[[Any], Any], **settings: Any) -> Any:
        x = library.arange(16.0).reshape(1, 1, 4, 4)
        values, places = library.nn.functional.max_pool2d(x, 2, return_indices=True)
        return library.nn.functional.max_unpool2d(values, change(places), 2, **settings)

    for change, settings in (
        (lambda i: i.float(), {}),
        (lambda i: i + 100, {}),
        (lambda i: i[..., :1], {}),
        (lambda i: i, {"output_size": (9, 9)}),
        (lambda i: i, {"output_size": (9, 9, 9, 9, 9)}),
    ):
        raises_alike(
            lambda c=change, s=settings: unpool(groundup, c, **s),
            lambda c=change, s=settings: unpool(peer.torch, c, **s),
        )
