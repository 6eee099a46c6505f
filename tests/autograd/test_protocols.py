"""A tensor among Python's and NumPy's other citizens: numbers, containers, copies, pickles, threads, buffers.

The fixture ``lib`` is groundup and, where it is installed, PyTorch: what is claimed of both is PyTorch's
behaviour, and no belief about it.
"""

from __future__ import annotations

import copy
import gc
import math
import operator
import pickle
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


def test_threads_add_to_one_leaf(lib):
    leaf = lib.zeros(2, dtype=lib.float64, requires_grad=True)

    def work(k):
        for _ in range(100):
            (leaf * k).sum().backward()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, [1, 2, 3, 4]))
    assert leaf.grad.tolist() == [1000, 1000], "no gradient is lost"


# Arrays.


def test_numpy_reads_a_tensor(lib):
    x = lib.arange(6.0).view(2, 3)
    array = np.asarray(x)
    assert array.dtype == np.float32 and np.shares_memory(array, x.numpy())
    array[0, 0] = 42
    assert x[0, 0] == 42
    assert np.asarray(x, dtype=np.float64).dtype == np.float64
    assert np.array([lib.tensor(1.0), lib.tensor(2.0)]).tolist() == [1, 2]
    assert np.asarray(x.t()).strides == (4, 12)
    assert np.stack([x, x]).shape == (2, 2, 3)
    with pytest.raises(RuntimeError, match=r"Can't call numpy\(\) on Tensor that requires grad"):
        np.asarray(lib.ones(3, requires_grad=True))


def test_numpy_says_whether_it_may_copy():
    x = groundup.ones(3)
    assert np.shares_memory(np.asarray(x, copy=False), x.numpy())
    assert not np.shares_memory(np.asarray(x, copy=True), x.numpy())
    assert not np.shares_memory(np.array(x), x.numpy())
    with pytest.raises(ValueError, match="copy"):
        np.asarray(x, dtype=np.float64, copy=False)


def test_a_tensor_reads_an_array(lib):
    array = np.arange(3, dtype=np.float32)
    shared, copied = lib.from_numpy(array), lib.tensor(array)
    array[0] = 9
    assert shared.tolist() == [9, 1, 2] and copied.tolist() == [0, 1, 2]
    assert lib.tensor([np.float32(1), 2]).tolist() == [1, 2]
    assert lib.tensor(np.float64(1.5)).dtype == lib.float64
    assert lib.from_numpy(array[::2]).stride() == (2,)


def test_from_numpy_takes_negative_strides():
    array = np.arange(3.0)
    backwards = groundup.from_numpy(array[::-1])
    array[0] = 9
    assert backwards.tolist() == [2, 1, 9]


OPERATORS = [
    operator.add,
    operator.sub,
    operator.mul,
    operator.truediv,
    operator.floordiv,
    operator.mod,
    operator.pow,
    operator.matmul,
    operator.lt,
    operator.le,
    operator.gt,
    operator.ge,
    operator.eq,
    operator.ne,
]


@pytest.mark.parametrize("op", OPERATORS, ids=lambda op: op.__name__)
def test_an_array_and_a_tensor_make_a_tensor(op):
    array, tensor = np.array([5.0, -2.0, 3.0]), groundup.tensor([2.0, 3.0, 3.0], dtype=groundup.float64)
    for left, right in [(array, tensor), (tensor, array)]:
        result = op(left, right)
        assert type(result) is groundup.Tensor
        np.testing.assert_array_equal(result.numpy(), op(np.asarray(left), np.asarray(right)))


def test_an_array_and_a_tensor_carry_gradients():
    w = groundup.tensor([1.0, 2.0], requires_grad=True)
    (np.array([3.0, 4.0], np.float32) * w).sum().backward()
    assert w.grad.tolist() == [3, 4]
    assert type(np.float32(2) * w) is groundup.Tensor and (np.float64(2) * w).dtype == groundup.float32


def test_a_ufunc_of_numpy_is_refused_and_not_run_on_objects():
    with pytest.raises(TypeError, match="ufunc"):
        np.add(groundup.ones(2), np.ones(2))


# DLPack.


def test_dlpack_to_numpy_and_back(lib):
    x = lib.arange(6.0).view(2, 3)
    array = np.from_dlpack(x)
    array[0, 0] = 42
    assert x[0, 0] == 42
    assert np.from_dlpack(x.t()).strides == (4, 12)
    source = np.arange(3)
    tensor = lib.from_dlpack(source)
    source[0] = 7
    assert tensor.tolist() == [7, 1, 2] and tensor.dtype == lib.int64
    assert tuple(int(part) for part in x.__dlpack_device__()) == (1, 0)
    with pytest.raises(BufferError, match=r"Can't export tensors that require gradient, use tensor\.detach\(\)"):
        np.from_dlpack(lib.ones(3, requires_grad=True))


@pytest.mark.parametrize("dtype", ["float32", "float64", "float16", "int64", "int32", "int16", "int8", "uint8"])
def test_dlpack_to_torch_and_back(dtype):
    torch = pytest.importorskip("torch")
    ours = groundup.arange(6).to(getattr(groundup, dtype)).view(2, 3)
    theirs = torch.from_dlpack(ours)
    assert theirs.dtype == getattr(torch, dtype) and theirs.tolist() == ours.tolist()
    theirs[1, 1] = 99
    assert ours[1, 1] == 99
    returned = groundup.from_dlpack(theirs.t())
    assert returned.dtype == ours.dtype and returned.stride() == (1, 3)
    returned[0, 0] = 55
    assert ours[0, 0] == 55


def test_dlpack_outlives_its_maker(lib):
    array = np.from_dlpack(lib.full((1000,), 3.0))
    gc.collect()
    assert (array == 3).all()


# Subclasses: operations take them and give plain tensors.


class Named(groundup.Tensor):
    @property
    def double_sum(self):
        return 2 * self.sum()


def test_a_subclass_is_a_tensor_and_its_results_are_plain():
    x = Named([1.0, 2.0])
    assert isinstance(x, groundup.Tensor) and x.double_sum.item() == 6 and x.dtype == groundup.float32
    for result in [x + 1, 1 - x, x.exp(), x[0], x.detach(), x.clone(), x.view(2, 1), groundup.cat([x, x])]:
        assert type(result) is groundup.Tensor
    assert repr(x) == "Named([1., 2.])"
    assert x.add_(1) is x and type(x) is Named
    x.requires_grad_()
    (x * x).sum().backward()
    assert type(x.grad) is groundup.Tensor and x.grad.tolist() == [4, 6]


def test_copies_of_a_subclass_keep_its_class():
    x = Named([1.0, 2.0])
    x.note = "mine"
    for made in [copy.deepcopy(x), pickle.loads(pickle.dumps(x))]:
        assert type(made) is Named and made.note == "mine" and made.double_sum.item() == 6


# Devices.


def test_the_cpu_is_a_device(lib):
    x = lib.ones(2, device="cpu")
    assert str(x.device) == "cpu" and repr(x.device) == "device(type='cpu')" and x.device.type == "cpu"
    assert x.device == lib.device("cpu") and x.device != "cpu" and not x.is_cuda
    assert x.to("cpu") is x and x.cpu() is x and x.to(lib.device("cpu")) is x
    assert x.to("cpu", lib.float64).dtype == lib.float64
    for make in [
        lambda device: lib.zeros(2, device=device),
        lambda device: lib.full((2,), 1.0, device=device),
        lambda device: lib.tensor([1.0], device=device),
        lambda device: lib.arange(3, device=device),
        lambda device: lib.randn(3, device=device),
        lambda device: lib.zeros_like(x, device=device),
        lambda device: lib.eye(2, device=device),
    ]:
        assert make("cpu").device == make(lib.device("cpu")).device == x.device


@pytest.mark.parametrize("device", ["cuda", "cuda:0", "mps"])
def test_another_device_is_refused(device):
    x = groundup.ones(2)
    for attempt in [
        lambda: groundup.zeros(2, device=device),
        lambda: groundup.tensor([1.0], device=device),
        lambda: groundup.randn(2, device=device),
        lambda: groundup.zeros_like(x, device=device),
        lambda: x.to(device),
    ]:
        with pytest.raises(RuntimeError, match="cpu") as caught:
            attempt()
        assert device.partition(":")[0] in str(caught.value)


def test_a_device_that_does_not_exist_is_refused(lib):
    with pytest.raises(RuntimeError, match="nonsense"):
        lib.zeros(2, device="nonsense")
