"""A tensor among Python's other citizens: numbers, containers, attributes, copies, pickles, references, threads.

The fixture ``lib`` is groundup and, where it is installed, PyTorch: what is claimed of both is PyTorch's
behaviour, and no belief about it.
"""

from __future__ import annotations

import copy
import gc
import math
import operator
import pickle
import sys
import threading
import weakref
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

import groundup


@pytest.fixture(params=["groundup", "torch"])
def lib(request):
    return groundup if request.param == "groundup" else pytest.importorskip("torch")


# Numbers.


def test_a_tensor_of_one_number_becomes_a_python_number(lib):
    assert float(lib.tensor(2.5)) == 2.5 and float(lib.tensor([[3]])) == 3.0
    assert int(lib.tensor(2.9)) == 2 and int(lib.tensor([-7])) == -7
    assert complex(lib.tensor(2.0)) == 2 + 0j
    assert bool(lib.tensor([[2.0]])) and not bool(lib.tensor(0)) and bool(lib.tensor(math.nan))
    assert lib.tensor(1.5, requires_grad=True).item() == 1.5
    assert type(lib.tensor(1).item()) is int and type(lib.tensor(True).item()) is bool
    assert "%.2f" % lib.tensor(2.5) == "2.50"  # noqa: UP031


def test_a_whole_number_is_an_index(lib):
    assert [10, 20, 30][lib.tensor(1)] == 20
    assert [10, 20, 30][lib.tensor([2])] == 30
    assert range(9)[lib.tensor(1) : lib.tensor(5) : lib.tensor(2)] == range(1, 5, 2)
    assert operator.index(lib.tensor(3, dtype=lib.uint8)) == 3
    for not_an_index in [lib.tensor(1.0), lib.tensor([1, 2])]:
        with pytest.raises(TypeError, match="only integer tensors of a single element can be converted"):
            [10, 20, 30][not_an_index]


def test_several_numbers_are_no_number(lib):
    several = lib.tensor([1.0, 2.0])
    with pytest.raises(RuntimeError, match="Boolean value of Tensor with more than one value is ambiguous"):
        bool(several)
    with pytest.raises(RuntimeError, match="Boolean value of Tensor with no values is ambiguous"):
        bool(lib.tensor([]))
    with pytest.raises(RuntimeError, match="a Tensor with 2 elements cannot be converted to Scalar"):
        several.item()
    for convert in (float, int, complex):
        with pytest.raises((ValueError, RuntimeError)):
            convert(several)


def test_format(lib):
    assert f"{lib.tensor(1.23456):.2f} {lib.tensor(3):5d} {lib.tensor(0.5):e}" == "1.23     3 5.000000e-01"
    assert f"{lib.tensor([1.0, 2.0])}" == "tensor([1., 2.])"
    assert f"{lib.tensor(1.5)}" == "1.5"
    with pytest.raises(TypeError, match=r"unsupported format string passed to Tensor\.__format__"):
        f"{lib.tensor([1.0, 2.0]):.2f}"


def test_an_operation_with_something_else_is_a_type_error(lib):
    x = lib.tensor([1.0])
    for other in (None, "a", object(), {}):
        with pytest.raises(TypeError):
            x + other
        with pytest.raises(TypeError):
            other * x
    assert (x == "a") is False and (x == None) is False and (x != None) is True  # noqa: E711


# Containers.


def test_iteration_and_length(lib):
    m = lib.arange(6.0).view(2, 3)
    assert len(m) == 2 and [row.tolist() for row in m] == [[0, 1, 2], [3, 4, 5]]
    first, second = m
    first.mul_(10)
    assert m[0].tolist() == [0, 10, 20], "the rows that iteration gives are views"
    assert [int(x) for x in reversed(second)] == [5, 4, 3]
    assert list(lib.zeros(0)) == [] and len(lib.zeros(0, 3)) == 0
    assert sorted(lib.tensor([3.0, 1.0, 2.0])) == [1, 2, 3]
    assert sum(lib.tensor([1, 2, 3])) == 6 and max(lib.tensor([1, 5, 3])) == 5
    with pytest.raises(TypeError, match="iteration over a 0-d tensor"):
        list(lib.tensor(1))
    with pytest.raises(TypeError, match="len\\(\\) of a 0-d tensor"):
        len(lib.tensor(1))


def test_iteration_carries_gradients(lib):
    m = lib.arange(6.0).view(2, 3).requires_grad_()
    first, second = m
    (first * second).sum().backward()
    assert m.grad.tolist() == [[3, 4, 5], [0, 1, 2]]


def test_membership_asks_for_values(lib):
    x = lib.tensor([1, 2, 3])
    assert 3 in x and 4 not in x and lib.tensor(2) in x


def test_a_tensor_is_itself_in_sets_and_dicts(lib):
    a, b = lib.tensor([1.0]), lib.tensor([1.0])
    before = hash(a)
    a.add_(1)
    assert hash(a) == before and {a: "a", b: "b"}[a] == "a" and len({a, b, a}) == 2


def test_attributes_can_be_set(lib):
    x = lib.ones(3)
    x.g = lib.zeros(3)
    x.name_of_mine = "x"
    assert x.g.sum() == 0 and x.name_of_mine == "x" and "g" in vars(x)
    assert not hasattr(x.clone(), "g") and not hasattr(x[:], "g")
    del x.g
    with pytest.raises(AttributeError, match="'Tensor' object has no attribute 'g'"):
        x.g


def test_what_a_tensor_is_cannot_be_set(lib):
    x = lib.ones(3)
    for name in ("shape", "dtype", "is_leaf", "grad_fn"):
        with pytest.raises((AttributeError, TypeError)):
            setattr(x, name, 3)
    x.requires_grad = True
    with pytest.raises(RuntimeError, match="only change requires_grad flags of leaf variables"):
        (x * 2).requires_grad = False
    with pytest.raises(TypeError):
        x.grad = 3
    with pytest.raises(RuntimeError):
        x.grad = lib.ones(4)
    x.grad = lib.ones(3)
    x.sum().backward()
    assert x.grad.tolist() == [2, 2, 2]
    del x.grad
    assert x.grad is None


# Copies.


def test_pickle(lib):
    for tensor in [
        lib.tensor([[1.5, -2.0]]),
        lib.tensor(3),
        lib.tensor([True, False]),
        lib.zeros(0, 3),
        lib.arange(6.0).view(2, 3).t(),
        lib.ones(3).expand(2, 3),
        lib.tensor([1.0, math.nan, -math.inf], dtype=lib.float16),
    ]:
        for protocol in range(2, pickle.HIGHEST_PROTOCOL + 1):
            back = pickle.loads(pickle.dumps(tensor, protocol))
            assert repr(back) == repr(tensor) and back.dtype == tensor.dtype and type(back) is type(tensor)


def test_a_pickle_keeps_what_belongs_to_the_tensor(lib):
    x = lib.tensor([1.0, 2.0], requires_grad=True)
    x.g, x.note = lib.tensor([3.0]), "mine"
    (x * x).sum().backward()
    back = pickle.loads(pickle.dumps(x))
    assert back.requires_grad and back.is_leaf and back.g.item() == 3 and back.note == "mine"
    assert back.grad is None, "a gradient is not saved"
    back.mul(2).sum().backward()
    assert back.grad.tolist() == [2, 2] and x.grad.tolist() == [2, 4]


def test_a_pickled_view_does_not_carry_its_whole_storage():
    row = groundup.zeros(1000, 1000)[3, :10]
    assert len(pickle.dumps(row)) < 1000


def test_a_pickled_array_is_writable_afterwards(lib):
    back = pickle.loads(pickle.dumps(lib.zeros(3)))
    back.add_(1)
    assert back.tolist() == [1, 1, 1]


def test_deepcopy(lib):
    x = lib.tensor([1.0, 2.0], requires_grad=True)
    x.note = ["mine"]
    (x * 3).sum().backward()
    both = copy.deepcopy({"a": x, "b": [x]})
    again = both["a"]
    assert again is both["b"][0], "what was one stays one"
    assert again is not x and again.requires_grad and again.is_leaf
    assert again.grad.tolist() == [3, 3] and again.grad is not x.grad
    assert again.note == ["mine"] and again.note is not x.note
    with lib.no_grad():
        again.zero_()
    assert x.tolist() == [1, 2]
    with pytest.raises(RuntimeError, match="Only Tensors created explicitly by the user"):
        copy.deepcopy(x * 2)


def test_deepcopy_keeps_the_layout(lib):
    transposed = lib.arange(6.0).view(2, 3).t()
    assert copy.deepcopy(transposed).tolist() == transposed.tolist()
    assert copy.deepcopy(transposed).stride() == transposed.stride()


def test_shallow_copy_shares_the_numbers(lib):
    x = lib.tensor([1.0, 2.0])
    y = copy.copy(x)
    x.mul_(2)
    assert y is not x and y.tolist() == [2, 4]
    transposed = lib.arange(6.0).view(2, 3).t()
    again = copy.copy(transposed)
    transposed[2, 1] = 50
    assert again.stride() == (1, 3) and again[2, 1] == 50
    leaf = lib.ones(2, requires_grad=True)
    assert copy.copy(leaf).requires_grad and copy.copy(leaf).is_leaf


def test_a_shallow_copy_counts_changes_together():
    x = groundup.tensor([1.0, 2.0])
    w = groundup.ones(2, requires_grad=True)
    y = x * w
    copy.copy(x).add_(1)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        y.sum().backward()


# Memory.


def test_weak_references(lib):
    x = lib.ones(3)
    seen = weakref.ref(x)
    table = weakref.WeakValueDictionary(x=x)
    assert seen() is x and table["x"] is x
    del x
    gc.collect()
    assert seen() is None and len(table) == 0


def test_a_graph_goes_with_its_last_reference(lib):
    """No cycles: what a forward pass kept is freed at once, and not when the collector comes by."""
    x = lib.ones(3, requires_grad=True)
    gc.collect()
    gc.disable()
    try:
        for backward in (False, True):
            hidden = x * 2
            seen = weakref.ref(hidden)
            loss = (hidden.exp() * hidden).sum()
            if backward:
                loss.backward()
            del hidden, loss
            assert seen() is None
    finally:
        gc.enable()


def test_backward_frees_what_forward_saved():
    big = np.ones(1000, np.float32)
    seen = weakref.ref(big)
    x = groundup.ones(1000, requires_grad=True)
    loss = (x * groundup.from_numpy(big)).sum()
    del big
    assert seen() is not None
    loss.backward()
    assert seen() is None, "the product's saved factor"


# Threads.


def test_grad_mode_belongs_to_its_thread(lib):
    def enabled():
        return lib.is_grad_enabled()

    with ThreadPoolExecutor(1) as other:
        assert other.submit(enabled).result()
        with lib.no_grad():
            assert not lib.is_grad_enabled()
            assert other.submit(enabled).result()
        other.submit(lambda: lib.set_grad_enabled(False)).result()
        assert not other.submit(enabled).result()
        assert lib.is_grad_enabled()


def test_threads_differentiate_their_own_graphs(lib):
    start = threading.Barrier(4)

    def work(seed):
        w = lib.from_numpy(np.random.RandomState(seed).randn(5, 5)).requires_grad_()
        start.wait()
        for _ in range(30):
            w.grad = None
            with lib.no_grad():
                (w * 2).sum()
            y = w
            for _ in range(10):
                y = (y @ w).tanh()
            y.sum().backward()
        return w.grad

    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(work, range(4)))
    start = threading.Barrier(1)
    for seed, grad in enumerate(together):
        assert lib.equal(grad, work(seed))


def test_threads_that_add_to_one_leaf_lose_nothing(lib):
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    try:
        for _ in range(5):
            leaf, start = lib.zeros(20_000, dtype=lib.float64, requires_grad=True), threading.Barrier(4)

            def work(k, leaf=leaf, start=start):
                start.wait()
                for _ in range(10):
                    (leaf * k).sum().backward()

            with ThreadPoolExecutor(4) as pool:
                list(pool.map(work, [1, 2, 3, 4]))
            assert leaf.grad.min() == leaf.grad.max() == 100
    finally:
        sys.setswitchinterval(before)
