"""Metrics: the numbers, in one batch or many, their states, and shapes that do not fit."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest

import groundup
from groundup.train import Accuracy, AverageOf, ConfusionMatrix, Mean, Metric, TopKAccuracy
from groundup.train.metrics import as_metrics, batch_size

rng = np.random.default_rng(0)
SCORES = rng.normal(size=(50, 4)).astype(np.float32)
CLASSES = rng.integers(0, 4, 50)


def tensors(scores: np.ndarray = SCORES, classes: np.ndarray = CLASSES) -> tuple[groundup.Tensor, groundup.Tensor]:
    return groundup.from_numpy(scores.copy()), groundup.from_numpy(classes.copy())


def feed(metric: Metric, cuts: list[int]) -> Metric:
    prediction, target = tensors()
    for start, end in zip([0, *cuts], [*cuts, 50], strict=True):
        metric.update(prediction[start:end], target[start:end])
    return metric


def confusion() -> np.ndarray:
    table = np.zeros((4, 4), np.int64)
    for true, scores in zip(CLASSES, SCORES, strict=True):
        table[true, int(scores.argmax())] += 1
    return table


def test_accuracy_and_top_k() -> None:
    ranks = (SCORES > SCORES[np.arange(50), CLASSES][:, None]).sum(1)
    assert feed(Accuracy(), []).compute() == (ranks == 0).mean()
    for k in range(1, 5):
        assert feed(TopKAccuracy(k), []).compute() == (ranks < k).mean()
    assert feed(TopKAccuracy(9), []).compute() == 1.0


def test_confusion_matrix_rows_are_true_classes() -> None:
    counts = feed(ConfusionMatrix(4), []).compute()
    assert counts.dtype is groundup.int64
    np.testing.assert_array_equal(counts.numpy(), confusion())


MAKERS: list[Callable[[], Metric]] = [
    Accuracy,
    lambda: TopKAccuracy(2),
    lambda: ConfusionMatrix(4),
    lambda: AverageOf(lambda prediction, target: (prediction.argmax(1) == target).float().mean()),
]


@pytest.mark.parametrize("make", MAKERS)
def test_batches_of_any_size_add_up_and_states_go_on(make: Callable[[], Metric]) -> None:
    whole = feed(make(), []).compute()
    parts = feed(make(), [1, 2, 30]).compute()
    prediction, target = tensors()
    first, second = make(), make()
    first.update(prediction[:20], target[:20])
    state = first.state_dict()
    first.update(prediction[20:], target[20:])  # which leaves the state as it was
    second.load_state_dict(state)
    second.update(prediction[20:], target[20:])
    second.load_state_dict(second.state_dict())
    for value in (parts, first.compute(), second.compute()):
        np.testing.assert_allclose(np.asarray(value), np.asarray(whole), rtol=1e-7)
    first.reset()
    empty = np.asarray(first.compute())
    assert (empty == 0).all() if empty.ndim else math.isnan(empty)


def test_the_mean_is_weighted_by_samples() -> None:
    loss = Mean("loss")
    loss.update(groundup.tensor(2.0), 3)
    loss.update(1.0)
    assert (loss.compute(), loss.name) == (7 / 4, "loss")
    loss.update(math.nan)
    assert math.isnan(loss.compute())


def test_yes_or_no_by_a_threshold() -> None:
    logits = groundup.tensor([-1.0, 0.5, 2.0, 0.0])
    metric = Accuracy(threshold=0.0)
    metric.update(logits, groundup.tensor([0.0, 1.0, 0.0, 0.0]))
    metric.update(groundup.tensor([[0.3], [-0.3]]), groundup.tensor([[True], [True]]))
    assert metric.compute() == 4 / 6


def test_further_dimensions_are_samples() -> None:
    scores = rng.normal(size=(2, 3, 4, 5))
    classes = rng.integers(0, 3, (2, 4, 5))
    prediction, target = tensors(scores, classes)
    accuracy, top, table = Accuracy(), TopKAccuracy(1), ConfusionMatrix(3)
    for metric in (accuracy, top, table):
        metric.update(prediction, target)
    expected = (scores.argmax(1) == classes).mean()
    assert accuracy.compute() == top.compute() == expected
    assert table.compute().numpy().trace() / 40 == expected


def test_gradients_and_nan() -> None:
    metric = TopKAccuracy(1)
    metric.update(groundup.tensor([[math.nan, 1.0]], requires_grad=True), groundup.tensor([0]))
    assert metric.compute() == 0.0


@pytest.mark.parametrize("make", MAKERS[:3])
@pytest.mark.parametrize(
    ("scores", "classes", "message"),
    [
        ((5, 4), (4,), r"prediction \(5, 4\) and target \(4,\) must be \(N, C\) and \(N\)"),
        ((5,), (5,), r"must be \(N, C\) and \(N\).*\n.*For yes or no:  Accuracy\(threshold=0.0\)"),
        ((5, 4, 1), (5, 4), r"\n  Perhaps you meant prediction.squeeze\(-1\)"),
    ],
)
def test_shapes_that_do_not_fit(
    make: Callable[[], Metric], scores: tuple[int, ...], classes: tuple[int, ...], message: str
) -> None:
    with pytest.raises(ValueError, match=f"(?s){message}"):
        make().update(groundup.zeros(*scores), groundup.zeros(*classes, dtype=groundup.int64))


def test_targets_that_do_not_fit() -> None:
    prediction = groundup.zeros(2, 3)
    with pytest.raises(ValueError, match="class indices, which are integers, got float32"):
        Accuracy().update(prediction, groundup.zeros(2))
    for metric in (TopKAccuracy(1), ConfusionMatrix(3)):
        with pytest.raises(ValueError, match="outside the classes 0 to 2: -1 to 3"):
            metric.update(prediction, groundup.tensor([-1, 3]))
    with pytest.raises(ValueError, match="expected scores for 4 classes, got 3"):
        ConfusionMatrix(4).update(prediction, groundup.tensor([0, 1]))
    with pytest.raises(ValueError, match=r"(?s)prediction \(2, 1\) and target \(2,\) must have one shape.*squeeze"):
        Accuracy(threshold=0.5).update(groundup.zeros(2, 1), groundup.zeros(2))


def test_arguments_and_states_that_make_no_sense() -> None:
    for wrong in (0, -1, 2.0, True):
        with pytest.raises(ValueError, match="k must be a whole number of 1 or more"):
            TopKAccuracy(wrong)  # type: ignore[arg-type]
        with pytest.raises(ValueError, match="num_classes must be a whole number of 1 or more"):
            ConfusionMatrix(wrong)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=r"the state of 'accuracy' has \['counts'\], not \['count', 'total'\]"):
        Accuracy().load_state_dict({"counts": 1})
    with pytest.raises(TypeError, match="a metric is a Metric or a function of"):
        AverageOf(3)  # type: ignore[arg-type]


def test_a_list_of_metrics_is_checked() -> None:
    def half(prediction: object, target: object) -> float:
        return 0.5

    assert [each.name for each in as_metrics([Accuracy(), half])] == ["accuracy", "half"]
    assert [each.name for each in as_metrics(half)] == ["half"]
    with pytest.raises(TypeError, match=r"pass a metric, not its class: Accuracy\(\)"):
        as_metrics([Accuracy])
    with pytest.raises(TypeError, match=r"a metric is a Metric or a function of .*, got 'accuracy'"):
        as_metrics("accuracy")
    with pytest.raises(ValueError, match="two metrics are called 'accuracy'"):
        as_metrics([Accuracy(), Accuracy()])
    with pytest.raises(ValueError, match="the name 'loss' belongs to the loss itself"):
        as_metrics([Mean("loss")])


def test_the_base_class_says_what_to_define() -> None:
    with pytest.raises(NotImplementedError, match=r"Metric must define reset\(\)"):
        Metric()

    class Unfinished(Metric):
        def reset(self) -> None: ...

    with pytest.raises(NotImplementedError, match=r"Unfinished must define update\(prediction, target\)"):
        Unfinished("name").update(None, None)
    with pytest.raises(NotImplementedError, match=r"Unfinished must define compute\(\)"):
        Unfinished().compute()


def test_batch_size() -> None:
    assert [batch_size(value) for value in (groundup.zeros(3, 2), groundup.tensor(1.0), "x")] == [3, 1, 1]
