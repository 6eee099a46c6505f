"""Exact resume in one process: runs cut at every batch end with the bits of a run that was not cut."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import groundup
from groundup.train import Callback, CancelBatch, CancelEpoch, Checkpoint, EarlyStopping, Learner, SaveBest, run_state
from tests.train.resumed_runs import (
    OPTIMIZERS,
    SCHEDULERS,
    Cut,
    CutAfter,
    Noise,
    Remember,
    build,
    loaders,
)

pytest.importorskip("safetensors", reason="checkpoints need the extra 'train'")

pytestmark = pytest.mark.usefixtures("no_fsync")


def outcome(learner: Learner) -> tuple[Any, ...]:
    """All that two equal runs have in common, to the bit."""
    rows = [{name: value for name, value in row.items() if name != "seconds"} for row in learner.history]
    weights = [parameter.detach().numpy().tobytes() for parameter in learner.model.parameters()]
    draws = random.random(), np.random.random(), groundup.rand(1).item()
    return weights, rows, learner.steps_done, draws


EPOCHS, STEPS = 3, 18


def check(path: Path, cuts: list[int], callbacks: Callable[[], list[Callback]] = list, **how: Any) -> Learner:
    whole = build(path, *callbacks(), **how)
    whole.fit(EPOCHS)
    expected = outcome(whole)
    path.unlink()
    for cut in cuts:
        with pytest.raises(Cut):
            build(path, *callbacks(), CutAfter(cut), **how).fit(EPOCHS, resume=True)
    last = build(path, *callbacks(), **how)
    last.fit(EPOCHS, resume=True)
    assert outcome(last) == expected
    return last


@pytest.mark.parametrize("loader", loaders())
def test_cut_at_any_batch(tmp_path: Path, loader: str) -> None:
    """Also at the last of an epoch (6, 12), before its validation, and at the last of all."""
    path = tmp_path / "checkpoint"
    for cut in (1, 5, 6, 7, 12, STEPS):
        check(path, [cut], lambda: [Noise(), Remember()], loader=loader)
        path.unlink()
    check(path, [2, 3, 6, 9, 17], lambda: [Noise(), Remember()], loader=loader)


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_every_optimiser(tmp_path: Path, optimizer: str) -> None:
    check(tmp_path / "checkpoint", [4, 13], lambda: [Noise()], optimizer=optimizer, scheduler="cosine")


@pytest.mark.parametrize("scheduler", SCHEDULERS)
def test_every_scheduler(tmp_path: Path, scheduler: str) -> None:
    check(tmp_path / "checkpoint", [4, 13], scheduler=scheduler)


def test_cut_before_the_checkpoint_of_the_batch(tmp_path: Path) -> None:
    """Then the batch is done again."""
    path = tmp_path / "checkpoint"
    whole = build(path, Noise())
    whole.fit(EPOCHS)
    path.unlink()
    with pytest.raises(Cut):
        build(path, Noise(), CutAfter(8, order=999)).fit(EPOCHS)
    assert groundup.load(path)["position"]["steps_done"] == 7
    last = build(path, Noise())
    last.fit(EPOCHS, resume=path)
    assert outcome(last) == outcome_of(whole)


def outcome_of(learner: Learner) -> tuple[Any, ...]:
    """The outcome of a run that ended a while ago: its draws are those after a resume of its end."""
    again = build(Path(learner.callbacks[0].path))  # type: ignore[attr-defined]
    again.callbacks = learner.callbacks
    path = Path(learner.callbacks[0].path)  # type: ignore[attr-defined]
    path.unlink(missing_ok=True)
    again.fit(EPOCHS)
    return outcome(again)


def test_cut_between_the_epoch_and_its_checkpoint(tmp_path: Path) -> None:
    class CutAtEpoch(Callback):
        order = 999

        def after_epoch(self, learner: Learner) -> None:
            if learner.epochs_done == 2:
                raise Cut

    path = tmp_path / "checkpoint"
    whole = build(path, Noise())
    whole.fit(EPOCHS)
    expected = outcome(whole)
    path.unlink()
    with pytest.raises(Cut):
        build(path, Noise(), CutAtEpoch()).fit(EPOCHS)
    position = groundup.load(path)["position"]
    assert (position["epochs_done"], position["batches_done"], position["in_epoch"]) == (1, 6, True)
    last = build(path, Noise())
    last.fit(EPOCHS, resume=True)
    assert outcome(last) == expected
    assert last.history["epoch"] == [1, 2, 3]


def test_the_seconds_of_an_epoch_include_those_before_the_cut(tmp_path: Path) -> None:
    class Slow(Callback):
        def before_batch(self, learner: Learner) -> None:
            if learner.steps_done == 6:  # the first batch of the second epoch
                time.sleep(0.2)

    path = tmp_path / "checkpoint"
    with pytest.raises(Cut):
        build(path, Slow(), CutAfter(8)).fit(EPOCHS)
    last = build(path, Slow())
    first, second, third = last.fit(EPOCHS, resume=True)["seconds"]
    assert 0 < first and 0.2 <= second and 0 < third
    assert first + second + third < 20


def test_checkpoints_by_epochs_and_by_seconds(tmp_path: Path) -> None:
    path = tmp_path / "checkpoint"
    for every in (Checkpoint(path), Checkpoint(path, every_seconds=0.0), Checkpoint(path, every_epochs=2)):
        learner = build(path, CutAfter(8))
        learner.callbacks[0] = every
        with pytest.raises(Cut):
            learner.fit(EPOCHS)
        if every.every_epochs == 2:
            assert not path.exists()
            continue
        steps = groundup.load(path)["position"]["steps_done"]
        assert steps == (6 if every.every_seconds is None else 8)
        whole, last = build(tmp_path / "other"), build(path)
        whole.fit(EPOCHS)
        expected = outcome(whole)
        last.fit(EPOCHS, resume=True)
        assert outcome(last) == expected
        path.unlink()


def test_the_last_epoch_is_saved_whatever_the_interval(tmp_path: Path) -> None:
    path = tmp_path / "checkpoint"
    learner = build(path)
    learner.callbacks[0] = Checkpoint(path, every_epochs=2)
    learner.fit(3)
    assert groundup.load(path)["position"]["epochs_done"] == 3


def test_gradients_in_the_middle_of_an_accumulation(tmp_path: Path) -> None:
    class EveryThird(Callback):
        def before_step(self, learner: Learner) -> None:
            if learner.batches_done % 3 != 2:
                raise CancelBatch

    class CutAfterBatches(Callback):
        order = 2000

        def after_batch(self, learner: Learner) -> None:
            if (learner.epochs_done, learner.batches_done) == (1, 2):
                raise Cut

    path = tmp_path / "checkpoint"
    whole = build(path, EveryThird())
    whole.fit(EPOCHS)
    expected = outcome(whole)
    path.unlink()
    with pytest.raises(Cut):
        build(path, EveryThird(), CutAfterBatches()).fit(EPOCHS)
    assert len(groundup.load(path)["gradients"]) == 4
    last = build(path, EveryThird())
    last.fit(EPOCHS, resume=True)
    assert outcome(last) == expected


def test_cancelled_epochs(tmp_path: Path) -> None:
    class Short(Callback):
        def after_batch(self, learner: Learner) -> None:
            if learner.batches_done == 4:
                raise CancelEpoch

    for loader in loaders():
        path = tmp_path / loader
        for cut in (2, 4, 5):
            path.unlink(missing_ok=True)
            whole = build(path, Short(), loader=loader)
            whole.fit(EPOCHS)
            expected = outcome(whole)
            path.unlink()
            with pytest.raises(Cut):
                build(path, Short(), CutAfter(cut, order=-1), loader=loader).fit(EPOCHS)
            last = build(path, Short(), loader=loader)
            last.fit(EPOCHS, resume=True)
            assert outcome(last) == expected


def test_a_run_that_stopped_early_stays_stopped(tmp_path: Path) -> None:
    path = tmp_path / "checkpoint"
    never = {
        "patience": 1,
        "monitor": "train_loss",
        "mode": "max",
    }  # the loss falls, which counts as bad here
    first = build(path, EarlyStopping(**never, restore_best=True))
    first.fit(10)
    assert first.stopped == "train_loss has not improved for 1 epochs"
    again = build(path, EarlyStopping(**never, restore_best=True))
    again.fit(10, resume=True)
    assert (again.stopped, again.epochs_done) == (first.stopped, first.epochs_done)
    assert outcome(again)[0] == outcome(first)[0]


def test_early_stopping_and_the_best_weights_go_on(tmp_path: Path) -> None:
    best = tmp_path / "best"
    last = check(
        tmp_path / "checkpoint",
        [4, 8, 13],
        lambda: [EarlyStopping(5, restore_best=True), SaveBest(best, monitor="train_accuracy")],
    )
    assert set(groundup.load(best)) == set(last.model.state_dict())


def test_a_finished_run_does_nothing_and_a_longer_one_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "checkpoint"
    five = build(path, Noise())
    five.fit(5)
    expected = outcome(five)
    path.unlink()
    three = build(path, Noise())
    three.fit(3)
    expected_three = outcome(three)
    again = build(path, Noise())
    again.fit(3, resume=True)
    assert outcome(again) == expected_three
    more = build(path, Noise())
    more.fit(5, resume=True)
    assert outcome(more) == expected


def test_the_second_fit_of_a_run(tmp_path: Path) -> None:
    path = tmp_path / "checkpoint"
    whole = build(path, Noise())
    whole.fit(1)
    whole.fit(2)
    expected = outcome(whole)
    path.unlink()
    cut = build(path, Noise(), CutAfter(10))
    cut.fit(1)
    with pytest.raises(Cut):
        cut.fit(2)
    last = build(path, Noise())
    last.fit(2, resume=path)  # by its path, without the first fit
    assert outcome(last) == expected


@pytest.mark.parametrize("cuts", [[], [3], [6], [7], [11], [12], [13], [2, 8, 14, 17]])
def test_a_program_of_several_fits_goes_on_in_the_right_one(tmp_path: Path, cuts: list[int]) -> None:
    path = tmp_path / "checkpoint"

    def program(*callbacks: Callback, resume: bool) -> Learner:
        learner = build(path, Noise(), Remember(), *callbacks, loader="DataLoader")
        for rate in (0.1, 0.01, 0.001):
            learner.optimizer.param_groups[0]["lr"] = rate
            learner.fit(1, resume=resume)
        return learner

    expected = outcome(program(resume=False))
    path.unlink()
    for cut in cuts:
        with pytest.raises(Cut):
            program(CutAfter(cut), resume=True)
    last = program(resume=True)
    assert outcome(last) == expected
    assert last.history["lr"] == [0.1, 0.01, 0.001]


def test_in_one_session_a_fit_that_was_cut_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "checkpoint"
    whole = build(path, Noise())
    whole.fit(2)
    expected = outcome(whole)
    path.unlink()
    learner = build(path, Noise(), CutAfter(8))
    with pytest.raises(Cut):
        learner.fit(2, resume=True)
    learner.callbacks.pop()
    learner.fit(2, resume=True)
    assert outcome(learner) == expected


def test_save_checkpoint_by_hand(tmp_path: Path) -> None:
    path = tmp_path / "by-hand"
    first = build(tmp_path / "checkpoint")
    first.fit(2)
    first.save_checkpoint(path)
    first.fit(1)
    expected = outcome(first)
    second = build(tmp_path / "checkpoint")
    second.fit(3, resume=path)
    assert outcome(second) == expected

    class Early(Callback):
        def before_step(self, learner: Learner) -> None:
            learner.save_checkpoint(path)

    with pytest.raises(RuntimeError, match="between two batches or epochs: in after_batch or after_epoch"):
        build(tmp_path / "checkpoint", Early()).fit(1)


def test_callbacks_of_one_class_are_told_apart(tmp_path: Path) -> None:
    names = list(run_state.named([Noise(), Remember(), Remember(), Noise(), Remember()]))
    assert names == ["Noise", "Remember", "Remember#2", "Noise#2", "Remember#3"]
