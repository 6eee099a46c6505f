"""Exact resume in one process: runs cut at every batch end with the bits of a run that was not cut."""

from __future__ import annotations

import copy
import random
import time
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import groundup
from groundup import nn, optim
from groundup.errors import MissingExtra
from groundup.io import atomic
from groundup.train import (
    Accuracy,
    Callback,
    CancelBatch,
    CancelEpoch,
    Checkpoint,
    ConfusionMatrix,
    EarlyStopping,
    Learner,
    ResumeWarning,
    SaveBest,
    run_state,
)

pytest.importorskip("safetensors", reason="checkpoints need the extra 'train'")

F = nn.functional


@pytest.fixture(autouse=True)
def no_fsync(monkeypatch: pytest.MonkeyPatch) -> None:
    """Power cuts are not what is tested here, and a busy disk would make hundreds of checkpoints slow."""
    monkeypatch.setattr(atomic.os, "fsync", lambda descriptor: None)


class Cut(BaseException):
    """What stands in for the end of the process."""


class CutAfter(Callback):
    """Ends the run after so many steps of the optimiser, before or after the checkpoint of that batch."""

    def __init__(self, steps: int, order: int = 2000) -> None:
        self.steps, self.order = steps, order

    def after_batch(self, learner: Learner) -> None:
        if learner.steps_done == self.steps:
            raise Cut


class Noise(Callback):
    """Draws from every global generator."""

    def before_batch(self, learner: Learner) -> None:
        (x,) = learner.inputs
        shift = random.random() + np.random.normal() + groundup.randn(1).item()
        learner.inputs = (x + 0.01 * shift,)


class Remember(Callback):
    """A callback of the user's with state: the running mean of the losses changes the rate."""

    def before_fit(self, learner: Learner) -> None:
        self.mean = 0.0

    def after_batch(self, learner: Learner) -> None:
        self.mean = 0.9 * self.mean + 0.1 * learner.loss.item()

    def before_step(self, learner: Learner) -> None:
        for parameter in learner.model.parameters():
            parameter.grad.mul_(1 + 0.1 * self.mean)

    def state_dict(self) -> dict[str, Any]:
        return {"mean": self.mean}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        self.mean = state["mean"]


class Shuffled:
    """A loader that keeps no place: it shuffles by the global generators whenever it is iterated over."""

    def __init__(self, batches: list[Any]) -> None:
        self.batches = batches

    def __iter__(self) -> Iterator[Any]:
        order = list(self.batches)
        random.shuffle(order)
        for i in groundup.randperm(len(order)).tolist():
            yield order[i]


def data() -> tuple[groundup.Tensor, groundup.Tensor]:
    generator = groundup.Generator().manual_seed(0)
    x = groundup.randn(30, 4, generator=generator)
    return x, (x[:, :3]).argmax(1)


def batches() -> list[Any]:
    x, y = data()
    return [(x[i : i + 5], y[i : i + 5]) for i in range(0, 30, 5)]


def loaders() -> dict[str, Callable[[], Any]]:
    def shuffled(**how: Any) -> Callable[[], Any]:
        from groundup.data import DataLoader, TensorDataset

        return lambda: DataLoader(TensorDataset(*data()), batch_size=5, shuffle=True, **how)

    return {
        "a list": batches,
        "a loader that keeps no place": lambda: Shuffled(batches()),
        "DataLoader": lambda: shuffled()(),
        "DataLoader with its own generator": lambda: shuffled(generator=groundup.Generator().manual_seed(3))(),
    }


OPTIMIZERS: dict[str, Callable[[Any], Any]] = {
    "SGD": lambda p: optim.SGD(p, lr=0.05, momentum=0.9, nesterov=True, weight_decay=0.01),
    "Adam": lambda p: optim.Adam(p, lr=0.01, amsgrad=True),
    "AdamW": lambda p: optim.AdamW(p, lr=0.01),
    "RMSprop": lambda p: optim.RMSprop(p, lr=0.01, momentum=0.5, centered=True),
}
SCHEDULERS: dict[str, Callable[[Any], Any]] = {
    "none": lambda o: None,
    "step": lambda o: optim.lr_scheduler.StepLR(o, 2),
    "cosine": lambda o: optim.lr_scheduler.CosineAnnealingLR(o, 5),
    "one cycle": lambda o: optim.lr_scheduler.OneCycleLR(o, 0.1, total_steps=100),
    "plateau": lambda o: optim.lr_scheduler.ReduceLROnPlateau(o, patience=0, threshold=0.9),
    "warm-up": lambda o: optim.lr_scheduler.SequentialLR(
        o,
        [optim.lr_scheduler.LinearLR(o, 0.1, total_iters=2), optim.lr_scheduler.ExponentialLR(o, 0.9)],
        milestones=[2],
    ),
}


def build(
    path: Path,
    *callbacks: Callback,
    loader: str = "a list",
    optimizer: str = "SGD",
    scheduler: str = "none",
    **changes: Any,
) -> Learner:
    """A run that draws random numbers wherever one can; the same whenever it is built."""
    groundup.manual_seed(7)
    random.seed(8)
    np.random.seed(9)
    net = nn.Sequential(nn.Linear(4, 6), nn.Tanh(), nn.Dropout(0.3), nn.Linear(6, 3))
    opt = OPTIMIZERS[optimizer](net.parameters())
    every = Checkpoint(path, every_batches=1)
    given: dict[str, Any] = {
        "train_loader": loaders()[loader](),
        "valid_loader": batches()[:2],
        "loss_fn": F.cross_entropy,
        "optimizer": opt,
        "scheduler": SCHEDULERS[scheduler](opt),
        "metrics": [Accuracy(), ConfusionMatrix(3)],
        "train_metrics": True,
        "progress": None,
        "callbacks": [every, *callbacks],
    }
    return Learner(net, **(given | changes))


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


# Files that do not fit -------------------------------------------------------------------------------


def everything(learner: Learner) -> Any:
    state = run_state.capture(learner)
    return copy.deepcopy({name: part for name, part in state.items() if name != "fingerprint"})


def same(a: Any, b: Any) -> bool:
    if isinstance(a, groundup.Tensor):
        return groundup.equal(a, b)
    if isinstance(a, np.ndarray):
        return np.array_equal(a, b)
    if isinstance(a, dict):
        return list(a) == list(b) and all(same(a[key], b[key]) for key in a)
    if isinstance(a, list | tuple):
        return len(a) == len(b) and all(map(same, a, b))
    return bool(a == b)


def other(path: Path, **changes: Any) -> Learner:
    net = nn.Linear(4, 3)
    opt = optim.SGD(net.parameters(), lr=0.1)
    given: dict[str, Any] = {
        "train_loader": batches(),
        "loss_fn": F.cross_entropy,
        "optimizer": opt,
        "progress": None,
    }
    return Learner(net, **(given | changes))


def test_a_checkpoint_that_does_not_fit_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "checkpoint"
    build(path, Noise()).fit(1)
    for changes, message in (
        ({}, "state_dict"),
        ({"scheduler": "step"}, "it holds no state of the scheduler, and there is one"),
        ({"metrics": [Accuracy()]}, "it was made with the metrics .*confusion"),
    ):
        learner = build(path, **changes) if changes else other(path)
        before = everything(learner)
        with pytest.raises(ValueError, match=f"(?s)checkpoint does not fit this learner: .*{message}"):
            learner.fit(2, resume=path)
        assert same(everything(learner), before)


def test_damaged_checkpoints_change_nothing(tmp_path: Path) -> None:
    path = tmp_path / "checkpoint"
    build(path).fit(1)
    whole = path.read_bytes()
    learner = build(path)
    before = everything(learner)
    for length in (0, 7, 100, len(whole) // 2, len(whole) - 1):
        path.write_bytes(whole[:length])
        with pytest.raises(ValueError, match="checkpoint is not a whole safetensors file"):
            learner.fit(1, resume=True)
    for something_else in (learner.model.state_dict(), 3, [1], {"position": {}}):
        groundup.save(something_else, path)
        with pytest.raises(ValueError, match="checkpoint is no checkpoint of a Learner"):
            learner.fit(1, resume=path)
    state = everything(learner) | {"format": 99, "fingerprint": {}}
    groundup.save(state, path)
    with pytest.raises(ValueError, match="is a checkpoint of format 99; this version reads 1"):
        learner.fit(1, resume=path)
    with pytest.raises(FileNotFoundError):
        learner.fit(1, resume=tmp_path / "nowhere")
    assert same(everything(learner), before)


def test_whole_files_with_senseless_parts_change_nothing(tmp_path: Path) -> None:
    path = tmp_path / "checkpoint"
    build(path, EarlyStopping(9), scheduler="cosine").fit(1)
    state = groundup.load(path)
    refused = 0
    for name in state["position"]:
        if name.endswith("_done"):
            groundup.save(state | {"position": {**state["position"], name: "x"}}, path)
            with pytest.raises(ValueError, match="checkpoint is no checkpoint of a Learner"):
                build(path, EarlyStopping(9), scheduler="cosine").fit(1, resume=True)
    for part in state:
        for nonsense in (None, {}, [], 3, "x", {"a": groundup.zeros(1)}, groundup.zeros(2)):
            groundup.save(state | {part: nonsense}, path)
            learner = build(path, EarlyStopping(9), scheduler="cosine")
            before = everything(learner)
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", ResumeWarning)
                try:
                    learner.fit(1, resume=path)
                except ValueError as error:
                    refused += 1
                    assert str(path) in str(error)
                    assert same(everything(learner), before)
    assert refused > 60


def test_resume_without_a_checkpoint_callback_or_file(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="resume=True needs one Checkpoint callback, and there are 0"):
        other(tmp_path).fit(1, resume=True)
    learner = build(tmp_path / "none yet")
    assert len(learner.fit(1, resume=True)) == 1
    assert len(other(tmp_path).fit(1, resume=False)) == 1


def test_other_conditions_are_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "checkpoint"
    build(path).fit(1)
    monkeypatch.setenv("OMP_NUM_THREADS", "97")
    with pytest.warns(ResumeWarning, match="other bits: threads was .* and is .*OMP_NUM_THREADS=97") as caught:
        build(path).fit(2, resume=True)
    assert caught[0].filename == __file__


def test_callbacks_that_came_or_went_are_said(tmp_path: Path) -> None:
    path = tmp_path / "checkpoint"
    build(path, Remember(), Noise()).fit(1)
    with pytest.warns(ResumeWarning, match="bits: the callback Remember is gone; the callback EarlyStopping is new$"):
        build(path, EarlyStopping()).fit(1, resume=True)


def test_a_training_loader_that_something_else_went_through(tmp_path: Path) -> None:
    class Meddle(Callback):
        def after_batch(self, learner: Learner) -> None:
            if learner.batches_done == 3:
                learner.evaluate(learner.train_loader)

    learner = build(tmp_path / "checkpoint", Meddle(), loader="DataLoader")
    with pytest.raises(RuntimeError, match="the training loader is at batch 0 and the epoch at 3"):
        learner.fit(1)


def test_a_loader_that_has_become_shorter(tmp_path: Path) -> None:
    path = tmp_path / "checkpoint"
    with pytest.raises(Cut):
        build(path, CutAfter(5)).fit(1)
    learner = build(path, train_loader=batches()[:3])
    with pytest.raises(ValueError, match="checkpoint does not fit this learner: the training loader has fewer batches"):
        learner.fit(1, resume=True)


# Before the work starts ------------------------------------------------------------------------------


def test_where_the_checkpoint_goes_is_checked_first(tmp_path: Path) -> None:
    for path, error in (
        (tmp_path / "missing" / "checkpoint", FileNotFoundError),
        (tmp_path, IsADirectoryError),
    ):
        learner = build(path)
        with pytest.raises(error, match="saving checkpoints needs"):
            learner.fit(1)
        assert learner.steps_done == 0


def test_without_safetensors_it_says_so_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "safetensors.numpy", None)
    learner = build(tmp_path / "checkpoint")
    with pytest.raises(MissingExtra, match=r'(?s)saving checkpoints needs the package safetensors.*"groundup.train'):
        learner.fit(1)
    assert learner.steps_done == 0
    with pytest.raises(MissingExtra, match="resuming a run needs"):
        learner.fit(1, resume=tmp_path / "checkpoint")


def test_arguments_that_make_no_sense() -> None:
    for wrong in (0, -1, 1.5, True):
        with pytest.raises(ValueError, match="every_batches must be a whole number of 1 or more"):
            Checkpoint("x", every_batches=wrong)  # type: ignore[arg-type]
        with pytest.raises(ValueError, match="every_epochs must be a whole number of 1 or more"):
            Checkpoint("x", every_epochs=wrong)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="every_seconds must be 0 or more"):
        Checkpoint("x", every_seconds=-1)


def test_callbacks_of_one_class_are_told_apart(tmp_path: Path) -> None:
    names = list(run_state.named([Noise(), Remember(), Remember(), Noise(), Remember()]))
    assert names == ["Noise", "Remember", "Remember#2", "Noise#2", "Remember#3"]
