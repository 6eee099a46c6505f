"""Layers that rearrange images: beside PyTorch's, each other's reverse, and what they refuse."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import groundup
from groundup import nn
from groundup.nn import functional as F


@pytest.mark.parametrize(
    ("name", "args", "shape"),
    [
        ("Unfold", ((2, 3), 1, (1, 0), 2), (2, 3, 5, 4)),
        ("Unfold", (2,), (3, 5, 4)),
        ("Fold", ((5, 4), (2, 3), 1, (1, 0), 2), (2, 18, 3)),
        ("Fold", ((3, 4), 2), (8, 6)),
        ("PixelShuffle", (2,), (1, 8, 2, 3)),
        ("PixelUnshuffle", (2,), (2, 4, 6)),
        ("ChannelShuffle", (3,), (2, 6, 2)),
        ("Flatten", (0, 1), (2, 3, 4)),
        ("Unflatten", (1, (2, -1)), (2, 6)),
        ("ReflectionPad2d", ((1, 0, 2, 1),), (2, 3, 4)),
        ("CircularPad1d", (2,), (1, 2, 3)),
        ("ConstantPad3d", (1, 2.5), (2, 1, 2, 2)),
    ],
)
def test_the_same_as_pytorch(name: str, args: tuple[Any, ...], shape: tuple[int, ...]) -> None:
    torch = pytest.importorskip("torch")
    data = np.random.default_rng(0).standard_normal(shape)
    found = []
    for t in (groundup, torch):
        layer = getattr(t.nn, name)(*args)
        x = t.tensor(data, requires_grad=True)
        y = layer(x)
        (y * y).sum().backward()
        found.append((repr(layer), y.detach().numpy(), x.grad.numpy()))
    assert found[0][0] == found[1][0]
    for ours, theirs in zip(found[0][1:], found[1][1:]):
        assert np.allclose(ours, theirs, rtol=1e-12)


def test_shuffles_are_each_others_reverse() -> None:
    x = groundup.arange(64).reshape(2, 8, 2, 2)
    assert F.pixel_unshuffle(F.pixel_shuffle(x, 2), 2).equal(x)
    assert F.channel_shuffle(F.channel_shuffle(x, 2), 4).equal(x)


def test_a_product_with_the_columns_is_a_convolution() -> None:
    random = groundup.Generator().manual_seed(0)
    x, w = groundup.randn(2, 3, 5, 6, generator=random), groundup.randn(4, 3, 2, 3, generator=random)
    columns = nn.Unfold((2, 3), padding=1, stride=2)(x)
    assert groundup.allclose(
        (w.reshape(4, -1) @ columns).reshape(2, 4, 3, 3), F.conv2d(x, w, padding=1, stride=2), atol=1e-5
    )


X = groundup.zeros(1, 3, 4, 5)
BORDERS: list[tuple[tuple[Any, ...], type[Exception], str]] = [
    (((1, 1, 1),), RuntimeError, "Padding length must be divisible by 2"),
    (((1,) * 10,), RuntimeError, "less than or equal to two times the input dimension but got padding length 10"),
    (((-3, -3),), RuntimeError, "resulted in a negative output size"),
    (((1, 1), "reflect"), NotImplementedError, "Padding size 2 is not supported for 4D input tensor"),
    (((1, 1, 1, 1), "mirror"), NotImplementedError, "Unrecognised padding mode mirror"),
    (((1, 1, 1, 1), "circular", 2.0), RuntimeError, "doesn't take in value argument"),
    (((5, 0, 0, 0), "reflect"), RuntimeError, "Padding size should be less than the corresponding input dimension"),
    (((6, 0, 0, 0), "circular"), RuntimeError, "Padding value causes wrapping around more than once"),
]


@pytest.mark.parametrize(("args", "kind", "says"), BORDERS, ids=lambda value: str(value)[:40])
def test_borders_that_are_refused(args: tuple[Any, ...], kind: type[Exception], says: str) -> None:
    with pytest.raises(kind, match=says):
        F.pad(X, *args)


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: F.unfold(X, (0, 1)), "kernel size should be greater than zero, but got kernel_height: 0"),
        (lambda: F.unfold(X, 2, padding=-1), "padding should be non-negative"),
        (lambda: F.unfold(X, 7), "its components must be at least one"),
        (lambda: F.unfold(X[0, 0], 2), "Expected 3D or 4D"),
        (lambda: F.fold(X[0], (4, 5), 3), "divisible by the product of kernel_size"),
        (lambda: F.fold(groundup.zeros(1, 12, 12), (4, 4), 2), "calculated number of sliding blocks 3 \\* 3 = 9"),
        (lambda: F.fold(X, (4, 5), 2), "Expected 2D or 3D"),
        (lambda: F.pixel_shuffle(X, 2), "divisible by the square of upscale_factor"),
        (lambda: F.pixel_shuffle(X, 0), "a positive upscale_factor, but got 0"),
        (lambda: F.pixel_unshuffle(X, 2), "expects width to be divisible by downscale_factor"),
        (lambda: F.channel_shuffle(X, 2), "Number of channels must be divisible by groups"),
        (lambda: F.channel_shuffle(X[0, 0], 1), "channel_shuffle expects input with > 2 dims"),
    ],
)
def test_shapes_that_do_not_fit_are_refused(call: Any, says: str) -> None:
    with pytest.raises(RuntimeError, match=says):
        call()
