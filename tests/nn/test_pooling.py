"""Pooling: PyTorch's values and gradients over a grid of settings, ties, nan and errors."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import groundup
from groundup import autograd, nn
from groundup.nn import functional as F

SETTINGS = [
    {"kernel_size": kernel, "stride": stride, "padding": padding, "ceil_mode": ceil}
    for kernel, stride, padding, ceil in itertools.product(
        (2, 3, (3, 2)), (None, 1, 2, (3, 1)), (0, 1, (1, 0)), (False, True)
    )
]


@pytest.mark.parametrize("settings", SETTINGS, ids=lambda s: "-".join(str(v) for v in s.values()))
def test_max_pool(peer: Any, settings: dict[str, Any]) -> None:
    x = peer.pair(2, 3, 7, 8)
    peer.same_module(nn.MaxPool2d(**settings), peer.nn.MaxPool2d(**settings), x)


@pytest.mark.parametrize("dilation", [2, (1, 3)])
def test_max_pool_with_dilation(peer: Any, dilation: Any) -> None:
    settings = {"kernel_size": 2, "dilation": dilation, "stride": 1}
    peer.same_module(nn.MaxPool2d(**settings), peer.nn.MaxPool2d(**settings), peer.pair(2, 1, 6, 6))


def test_max_pool_of_ties_goes_to_the_first(peer: Any) -> None:
    for kernel, stride in ((2, 2), (3, 1), (3, 2)):
        x = peer.both(peer.random.integers(0, 2, (2, 2, 7, 7)).astype("float64"), grad=True)
        peer.same_module(nn.MaxPool2d(kernel, stride), peer.nn.MaxPool2d(kernel, stride), x)


def test_max_pool_passes_nan_and_infinities_on(peer: Any) -> None:
    nan, inf = math.nan, math.inf
    x = peer.both([[[1.0, nan, -inf, -inf], [2.0, 3.0, -inf, -inf], [inf, 1.0, 0.0, 1.0], [1.0, 1.0, nan, 2.0]]], True)
    peer.same_module(nn.MaxPool2d(2), peer.nn.MaxPool2d(2), x)


def test_max_pool_of_integers(peer: Any) -> None:
    x, their_x = peer.both(peer.random.integers(-9, 9, (1, 4, 4)))
    peer.same(F.max_pool2d(x, 2), peer.F.max_pool2d(their_x, 2))
    peer.same(F.max_pool2d(x - 20, 3, padding=1), peer.F.max_pool2d(their_x - 20, 3, padding=1))


@pytest.mark.parametrize("include", [True, False])
@pytest.mark.parametrize("settings", SETTINGS, ids=lambda s: "-".join(str(v) for v in s.values()))
def test_avg_pool(peer: Any, settings: dict[str, Any], include: bool) -> None:
    settings = settings | {"count_include_pad": include}
    peer.same_module(nn.AvgPool2d(**settings), peer.nn.AvgPool2d(**settings), peer.pair(2, 3, 7, 8))


def test_avg_pool_with_a_divisor(peer: Any) -> None:
    settings = {"kernel_size": 3, "padding": 1, "divisor_override": 5}
    peer.same_module(nn.AvgPool2d(**settings), peer.nn.AvgPool2d(**settings), peer.pair(2, 6, 6))


@pytest.mark.parametrize("size", [1, 2, (3, 4), (None, 1), (5, None), (7, 8), (9, 3), 0])
def test_adaptive_avg_pool(peer: Any, size: Any) -> None:
    for shape in ((2, 3, 7, 8), (3, 6, 4)):
        if size == 0:
            assert F.adaptive_avg_pool2d(groundup.zeros(*shape), 0).shape == (*shape[:-2], 0, 0)
        else:
            peer.same_module(nn.AdaptiveAvgPool2d(size), peer.nn.AdaptiveAvgPool2d(size), peer.pair(*shape))


@pytest.mark.parametrize(
    "run",
    [
        lambda x: F.max_pool2d(x, 2),
        lambda x: F.max_pool2d(x, 3, 1, padding=1),
        lambda x: F.avg_pool2d(x, 2, padding=1, count_include_pad=False),
        lambda x: F.adaptive_avg_pool2d(x, (3, 2)),
    ],
)
def test_derivatives_of_both_orders(run: Callable[[Any], Any]) -> None:
    # Distinct values, far apart, so that a finite difference does not cross a change of the largest.
    values = np.random.default_rng(0).permutation(40).reshape(1, 2, 5, 4).astype("float64")
    x = groundup.tensor(values, requires_grad=True)
    assert autograd.gradcheck(run, (x,)) and autograd.gradgradcheck(run, (x,))


def test_the_definitions_in_loops() -> None:
    x = np.random.default_rng(0).standard_normal((2, 3, 6, 8))
    largest, mean = np.zeros((2, 2, 3, 3, 4))
    for i, j in np.ndindex(3, 4):
        window = x[:, :, 2 * i : 2 * i + 2, 2 * j : 2 * j + 2]
        largest[:, :, i, j], mean[:, :, i, j] = window.max((2, 3)), window.mean((2, 3))
    given = groundup.tensor(x)
    np.testing.assert_array_equal(F.max_pool2d(given, 2).numpy(), largest)
    np.testing.assert_allclose(F.avg_pool2d(given, 2).numpy(), mean, rtol=1e-14)
    np.testing.assert_allclose(F.adaptive_avg_pool2d(given, (3, 4)).numpy(), mean, rtol=1e-14)
    np.testing.assert_allclose(F.adaptive_avg_pool2d(given, 1).numpy(), x.mean((2, 3), keepdims=True), rtol=1e-14)


def test_errors_are_pytorchs(peer: Any, raises_alike: Callable[..., str]) -> None:
    x, their_x = peer.pair(2, 4, 8, 8)
    for args, kwargs in (((9,), {}), ((2,), {"divisor_override": 0})):
        raises_alike(
            lambda a=args, k=kwargs: F.avg_pool2d(x, *a, **k),
            lambda a=args, k=kwargs: peer.F.avg_pool2d(their_x, *a, **k),
        )
    raises_alike(lambda: F.max_pool2d(x, 9), lambda: peer.F.max_pool2d(their_x, 9))
    for size in ((2, 3, 4), -1):
        raises_alike(lambda s=size: F.adaptive_avg_pool2d(x, s), lambda s=size: peer.F.adaptive_avg_pool2d(their_x, s))
    raises_alike(lambda: F.adaptive_avg_pool2d(x[0, 0], 2), lambda: peer.F.adaptive_avg_pool2d(their_x[0, 0], 2))


def test_more_errors(peer: Any, raises_alike: Callable[..., str]) -> None:
    def call(library: Any, name: str, shape: tuple[int, ...], *args: Any, **settings: Any) -> Any:
        return getattr(library.nn.functional, name)(library.zeros(*shape), *args, **settings)

    flat, image, volume = (2, 4, 8), (2, 4, 8, 8), (2, 4, 8, 8, 8)
    cases: list[tuple[str, tuple[int, ...], tuple[Any, ...], dict[str, Any]]] = [
        ("max_pool2d", image, (3,), {"padding": 2}),
        ("max_pool2d", image, (3,), {"padding": -1}),
        ("max_pool2d", image, (2, 0), {}),
        ("max_pool2d", image, ((1, 2, 3),), {}),
        ("max_pool2d", image, (2,), {"dilation": (1, 2, 3)}),
        ("max_pool2d", (2, 0, 8, 8), (2,), {}),
        ("avg_pool2d", image, ((1, 2, 3),), {}),
        ("max_pool3d", volume, (3,), {"padding": 2}),
        ("max_pool1d", flat, (9,), {}),
        ("max_pool1d", flat, (0,), {}),
        ("max_pool1d", flat, (2, 0), {}),
        ("max_pool1d", flat, (2,), {"dilation": 0}),
        ("max_pool1d", flat, (2,), {"padding": 2}),
        ("max_pool1d", flat, (2,), {"padding": -1}),
        ("max_pool1d", (8,), (2,), {}),
        ("avg_pool1d", flat, (9,), {}),
        ("avg_pool3d", volume, (9,), {}),
        ("adaptive_max_pool2d", (2, 0, 8, 8), ((0, -1),), {}),
    ]
    for name, shape, args, settings in cases:
        raises_alike(
            lambda n=name, s=shape, a=args, k=settings: call(groundup, n, s, *a, **k),
            lambda n=name, s=shape, a=args, k=settings: call(peer.torch, n, s, *a, **k),
        )
    with pytest.raises(RuntimeError, match="kernel_size should be greater than zero"):
        F.avg_pool2d(groundup.zeros(*image), 0)
    with pytest.raises(NotImplementedError, match="\"max_pool2d\" not implemented for 'Bool'"):
        F.max_pool2d(groundup.zeros(*image).bool(), 2)
