"""Every rung computes the same network: values, each gradient, and the weights that the next step finds."""

from __future__ import annotations

import functools
import importlib.util
from collections.abc import Callable
from types import ModuleType
from typing import Any

import numpy as np
import pytest

import groundup
from groundup.foundations import gradients, rungs
from groundup.foundations.network import Network, Step, sample
from groundup.foundations.rungs import MATMULS, STEPS, Rung

NAMES = ("w1", "b1", "w2", "b2")
LR = 0.1


def needs(rung: Rung) -> Any:
    without = rung.extra and importlib.util.find_spec("numba") is None
    return pytest.param(rung, id=rung.place, marks=pytest.mark.skipif(without, reason="needs the extra 'compile'"))


def small(m: ModuleType) -> Network:
    return sample(m, rows=11, n_in=7, hidden=5, dtype="float64")


@functools.cache
def by_torch() -> list[tuple[Any, dict[str, Any]]]:
    """Two steps by PyTorch's autograd on the formula itself."""
    torch = pytest.importorskip("torch")
    x, y, *weights = small(torch)
    tensors = dict(zip(("x", *NAMES), (x, *weights)))
    steps = []
    for _ in range(2):
        for each in tensors.values():
            each.grad = None
            each.requires_grad_()
        w1, b1, w2, b2 = weights
        out = torch.relu(x @ w1.T + b1) @ w2.T + b2
        loss = ((out[:, 0] - y) ** 2).mean()
        loss.backward()
        steps.append((loss.item(), {name: each.grad.numpy().copy() for name, each in tensors.items()}))
        with torch.no_grad():
            for weight in weights:
                weight -= LR * weight.grad
    return steps


def by_hand() -> list[tuple[Any, dict[str, Any]]]:
    """The same without PyTorch: the loss in long double NumPy, its gradients by differences."""
    arrays = {k: np.array(v, np.longdouble) for k, v in small(groundup)._asdict().items()}

    def loss() -> Any:
        l2 = np.maximum(arrays["x"] @ arrays["w1"].T + arrays["b1"], 0)
        return np.mean(((l2 @ arrays["w2"].T + arrays["b2"])[:, 0] - arrays["y"]) ** 2)

    steps = []
    for _ in range(2):
        found = {}
        for name in ("x", *NAMES):
            found[name] = np.zeros(arrays[name].shape)
            for place in np.ndindex(arrays[name].shape):
                before, sides = arrays[name][place], []
                for h in (1e-6, -1e-6):
                    arrays[name][place] = before + h
                    sides.append(loss())
                arrays[name][place] = before
                found[name][place] = (sides[0] - sides[1]) / 2e-6
        steps.append((loss(), found))
        for name in NAMES:
            arrays[name] -= LR * found[name]
    return steps


def agree(step: Step, expected: list[tuple[Any, dict[str, Any]]], numbers: Callable[[object], np.ndarray]) -> None:
    for loss, gradients_of in expected:
        own_loss, own = step()
        assert set(NAMES) <= set(own) <= set(gradients_of)
        np.testing.assert_allclose(numbers(own_loss), loss, rtol=1e-9)
        for name, gradient in own.items():
            assert numbers(gradient).shape == gradients_of[name].shape, name
            np.testing.assert_allclose(numbers(gradient), gradients_of[name], rtol=1e-7, atol=1e-9, err_msg=name)


@pytest.mark.parametrize("rung", [needs(rung) for rung in STEPS])
def test_every_rung_of_the_training_step_agrees_with_pytorch(m: ModuleType, rung: Rung, numbers: Any) -> None:
    agree(rung.load("training")(m, small(m), LR), by_torch(), numbers)


@pytest.mark.parametrize("rung", [needs(rung) for rung in STEPS])
def test_every_rung_of_the_training_step_agrees_with_differences(rung: Rung, numbers: Any) -> None:
    agree(rung.load("training")(groundup, small(groundup), LR), by_hand(), numbers)


@pytest.mark.parametrize("rung", [needs(rung) for rung in MATMULS])
def test_the_network_agrees_on_every_rung_of_the_matrix_product(m: ModuleType, rung: Rung, numbers: Any) -> None:
    product = functools.partial(rung.load("matmul"), m)
    agree(gradients.training(m, small(m), LR, product), by_torch(), numbers)


def test_a_wrong_gradient_is_seen(numbers: Any) -> None:
    honest = gradients.training(groundup, small(groundup), LR)

    def wrong() -> tuple[Any, dict[str, Any]]:
        loss, found = honest()
        return loss, found | {"b2": found["b2"] * 1.000001}

    with pytest.raises(AssertionError, match="b2"):
        agree(wrong, by_hand(), numbers)


@pytest.mark.parametrize("rung", [needs(rung) for rung in STEPS])
def test_a_rung_leaves_the_network_that_it_was_given(m: ModuleType, rung: Rung, numbers: Any) -> None:
    network, before = small(m), small(m)
    rung.load("training")(m, network, LR)()
    for own, other in zip(network, before):
        assert np.array_equal(numbers(own), numbers(other))


def test_the_ladder_lists_every_module() -> None:
    assert len({rung.place for rung in (*STEPS, *MATMULS)}) == len(STEPS) + len(MATMULS) == 20
    assert all(rung.lines > 5 for rung in (*STEPS, *MATMULS))


def test_lines_of_code_are_those_that_do_something() -> None:
    source = '"""Text.\n\nMore."""\n# why\n\ndef f(x):\n    """Text."""\n    return """a\nb"""  # why\n'
    assert rungs.code_lines(source) == 3
