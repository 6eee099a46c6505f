"""Functions that check values where they are called: compiled they cannot, and a wrong value is told otherwise."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pytest

import groundup
import groundup.nn.functional as F
from groundup import nn, optim
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


# Wrong positions

PART = groundup.linspace(0.0, 1.0, 6).reshape(2, 3)
READ: dict[str, tuple[Callable[[Any, Any], Any], int]] = {  # with the size of what positions go into
    "embedding": (lambda x, i: F.embedding(i, x, padding_idx=0), 4),
    "index_select": (lambda x, i: x.index_select(1, i), 3),
    "gather": (lambda x, i: x.gather(1, i.unsqueeze(0)), 3),
    "scatter": (lambda x, i: x.scatter(0, i.unsqueeze(1), PART), 4),
    "scatter_add": (lambda x, i: x.scatter_add(0, i.unsqueeze(1), PART), 4),
    "scatter_reduce": (lambda x, i: x.scatter_reduce(1, i.unsqueeze(0), PART, "amax"), 3),
    "index_add": (lambda x, i: x.index_add(0, i, PART), 4),
    "index_copy": (lambda x, i: x.index_copy(0, i, PART), 4),
    "nll_loss": (lambda x, i: F.nll_loss(x[:2], i), 3),
    "cross_entropy": (lambda x, i: F.cross_entropy(x[:2], i), 3),
}


@pytest.mark.parametrize("reading", ["numpy", "loops"])
@pytest.mark.parametrize("name", READ)
def test_a_wrong_position_raises_what_it_raises_in_eager(name: str, reading: str) -> None:
    function, size = READ[name]
    compiled, right = groundup.compile(function), groundup.tensor([0, 1])
    with groundup.compile.reading(reading):
        for wrong in (-1, size, -size - 1):
            for _ in range(2):
                assert groundup.allclose(compiled(X, right), function(X, right))
            positions = groundup.tensor([0, wrong])
            with pytest.raises((IndexError, RuntimeError)) as expected:
                function(X, positions)
            with pytest.raises(expected.type) as found:
                compiled(X, positions)
            assert str(found.value).split("\n")[0] == str(expected.value).split("\n")[0]


@pytest.mark.parametrize("reading", ["numpy", "loops"])
def test_negative_positions_stay_right_where_they_are(reading: str) -> None:
    def function(x: Any, i: Any) -> Any:
        return x[i], x.take(i), groundup.take_along_dim(x, i.unsqueeze(1), 0)

    compiled = groundup.compile(function)
    with groundup.compile.reading(reading):
        for positions in ([0, 1], [0, -1], [-4, 2]):
            i = groundup.tensor(positions)
            for found, wanted in zip(compiled(X, i), function(X, i), strict=True):
                assert groundup.equal(found, wanted)


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("reading", ["numpy", "loops"])
def test_a_wrong_position_leaves_weights_as_they_were(reading: str, threads: int) -> None:
    """Nor does the next call, with right ones, hear of it."""
    groundup.manual_seed(0)
    model = nn.Sequential(nn.Embedding(6, 32), nn.Linear(32, 32 * threads), nn.Linear(32 * threads, 5))
    optimizer = optim.Adam(model.parameters(), lr=0.001)

    @groundup.compile
    def step(tokens: Any, classes: Any) -> Any:
        optimizer.zero_grad()
        loss = F.cross_entropy(model(tokens), classes)
        loss.backward()
        optimizer.step()
        return loss.detach()

    right = groundup.arange(120) % 6, groundup.arange(120) % 5
    wrong = [groundup.where(groundup.arange(120) == 77, 9, each) for each in right]
    before_threads = groundup.compile.get_num_threads()
    groundup.compile.set_num_threads(threads)
    try:
        with groundup.compile.reading(reading):
            losses = [step(*right).item() for _ in range(3)]
            for tokens, classes in ((wrong[0], right[1]), (right[0], wrong[1]), wrong):
                before = [each.detach().clone() for each in model.parameters()]
                with pytest.raises(IndexError):
                    step(tokens, classes)
                assert all(map(groundup.equal, before, model.parameters()))
                losses.append(step(*right).item())
    finally:
        groundup.compile.set_num_threads(before_threads)
    assert losses[-1] < losses[0]


# What a mask or counts choose


def test_a_mask_with_too_many_ones_raises_and_other_masks_do_not_trace_again() -> None:
    source = groundup.tensor([10.0, 20.0, 30.0])
    put = groundup.compile(lambda x, mask: groundup.masked_scatter(x * 2, mask, source) + 1)
    for mask in ([1, 0, 1, 0], [0, 0, 0, 0], [1, 1, 0, 1], [0, 1, 1, 1]):
        mask = groundup.tensor(mask).bool()
        wanted = groundup.masked_scatter(X[:, 0] * 2, mask, source) + 1
        assert groundup.equal(put(X[:, 0], mask), wanted)
    with pytest.raises(RuntimeError, match="Number of elements of source < number of ones in mask"):
        put(X[:, 0], groundup.ones(4).bool())
    assert len(put.entries) == 1


def test_counts_that_do_not_make_the_size_that_was_said_raise() -> None:
    repeated = groundup.compile(lambda x, counts: groundup.repeat_interleave(x * 2, counts, output_size=6) + 1)
    x = groundup.arange(3.0)
    for counts in ([1, 2, 3], [3, 0, 3], [0, 6, 0]):
        wanted = groundup.repeat_interleave(x * 2, groundup.tensor(counts)) + 1
        assert groundup.equal(repeated(x, groundup.tensor(counts)), wanted)
    for counts, says in (([1, 2, 2], "allocated size does not match"), ([-1, 4, 3], "can not be negative")):
        with pytest.raises(RuntimeError, match=says):
            repeated(x, groundup.tensor(counts))
    assert len(repeated.entries) == 1


def test_a_part_that_is_none_raises() -> None:
    quantile = groundup.compile(lambda q: groundup.quantile(X, q))
    for part in (0.0, 0.3, 1.0):
        assert groundup.allclose(quantile(groundup.tensor(part)), groundup.quantile(X, part))
    for wrong in (1.5, -0.5, math.nan):
        with pytest.raises(RuntimeError, match="out of bounds"):
            quantile(groundup.tensor(wrong))
