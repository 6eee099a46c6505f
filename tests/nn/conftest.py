"""What the tests of `nn` share: pairs of equal tensors here and in PyTorch, and their comparison."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import groundup

TOLERANCE = {"float64": 1e-10, "float32": 2e-5}


class Peer:
    """Makes the same tensors here and in PyTorch, and compares what becomes of them."""

    def __init__(self, torch: Any) -> None:
        torch.set_num_threads(1)
        self.torch = torch
        self.nn = torch.nn
        self.F = torch.nn.functional
        self.random = np.random.default_rng(0)

    def pair(self, *shape: int, dtype: str = "float64", grad: bool = True) -> tuple[Any, Any]:
        """Normal values of this shape as leaves, here and there."""
        return self.both(self.random.standard_normal(shape).astype(dtype), grad)

    def both(self, values: Any, grad: bool = False) -> tuple[Any, Any]:
        """`values` as tensors, here and there."""
        array = np.array(values)
        return groundup.tensor(array, requires_grad=grad), self.torch.tensor(array, requires_grad=grad)

    def same(self, ours: Any, theirs: Any, tolerance: float | None = None) -> None:
        """Both have the same shape, dtype and values."""
        expected = theirs.detach().numpy()
        found = ours.detach().numpy()
        assert found.shape == expected.shape
        assert found.dtype == expected.dtype
        limit = TOLERANCE.get(str(found.dtype), 0.0) if tolerance is None else tolerance
        np.testing.assert_allclose(found, expected, rtol=limit, atol=limit)

    def same_gradients(self, ours: Any, theirs: Any, *leaves: tuple[Any, Any]) -> None:
        """Values agree, and so do the gradients of a weighted sum of them with respect to the leaves."""
        self.same(ours, theirs)
        shape, dtype = tuple(ours.shape), ours.detach().numpy().dtype
        weights, their_weights = self.both(self.random.standard_normal(shape).astype(dtype))
        (ours * weights).sum().backward()
        (theirs * their_weights).sum().backward()
        for leaf, their_leaf in leaves:
            self.same(leaf.grad, their_leaf.grad)

    def copy(self, ours: Any, theirs: Any) -> None:
        """Gives our module the weights of theirs."""
        ours.load_state_dict({key: value.numpy() for key, value in theirs.state_dict().items()})

    def same_module(self, ours: Any, theirs: Any, *inputs: tuple[Any, Any]) -> None:
        """With copied weights, outputs and all gradients agree, in training and in evaluation."""
        self.copy(ours, theirs)
        assert repr(ours) == repr(theirs)
        for mode in (True, False):
            ours.train(mode)
            theirs.train(mode)
            for module in (ours, theirs):
                module.zero_grad()
            for leaf, their_leaf in inputs:
                leaf.grad = their_leaf.grad = None
            leaves = [pair for pair in inputs if pair[0].requires_grad]
            parameters = list(zip(ours.parameters(), theirs.parameters(), strict=True))
            self.same_gradients(ours(*(a for a, _ in inputs)), theirs(*(b for _, b in inputs)), *leaves, *parameters)


@pytest.fixture
def leaf() -> Callable[..., Any]:
    """Makes float64 leaves of normal values, the same in every run, for tests that need no PyTorch."""
    random = np.random.default_rng(1)
    return lambda *shape: groundup.tensor(random.standard_normal(shape), requires_grad=True)


@pytest.fixture
def peer() -> Peer:
    return Peer(pytest.importorskip("torch", reason="the comparison needs PyTorch"))


@pytest.fixture
def raises_alike(peer: Peer) -> Callable[..., str]:
    """Both calls raise one type with one first line, but for the library's name; gives our message."""

    def check(ours: Callable[[], Any], theirs: Callable[[], Any]) -> str:
        with pytest.raises(Exception) as expected:
            theirs()
        with pytest.raises(type(expected.value)) as found:
            ours()
        first = str(expected.value).split("\n")[0].replace("torch.", "groundup.")
        assert str(found.value).split("\n")[0] == first
        return str(found.value)

    return check
