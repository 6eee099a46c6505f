"""Views by the layout of memory: `as_strided` in every direction, changes through it, bytes read as another type."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import groundup
from groundup.autograd import gradcheck
from groundup.ops.strided import strided_added, strided_picked

LAYOUTS = {
    "plain": lambda x: x,
    "transposed": lambda x: x.t(),
    "columns": lambda x: x[:, ::2],
    "rows": lambda x: x[1:],
    "expanded": lambda x: x[:, :1].expand(-1, 3),
}
# Sizes, strides and offsets in a memory of 12: apart, overlapping, all on one element, with gaps.
VIEWS = (((2, 2), (5, 1), 0), ((3, 3), (1, 1), 2), ((4,), (0,), 3), ((2, 3), (4, 2), 1), ((), (), 7))


def memory(t: Any) -> Any:
    """Twelve numbers that want a gradient, computed so that they are no leaf."""
    leaf = t.tensor(np.linspace(-1, 2, 12).reshape(3, 4), requires_grad=True)
    return leaf, leaf * 2


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("view", VIEWS, ids=str)
def test_as_strided_is_pytorchs_view(layout: str, view: tuple[Any, ...]) -> None:
    """Values and gradients of the leaf; where the tensor lies in memory does not matter."""
    torch = pytest.importorskip("torch")
    found = []
    for t in (groundup, torch):
        leaf, base = memory(t)
        seen = LAYOUTS[layout](base).as_strided(*view)
        if t is torch and layout in ("rows", "columns", "expanded"):
            seen = base.as_strided(*view)  # PyTorch drops the gradient of elements that the part does not show
        weights = t.tensor(np.arange(1.0, seen.numel() + 1).reshape(tuple(seen.shape)))
        (seen * weights).sum().backward()
        found.append((seen.detach().numpy(), leaf.grad.numpy()))
    assert np.array_equal(found[0][0], found[1][0])
    assert np.allclose(found[0][1], found[1][1], rtol=1e-12)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_changes_through_a_strided_view_reach_the_whole_memory(layout: str) -> None:
    torch = pytest.importorskip("torch")
    found = []
    for t in (groundup, torch):
        leaf, base = memory(t)
        other = t.tensor([3.0, 4.0], dtype=t.float64, requires_grad=True)
        part = LAYOUTS[layout](base)
        view = (part if t is groundup else base).as_strided((2,), (3,), 2)
        view.mul_(other)
        (base * t.tensor(np.arange(12.0).reshape(3, 4))).sum().backward()
        found.append((base.detach().numpy(), leaf.grad.numpy(), other.grad.numpy()))
    for ours, theirs in zip(*found):
        assert np.allclose(ours, theirs, rtol=1e-12)


def test_a_strided_view_shares_memory_and_counts_changes() -> None:
    x = groundup.arange(6.0)
    view = x.as_strided((2, 2), (2, 1), 1)
    x[1] = 10
    assert view[0, 0] == 10 and view._version == x._version == 1
    view.zero_()
    assert x.tolist() == [0, 0, 0, 0, 0, 5]


def test_elements_that_nobody_showed_have_no_gradient_to_give() -> None:
    gaps = groundup.from_numpy(np.arange(6.0)[::2]).requires_grad_()
    with pytest.raises(RuntimeError, match="do not belong to the tensor"):
        gaps.as_strided((4,), (1,))
    assert gaps.detach().as_strided((4,), (1,)).tolist() == [0, 1, 2, 3]


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (((2,), (1, 1)), "mismatch in length of strides and shape"),
        (((2,), (-1,)), "Negative strides are not supported"),
        (((-2,), (1,)), "negative dimension"),
        (((2,), (1,), -1), "invalid storage offset -1"),
        (((4, 2), (2, 1)), "requiring a storage size of 32 are out of bounds for storage of size 24"),
    ],
)
def test_views_that_would_leave_the_memory_are_refused(call: tuple[Any, ...], says: str) -> None:
    with pytest.raises(RuntimeError, match=says):
        groundup.zeros(6).as_strided(*call)


def test_gradients_that_lie_otherwise_in_memory_are_read_by_place() -> None:
    """The same numbers from a tensor with gaps, one with shared elements, and their adjoints on whole numbers."""
    random = np.random.default_rng(0)
    cases: list[tuple[Any, ...]] = [((3, 2), (4, 2), (2, 2), (4, 2), 0), ((2, 3), (0, 1), (2, 2), (1, 1), 0)]
    for into, own, size, stride, offset in cases:
        x, g = 60.0 * random.integers(-5, 5, into), 60.0 * random.integers(-5, 5, size)
        picked = strided_picked(x, size, stride, offset, own)
        added = strided_added(g, size, stride, offset, own, into)
        assert np.sum(picked * g) == np.sum(x * added)


def test_second_derivatives_of_overlapping_views() -> None:
    x = groundup.tensor(np.linspace(0.5, 2, 6), requires_grad=True)
    assert gradcheck(lambda x: (x.as_strided((3, 3), (1, 1)) ** 3).sum(0), (x,))
    (first,) = groundup.autograd.grad((x.as_strided((2, 2), (1, 1)) ** 3).sum(), x, create_graph=True)
    first.sum().backward()
    assert np.allclose(x.grad.numpy(), 6 * x.detach().numpy() * [1, 2, 1, 0, 0, 0])


@pytest.mark.parametrize(("kind", "other"), [("float32", "int32"), ("float64", "uint8"), ("int8", "int16")])
def test_bytes_as_another_type(kind: str, other: str) -> None:
    torch = pytest.importorskip("torch")
    data = np.arange(16).reshape(2, 8).astype(kind)
    ours = groundup.tensor(data)
    seen = ours.view(getattr(groundup, other))
    theirs = torch.from_numpy(data).view(getattr(torch, other))
    assert str(seen.dtype).partition(".")[2] == other
    assert np.array_equal(seen.numpy(), theirs.numpy())
    seen.zero_()
    assert not ours.any() and ours._version == 1


@pytest.mark.parametrize(
    ("shape", "says"),
    [
        ((), r"self.dim\(\) cannot be 0 to view Char as Short"),
        ((2, 3), r"self.size\(-1\) must be divisible by 2 to view Char as Short .*, but got 3"),
    ],
)
def test_bytes_that_do_not_make_up_the_type_are_refused(shape: tuple[int, ...], says: str) -> None:
    with pytest.raises(RuntimeError, match=says):
        groundup.zeros(shape, dtype=groundup.int8).view(groundup.int16)
    with pytest.raises(RuntimeError, match=r"self.stride\(-1\) must be 1"):
        groundup.zeros(2, 4, dtype=groundup.int8).t().view(groundup.int16)


def test_broadcast_shapes() -> None:
    assert groundup.broadcast_shapes((2, 1), 3, (1, 1, 1)) == (1, 2, 3)
    with pytest.raises(RuntimeError, match="dimension of length 3 at -1"):
        groundup.broadcast_shapes((2,), (3,))
    with pytest.raises(ValueError, match="negative length"):
        groundup.broadcast_shapes((-1,), (3,))


@pytest.mark.parametrize("format", ["channels_last", "contiguous_format", "preserve_format"])
def test_copies_in_a_memory_format(format: str) -> None:
    torch = pytest.importorskip("torch")
    for call in (
        lambda t, x, f: x.clone(memory_format=f),
        lambda t, x, f: x.to(t.float64, memory_format=f),
        lambda t, x, f: x.to(memory_format=f),
        lambda t, x, f: x.contiguous(memory_format=f) if format != "preserve_format" else x.contiguous(),
    ):
        strides = [call(t, t.ones((2, 3, 4, 5)), getattr(t, format)).stride() for t in (groundup, torch)]
        assert strides[0] == strides[1]
    with pytest.raises(RuntimeError, match="required rank 4"):
        groundup.zeros(2, 3).contiguous(memory_format=groundup.channels_last)


def test_the_gradient_flows_through_a_copy_in_another_format() -> None:
    x = groundup.ones(1, 2, 2, 2, requires_grad=True)
    (x.clone(memory_format=groundup.channels_last) * groundup.arange(8.0).reshape(1, 2, 2, 2)).sum().backward()
    assert x.grad.flatten().tolist() == list(range(8))


def test_a_network_in_another_memory_format_computes_the_same() -> None:
    layer = groundup.nn.Conv2d(2, 3, 3)
    x = groundup.arange(50.0).reshape(1, 2, 5, 5)
    before = layer(x)
    layer.to(memory_format=groundup.channels_last)
    x = x.to(memory_format=groundup.channels_last)
    for tensor in (layer.weight, x):
        assert tensor.is_contiguous(memory_format=groundup.channels_last) and not tensor.is_contiguous()
    assert groundup.allclose(layer(x), before, rtol=1e-4)
