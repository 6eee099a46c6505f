"""A tensor beside NumPy: arrays, operators with arrays, DLPack, devices, and subclasses.

The fixture ``lib`` is groundup and, where it is installed, PyTorch: what is claimed of both is PyTorch's
behaviour, and no belief about it.
"""

from __future__ import annotations

import copy
import gc
import operator
import pickle

import numpy as np
import pytest

import groundup


@pytest.fixture(params=["groundup", "torch"])
def lib(request):
    return groundup if request.param == "groundup" else pytest.importorskip("torch")


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
