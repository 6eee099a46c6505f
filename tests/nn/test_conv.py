"""`Conv2d` and `functional.conv2d`: PyTorch's values, gradients and errors, over a grid of their settings."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import groundup
from groundup import autograd, nn
from groundup.nn import functional as F
from groundup.nn.functional.conv import BATCH_LAST_RATIO

GRID = [
    {"kernel_size": kernel, "stride": stride, "padding": padding, "dilation": dilation, "groups": groups}
    for kernel, stride, padding, dilation, groups in itertools.product(
        (1, 3, (2, 3)), (1, (2, 1)), (0, 1, (1, 2)), (1, (1, 2)), (1, 2)
    )
    if padding in (0, 1) or kernel == 3
]
BATCHES = {"few": 2, "many": 40}  # few images and many have different layouts


@pytest.mark.parametrize("batch", BATCHES.values(), ids=BATCHES)
@pytest.mark.parametrize("settings", GRID, ids=lambda s: "-".join(str(v) for v in s.values()))
def test_values_and_gradients(peer: Any, settings: dict[str, Any], batch: int) -> None:
    x = peer.pair(batch, 2, 6, 7)
    peer.same_module(nn.Conv2d(2, 4, **settings).double(), peer.nn.Conv2d(2, 4, **settings).double(), x)


def test_both_layouts_are_tested() -> None:
    assert BATCHES["few"] < BATCH_LAST_RATIO * 3 and BATCHES["many"] >= BATCH_LAST_RATIO * 10


@pytest.mark.parametrize("padding", ["same", "valid"])
@pytest.mark.parametrize("kernel", [1, 2, 3, (4, 3)])
@pytest.mark.parametrize("dilation", [1, 2])
@pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel")
def test_named_padding(peer: Any, padding: str, kernel: Any, dilation: int) -> None:
    settings = {"padding": padding, "dilation": dilation, "bias": False}
    ours, theirs = nn.Conv2d(1, 2, kernel, **settings), peer.nn.Conv2d(1, 2, kernel, **settings)
    peer.same_module(ours.double(), theirs.double(), peer.pair(3, 1, 8, 9))


def test_depthwise(peer: Any) -> None:
    ours, theirs = nn.Conv2d(4, 8, 3, groups=4).double(), peer.nn.Conv2d(4, 8, 3, groups=4).double()
    peer.same_module(ours, theirs, peer.pair(2, 4, 5, 5))


def test_one_image_without_a_batch(peer: Any) -> None:
    ours, theirs = nn.Conv2d(2, 3, 3).double(), peer.nn.Conv2d(2, 3, 3).double()
    peer.same_module(ours, theirs, peer.pair(2, 5, 5))


def test_no_images(peer: Any) -> None:
    ours, theirs = nn.Conv2d(2, 3, 3, padding=1).double(), peer.nn.Conv2d(2, 3, 3, padding=1).double()
    peer.same_module(ours, theirs, peer.pair(0, 2, 5, 5))


@pytest.mark.parametrize("batch", BATCHES.values(), ids=BATCHES)
def test_the_result_is_contiguous_so_that_view_works(batch: int) -> None:
    y = nn.Conv2d(1, 3, 3)(groundup.zeros(batch, 1, 6, 6))
    assert y.is_contiguous() and y.view(batch, -1).shape == (batch, 48)


def test_images_that_are_not_contiguous(peer: Any) -> None:
    x, their_x = peer.pair(5, 6, 3, 40)
    w, their_w = peer.pair(2, 3, 3, 3)
    ours = F.conv2d(x.permute(3, 2, 0, 1)[::2], w, padding=1)
    theirs = peer.F.conv2d(their_x.permute(3, 2, 0, 1)[::2], their_w, padding=1)
    peer.same_gradients(ours, theirs, (x, their_x), (w, their_w))


@pytest.mark.parametrize("batch", [1, 12])
@pytest.mark.parametrize("settings", [{}, {"stride": 2, "padding": 1}, {"dilation": 2, "groups": 2}])
def test_derivatives_of_both_orders(leaf: Callable[..., Any], batch: int, settings: dict[str, Any]) -> None:
    groups = settings.get("groups", 1)
    inputs = (leaf(batch, 2, 4, 3), leaf(2, 2 // groups, 2, 2), leaf(2))

    def run(x: Any, w: Any, b: Any) -> Any:
        return F.conv2d(x, w, b, **settings)

    assert autograd.gradcheck(run, inputs)
    if batch == 1:
        assert autograd.gradgradcheck(run, inputs)


@pytest.mark.parametrize("batch", BATCHES.values(), ids=BATCHES)
@pytest.mark.parametrize(("stride", "padding", "dilation", "groups"), [(1, 0, 1, 1), (2, 1, 1, 2), (1, 2, 2, 1)])
def test_the_definition_in_loops(batch: int, stride: int, padding: int, dilation: int, groups: int) -> None:
    random = np.random.default_rng(0)
    x, w, b = random.standard_normal((batch, 4, 6, 5)), random.standard_normal((6, 4 // groups, 2, 3)), np.arange(6.0)
    padded = np.pad(x, [(0, 0), (0, 0), (padding, padding), (padding, padding)])
    height = (padded.shape[2] - dilation - 1) // stride + 1
    width = (padded.shape[3] - 2 * dilation - 1) // stride + 1
    expected = np.zeros((batch, 6, height, width))
    for o, i, j in np.ndindex(6, height, width):
        part = slice(o // (6 // groups) * (4 // groups), (o // (6 // groups) + 1) * (4 // groups))
        rows = slice(i * stride, i * stride + dilation + 1, dilation)
        columns = slice(j * stride, j * stride + 2 * dilation + 1, dilation)
        expected[:, o, i, j] = (padded[:, part, rows, columns] * w[o]).sum((1, 2, 3)) + b[o]
    found = F.conv2d(*map(groundup.tensor, (x, w, b)), stride, padding, dilation, groups)
    np.testing.assert_allclose(found.numpy(), expected, rtol=1e-12, atol=1e-12)


def test_only_the_wanted_gradients_are_computed() -> None:
    x = groundup.ones(2, 1, 4, 4)
    layer = nn.Conv2d(1, 2, 3)
    layer.weight.requires_grad_(False)
    layer(x).sum().backward()
    assert x.grad is None and layer.weight.grad is None and layer.bias.grad.tolist() == [8.0, 8.0]


def test_errors_are_pytorchs(peer: Any, raises_alike: Callable[..., str]) -> None:
    def call(library: Any, F: Any, x: tuple[int, ...], w: tuple[int, ...], bias: int = 0, **settings: Any) -> Any:
        b = library.zeros(bias) if bias else None
        return F.conv2d(library.zeros(*x), library.zeros(*w), b, **settings)

    x, w = (2, 4, 8, 8), (6, 4, 3, 3)
    cases: list[dict[str, Any]] = [
        {"x": (2, 3, 8, 8), "w": w},
        {"x": (8, 8), "w": w},
        {"x": x, "w": (6, 4, 9, 9)},
        {"x": x, "w": w, "bias": 5},
        {"x": x, "w": w, "groups": 3},
        {"x": x, "w": w, "groups": 0},
        {"x": x, "w": w, "padding": "foo"},
        {"x": x, "w": w, "padding": "same", "stride": 2},
        {"x": x, "w": w, "padding": -1},
        {"x": x, "w": w, "stride": 0},
        {"x": x, "w": w, "dilation": 0},
    ]
    for case in cases:
        raises_alike(lambda c=case: call(groundup, F, **c), lambda c=case: call(peer.torch, peer.F, **c))
    with pytest.raises(RuntimeError, match="Given groups=2, expected weight to be divisible by 2 at dimension 0"):
        call(groundup, F, x, (5, 2, 3, 3), groups=2)
    double, their_double = groundup.zeros(*x, dtype=groundup.float64), peer.torch.zeros(*x).double()
    raises_alike(
        lambda: F.conv2d(double, groundup.zeros(*w)),
        lambda: peer.F.conv2d(their_double, peer.torch.zeros(*w)),
    )


@pytest.mark.parametrize("dtype", ["float64", "int64", "uint8", "bool"])
def test_images_of_another_dtype_than_the_layer(peer: Any, raises_alike: Callable[..., str], dtype: str) -> None:
    def call(library: Any, bias: bool) -> Any:
        return library.nn.Conv2d(1, 2, 1, bias=bias)(library.ones(1, 1, 2, 2).to(getattr(library, dtype)))

    message = raises_alike(lambda: call(groundup, True), lambda: call(peer.torch, True))
    assert "convert the images with .to(weight.dtype)" in message
    with pytest.raises(RuntimeError, match=r"expected scalar type .* but found Float\n.*convert the images"):
        call(groundup, False)


def test_a_kernel_larger_than_the_image_says_what_to_do() -> None:
    with pytest.raises(RuntimeError, match=r"Kernel size can't be greater .*\n  give a smaller kernel_size"):
        nn.Conv2d(1, 1, 5)(groundup.zeros(1, 1, 4, 4))
    with pytest.raises(RuntimeError, match=r"Output size is too small\n  the image has 2 x 3 pixels, a window 4 x 4"):
        nn.MaxPool2d(4)(groundup.zeros(1, 1, 2, 3))


def test_the_layer_checks_its_settings(peer: Any, raises_alike: Callable[..., str]) -> None:
    for args, kwargs in (
        ((3, 4, 3), {"groups": 2}),
        ((4, 3, 3), {"groups": 2}),
        ((4, 3, 3), {"groups": 0}),
        ((3, 4, 3), {"padding": "same", "stride": 2}),
    ):
        raises_alike(lambda a=args, k=kwargs: nn.Conv2d(*a, **k), lambda a=args, k=kwargs: peer.nn.Conv2d(*a, **k))
    with pytest.raises(ValueError, match="Invalid padding string 'foo', should be one of"):
        nn.Conv2d(1, 1, 3, padding="foo")
    with pytest.raises(ValueError, match=r"padding_mode must be one of .* but got padding_mode='mirror'"):
        nn.Conv2d(1, 1, 3, padding_mode="mirror")
    with pytest.raises(TypeError, match=r"kernel_size must be an integer or 2 integers, got 2\.5"):
        nn.Conv2d(1, 1, 2.5)
    with pytest.raises(RuntimeError, match="stride must be an integer or 2 integers"):
        nn.Conv2d(1, 1, 3, stride=(1, 2, 3))
