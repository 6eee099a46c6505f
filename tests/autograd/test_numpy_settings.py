"""The user's settings of NumPy's floating-point errors neither reach into groundup nor are touched by it."""

from __future__ import annotations

import numpy as np
import pytest

import groundup
from groundup.autograd.state import LOCAL

INF = float("inf")


@pytest.fixture(autouse=True)
def raising():
    with np.errstate(all="raise"):
        yield
        assert set(np.geterr().values()) == {"raise"}
        with pytest.raises(FloatingPointError):
            np.float32(1) / np.float32(0)


def huge(**options):
    return groundup.tensor([1e300, 1e-320], dtype=groundup.float64, **options)


CONVERSIONS = {
    "tensor": lambda: groundup.tensor([1e300, 1e-320]),
    "a number": lambda: groundup.stack([groundup.tensor(1e300), groundup.tensor(1e-320)]),
    "of an array": lambda: groundup.tensor(np.array([1e300, 1e-320]), dtype=groundup.float32),
    "float": lambda: huge().float(),
    "a 0-d tensor": lambda: groundup.minimum(
        groundup.tensor([INF, 0.0]), groundup.tensor(1e300, dtype=groundup.float64)
    ),
    "add_": lambda: groundup.zeros(2).add_(huge()),
    "copy_": lambda: groundup.zeros(2).copy_(huge()),
    "setitem": lambda: _with(groundup.zeros(2), huge()),
    "setitem of an array": lambda: _with(groundup.zeros(2), np.array([1e300, 1e-320])),
}


def _with(x, values):
    x[:] = values
    return x


@pytest.mark.parametrize("name", CONVERSIONS)
def test_conversions_overflow_to_infinity(name):
    assert CONVERSIONS[name]().tolist() == [INF, 0.0]


def test_gradients_overflow_to_infinity():
    x = groundup.ones(2, requires_grad=True)
    (x.double() * huge()).sum().backward()
    assert x.grad.tolist() == [INF, 0.0]
    (x.double() * -huge()).sum().backward()
    assert np.isnan(x.grad.tolist()[0])


def test_roots_that_meet_add_up():
    x = groundup.ones(1, requires_grad=True)
    y = x * 1
    groundup.autograd.backward([y, y], [groundup.tensor([INF]), groundup.tensor([-INF])])
    assert np.isnan(x.grad.item())


MOVES = {
    "index": lambda x: x[groundup.tensor([0, 0])],
    "gather": lambda x: x.gather(0, groundup.tensor([0, 0])),
    "scatter_add": lambda x: x.scatter_add(0, groundup.tensor([0, 0]), x),
    "unfold": lambda x: x.unfold(0, 2, 1) * 3e38,
    "embedding": lambda x: groundup.nn.functional.embedding(groundup.tensor([0, 0]), x[:, None]),
}


@pytest.mark.parametrize("create_graph", [False, True])
@pytest.mark.parametrize("name", MOVES)
def test_what_moves_numbers_adds_them_too(name, create_graph):
    x = groundup.tensor([3e38, 3e38, 3e38], requires_grad=True)
    (g,) = groundup.autograd.grad((MOVES[name](x) * 3e38).sum(), x, create_graph=create_graph)
    assert g.tolist()[0] == INF


def test_comparing_and_printing():
    x = groundup.tensor([1e-40, 3e38])
    assert groundup.allclose(x, x)
    assert repr(x) == "tensor([9.9999e-41, 3.0000e+38])"


NUMBERS = {
    "full": lambda lib, x, value: lib.full((2,), value),
    "full_like": lambda lib, x, value: lib.full_like(x, value),
    "fill_": lambda lib, x, value: x.fill_(value),
    "setitem": lambda lib, x, value: x.__setitem__(0, value),
    "masked_fill": lambda lib, x, value: x.masked_fill(x == 0, value),
    "masked_fill_": lambda lib, x, value: x.masked_fill_(x == 0, value),
}


@pytest.mark.parametrize("library", ["groundup", "torch"])
@pytest.mark.parametrize("name", NUMBERS)
def test_a_number_that_cannot_be_held_is_refused(library, name):
    lib = pytest.importorskip(library)
    with pytest.raises(RuntimeError, match=r"value cannot be converted to type .* without overflow"):
        NUMBERS[name](lib, lib.zeros(2), 1e300)
    NUMBERS[name](lib, lib.zeros(2), -INF)


def test_fill_takes_one_value():
    with pytest.raises(RuntimeError, match="fill_ only supports 0-dimension value tensor but got tensor with 1 dim"):
        groundup.zeros(2).fill_(groundup.ones(2))


@pytest.mark.parametrize("create_graph", [False, True])
def test_everything_works_from_within_an_operation(create_graph):
    """As in a finaliser or a signal handler that runs while NumPy is at work."""

    def compute():
        x = groundup.tensor([2.0, 1e300], requires_grad=True)
        y = x.clone()
        y.mul_(3)
        y.clamp_min_(0.0)
        y[0] = y[0] * 2
        (g,) = groundup.autograd.grad((y * y / 0.0).sum(), x, create_graph=create_graph)
        y.detach().add_(groundup.tensor([1.0, 1.0], dtype=groundup.float64)).softmax(0)
        return g.tolist()

    assert LOCAL.state.run(compute) == compute() == [INF, INF]
