"""Resuming what cannot be resumed: checkpoints that do not fit or are damaged, and what is said before the work."""

from __future__ import annotations

import copy
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import groundup
from groundup import nn, optim
from groundup.errors import MissingExtra
from groundup.train import Accuracy, Callback, Checkpoint, EarlyStopping, Learner, ResumeWarning, run_state
from tests.train.resumed_runs import Cut, CutAfter, F, Noise, Remember, batches, build

pytest.importorskip("safetensors", reason="checkpoints need the extra 'train'")

pytestmark = pytest.mark.usefixtures("no_fsync")


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
