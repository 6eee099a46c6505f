"""Changes in place that would spoil a gradient raise, as in PyTorch, and say what was changed and where."""

from __future__ import annotations

import numpy as np
import pytest

import groundup

MODIFIED = "one of the variables needed for gradient computation has been modified by an inplace operation"


@pytest.fixture(params=["groundup", "torch"])
def lib(request):
    return groundup if request.param == "groundup" else pytest.importorskip("torch")


def leaf(lib, *shape):
    values = np.random.RandomState(0).uniform(0.5, 2.0, shape or (2, 3))
    return lib.from_numpy(values).requires_grad_()


def gradient(lib, program, *shape):
    x = leaf(lib, *shape)
    program(lib, x).sum().backward()
    return x.grad.numpy()


# Every way to spoil a value that backward needs.

SAVES_ITS_RESULT = {
    "exp": lambda lib, x: x.exp(),
    "tanh": lambda lib, x: x.tanh(),
    "sigmoid": lambda lib, x: x.sigmoid(),
    "sqrt": lambda lib, x: x.sqrt(),
    "relu": lambda lib, x: x.relu(),
    "softmax": lambda lib, x: x.softmax(-1),
    "log_softmax": lambda lib, x: x.log_softmax(-1),
    "reciprocal": lambda lib, x: x.reciprocal(),
}
SAVES_ITS_INPUT = {
    "log": lambda lib, h: h.log(),
    "sin": lambda lib, h: h.sin(),
    "square": lambda lib, h: h.square(),
    "pow": lambda lib, h: h**3,
    "mul": lambda lib, h: h * h,
    "div": lambda lib, h: h.detach().clone() / h,
    "abs": lambda lib, h: h.abs(),
    "clamp": lambda lib, h: h.clamp(0.7, 1.5),
    "matmul": lambda lib, h: h @ h.t(),
    "einsum": lambda lib, h: lib.einsum("ij,ij->i", h, h),
    "max": lambda lib, h: lib.maximum(h, h.flip(0)),
    "prod": lambda lib, h: h.prod(),
    "std": lambda lib, h: h.std(),
}
CHANGES = {
    "add_": lambda h: h.add_(1),
    "mul_": lambda h: h.mul_(2),
    "+=": lambda h: h.__iadd__(1),
    "zero_": lambda h: h.zero_(),
    "fill_": lambda h: h.fill_(0.3),
    "copy_": lambda h: h.copy_(h * 2),
    "clamp_": lambda h: h.clamp_(0.7, 1.0),
    "exp_": lambda h: h.exp_(),
    "normal_": lambda h: h.normal_(),
    "h[...] =": lambda h: h.__setitem__(..., 0.5),
    "h[0, 1] =": lambda h: h.__setitem__((0, 1), 0.5),
    "h[mask] =": lambda h: h.__setitem__(h > 1, 0.5),
    "h[list] =": lambda h: h.__setitem__([0], 0.5),
    "view": lambda h: h.view(-1).mul_(2),
    "row": lambda h: h[1].mul_(2),
    "transpose": lambda h: h.t()[0].mul_(2),
    "detach": lambda h: h.detach().mul_(2),
    "no_grad": lambda h: h.detach().view(-1)[0].zero_(),
}


@pytest.mark.parametrize("name", SAVES_ITS_RESULT)
def test_a_saved_result_that_changed_is_noticed(lib, name):
    def program(lib, x):
        y = SAVES_ITS_RESULT[name](lib, x)
        y.mul_(2)
        return y

    with pytest.raises(RuntimeError, match=MODIFIED):
        gradient(lib, program)


@pytest.mark.parametrize("name", SAVES_ITS_INPUT)
def test_a_saved_input_that_changed_is_noticed(lib, name):
    def program(lib, x):
        h = x * 1
        y = SAVES_ITS_INPUT[name](lib, h)
        h.mul_(2)
        return y

    with pytest.raises(RuntimeError, match=MODIFIED):
        gradient(lib, program)


@pytest.mark.parametrize("name", CHANGES)
def test_every_kind_of_change_is_noticed(lib, name):
    def program(lib, x):
        h = x * 1
        y = h.log()
        CHANGES[name](h)
        return y

    with pytest.raises(RuntimeError, match=MODIFIED):
        gradient(lib, program)


def test_a_saved_parameter_that_a_step_changed_is_noticed(lib):
    x, w = lib.ones(4, 2, dtype=lib.float64), leaf(lib)
    loss = ((x @ w).tanh() @ w.t()).sum()
    with lib.no_grad():
        w -= 0.1
    with pytest.raises(RuntimeError, match=MODIFIED):
        loss.backward()


def test_a_saved_mask_or_index_that_changed_is_noticed(lib):
    mask = lib.tensor([True, False, True])
    y = lib.where(mask, leaf(lib), leaf(lib) * 2)
    mask.logical_not_()
    with pytest.raises(RuntimeError, match=MODIFIED):
        y.sum().backward()
    index = lib.tensor([0, 1])
    y = leaf(lib)[:, index]
    index.fill_(0)
    with pytest.raises(RuntimeError, match=MODIFIED):
        y.sum().backward()


def test_the_error_names_both_operations():
    x = leaf(groundup)
    y = x.exp()
    y.mul_(2)
    with pytest.raises(RuntimeError, match=MODIFIED) as caught:
        y.sum().backward()
    text = str(caught.value)
    assert "mul_" in text and "exp" in text.lower() and "test_inplace_safety.py" in text


# What is refused at once.


@pytest.mark.parametrize("name", sorted(CHANGES.keys() - {"detach", "no_grad"}))
def test_a_leaf_is_not_changed_under_the_tape(lib, name):
    x = leaf(lib)
    before = x.tolist()
    with pytest.raises(RuntimeError, match="leaf Variable that requires grad is being used in an in-place operation"):
        CHANGES[name](x)
    assert x.tolist() == before
    with lib.no_grad():
        CHANGES[name](x)
    assert x.tolist() != before and x.requires_grad and x.is_leaf


def test_stretched_memory_is_not_written(lib):
    stretched = lib.ones(3).expand(2, 3)
    for write in [
        lambda: stretched.add_(1),
        lambda: stretched.mul_(2),
        lambda: stretched.copy_(lib.zeros(2, 3)),
    ]:
        with pytest.raises(RuntimeError, match="more than one element of the written-to tensor refers to a single"):
            write()
    assert stretched.tolist() == [[1, 1, 1], [1, 1, 1]]


def test_an_in_place_result_must_fit(lib):
    x = lib.ones(3)
    with pytest.raises(RuntimeError, match="doesn't match the broadcast shape"):
        x.add_(lib.ones(2, 3))
    with pytest.raises(RuntimeError, match="can't be cast"):
        lib.tensor([1, 2]).add_(0.5)
    assert lib.tensor([1, 2]).add_(lib.tensor([1, 2], dtype=lib.int32)).tolist() == [2, 4]
    x += 1
    assert x.tolist() == [2, 2, 2] and x.dtype == lib.float32


def test_versions_count_writes_to_a_storage(lib):
    x = lib.zeros(4)
    view = x[1:]
    start = x._version
    x.add_(1)
    view.mul_(2)
    x[0] = 3
    assert x._version == view._version == x.detach()._version == start + 3
    assert x.clone()._version == 0
