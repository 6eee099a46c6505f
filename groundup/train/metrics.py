"""Metrics: how good predictions are, added up over batches of any size.

Each metric is an accumulator with ``update``, ``compute`` and ``reset``, and can save itself in the middle of
an epoch. The ``Learner`` updates them with (prediction, target) and writes the numbers into its history.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import numpy as np

from groundup.functions import creation
from groundup.tensor import Tensor

__all__ = ["Accuracy", "AverageOf", "ConfusionMatrix", "Mean", "Metric", "TopKAccuracy"]


class Metric:
    """The base class: an accumulator whose running totals are the attributes named in ``totals``.

    A metric of your own sets ``name`` and ``totals``, and writes ``reset``, ``update`` and ``compute``. It
    may say whether ``higher_is_better``. One whose result is no single number sets ``scalar = False``, and
    stays out of the history.

    >>> import groundup
    >>> from groundup.train import Metric
    >>> class Positive(Metric):
    ...     name, totals = "positive", ("positive", "count")
    ...     def reset(self):
    ...         self.positive = self.count = 0
    ...     def update(self, prediction, target):
    ...         self.positive += int((prediction > 0).sum())
    ...         self.count += prediction.numel()
    ...     def compute(self):
    ...         return self.positive / self.count
    >>> metric = Positive()
    >>> metric.update(groundup.tensor([1., -1.]), None)
    >>> metric.update(groundup.tensor([3., 4.]), None)
    >>> metric.compute()
    0.75
    """

    name: str = "metric"
    totals: tuple[str, ...] = ()
    higher_is_better: bool | None = None
    scalar: bool = True

    def __init__(self, name: str | None = None) -> None:
        if name is not None:
            self.name = name
        self.reset()

    def reset(self) -> None:
        """Forget everything that was added."""
        raise NotImplementedError(f"{type(self).__name__} must define reset()")

    def update(self, prediction: Any, target: Any) -> None:
        """Add one batch."""
        raise NotImplementedError(f"{type(self).__name__} must define update(prediction, target)")

    def compute(self) -> Any:
        """The metric over everything added since the last ``reset``; nan when that is nothing."""
        raise NotImplementedError(f"{type(self).__name__} must define compute()")

    def state_dict(self) -> dict[str, Any]:
        """The totals, from which a resumed epoch goes on."""
        return {total: copy.deepcopy(getattr(self, total)) for total in self.totals}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from the totals in ``state``."""
        if set(state) != set(self.totals):
            raise ValueError(f"the state of {self.name!r} has {sorted(state)}, not {sorted(self.totals)}")
        for total, value in state.items():
            setattr(self, total, copy.deepcopy(value))

    def __repr__(self) -> str:
        return f"{type(self).__name__}(name={self.name!r})"


class _Ratio(Metric):
    """A sum over samples divided by their number, in Python's numbers: exact counts, sums in float64."""

    totals = ("total", "count")

    def reset(self) -> None:
        self.total: float = 0
        self.count: int = 0

    def compute(self) -> float:
        return self.total / self.count if self.count else float("nan")

    def _add(self, total: float, count: int) -> None:
        self.total += total
        self.count += count


class Mean(_Ratio):
    """The mean of numbers, each weighted by how many samples it stands for.

    Computes ``sum(value * count) / sum(count)``. With the mean loss of each batch and its size it gives the
    mean loss over all samples, whatever the size of the last batch.

    >>> from groundup.train import Mean
    >>> loss = Mean("loss")
    >>> loss.update(2.0, 32)
    >>> loss.update(1.0, 16)
    >>> round(loss.compute(), 4)
    1.6667
    """

    name = "mean"
    higher_is_better = False

    def update(self, value: Tensor | float, count: int = 1) -> None:
        """Add ``value``, the mean over ``count`` samples."""
        self._add(_number(value) * count, count)


class AverageOf(_Ratio):
    """The average over samples of ``function(prediction, target)``, itself a mean over a batch.

    ``Learner(metrics=[f])`` wraps a plain function in this. The name is the function's.

    >>> import groundup
    >>> from groundup.train import AverageOf
    >>> def mean_error(prediction, target):
    ...     return (prediction - target).abs().mean()
    >>> metric = AverageOf(mean_error)
    >>> metric.update(groundup.tensor([1., 2.]), groundup.tensor([1., 4.]))
    >>> metric.name, metric.compute()
    ('mean_error', 1.0)
    """

    def __init__(
        self,
        function: Callable[[Any, Any], Tensor | float],
        name: str | None = None,
        higher_is_better: bool | None = None,
    ) -> None:
        if not callable(function):
            raise TypeError(f"a metric is a Metric or a function of (prediction, target), got {function!r}")
        super().__init__(name or getattr(function, "__name__", type(function).__name__))
        self.function = function
        self.higher_is_better = higher_is_better

    def update(self, prediction: Any, target: Any) -> None:
        count = batch_size(target if isinstance(target, Tensor) else prediction)
        self._add(_number(self.function(prediction, target)) * count, count)


class Accuracy(_Ratio):
    """The share of right answers, between 0 and 1.

    For classes, ``prediction`` is ``(N, C)`` or ``(N, C, d1, ...)`` with one score for each class, ``target``
    is ``(N)`` or ``(N, d1, ...)`` with class indices, and the answer is the class with the highest score. For
    yes or no, pass a ``threshold`` (0 for logits, 0.5 for probabilities): ``prediction`` and ``target`` then
    have one shape, and the answer is yes above the threshold.

    Raises ``ValueError`` for shapes that do not fit.

    >>> import groundup
    >>> from groundup.train import Accuracy
    >>> metric = Accuracy()
    >>> metric.update(groundup.tensor([[0.1, 0.9], [0.8, 0.2]]), groundup.tensor([1, 1]))
    >>> metric.compute()
    0.5
    """

    higher_is_better = True

    def __init__(self, threshold: float | None = None, name: str = "accuracy") -> None:
        super().__init__(name)
        self.threshold = threshold

    def update(self, prediction: Tensor, target: Tensor) -> None:
        if self.threshold is None:
            scores, truth = _scores(prediction, target)
            answers = scores.argmax(1)
        else:
            scores, truth = _array(prediction), _array(target)
            if scores.shape != truth.shape:
                raise ValueError(_misfit(scores, truth, "have one shape when a threshold is given"))
            answers, truth = scores > self.threshold, truth > 0.5
        self._add(int(np.count_nonzero(answers == truth)), truth.size)


class TopKAccuracy(_Ratio):
    """The share of samples whose class is among the ``k`` highest scores, between 0 and 1.

    Shapes as for :class:`Accuracy`. A score equal to the right one does not push it out.

    >>> import groundup
    >>> from groundup.train import TopKAccuracy
    >>> metric = TopKAccuracy(2)
    >>> metric.update(groundup.tensor([[3., 2., 1.], [3., 2., 1.]]), groundup.tensor([1, 2]))
    >>> metric.name, metric.compute()
    ('top2_accuracy', 0.5)
    """

    higher_is_better = True

    def __init__(self, k: int = 5, name: str | None = None) -> None:
        if isinstance(k, bool) or not isinstance(k, int) or k < 1:
            raise ValueError(f"k must be a whole number of 1 or more, got {k!r}")
        super().__init__(name or f"top{k}_accuracy")
        self.k = k

    def update(self, prediction: Tensor, target: Tensor) -> None:
        scores, truth = _scores(prediction, target)
        _check_classes(truth, scores.shape[1])
        own = np.take_along_axis(scores, truth[:, None].astype(np.intp), axis=1)
        better = np.count_nonzero(scores > own, axis=1)
        # A nan outranks nothing, and nothing outranks a nan: it must not count as right.
        self._add(int(np.count_nonzero((better < self.k) & ~np.isnan(own[:, 0]))), truth.size)


class ConfusionMatrix(Metric):
    """How often class ``i`` was taken for class ``j``: a ``(num_classes, num_classes)`` table of counts.

    Rows are the true classes and columns the answers, so that the diagonal holds what was right. Shapes as
    for :class:`Accuracy`. It is no single number, so it stands in what ``evaluate`` returns and not in the
    history.

    >>> import groundup
    >>> from groundup.train import ConfusionMatrix
    >>> metric = ConfusionMatrix(2)
    >>> metric.update(groundup.tensor([[0.1, 0.9], [0.8, 0.2], [0.3, 0.7]]), groundup.tensor([1, 1, 0]))
    >>> metric.compute()
    tensor([[0, 1],
            [1, 1]])
    """

    scalar = False
    totals = ("counts",)

    def __init__(self, num_classes: int, name: str = "confusion") -> None:
        if isinstance(num_classes, bool) or not isinstance(num_classes, int) or num_classes < 1:
            raise ValueError(f"num_classes must be a whole number of 1 or more, got {num_classes!r}")
        self.num_classes = num_classes
        super().__init__(name)

    def reset(self) -> None:
        self.counts = np.zeros((self.num_classes, self.num_classes), np.int64)

    def update(self, prediction: Tensor, target: Tensor) -> None:
        scores, truth = _scores(prediction, target)
        if scores.shape[1] != self.num_classes:
            raise ValueError(f"expected scores for {self.num_classes} classes, got {scores.shape[1]}")
        _check_classes(truth, self.num_classes)
        pairs = truth.astype(np.int64) * self.num_classes + scores.argmax(1)
        found = np.bincount(pairs.ravel(), minlength=self.num_classes**2)
        self.counts = self.counts + found.reshape(self.counts.shape)

    def compute(self) -> Tensor:
        return creation.from_numpy(self.counts.copy())


def as_metrics(metrics: Any) -> list[Metric]:
    """A list of metrics from what a user passed: metrics, plain functions, or a single one of them."""
    # A name, such as "accuracy", is one wrong metric and not a list of letters.
    single = isinstance(metrics, (Metric, str)) or callable(metrics)
    given = [metrics] if single else list(metrics)
    made = []
    for each in given:
        if isinstance(each, type):
            raise TypeError(f"pass a metric, not its class: {each.__name__}()")
        made.append(each if isinstance(each, Metric) else AverageOf(each))
    names = [each.name for each in made]
    for name in names:
        if names.count(name) > 1:
            raise ValueError(f"two metrics are called {name!r}; give one of them another name=")
        if name == "loss":
            raise ValueError("the name 'loss' belongs to the loss itself; give the metric another name=")
    return made


def batch_size(value: Any) -> int:
    """How many samples a batch holds: its first size, or 1 for a single number."""
    shape: tuple[int, ...] = getattr(value, "shape", ())
    return shape[0] if len(shape) else 1


def _number(value: Tensor | float) -> float:
    return float(value.item() if isinstance(value, Tensor) else value)


def _array(value: Any) -> np.ndarray:
    return value.detach().numpy() if isinstance(value, Tensor) else np.asarray(value)


def _scores(prediction: Any, target: Any) -> tuple[np.ndarray, np.ndarray]:
    """Scores ``(samples, classes)`` and true classes ``(samples)``; further dimensions count as samples."""
    scores, truth = _array(prediction), _array(target)
    if scores.ndim < 2 or scores.shape[:1] + scores.shape[2:] != truth.shape:
        raise ValueError(_misfit(scores, truth, "be (N, C) and (N): scores for each class, and class indices"))
    if truth.dtype.kind not in "iub":
        raise ValueError(f"the target must hold class indices, which are integers, got {truth.dtype}")
    return np.moveaxis(scores, 1, -1).reshape(-1, scores.shape[1]), truth.reshape(-1)


def _check_classes(truth: np.ndarray, classes: int) -> None:
    if truth.size and not (0 <= int(truth.min()) and int(truth.max()) < classes):
        raise ValueError(f"a target is outside the classes 0 to {classes - 1}: {truth.min()} to {truth.max()}")


def _misfit(scores: np.ndarray, truth: np.ndarray, rule: str) -> str:
    message = f"prediction {scores.shape} and target {truth.shape} must {rule}"
    if scores.ndim == truth.ndim + 1 and scores.shape[-1] == 1:
        message += "\n  Perhaps you meant prediction.squeeze(-1)"
    elif scores.shape == truth.shape:
        message += "\n  For yes or no:  Accuracy(threshold=0.0) for logits, threshold=0.5 for probabilities"
    return message
