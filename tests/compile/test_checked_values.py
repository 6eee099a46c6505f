"""Functions that check values where they are called: compiled they cannot, and a wrong value is told otherwise."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pytest

import groundup
import groundup.nn.functional as F
from groundup.compile import TraceError

X = groundup.linspace(-1.0, 1.0, 12).reshape(4, 3)
CLASSES = groundup.tensor([0, 2, 1, 2])
LOSSES: dict[str, Callable[[Any], Any]] = {
    "binary_cross_entropy": lambda w: F.binary_cross_entropy(groundup.sigmoid(X * w), (X > 0).float()),
    "gaussian_nll_loss": lambda w: F.gaussian_nll_loss(X * w, X + 1, w.abs() + X.abs()),
    "multi_margin_loss": lambda w: F.multi_margin_loss(X * w, CLASSES),
    "multilabel_margin_loss": lambda w: F.multilabel_margin_loss(X * w, groundup.tensor([[0, -1, 1]] * 4)),
    "one_hot": lambda w: (F.one_hot(CLASSES, 3) * X * w).sum(),
}


@pytest.mark.parametrize("name", LOSSES)
def test_a_loss_that_checks_values_compiles(name: str) -> None:
    def step(w: Any) -> Any:
        loss = LOSSES[name](w)
        return loss, groundup.autograd.grad(loss, w)[0]

    compiled = groundup.compile(step)
    for start in (0.5, 0.7, 0.9):
        w = groundup.full((3,), start, requires_grad=True)
        for found, wanted in zip(compiled(w), step(w), strict=True):
            assert groundup.allclose(found, wanted, rtol=1e-5, atol=1e-6)
    assert len(compiled.entries) == 1


def test_a_wrong_probability_or_variance_is_nan() -> None:
    ones = groundup.ones(2)
    entropy = groundup.compile(lambda p: F.binary_cross_entropy(p, ones))
    normal = groundup.compile(lambda v: F.gaussian_nll_loss(ones, ones, v))
    for _ in range(3):
        assert math.isfinite(entropy(groundup.tensor([0.5, 1.0])).item())
        assert math.isnan(entropy(groundup.tensor([0.5, -0.1])).item())
        assert math.isnan(entropy(groundup.tensor([0.5, 1.1])).item())
        assert math.isfinite(normal(groundup.tensor([0.5, 1.0])).item())
        assert math.isnan(normal(groundup.tensor([0.5, -1.0])).item())


def test_a_wrong_class_raises() -> None:
    margin = groundup.compile(lambda t: F.multi_margin_loss(X, t))
    hot = groundup.compile(lambda t: F.one_hot(t, 3))
    for function in (margin, hot):
        for _ in range(3):
            function(CLASSES)
        for wrong in (3, -1):
            with pytest.raises((IndexError, RuntimeError)):
                function(groundup.tensor([0, wrong, 1, 2]))


def test_a_number_of_classes_that_depends_on_data_is_told() -> None:
    with pytest.raises(TraceError, match="item"):
        groundup.compile(lambda t: F.one_hot(t))(CLASSES)


def test_a_table_has_no_row_before_the_first() -> None:
    pytest.importorskip("llvmlite")
    step = groundup.compile(lambda i: F.embedding(i, groundup.eye(3)))
    with groundup.compile.reading("loops"):
        for _ in range(3):
            step(groundup.tensor([0, 2]))
        with pytest.raises(IndexError, match="index -1 is out of bounds"):
            step(groundup.tensor([0, -1]))
