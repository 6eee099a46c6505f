"""Callbacks that watch a column of the history: early stopping and saving the best weights."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import groundup
from groundup import nn, optim
from groundup.train import Accuracy, Callback, CancelEpoch, EarlyStopping, History, Learner, SaveBest


class Scripted(Callback):
    """Puts chosen losses into the history, and the number of the epoch into the weight."""

    order = -1

    def __init__(self, losses: list[float | None]) -> None:
        self.losses = losses

    def after_epoch(self, learner: Learner) -> None:
        state = learner.history.state_dict()["columns"]
        state["train_loss"][-1] = self.losses[learner.epochs_done - 1]
        learner.history.load_state_dict({"columns": state})
        with groundup.no_grad():
            next(iter(learner.model.parameters())).fill_(float(learner.epochs_done))


def run(losses: list[Any], *callbacks: Callback, **changes: Any) -> Learner:
    net = nn.Linear(1, 1, bias=False)
    learner = Learner(
        net,
        [(groundup.ones(2, 1), groundup.ones(2, 1))],
        loss_fn=nn.functional.mse_loss,
        optimizer=optim.SGD(net.parameters(), lr=0.0),
        callbacks=[Scripted(losses), *callbacks],
        progress=None,
        **changes,
    )
    learner.fit(len(losses))
    return learner


NAN = float("nan")


@pytest.mark.parametrize(
    ("losses", "epochs"),
    [
        ([5, 4, 3, 2, 1], 5),
        ([5, 6, 6, 4, 3], 3),
        ([5, 6, 4, 5, 4, 3], 5),  # equal is not better
        ([5, NAN, NAN, 1], 3),
        ([NAN, NAN, 1], 2),
        ([5, None, 4, 3], 4),
    ],
)
def test_it_stops_after_patience_epochs_without_a_gain(losses: list[Any], epochs: int) -> None:
    learner = run(losses, EarlyStopping(patience=2))
    assert len(learner.history) == epochs
    assert (learner.stopped is None) == (epochs == len(losses))
    if learner.stopped:
        assert learner.stopped == "train_loss has not improved for 2 epochs"


def test_a_gain_must_exceed_min_delta() -> None:
    assert len(run([5.0, 4.5, 4.0, 3.4], EarlyStopping(patience=3, min_delta=0.5)).history) == 4
    assert len(run([5.0, 4.8, 4.7, 4.6], EarlyStopping(patience=3, min_delta=0.5)).history) == 4
    assert len(run([5.0, 4.8, 4.7, 4.6, 4.5], EarlyStopping(patience=3, min_delta=0.5)).history) == 4


def test_higher_may_be_better() -> None:
    assert len(run([1, 2, 3, 2, 2, 9], EarlyStopping(patience=2, mode="max")).history) == 5


def test_the_best_weights_come_back() -> None:
    learner = run([5, 3, 4, 4], EarlyStopping(patience=2, restore_best=True))
    assert learner.model.weight.item() == 2.0
    assert run([5, 3, 4], EarlyStopping(patience=9, restore_best=True)).model.weight.item() == 2.0
    assert run([5, 3, 4, 4], EarlyStopping(patience=2)).model.weight.item() == 4.0


def test_a_new_fit_starts_watching_anew() -> None:
    learner = run([1, 2, 2, 3, 3], EarlyStopping(patience=2))
    assert len(learner.history) == 3
    assert len(learner.fit(1)) == 4


def test_an_epoch_that_was_cancelled_is_no_gain() -> None:
    class Skip(Callback):
        def before_epoch(self, learner: Learner) -> None:
            raise CancelEpoch

    learner = run([None] * 4, EarlyStopping(patience=2), Skip())
    assert len(learner.history) == 2


@pytest.mark.parametrize("make", [lambda **how: EarlyStopping(3, **how), lambda **how: SaveBest("best", **how)])
def test_what_is_watched_is_settled_before_training(make: Any) -> None:
    def half(prediction: object, target: object) -> float:
        return 0.5

    def start(**how: Any) -> Any:
        watcher = make(**how)
        net = nn.Linear(1, 1)
        learner = Learner(
            net,
            [(groundup.ones(2, 1), groundup.ones(2, 1))],
            [(groundup.ones(2, 1), groundup.ones(2, 1))],
            nn.functional.mse_loss,
            optim.SGD(net.parameters(), lr=0.1),
            metrics=[Accuracy(threshold=0.0), half],
            callbacks=[watcher],
            progress=None,
        )
        learner.fit(0)
        return watcher.monitor

    if make is not None and isinstance(make(), SaveBest):
        pytest.importorskip("safetensors", reason="saving weights needs the extra 'train'")
    monitor = start()
    assert (monitor.column, monitor.mode) == ("valid_loss", "min")
    assert start(monitor="valid_accuracy").mode == "max"
    assert start(monitor="valid_half", mode="max").mode == "max"
    with pytest.raises(ValueError, match=r'say mode="min" or mode="max": which is better of .valid_half.'):
        start(monitor="valid_half")
    with pytest.raises(ValueError, match="no column 'accuracy' to watch; there are: epoch, train_loss"):
        start(monitor="accuracy")
    with pytest.raises(ValueError, match='mode must be "auto", "min" or "max"'):
        start(mode="lowest")


@pytest.mark.parametrize("patience", [0, -1, 1.5, True])
def test_patience_must_be_a_whole_number(patience: Any) -> None:
    with pytest.raises(ValueError, match="patience must be a whole number of 1 or more"):
        EarlyStopping(patience)
    with pytest.raises(ValueError, match="min_delta must be 0 or more"):
        EarlyStopping(min_delta=-1.0)


def test_the_best_weights_are_saved(tmp_path: Path) -> None:
    pytest.importorskip("safetensors", reason="saving weights needs the extra 'train'")
    run([5, 3, 4, 3, 9], SaveBest(tmp_path / "best.safetensors"))
    assert groundup.load(tmp_path / "best.safetensors")["weight"].item() == 2.0
    assert [path.name for path in tmp_path.iterdir()] == ["best.safetensors"]


def test_a_watcher_reads_the_history_it_is_given() -> None:
    learner = run([1.0], EarlyStopping())
    assert isinstance(learner.history, History)
