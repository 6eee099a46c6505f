"""What is often got wrong when gradients are written by hand, and is right here."""

from __future__ import annotations

import math
from types import ModuleType
from typing import Any

import numpy as np
import pytest

import groundup
from groundup.foundations import convolution, elementwise, forward, gradients, initial, layer_function, layers
from groundup.foundations.function_ctx import functions
from groundup.foundations.modules import Linear, Module, Relu, Sequential
from groundup.foundations.optimizer import SGD


def draw(m: ModuleType, *shape: int) -> Any:
    return m.asarray(np.random.default_rng(math.prod(shape)).standard_normal(shape))


def test_gradients_of_a_tensor_that_is_used_twice_add_up(m: ModuleType, numbers: Any) -> None:
    x, w, b = draw(m, 4, 3), draw(m, 3, 3), draw(m, 3)
    middle = forward.lin(x, w, b)
    out = forward.lin(middle, w, b)  # the same weights again
    out.g = draw(m, 4, 3)
    gradients.lin_grad(middle, w, b, out)
    gradients.lin_grad(x, w, b, middle)
    leaves = [each.clone().requires_grad_() for each in (x, w, b)]
    x2, w2, b2 = leaves
    ((x2 @ w2.T + b2) @ w2.T + b2).backward(out.g)
    for own, other in zip((x, w, b), leaves):
        np.testing.assert_allclose(numbers(own.g), numbers(other.grad), rtol=1e-12)


@pytest.mark.parametrize("room", [layers, layer_function], ids=["layers", "LayerFunction"])
def test_a_layer_that_stands_in_a_model_twice(m: ModuleType, room: Any, numbers: Any) -> None:
    x, y, w, b, last, bias = draw(m, 5, 3), draw(m, 5), draw(m, 3, 3), draw(m, 3), draw(m, 1, 3), draw(m, 1)
    shared, relu = room.Lin(w, b), room.Relu()
    model = room.Model([shared, relu, shared, relu, room.Lin(last, bias)], room.Mse())
    loss = model(x, y)
    model.backward()
    leaves = [each.clone().requires_grad_() for each in (x, w, b)]
    x2, w2, b2 = leaves
    hidden = m.relu(m.relu(x2 @ w2.T + b2) @ w2.T + b2)
    other = (((hidden @ last.T + bias)[:, 0] - y) ** 2).mean()
    other.backward()
    np.testing.assert_allclose(numbers(loss), numbers(other), rtol=1e-12)
    for own, leaf in zip((x, w, b), leaves):
        np.testing.assert_allclose(numbers(own.g), numbers(leaf.grad), rtol=1e-12)


def test_relu_selects_the_gradient(m: ModuleType, numbers: Any) -> None:
    x = m.asarray(np.array([-1.0, 0.0, 1.0]))
    out = forward.relu(x)
    out.g = m.asarray(np.array([np.inf, np.nan, 2.0]))
    gradients.relu_grad(x, out)
    assert numbers(x.g).tolist() == [0.0, 0.0, 2.0]


def test_the_loss_of_one_example(m: ModuleType) -> None:
    out, y = m.ones(1, 1), m.zeros(1)
    assert float(forward.mse(out, y)) == 1.0
    gradients.mse_grad(out, y)
    assert tuple(out.g.shape) == (1, 1) and float(out.g) == 2.0


@pytest.mark.parametrize(("out", "y"), [((3, 1), (3, 1)), ((3,), (3,)), ((3, 2), (3,)), ((3, 1), (2,))])
def test_shapes_that_would_broadcast_in_silence(m: ModuleType, out: Any, y: Any) -> None:
    for each in (forward.mse, gradients.mse_grad, functions(m).mse, layers.Mse(), layer_function.Mse()):
        with pytest.raises(RuntimeError, match=r"an output of shape \(n, 1\) and targets of shape \(n,\)"):
            each(m.zeros(out), m.zeros(y))


@pytest.mark.parametrize(("height", "width", "stride"), [(3, 3, 1), (2, 3, 2), (1, 1, 1), (5, 6, 1), (2, 2, 3)])
def test_convolution_and_its_gradients(m: ModuleType, height: int, width: int, stride: int, numbers: Any) -> None:
    torch = pytest.importorskip("torch")
    tensors = draw(m, 2, 3, 5, 6), draw(m, 4, 3, height, width), draw(m, 4)
    out = convolution.conv2d(m, *tensors, stride)
    out.g = draw(m, *out.shape)
    convolution.conv2d_grad(m, *tensors, out, stride)
    leaves = [torch.tensor(numbers(each)).requires_grad_() for each in tensors]
    expected = torch.nn.functional.conv2d(*leaves, stride=stride)
    expected.backward(torch.tensor(numbers(out.g)))
    np.testing.assert_allclose(numbers(out), numbers(expected), rtol=1e-10, atol=1e-12)
    for own, leaf in zip(tensors, leaves):
        np.testing.assert_allclose(numbers(own.g), numbers(leaf.grad), rtol=1e-10, atol=1e-12)


def test_functions_pass_the_check_by_differences(m: ModuleType) -> None:
    f = functions(m)
    x, w, b = (draw(m, *shape).requires_grad_() for shape in ((4, 3), (1, 3), (1,)))
    y = draw(m, 4)
    assert m.autograd.gradcheck(lambda x, w, b: f.mse(f.relu(f.lin(x, w, b)), y), (x, w, b))


def test_a_module_finds_its_parameters(m: ModuleType) -> None:
    class Net(Module):
        def __init__(self) -> None:
            self.shared = Linear(m, 3, 3)
            self.body = Sequential(self.shared, Relu(m), Linear(m, 3, 1))
            self.note = "no parameter"

        def forward(self, x: Any) -> Any:
            return self.body(self.shared(x))

    net = Net()
    names = ["shared.weight", "shared.bias", "body.2.weight", "body.2.bias"]
    assert [name for name, _ in net.named_parameters()] == names
    assert len(list(net.parameters())) == 4
    net(m.ones(2, 3)).sum().backward()
    assert all(parameter.grad is not None for parameter in net.parameters())
    net.shared = None
    assert [name for name, _ in net.named_parameters()][:2] == ["body.0.weight", "body.0.bias"]


@pytest.mark.parametrize("momentum", [0.0, 0.9])
def test_the_optimiser_moves_as_pytorchs(m: ModuleType, momentum: float, numbers: Any) -> None:
    own, theirs = (m.ones(3).requires_grad_() for _ in range(2))
    pairs = ((own, SGD(m, [own], 0.1, momentum)), (theirs, m.optim.SGD([theirs], lr=0.1, momentum=momentum)))
    for _ in range(4):
        for tensor, optimizer in pairs:
            optimizer.zero_grad()
            (tensor**3).sum().backward()
            optimizer.step()
    np.testing.assert_allclose(numbers(own), numbers(theirs), rtol=1e-6)


def test_what_the_rules_for_weights_keep() -> None:
    groundup.manual_seed(1)
    relu = linear = groundup.randn(1000, 400)
    for _ in range(8):
        relu = forward.relu(relu @ (groundup.randn(400, 400) * initial.kaiming(400)).T)
        linear = linear @ (groundup.randn(400, 400) * initial.lecun(400)).T
    rms = elementwise.rms(relu).item()
    assert 0.85 < rms < 1.15 and 0.85 < elementwise.rms(linear).item() < 1.15
    # Not the standard deviation: of numbers that are never negative it is smaller.
    assert elementwise.std(relu).item() / rms == pytest.approx(math.sqrt(1 - 1 / math.pi), abs=0.04)
    assert initial.xavier(300, 300) == pytest.approx(initial.lecun(300))
    weight = groundup.nn.Linear(400, 3000).weight
    assert weight.abs().max().item() == pytest.approx(initial.linear_bound(400), rel=1e-3)
    assert elementwise.std(weight.detach()).item() == pytest.approx(initial.lecun(400) / math.sqrt(3), rel=1e-2)
