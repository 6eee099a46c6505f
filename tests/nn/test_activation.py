"""Activation layers and functions beside PyTorch's where the tables do not reach: in place, repr, chance, refusals."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import groundup
from groundup import nn
from groundup.nn import functional as F

IN_PLACE: dict[str, tuple[Any, ...]] = {
    "relu": (), "relu6": (), "leaky_relu": (0.2,), "elu": (0.7,), "celu": (2.0,), "selu": (), "silu": (), "mish": (),
    "hardtanh": (-0.5, 0.6), "hardswish": (), "threshold": (0.3, 2.0), "rrelu": (0.1, 0.3, False),
}  # fmt: skip


@pytest.mark.parametrize("name", IN_PLACE)
def test_in_place(name: str) -> None:
    torch = pytest.importorskip("torch")
    values = np.random.default_rng(0).normal(0, 2, (3, 4))
    found = []
    for t in (groundup, torch):
        leaf = t.tensor(values, requires_grad=True)
        x = leaf * 1
        result = getattr(t.nn.functional, name)(x, *IN_PLACE[name], inplace=True)
        assert result is x
        (x * t.arange(12, dtype=t.float64).reshape(3, 4)).sum().backward()
        found.append((x.detach().numpy(), leaf.grad.numpy()))
    for ours, theirs in zip(*found, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-12, atol=1e-14)


def test_the_names_with_an_underscore_overwrite() -> None:
    for name in ("relu", "leaky_relu", "rrelu", "elu", "celu", "selu", "hardtanh", "threshold"):
        x = groundup.tensor([-3.0, 0.5, 4.0])
        expected = getattr(F, name)(x, *IN_PLACE[name])
        assert getattr(F, f"{name}_")(x, *IN_PLACE[name]) is x
        assert groundup.equal(x, expected)


SETTINGS: dict[str, tuple[Any, ...]] = {
    "CELU": (2.0, True), "ELU": (0.5,), "GELU": ("tanh",), "GLU": (1,), "Hardshrink": (0.3,), "Hardsigmoid": (),
    "Hardswish": (), "Hardtanh": (-2, 3, True), "LeakyReLU": (0.2, True), "LogSigmoid": (), "LogSoftmax": (1,),
    "Mish": (True,), "PReLU": (3,), "RReLU": (0.1, 0.2, True), "ReLU": (True,), "ReLU6": (True,), "SELU": (True,),
    "SiLU": (), "Sigmoid": (), "Softmax": (1,), "Softmax2d": (), "Softmin": (1,), "Softplus": (2.0,),
    "Softshrink": (0.3,), "Softsign": (), "Tanh": (), "Tanhshrink": (), "Threshold": (0.1, 20.0, True),
}  # fmt: skip


@pytest.mark.parametrize("name", SETTINGS)
def test_a_layer_is_printed_as_in_pytorch(name: str) -> None:
    torch = pytest.importorskip("torch")
    assert repr(getattr(nn, name)(*SETTINGS[name])) == repr(getattr(torch.nn, name)(*SETTINGS[name]))


def test_every_activation_layer_is_tried() -> None:
    from groundup.nn import activation

    assert set(SETTINGS) == set(activation.__all__)


def test_prelu_learns_its_weight() -> None:
    layer = nn.PReLU(2)
    assert list(layer.state_dict()) == ["weight"]
    layer(groundup.tensor([[-1.0, 3.0], [-2.0, -4.0]])).sum().backward()
    assert layer.weight.grad is not None
    assert layer.weight.grad.tolist() == [-3.0, -4.0]


def test_rrelu_draws_slopes_in_training_alone() -> None:
    groundup.manual_seed(0)
    x = groundup.full((1000,), -1.0, requires_grad=True)
    layer = nn.RReLU(0.2, 0.4)
    y = layer(x)
    assert -0.4 <= y.min().item() < -0.39 and -0.21 < y.max().item() <= -0.2
    y.sum().backward()
    assert x.grad is not None and groundup.equal(x.grad, -y.detach())
    assert layer.eval()(x).unique().tolist() == pytest.approx([-0.3])


def test_gumbel_softmax_chooses_with_the_chances_of_softmax() -> None:
    groundup.manual_seed(0)
    logits = groundup.tensor([0.0, 1.0, 2.0], dtype=groundup.float64, requires_grad=True)
    draws = F.gumbel_softmax(logits.expand(20_000, 3), hard=True)
    assert set(draws.flatten().tolist()) == {0.0, 1.0} and (draws.sum(1) == 1).all()
    np.testing.assert_allclose(draws.mean(0).tolist(), F.softmax(logits, 0).tolist(), atol=0.015)
    soft = F.gumbel_softmax(logits.expand(10, 3), tau=0.5)
    np.testing.assert_allclose(soft.sum(1).tolist(), 1, rtol=1e-12)
    (draws[:, 0].sum() + soft[:, 0].sum()).backward()
    assert logits.grad is not None and (logits.grad != 0).all()


@pytest.mark.parametrize(
    ("call", "kind", "says"),
    [
        (lambda: F.prelu(groundup.ones(2, 3), groundup.ones(2)), RuntimeError, "numbers = 2 and channel size = 3"),
        (lambda: F.prelu(groundup.ones(2, 3), groundup.ones(1, 1)), RuntimeError, "scalar or 1D tensor"),
        (lambda: F.glu(groundup.ones(3)), RuntimeError, "Halving dimension must be even, but dimension 0 is size 3"),
        (lambda: F.glu(groundup.tensor(1.0)), RuntimeError, "glu does not support scalars"),
        (lambda: F.softshrink(groundup.ones(2), -1), RuntimeError, "lambda must be in range"),
        (lambda: F.celu(groundup.ones(2), 0), RuntimeError, "alpha cannot be 0"),
        (lambda: F.hardtanh(groundup.ones(2), 1, -1), ValueError, "min_val cannot be greater than max_val"),
        (lambda: nn.Hardtanh(1, -1), ValueError, "must be greater than min_val"),
        (lambda: F.rrelu(groundup.ones(2), 0.3, 0.1), RuntimeError, "Lower bound should be less"),
        (lambda: nn.Softmax2d()(groundup.ones(2)), ValueError, "expected input to be 3D or 4D, got 1D"),
        (lambda: F.silu(groundup.ones(2, dtype=groundup.int64)), NotImplementedError, "silu_cpu.*'Long'"),
        (lambda: F.hardshrink(groundup.ones(2, dtype=groundup.int64)), NotImplementedError, "hardshrink_cpu.*'Long'"),
    ],
)  # fmt: skip
def test_refusals(call: Any, kind: type[Exception], says: str) -> None:
    with pytest.raises(kind, match=says):
        call()
