"""Losses: PyTorch's values, gradients and errors over a grid of options; shapes that must not broadcast."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import groundup
from groundup import autograd, nn
from groundup.nn import functional as F

REDUCTIONS = ("none", "mean", "sum")
SHAPES = ((4, 3), (3,), (2, 3, 5), (2, 3, 2, 2))  # with the classes in dimension 1, or 0 of a single example


def labels(peer: Any, shape: tuple[int, ...], classes: int = 3) -> tuple[Any, Any]:
    size = shape[:1] + shape[2:] if len(shape) > 1 else ()
    return peer.both(peer.random.integers(0, classes, size))


@pytest.mark.parametrize("reduction", REDUCTIONS)
@pytest.mark.parametrize("smoothing", [0.0, 0.1, 1.0])
@pytest.mark.parametrize("ignore", [-100, 1])
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_cross_entropy_of_indices(
    peer: Any, shape: tuple[int, ...], weighted: bool, ignore: int, smoothing: float, reduction: str
) -> None:
    x, target = peer.pair(*shape), labels(peer, shape)
    weight = peer.both([0.5, 2.0, 1.5]) if weighted else (None, None)
    settings = {"ignore_index": ignore, "reduction": reduction, "label_smoothing": smoothing}
    if len(shape) == 1 and ignore == 1:  # a single example that is ignored has no mean
        target = peer.both(2)
    ours = nn.CrossEntropyLoss(weight[0], **settings)(x[0], target[0])
    theirs = peer.nn.CrossEntropyLoss(weight[1], **settings)(x[1], target[1])
    peer.same_gradients(ours, theirs, x)


@pytest.mark.parametrize("reduction", REDUCTIONS)
@pytest.mark.parametrize("smoothing", [0.0, 0.2])
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_cross_entropy_of_probabilities(
    peer: Any, shape: tuple[int, ...], weighted: bool, smoothing: float, reduction: str
) -> None:
    x, target = peer.pair(*shape), peer.both(peer.random.random(shape), grad=True)
    weight = peer.both([0.5, 2.0, 1.5]) if weighted else (None, None)
    settings = {"reduction": reduction, "label_smoothing": smoothing}
    ours = F.cross_entropy(x[0], target[0], weight[0], **settings)
    theirs = peer.F.cross_entropy(x[1], target[1], weight[1], **settings)
    peer.same_gradients(ours, theirs, x, target)


@pytest.mark.parametrize("reduction", REDUCTIONS)
@pytest.mark.parametrize("ignore", [-100, 2])
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("shape", [(4, 3), (2, 3, 5)], ids=str)
def test_nll(peer: Any, shape: tuple[int, ...], weighted: bool, ignore: int, reduction: str) -> None:
    x, target = peer.pair(*shape), labels(peer, shape)
    weight = peer.both([0.5, 2.0, 1.5]) if weighted else (None, None)
    settings = {"ignore_index": ignore, "reduction": reduction}
    ours = nn.NLLLoss(weight[0], **settings)(x[0], target[0])
    theirs = peer.nn.NLLLoss(weight[1], **settings)(x[1], target[1])
    peer.same_gradients(ours, theirs, x)


def test_cross_entropy_at_the_ends(peer: Any) -> None:
    everything_ignored = peer.both([-100, -100])
    x = peer.pair(2, 3)
    peer.same(F.cross_entropy(x[0], everything_ignored[0]), peer.F.cross_entropy(x[1], everything_ignored[1]))
    none, their_none = peer.pair(0, 3)
    empty = peer.both(np.zeros(0, dtype="int64"))
    peer.same(F.cross_entropy(none, empty[0]), peer.F.cross_entropy(their_none, empty[1]))
    large = peer.both([[1e4, -1e4, 0.0]], grad=True)
    target = peer.both([1])
    peer.same_gradients(F.cross_entropy(large[0], target[0]), peer.F.cross_entropy(large[1], target[1]), large)
    infinite = peer.both([[0.0, -np.inf, 0.0]], grad=True)
    target = peer.both([0])
    peer.same_gradients(F.cross_entropy(infinite[0], target[0]), peer.F.cross_entropy(infinite[1], target[1]), infinite)
    single, one = peer.pair(3), peer.both([1])
    peer.same(F.cross_entropy(single[0], one[0]), peer.F.cross_entropy(single[1], one[1]))
    bytes_ = peer.both(np.array([1, 0], dtype="uint8"))
    peer.same(F.cross_entropy(x[0], bytes_[0]), peer.F.cross_entropy(x[1], bytes_[1]))


def test_an_ignored_nan_stays_out_of_the_loss() -> None:
    x = groundup.tensor([[1.0, 2.0], [float("nan"), 1.0]], requires_grad=True)
    loss = F.cross_entropy(x, groundup.tensor([0, -100]), reduction="sum")
    assert loss.isfinite().item()


def test_the_definition_of_cross_entropy() -> None:
    scores = np.random.default_rng(0).standard_normal((5, 3, 2))
    target = np.array([[0, 1], [2, 2], [1, -100], [0, 0], [-100, 2]])
    weight = np.array([0.5, 2.0, 1.5])
    probabilities = np.exp(scores) / np.exp(scores).sum(1, keepdims=True)
    total = count = 0.0
    for i, j in zip(*np.nonzero(target >= 0), strict=True):
        smoothed = 0.9 * np.eye(3)[target[i, j]] * weight + 0.1 / 3 * weight
        total -= (smoothed * np.log(probabilities[i, :, j])).sum()
        count += weight[target[i, j]]
    loss = F.cross_entropy(*map(groundup.tensor, (scores, target, weight)), label_smoothing=0.1)
    assert loss.item() == pytest.approx(total / count, rel=1e-12)


CLASS_ERRORS: list[tuple[tuple[int, ...], Any, dict[str, Any]]] = [
    ((3, 5), [0, 1], {}),
    ((3, 5), [0, 1, 7], {}),
    ((3, 5), [0, 1, -1], {}),
    ((5,), 7, {}),
    ((3, 5), [0.0, 1.0, 2.0], {}),
    ((3, 5), [[0], [1], [2]], {}),
    ((3, 5), [[0.0] * 4] * 3, {}),
    ((3, 5), [[0.0] * 5] * 2, {}),
    ((3, 5), [[0] * 5] * 3, {}),
    ((3, 5), [[0.0] * 5] * 3, {"ignore_index": 2}),
    ((3, 5), [0, 1, 2], {"weight": 3}),
    ((3, 5), [[0.2] * 5] * 3, {"weight": 3}),
    ((3, 5), [0, 1, 2], {"reduction": "average"}),
    ((3, 5), [0, 1, 2], {"label_smoothing": 2.0}),
    ((3, 5, 2, 2), np.zeros((3, 2, 3), dtype="int64"), {}),
    ((3, 5, 2, 2), np.zeros((3, 2), dtype="int64"), {}),
]


@pytest.mark.parametrize(("shape", "target", "settings"), CLASS_ERRORS)
def test_cross_entropy_errors(
    peer: Any, raises_alike: Callable[..., str], shape: tuple[int, ...], target: Any, settings: dict[str, Any]
) -> None:
    def call(library: Any, F: Any) -> Any:
        given = dict(settings)
        if "weight" in given:
            given["weight"] = library.ones(given["weight"])
        return F.cross_entropy(library.zeros(*shape), library.tensor(target), **given)

    if settings.get("label_smoothing"):  # which PyTorch prints without the .0
        with pytest.raises(RuntimeError, match=r"^label_smoothing must be between 0\.0 and 1\.0\. Got: 2\.0"):
            call(groundup, F)
    else:
        raises_alike(lambda: call(groundup, F), lambda: call(peer.torch, peer.F))


@pytest.mark.parametrize("wrong", [1.5, "ignore", None, True])
def test_an_ignore_index_that_no_index_equals(wrong: Any) -> None:
    for loss in (F.cross_entropy, F.nll_loss):
        with pytest.raises(TypeError, match="argument 'ignore_index' must be int, not"):
            loss(groundup.zeros(2, 3), groundup.tensor([0, 1]), ignore_index=wrong)


def test_errors_of_classes_show_the_shapes() -> None:
    with pytest.raises(ValueError, match=r"scores:  \(2, 3\)\n  target:  \(4,\)\n  .* shape \(2,\)"):
        F.cross_entropy(groundup.zeros(2, 3), groundup.tensor([0, 1, 2, 0]))
    with pytest.raises(RuntimeError, match="one number for each class"):
        F.nll_loss(groundup.zeros(2, 3), groundup.tensor([0, 1]), groundup.ones(2))


def test_nll_errors(peer: Any, raises_alike: Callable[..., str]) -> None:
    for shape, target in (((3, 5), [0, 1, 7]), ((3, 5), [0, 1]), ((3, 5), [0.0, 1.0, 2.0]), ((), 0)):
        raises_alike(
            lambda s=shape, t=target: F.nll_loss(groundup.zeros(s), groundup.tensor(t)),
            lambda s=shape, t=target: peer.F.nll_loss(peer.torch.zeros(s), peer.torch.tensor(t)),
        )


POINTWISE: dict[str, Callable[..., Any]] = {
    "mse": lambda nn, r: nn.MSELoss(reduction=r),
    "l1": lambda nn, r: nn.L1Loss(reduction=r),
    "huber": lambda nn, r: nn.HuberLoss(reduction=r),
    "huber wide": lambda nn, r: nn.HuberLoss(reduction=r, delta=0.3),
    "smooth l1": lambda nn, r: nn.SmoothL1Loss(reduction=r),
    "smooth l1 narrow": lambda nn, r: nn.SmoothL1Loss(reduction=r, beta=0.2),
    "smooth l1 sharp": lambda nn, r: nn.SmoothL1Loss(reduction=r, beta=0.0),
    "bce with logits": lambda nn, r: nn.BCEWithLogitsLoss(reduction=r),
}


@pytest.mark.parametrize("reduction", REDUCTIONS)
@pytest.mark.parametrize("name", POINTWISE)
@pytest.mark.parametrize("shape", [(4,), (2, 3), (), (0,)], ids=str)
def test_pointwise_losses(peer: Any, shape: tuple[int, ...], name: str, reduction: str) -> None:
    x, target = peer.pair(*shape), peer.pair(*shape)
    build = POINTWISE[name]
    peer.same_gradients(build(nn, reduction)(x[0], target[0]), build(peer.nn, reduction)(x[1], target[1]), x, target)


@pytest.mark.parametrize("name", POINTWISE)
def test_derivatives_of_both_orders(leaf: Callable[..., Any], name: str) -> None:
    x, target = leaf(2, 3), leaf(2, 3)
    loss = POINTWISE[name](nn, "mean")
    assert autograd.gradcheck(loss, (x, target)) and autograd.gradgradcheck(loss, (x, target))


@pytest.mark.parametrize("reduction", REDUCTIONS)
@pytest.mark.parametrize("settings", [{}, {"label_smoothing": 0.1}, {"ignore_index": 3}])
@pytest.mark.parametrize("weighted", [False, True])
def test_cross_entropy_derivatives_of_both_orders(
    leaf: Callable[..., Any], weighted: bool, settings: dict[str, Any], reduction: str
) -> None:
    x, target = leaf(3, 4), groundup.tensor([0, 3, 1])
    weight = groundup.tensor([0.5, 2.0, 1.5, 0.0], dtype=groundup.float64) if weighted else None

    def loss(x: Any) -> Any:
        return F.cross_entropy(x, target, weight, reduction=reduction, **settings)

    assert autograd.gradcheck(loss, (x,)) and autograd.gradgradcheck(loss, (x,))


@pytest.mark.parametrize("function", ["mse_loss", "l1_loss"])
@pytest.mark.parametrize("reduction", REDUCTIONS)
def test_weighted_errors(peer: Any, function: str, reduction: str) -> None:
    x, target = peer.pair(2, 3), peer.pair(2, 3)
    weight = peer.both(peer.random.random((2, 3)))
    ours = getattr(F, function)(x[0], target[0], reduction=reduction, weight=weight[0])
    theirs = getattr(peer.F, function)(x[1], target[1], reduction=reduction, weight=weight[1])
    peer.same_gradients(ours, theirs, x, target)


@pytest.mark.parametrize("reduction", REDUCTIONS)
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("positive", [False, True])
def test_bce_with_logits(peer: Any, weighted: bool, positive: bool, reduction: str) -> None:
    values = peer.random.standard_normal((4, 3)) * 3
    values[0] = [0.0, 800.0, -800.0]
    x, target = peer.both(values, grad=True), peer.both(peer.random.random((4, 3)))
    weight = peer.both(peer.random.random(3)) if weighted else (None, None)
    pos_weight = peer.both([1.0, 4.0, 0.5]) if positive else (None, None)
    ours = nn.BCEWithLogitsLoss(weight[0], reduction=reduction, pos_weight=pos_weight[0])(x[0], target[0])
    theirs = peer.nn.BCEWithLogitsLoss(weight[1], reduction=reduction, pos_weight=pos_weight[1])(x[1], target[1])
    peer.same_gradients(ours, theirs, x)


@pytest.mark.parametrize("reduction", REDUCTIONS)
@pytest.mark.parametrize("weighted", [False, True])
def test_bce(peer: Any, weighted: bool, reduction: str) -> None:
    x = peer.both(peer.random.random((4, 3)) * 0.98 + 0.01, grad=True)
    target = peer.both(peer.random.random((4, 3)))
    weight = peer.both(peer.random.random(3)) if weighted else (None, None)
    ours = nn.BCELoss(weight[0], reduction=reduction)(x[0], target[0])
    theirs = peer.nn.BCELoss(weight[1], reduction=reduction)(x[1], target[1])
    peer.same_gradients(ours, theirs, x)
    ends, goal = peer.both([0.0, 1.0, 0.0, 1.0]), peer.both([0.0, 0.0, 1.0, 1.0])
    ours = F.binary_cross_entropy(ends[0], goal[0], reduction="none")
    peer.same(ours, peer.F.binary_cross_entropy(ends[1], goal[1], reduction="none"))


ALL_POINTWISE = (
    "mse_loss",
    "l1_loss",
    "huber_loss",
    "smooth_l1_loss",
    "binary_cross_entropy",
    "binary_cross_entropy_with_logits",
)


@pytest.mark.parametrize("function", ALL_POINTWISE)
def test_a_column_against_a_vector_says_what_to_write(function: str) -> None:
    loss = getattr(F, function)
    for n in (1, 5):
        with pytest.raises(ValueError, match=r"write input\.squeeze\(-1\)") as found:
            loss(groundup.full((n, 1), 0.5), groundup.full((n,), 0.5))
        assert f"input:  ({n}, 1)\n    target: ({n},)" in str(found.value)
        assert re.match("(Using a target|Target) size", str(found.value))
        with pytest.raises(ValueError, match=r"write target\.squeeze\(-1\)"):
            loss(groundup.full((n,), 0.5), groundup.full((n, 1), 0.5))
    with pytest.raises(ValueError, match=r"write input\.squeeze\(-2\)"):
        loss(groundup.full((2, 1, 3), 0.5), groundup.full((2, 3), 0.5))
    with pytest.raises(ValueError, match=r"write target\.reshape\(input\.shape\)"):
        loss(groundup.full((2, 3), 0.5), groundup.full((6,), 0.5))


@pytest.mark.parametrize("function", ["binary_cross_entropy", "binary_cross_entropy_with_logits"])
def test_binary_losses_of_other_shapes(peer: Any, raises_alike: Callable[..., str], function: str) -> None:
    def call(library: Any) -> Any:
        return getattr(library.nn.functional, function)(library.full((4, 1), 0.5), library.full((4,), 0.5))

    assert "write input.squeeze(-1)" in raises_alike(lambda: call(groundup), lambda: call(peer.torch))


def test_broadcasting_one_side_warns_as_pytorch(peer: Any) -> None:
    x, target = peer.pair(2, 3), peer.pair(3)
    with pytest.warns(UserWarning, match="Using a target size") as warned:
        ours = F.mse_loss(x[0], target[0])
    assert warned[0].filename == __file__  # the line that called the loss
    with pytest.warns(UserWarning):
        theirs = peer.F.mse_loss(x[1], target[1])
    peer.same(ours, theirs)
    with pytest.raises(ValueError, match="Please ensure they have the same size"):
        F.mse_loss(groundup.zeros(2, 1), groundup.zeros(1, 3))


def test_more_errors(peer: Any, raises_alike: Callable[..., str]) -> None:
    one, their_one = peer.both([1.0, 2.0])
    for run in (
        lambda F, x: F.mse_loss(x, x, reduction="average"),
        lambda F, x: F.huber_loss(x, x, delta=0.0),
        lambda F, x: F.smooth_l1_loss(x, x, beta=-1.0),
        lambda F, x: F.binary_cross_entropy(x, x),
    ):
        raises_alike(lambda r=run: r(F, one), lambda r=run: r(peer.F, their_one))
    with pytest.raises(ValueError, match="average is not a valid value for reduction"):
        nn.MSELoss(reduction="average")


def test_the_weights_of_a_loss_are_a_buffer() -> None:
    loss = nn.CrossEntropyLoss(groundup.ones(3))
    assert list(loss.state_dict()) == ["weight"] and loss.double().weight.dtype == groundup.float64
    assert list(nn.CrossEntropyLoss().state_dict()) == []
