"""Indexing and assignment of every kind that NumPy knows, searched by hypothesis.

Values and shapes are judged by NumPy; gradients by the adjoint (what was read is added back, what was written
over gets nothing) and, for the kinds that it has, by PyTorch.
"""

from __future__ import annotations

import operator

import numpy as np
import pytest

import groundup

pytest.importorskip("hypothesis")

from hypothesis import assume, given
from hypothesis import strategies as st

SHAPES = st.lists(st.integers(1, 4), min_size=1, max_size=4).map(tuple)


def starting(shape):
    return np.arange(1.0, 1 + np.prod(shape)).reshape(shape)


def slices(size):
    bounds = st.none() | st.integers(-size - 2, size + 2)
    return st.builds(slice, bounds, bounds, st.none() | st.sampled_from([1, 2, 3, -1, -2, -3]))


@st.composite
def integer_arrays(draw, size, common):
    """Positions on an axis, in a shape that broadcasts to ``common``."""
    shape = tuple(draw(st.sampled_from([n, 1])) for n in common)[draw(st.integers(0, len(common) - 1)) :]
    positions = st.integers(-size, size - 1)
    count = int(np.prod(shape))
    return np.array(draw(st.lists(positions, min_size=count, max_size=count)), np.int64).reshape(shape)


@st.composite
def basic_indices(draw, shape):
    """Whole numbers, slices, None and an ellipsis."""
    parts, axis = [], 0
    while axis < len(shape):
        kind = draw(st.sampled_from(["slice", "slice", "int", "none", "ellipsis", "stop"]))
        if kind == "stop" and Ellipsis not in parts:
            break
        if kind == "none":
            parts.append(None)
        elif kind == "ellipsis" and Ellipsis not in parts:
            parts.append(Ellipsis)
            axis += draw(st.integers(0, len(shape) - axis))
        else:
            size = shape[axis]
            parts.append(draw(slices(size) if kind != "int" else st.integers(-size, size - 1)))
            axis += 1
    return tuple(parts)


@st.composite
def mixed_indices(draw, shape):
    """Like the basic ones, and integer arrays, and a boolean array over one axis or more."""
    parts, axis, seen_ellipsis = [], 0, False
    mask_axes = draw(st.integers(0, len(shape)))
    mask_at = draw(st.integers(0, len(shape) - mask_axes)) if mask_axes else -1
    common = draw(st.sampled_from([(1,), (3,), (2, 3), (0,)]))
    if mask_axes:
        covered = shape[mask_at : mask_at + mask_axes]
        cells = int(np.prod(covered))
        mask = np.array(draw(st.lists(st.booleans(), min_size=cells, max_size=cells))).reshape(covered)
        common = (int(mask.sum()),)
    while axis < len(shape):
        if axis == mask_at:
            parts.append(mask)
            axis += mask_axes
            continue
        kind = draw(st.sampled_from(["slice", "array", "array", "none", "ellipsis"]))
        if kind == "none":
            parts.append(None)
        elif kind == "ellipsis":
            if not seen_ellipsis:
                parts.append(Ellipsis)
                seen_ellipsis = True
                axis += draw(st.integers(0, (mask_at if mask_at > axis else len(shape)) - axis))
        elif kind == "slice":
            parts.append(draw(slices(shape[axis])))
            axis += 1
        else:
            parts.append(draw(integer_arrays(shape[axis], common)))
            axis += 1
    return tuple(parts)


@st.composite
def cases(draw):
    shape = draw(SHAPES)
    return shape, draw(st.one_of(basic_indices(shape), mixed_indices(shape)))


def bare(index):
    """An index of one part, as people write it."""
    return index[0] if len(index) == 1 else index


def with_tensors(index, lib):
    parts = [lib.tensor(part) if isinstance(part, np.ndarray) else part for part in index]
    return bare(tuple(parts))


def with_lists(index):
    """Lists where a list of NumPy's means the same as the array: one axis, and something in it."""
    parts = [part.tolist() if isinstance(part, np.ndarray) and part.ndim and part.size else part for part in index]
    return tuple(parts)


def pytorch_has(index):
    return not any(isinstance(part, slice) and part.step is not None and part.step < 0 for part in index)


def read(shape, index):
    """What NumPy gives for an index and what the index's gradient is, given a gradient of the result."""
    array = starting(shape)
    result = array[bare(index)]
    grad = np.random.RandomState(0).randint(1, 10, result.shape).astype(np.float64)
    back = np.zeros(shape)
    np.add.at(back, bare(index), grad)
    return result, grad, back


@given(cases())
def test_values_are_numpys(case):
    shape, index = case
    expected, _, _ = read(shape, index)
    x = groundup.from_numpy(starting(shape))
    for form in (bare(index), with_tensors(index, groundup), with_lists(index)):
        np.testing.assert_array_equal(x[form].numpy(), expected)
        assert x[form].shape == expected.shape


@given(cases())
def test_views_and_copies_are_numpys(case):
    shape, index = case
    array = starting(shape)
    result = groundup.from_numpy(array)[bare(index)].numpy()
    copied = any(isinstance(part, np.ndarray) for part in index)
    assert np.shares_memory(result, array) == (not copied and result.size > 0)


@given(cases())
def test_gradients_are_the_adjoint(case):
    shape, index = case
    expected, grad, back = read(shape, index)
    x = groundup.from_numpy(starting(shape)).requires_grad_()
    result = x[bare(index)]
    assert result.tolist() == expected.tolist()
    result.backward(groundup.from_numpy(grad))
    np.testing.assert_array_equal(x.grad.numpy(), back)


@given(cases())
def test_gradients_are_pytorchs(case):
    torch = pytest.importorskip("torch")
    shape, index = case
    assume(pytorch_has(index))
    grads = []
    for lib in (groundup, torch):
        x = lib.from_numpy(starting(shape)).requires_grad_()
        (x[with_tensors(index, lib)] ** 2).sum().backward()
        grads.append(x.grad.numpy())
    np.testing.assert_array_equal(*grads)


@given(cases(), st.data())
def test_assignment_is_numpys(case, data):
    shape, index = case
    array = starting(shape)
    target = array[bare(index)].shape
    value_shape = tuple(data.draw(st.sampled_from([n, 1])) for n in target)[data.draw(st.integers(0, len(target))) :]
    value = np.asarray(-starting(value_shape))
    for form, given_value in [
        (bare(index), groundup.from_numpy(value)),
        (with_tensors(index, groundup), value.tolist() if value.ndim == 0 else groundup.from_numpy(value)),
        (with_lists(index), value),
    ]:
        expected = starting(shape)
        expected[bare(index)] = value
        x = groundup.from_numpy(starting(shape))
        x[form] = given_value
        np.testing.assert_array_equal(x.numpy(), expected)


@given(cases(), st.sampled_from([operator.iadd, operator.imul]))
def test_assignment_with_an_operator_is_numpys(case, op):
    shape, index = case
    expected, x = starting(shape), groundup.from_numpy(starting(shape))
    expected[bare(index)] = op(expected[bare(index)], 3)
    x[bare(index)] = op(x[bare(index)], 3)
    np.testing.assert_array_equal(x.numpy(), expected)


@given(cases(), st.booleans())
def test_assignment_has_gradients(case, stretched):
    shape, index = case
    times = np.zeros(shape)
    np.add.at(times, bare(index), 1)
    assume(times.max() <= 1)  # else which of several values stays is nobody's promise
    weights = np.random.RandomState(0).randint(1, 10, shape).astype(np.float64)
    written = weights[bare(index)]
    value_shape = () if stretched else written.shape
    old_grad = np.where(times > 0, 0.0, weights)
    new_grad = written.sum() if stretched else written

    libraries = [groundup]
    if pytorch_has(index):
        try:
            import torch
        except ImportError:
            pass
        else:
            libraries.append(torch)
    for lib in libraries:
        old = lib.from_numpy(starting(shape)).requires_grad_()
        new = lib.from_numpy(np.asarray(starting(value_shape))).requires_grad_()
        y = old * 1
        y[with_tensors(index, lib)] = new
        (y * lib.from_numpy(weights)).sum().backward()
        np.testing.assert_array_equal(old.grad.numpy(), old_grad)
        np.testing.assert_array_equal(new.grad.numpy(), new_grad)


@pytest.mark.parametrize(
    "index",
    [
        (0, slice(None), [1, 2]),
        (slice(None), 1, [0, 3]),
        (0, None, [0, 1]),
        ([0, 1], slice(None), 2),
        (0, slice(None, None, 2), None, [1, 2]),
        (0, ..., [3, 3]),
        (1, [True, False, True]),
        (slice(None), [True, False, True], -1),
        (1, slice(None), [[0, 1], [2, 3]]),
        (0, slice(None), [True, False, True, False]),
    ],
    ids=str,
)
def test_integers_beside_arrays_select_first_as_in_pytorch(index):
    """NumPy counts an integer beside an array as an array, and moves the common axes to the front."""
    torch = pytest.importorskip("torch")
    results = []
    for lib in (groundup, torch):
        x = lib.from_numpy(starting((2, 3, 4))).requires_grad_()
        picked = x[index]
        (picked * lib.arange(picked.numel()).view(picked.shape)).sum().backward()
        written = x.detach().clone()
        written[index] = -lib.arange(picked.numel()).view(picked.shape).to(lib.float64)
        results.append((picked.tolist(), x.grad.tolist(), written.tolist()))
    assert results[0] == results[1]


@pytest.mark.parametrize("value", [None, "3", [1, "a"], {}, 1j, object()], ids=lambda value: type(value).__name__)
def test_what_is_no_number_is_not_assigned(value):
    x = groundup.zeros(2)
    with pytest.raises(TypeError, match=r"can't assign a \w+ to a groundup\.FloatTensor"):
        x[0] = value
    assert x.tolist() == [0, 0]


def test_assigned_numbers_take_the_type_of_the_tensor():
    for lib in [groundup, pytest.importorskip("torch")]:
        x = lib.zeros(3, dtype=lib.uint8)
        x[0], x[1], x[2] = 2.7, True, lib.tensor(3.9)
        assert x.tolist() == [2, 1, 3]
        with pytest.raises(RuntimeError, match=r"value cannot be converted to type .* without overflow"):
            x[0] = 300
        y = lib.zeros(3)
        y[:] = lib.tensor([1, 2, 3])
        y[1] = lib.tensor(7.5, dtype=lib.float64)
        assert y.tolist() == [1, 7.5, 3] and y.dtype == lib.float32


def test_a_whole_number_in_an_array_is_a_whole_number():
    for lib in [groundup, pytest.importorskip("torch")]:
        x = lib.zeros(2, 3)
        x[lib.tensor(1)].add_(1)
        x[lib.tensor(0), lib.tensor(2)].add_(2)
        assert x.tolist() == [[0, 0, 2], [1, 1, 1]]
        assert x[np.int64(1), 0] == 1 and x[lib.tensor(0), :, None].shape == (3, 1)


def test_a_single_element_is_a_view():
    x = groundup.zeros(2, 3)
    x[1, 2].add_(5)
    x[0][1].add_(7)
    vector = groundup.zeros(3)
    vector[1].fill_(4)
    for element in vector:
        element.add_(1)
    assert x.tolist() == [[0, 7, 0], [0, 0, 5]] and vector.tolist() == [1, 5, 1]
    assert x[1, 2].shape == () and x[1, 2].storage_offset() == 5


def test_second_derivatives_go_through_an_index():
    x = groundup.from_numpy(starting((3, 4))).requires_grad_()
    picked = x[[0, 0, 2], [1, 1, 3]]
    (first,) = groundup.autograd.grad((picked**3).sum(), x, create_graph=True)
    (second,) = groundup.autograd.grad(first.sum(), x)
    expected = np.zeros((3, 4))
    np.add.at(expected, ([0, 0, 2], [1, 1, 3]), 6 * starting((3, 4))[[0, 0, 2], [1, 1, 3]])
    np.testing.assert_array_equal(second.numpy(), expected)


@pytest.mark.parametrize(
    ("index", "error"),
    [
        (5, "index 5 is out of bounds for dimension 0 with size 2"),
        ((0, -4), "index -4 is out of bounds for dimension 1 with size 3"),
        ((..., 3), "index 3 is out of bounds for dimension 1 with size 3"),
        ((0, 0, 0), "too many indices for tensor of dimension 2"),
    ],
)
def test_an_index_that_is_not_there(index, error):
    for lib in [groundup, pytest.importorskip("torch")]:
        x = lib.zeros(2, 3)
        with pytest.raises(IndexError, match=error):
            x[index]
        with pytest.raises(IndexError, match=error):
            x[index] = 1


@pytest.mark.parametrize(
    ("index", "error"),
    [
        ([0, 2], "out of bounds"),
        ((slice(None), [0, 3]), "out of bounds"),
        ([True, False, True], "mask"),
        (([0, 1], [0, 1, 2]), "broadcast"),
        ("a", "valid indices"),
        (1.0, "valid indices"),
        ((0, 0.5), "valid indices"),
    ],
)
def test_an_array_index_that_does_not_fit(index, error):
    x = groundup.zeros(2, 3)
    with pytest.raises((IndexError, TypeError), match=error):
        x[index]
    with pytest.raises((IndexError, TypeError), match=error):
        x[index] = 1
    assert x.sum() == 0


def test_a_value_that_does_not_fit():
    x = groundup.zeros(2, 3)
    for index in (0, (slice(None), [0, 1]), x == 0):
        with pytest.raises(RuntimeError, match=r"shape|size"):
            x[index] = groundup.ones(5)
    assert x.sum() == 0
