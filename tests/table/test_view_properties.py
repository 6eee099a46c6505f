"""Views over generated shapes, strides and keys: the same shapes, strides and shared memory as PyTorch's."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import groundup

pytest.importorskip("hypothesis")

from hypothesis import given, settings
from hypothesis import strategies as st

sizes = st.integers(0, 4)
shapes = st.lists(sizes, min_size=0, max_size=4).map(tuple)
FEW = settings(max_examples=40)


def counted(shape: tuple[int, ...]) -> Any:
    """0, 1, 2 and so on in that shape."""
    return groundup.from_numpy(np.arange(int(np.prod(shape)), dtype=np.float32).reshape(shape))


def pair(shape: tuple[int, ...]) -> tuple[Any, Any]:
    """The same values here and there."""
    torch = pytest.importorskip("torch")
    return counted(shape), torch.from_numpy(counted(shape).numpy())


def same(ours: Any, theirs: Any, base: Any, their_base: Any) -> None:
    """Values, shape, strides, offset and whether memory is shared."""
    assert tuple(ours.shape) == tuple(theirs.shape)
    assert np.array_equal(ours.numpy(), theirs.numpy())
    if 0 not in ours.shape:
        shared = theirs.untyped_storage().data_ptr() == their_base.untyped_storage().data_ptr()
        assert np.shares_memory(ours.numpy(), base.numpy()) == shared
        big = [i for i, n in enumerate(ours.shape) if n > 1]  # an axis of one element has no stride to speak of
        assert [ours.stride()[i] for i in big] == [theirs.stride()[i] for i in big]
        if shared:
            assert ours.storage_offset() == theirs.storage_offset()


@st.composite
def moves(draw: Any) -> tuple[tuple[int, ...], list[tuple[str, tuple[Any, ...]]]]:
    """A shape, and a chain of views that fit it one after the other."""
    shape = draw(st.lists(st.integers(1, 4), min_size=1, max_size=3).map(tuple))
    steps = []
    x = groundup.zeros(*shape)
    for _ in range(draw(st.integers(1, 4))):
        rank = x.dim()
        options: list[tuple[str, tuple[Any, ...]]] = [
            ("unsqueeze", (draw(st.integers(-rank - 1, rank)),)),
            ("squeeze", ()),
        ]
        if rank:
            axis = draw(st.integers(-rank, rank - 1))
            size = x.shape[axis]
            options += [
                ("transpose", (axis, draw(st.integers(-rank, rank - 1)))),
                ("permute", (tuple(draw(st.permutations(range(rank)))),)),
                ("squeeze", (axis,)),
                ("flatten", (draw(st.integers(0, axis % rank)), axis % rank)),
            ]
            if size:
                start = draw(st.integers(0, size - 1))
                window = draw(st.integers(1, size))
                options += [
                    ("select", (axis, start)),
                    ("narrow", (axis, start, draw(st.integers(0, size - start)))),
                    ("unfold", (axis, window, draw(st.integers(1, 3)))),
                    ("__getitem__", ((slice(start, None, draw(st.integers(1, 2))),),))
                    if axis in (0, -rank)
                    else ("squeeze", ()),
                ]
        if rank >= 2:
            options.append(("diagonal", (draw(st.integers(-1, 1)), 0, rank - 1)))
        name, args = draw(st.sampled_from(options))
        if 0 in x.shape and name == "diagonal":
            continue
        x = getattr(x, name)(*args)
        steps.append((name, args))
        if x.dim() > 4:
            break
    return shape, steps


@FEW
@given(moves())
def test_chains_of_views(case: tuple[tuple[int, ...], list[tuple[str, tuple[Any, ...]]]]) -> None:
    shape, steps = case
    base, their_base = pair(shape)
    ours, theirs = base, their_base
    for name, args in steps:
        ours, theirs = getattr(ours, name)(*args), getattr(theirs, name)(*args)
        same(ours, theirs, base, their_base)


@FEW
@given(
    st.lists(st.integers(1, 3), min_size=1, max_size=3).map(tuple), st.lists(st.integers(1, 3), max_size=2), st.data()
)
def test_expand_has_stride_0(shape: tuple[int, ...], lead: list[int], data: Any) -> None:
    base, their_base = pair(shape)
    wanted = (*lead, *(data.draw(st.integers(1, 4)) if n == 1 else n for n in shape))
    same(base.expand(wanted), their_base.expand(wanted), base, their_base)


@FEW
@given(
    st.permutations(range(3)), st.sampled_from([(24,), (2, 12), (6, 4), (4, 6), (2, 3, 4), (4, 3, 2), (3, -1), (1, 24)])
)
def test_reshape_is_a_view_where_pytorch_has_one(order: list[int], size: tuple[int, ...]) -> None:
    base, their_base = pair((2, 3, 4))
    ours, theirs = base.permute(tuple(order)), their_base.permute(tuple(order))
    same(ours.reshape(size), theirs.reshape(size), base, their_base)
    try:
        viewed = theirs.view(size)
    except RuntimeError:
        with pytest.raises(RuntimeError, match="view size is not compatible"):
            ours.view(size)
    else:
        same(ours.view(size), viewed, base, their_base)


@FEW
@given(shapes, shapes)
def test_broadcasting_is_pytorchs_or_its_error(a: tuple[int, ...], b: tuple[int, ...]) -> None:
    (x, tx), (y, ty) = pair(a), pair(b)
    try:
        theirs = tx + ty
    except RuntimeError as error:
        with pytest.raises(RuntimeError) as found:
            x + y
        assert str(found.value).splitlines()[0] == str(error).splitlines()[0]
    else:
        assert np.array_equal((x + y).numpy(), theirs.numpy())


@FEW
@given(shapes, st.data())
def test_gradients_of_broadcast_arguments_are_sums(shape: tuple[int, ...], data: Any) -> None:
    other = tuple(data.draw(st.sampled_from((n, 1))) for n in shape)[data.draw(st.integers(0, len(shape))) :]
    a, b = groundup.ones(*shape, requires_grad=True), groundup.ones(*other, requires_grad=True)
    (a * b).sum().backward()
    assert a.grad.shape == a.shape
    assert b.grad.shape == b.shape
    assert np.all(a.grad.numpy() == 1)
    assert float(b.grad.numpy().sum()) == np.prod(shape)


@FEW
@given(st.lists(st.integers(1, 4), min_size=1, max_size=3).map(tuple), st.data())
def test_slices_with_negative_steps_are_views_as_numpys(shape: tuple[int, ...], data: Any) -> None:
    base = counted(shape)
    edge = st.none() | st.integers(-5, 5)
    key = tuple(
        slice(data.draw(edge), data.draw(edge), data.draw(st.sampled_from([None, 1, 2, -1, -2]))) for _ in shape
    )
    found, wanted = base[key], base.numpy()[key]
    assert np.array_equal(found.numpy(), wanted)
    assert not wanted.size or np.shares_memory(found.numpy(), base.numpy())
    assert found.stride() == tuple(s // 4 for s in wanted.strides)


@FEW
@given(moves())
def test_a_change_in_place_of_a_view_is_seen_in_its_base(case: Any) -> None:
    shape, steps = case
    base, their_base = pair(shape)
    ours, theirs = base, their_base
    for name, args in steps:
        if name != "unfold":  # its windows overlap, and PyTorch's result of adding to them is not defined
            ours, theirs = getattr(ours, name)(*args), getattr(theirs, name)(*args)
        else:
            break
    ours.add_(1)
    theirs.add_(1)
    assert np.array_equal(base.numpy(), their_base.numpy())
