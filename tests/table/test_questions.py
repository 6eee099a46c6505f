"""The questions about tensors (closeness, equality, kinds, result types) beside PyTorch's answers."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest

import groundup

VALUES = [1.0, 1.0 + 1e-9, 1.0 + 1e-6, 1.001, -1.0, 0.0, 1e-9, float("inf"), -float("inf"), float("nan")]


@pytest.mark.parametrize("equal_nan", [False, True])
@pytest.mark.parametrize(("rtol", "atol"), [(1e-5, 1e-8), (0.0, 0.0), (1e-3, 0.0), (0.0, 1e-2)])
def test_isclose(rtol: float, atol: float, equal_nan: bool) -> None:
    torch = pytest.importorskip("torch")
    a, b = (np.array(column) for column in zip(*itertools.product(VALUES, VALUES)))
    found = groundup.isclose(groundup.tensor(a), groundup.tensor(b), rtol, atol, equal_nan)
    wanted = torch.isclose(torch.tensor(a), torch.tensor(b), rtol, atol, equal_nan)
    assert found.tolist() == wanted.tolist()
    for x, y in zip(a[:50], b[:50]):
        pair = groundup.tensor([x, 1.0]), groundup.tensor([y, 1.0])
        assert groundup.allclose(*pair) == bool(groundup.isclose(*pair).all())


def test_isclose_of_integers_and_shapes() -> None:
    assert groundup.isclose(groundup.tensor([1, 2]), groundup.tensor([1, 3])).tolist() == [True, False]
    assert groundup.isclose(groundup.ones(2, 1), groundup.ones(3)).shape == (2, 3)
    with pytest.raises(RuntimeError, match="The size of tensor a"):
        groundup.isclose(groundup.ones(2), groundup.ones(3))
    with pytest.raises(RuntimeError, match="Float did not match Double"):
        groundup.allclose(groundup.ones(2), groundup.ones(2).double())


def test_equal() -> None:
    a = groundup.tensor([1.0, 2.0])
    assert groundup.equal(a, groundup.tensor([1.0, 2.0]))
    assert not groundup.equal(a, groundup.tensor([1.0, 3.0]))
    assert not groundup.equal(a, groundup.tensor([[1.0, 2.0]]))
    assert not groundup.equal(a, groundup.tensor([1.0, float("nan")]))
    with pytest.raises(TypeError, match="must be Tensor, not list"):
        groundup.equal(a, [1.0, 2.0])


def test_kinds_and_counts() -> None:
    assert groundup.is_tensor(groundup.ones(1))
    assert not groundup.is_tensor(np.ones(1))
    assert groundup.is_floating_point(groundup.ones(1).half())
    assert not groundup.is_floating_point(groundup.tensor([1]))
    assert (groundup.numel(groundup.ones(2, 3)), groundup.numel(groundup.ones(0, 3))) == (6, 0)


def test_result_type_is_pytorchs() -> None:
    torch = pytest.importorskip("torch")
    names = ("bool", "uint8", "int8", "int32", "int64", "float16", "float32", "float64")

    def operands(t: Any) -> list[Any]:
        made = [t.tensor(value, dtype=getattr(t, name)) for name in names for value in (1, [1, 1])]
        return [*made, True, 3, 2.5]

    for ours, theirs in zip(
        itertools.product(operands(groundup), repeat=2), itertools.product(operands(torch), repeat=2)
    ):
        found, wanted = groundup.result_type(*ours), torch.result_type(*theirs)
        assert str(found).partition(".")[2] == str(wanted).partition(".")[2], theirs
