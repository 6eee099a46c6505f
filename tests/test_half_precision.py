"""float16 and bfloat16 store numbers: every row computes in float32, and answers in the promised type."""

from __future__ import annotations

import copy
import pickle
import subprocess
import sys
from importlib.util import find_spec
from typing import Any

import numpy as np
import pytest

import groundup

HALVES = ["float16", pytest.param("bfloat16", marks=pytest.mark.skipif(not find_spec("ml_dtypes"), reason="ml_dtypes"))]
with_ml_dtypes = pytest.mark.skipif(not find_spec("ml_dtypes"), reason="ml_dtypes is not installed")


def made(library: Any, kind: str, *shape: int, grad: bool = False) -> Any:
    values = np.random.default_rng(sum(shape)).standard_normal(shape).astype(np.float32)
    return library.tensor(values.tolist(), dtype=getattr(library, kind), requires_grad=grad)


STEPS = {
    "a gelu": lambda t, x, w: t.nn.functional.gelu(x),
    "a softmax": lambda t, x, w: t.softmax(x, -1),
    "a layer": lambda t, x, w: t.nn.functional.linear(x, w).relu(),
    "a mean square": lambda t, x, w: ((x @ w.t()) ** 2).mean(),
    "a variance": lambda t, x, w: x.var(0),
    "a long sum": lambda t, x, w: (x[:1] * 0 + 1).expand(5000, 64).sum(0),
    "numbers": lambda t, x, w: (2.5 * x - 1) / 3,
    "rows chosen": lambda t, x, w: x[[0, 0, 2]] * x[1],
    "views": lambda t, x, w: x.t().reshape(-1, 4)[::2].exp(),
    "a clamp": lambda t, x, w: x.clamp(-0.5, 0.5).abs(),
    "with float32": lambda t, x, w: x * t.ones(64),
}


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("kind", HALVES)
def test_values_and_gradients_are_pytorchs(kind: str, step: str) -> None:
    """To two units in the last place: PyTorch adds in another order."""
    torch = pytest.importorskip("torch")
    found = []
    for library in (groundup, torch):
        x, w = made(library, kind, 12, 64, grad=True), made(library, kind, 8, 64, grad=True)
        y = STEPS[step](library, x, w)
        y.float().sum().backward()
        grads = [each.grad for each in (x, w) if each.grad is not None]
        found.append([y.detach(), *grads])
    ulp = float(getattr(torch, kind) and torch.finfo(getattr(torch, kind)).eps)
    for ours, theirs in zip(*found, strict=True):
        assert str(ours.dtype).partition(".")[2] == str(theirs.dtype).partition(".")[2]
        a, b = np.asarray(ours.float()), theirs.float().numpy()
        assert np.allclose(a, b, rtol=2 * ulp, atol=2 * ulp * float(np.abs(b).max()))


@pytest.mark.parametrize("kind", HALVES)
def test_a_row_rounds_once(kind: str) -> None:
    """The value of the formula in float32, rounded: not a formula of rounded steps."""
    x = made(groundup, kind, 100)
    wanted = groundup.nn.functional.gelu(x.float()).to(x.dtype)
    assert groundup.equal(groundup.nn.functional.gelu(x), wanted)


@pytest.mark.parametrize("kind", HALVES)
def test_changes_in_place_keep_the_type(kind: str) -> None:
    x = made(groundup, kind, 3, 4)
    before = x.float()
    x.mul_(2.5).add_(groundup.ones(4)).clamp_(min=0)
    x[0] = 7
    assert x.dtype == getattr(groundup, kind)
    wanted = (before * 2.5).to(x.dtype).float().add(1).to(x.dtype).clamp(min=0)
    assert groundup.equal(x[1:], wanted[1:])
    assert x[0].tolist() == [7.0] * 4


@pytest.mark.parametrize("kind", HALVES)
def test_in_place_gradients(kind: str) -> None:
    torch = pytest.importorskip("torch")
    grads = []
    for library in (groundup, torch):
        x = made(library, kind, 6, grad=True)
        y = x * 1
        y[1:4].mul_(x[:3]).add_(1)
        y.sum().backward()
        grads.append(np.asarray(x.grad.float()))
    assert np.allclose(*grads, rtol=0.01)


@pytest.mark.parametrize("kind", HALVES)
def test_second_derivatives(kind: str) -> None:
    x = groundup.tensor([0.5, 1.5], dtype=getattr(groundup, kind), requires_grad=True)
    (first,) = groundup.autograd.grad((x**3).sum(), x, create_graph=True)
    (second,) = groundup.autograd.grad(first.sum(), x)
    assert second.dtype == x.dtype
    assert second.tolist() == [3.0, 9.0]


@pytest.mark.parametrize("kind", HALVES)
def test_a_layer_trains_and_keeps_its_type(kind: str) -> None:
    groundup.manual_seed(0)
    model = groundup.nn.Sequential(groundup.nn.Linear(4, 8), groundup.nn.Tanh(), groundup.nn.Linear(8, 1))
    model.to(getattr(groundup, kind))
    optimizer = groundup.optim.SGD(model.parameters(), lr=0.05)
    x, y = made(groundup, kind, 16, 4), made(groundup, kind, 16, 1)
    losses = []
    for _ in range(30):
        optimizer.zero_grad()
        loss = groundup.nn.functional.mse_loss(model(x), y)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < 0.9 * losses[0]
    assert {p.dtype for p in model.parameters()} == {getattr(groundup, kind)} == {loss.dtype}


@with_ml_dtypes
def test_bfloat16_is_a_tensor_like_any_other() -> None:
    import ml_dtypes

    x = groundup.tensor([1.0, 2.5, -3.25], dtype=groundup.bfloat16)
    assert repr(x) == "tensor([ 1.0000,  2.5000, -3.2500], dtype=groundup.bfloat16)"
    assert repr(x.storage()).endswith("[groundup.BFloat16Storage of size 3]")
    assert (x.element_size(), x.is_floating_point(), x.type()) == (2, True, "groundup.BFloat16Tensor")
    assert x.tolist() == [1.0, 2.5, -3.25]
    assert groundup.equal(pickle.loads(pickle.dumps(x)), x)
    assert groundup.equal(copy.deepcopy(x), x)
    assert groundup.from_numpy(np.ones(2, ml_dtypes.bfloat16)).dtype == groundup.bfloat16
    assert groundup.zeros(2, dtype=groundup.bfloat16).long().dtype == groundup.int64
    assert float(groundup.bfloat16.limits.max) == pytest.approx(3.39e38, rel=0.01)
    assert x.new_zeros(2).dtype == groundup.bfloat16


@with_ml_dtypes
def test_a_number_too_large_is_refused() -> None:
    x = groundup.zeros(2, dtype=groundup.bfloat16)
    x.fill_(1e38)
    with pytest.raises(RuntimeError, match="value cannot be converted to type bfloat16 without overflow"):
        x.fill_(1e39)


def test_without_ml_dtypes_the_extra_is_named() -> None:
    code = (
        "import sys; sys.modules['ml_dtypes'] = None\n"
        "import groundup\n"
        "groundup.ones(2).half()\n"
        "try: groundup.ones(2).bfloat16()\n"
        "except ImportError as error: print(error)"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert 'pip install "groundup[bfloat16]"' in found


def test_ml_dtypes_is_not_loaded_before_it_is_wanted() -> None:
    code = "import sys, groundup; groundup.ones(2).half().float(); print('ml_dtypes' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout.strip() == "False"
