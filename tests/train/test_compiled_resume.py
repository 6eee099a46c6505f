"""Compiled runs that are cut and go on, in this process and in others: they end with the bits of one that was not."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import groundup
from groundup.train import ResumeWarning, fingerprint, steps
from tests.train.resumed_runs import Cut, CutAfter, Noise, Remember, batches, build
from tests.train.small_learner import needs_llvmlite
from tests.train.test_resume import outcome

pytest.importorskip("safetensors", reason="checkpoints need the extra 'train'")
pytestmark = [needs_llvmlite, pytest.mark.usefixtures("no_fsync")]
EPOCHS = 2  # of 6 batches


@pytest.fixture
def early(monkeypatch: pytest.MonkeyPatch) -> None:
    """Compiled from the fifth step on."""
    monkeypatch.setattr(steps, "EAGER_STEPS", 4)


def compare(path: Path, cuts: list[int], *callbacks: Any, **changes: Any) -> None:
    whole = build(path, *callbacks, **changes)
    whole.fit(EPOCHS)
    expected = outcome(whole)
    for cut in cuts:
        path.unlink()
        with pytest.raises(Cut):
            build(path, *callbacks, CutAfter(cut), **changes).fit(EPOCHS)
        last = build(path, *callbacks, **changes)
        last.fit(EPOCHS, resume=True)
        assert outcome(last) == expected, cut
    assert any(program is not None for program in last.steps._programs.values())


@pytest.mark.usefixtures("early")
def test_a_run_that_was_cut_ends_with_the_same_bits(tmp_path: Path) -> None:
    compare(tmp_path / "checkpoint", [2, 4, 5, 9], Noise(), optimizer="Adam", scheduler="one cycle")


@pytest.mark.usefixtures("early")
def test_with_callbacks_between_gradients_and_step(tmp_path: Path) -> None:
    compare(tmp_path / "checkpoint", [5, 8], Remember(), optimizer="RMSprop")


def test_from_the_very_first_step(tmp_path: Path) -> None:
    compare(tmp_path / "checkpoint", [1, 2, 7], compiled=True)


@pytest.mark.usefixtures("early")
def test_the_shapes_that_came_first_are_the_ones_with_programs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, recwarn: pytest.WarningsRecorder
) -> None:
    """A resumed run meets them in another order, and must not compile what the other run left eager."""
    monkeypatch.setattr(steps, "MOST_KINDS", 2)
    whole = batches()
    cut = [(x[: 5 - i // 2], y[: 5 - i // 2]) for i, (x, y) in enumerate(whole)]
    path = tmp_path / "checkpoint"
    with pytest.warns(UserWarning, match="for batches of further shapes, as there were 2 already"):
        compare(path, [9], train_loader=cut, valid_loader=None, train_metrics=False)
    assert len(groundup.load(path)["kinds"]["step"]) == 2


def test_other_conditions_are_told(tmp_path: Path) -> None:
    path = tmp_path / "checkpoint"
    build(path, compiled=False).fit(1)
    with pytest.warns(ResumeWarning, match=r"mode was eager and is compiled by llvmlite \d"):
        build(path, compiled=True).fit(2, resume=True)
    one = build(path, compiled=True)
    with groundup.compile.reading("numpy"):
        assert fingerprint(one.steps.mode)["mode"] == "compiled to NumPy"


def test_a_checkpoint_from_before_there_were_programs_is_read(tmp_path: Path) -> None:
    path = tmp_path / "checkpoint"
    build(path, compiled=False).fit(1)
    state = groundup.load(path)
    del state["kinds"]
    groundup.save(state, path)
    last = build(path, compiled=False)
    last.fit(2, resume=True)
    assert last.epochs_done == 2


_RUN = """
import os, sys
import groundup
from groundup import nn, optim
from groundup.data import DataLoader, TensorDataset
from groundup.train import Callback, Checkpoint, Learner, steps

steps.EAGER_STEPS = 5

class Die(Callback):
    order = 3000
    def after_batch(self, learner):
        if learner.steps_done == int(sys.argv[2]):
            os._exit(9)

groundup.manual_seed(1)
x = groundup.randn(48, 1, 6, 6)
net = nn.Sequential(nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.Flatten(), nn.Dropout(0.2), nn.Linear(64, 3))
optimizer = optim.AdamW(net.parameters(), lr=0.01)
Learner(
    net, DataLoader(TensorDataset(x, x[:, 0, 0, :3].argmax(1)), batch_size=10, shuffle=True), None,
    nn.functional.cross_entropy, optimizer, optim.lr_scheduler.OneCycleLR(optimizer, 0.05, total_steps=50),
    progress=None, callbacks=[Checkpoint(sys.argv[1] + "/checkpoint", every_batches=1), Die()],
).fit(3, resume=True)
groundup.save(net.state_dict(), sys.argv[1] + "/weights")
"""


def test_in_several_processes(tmp_path: Path) -> None:
    environment = os.environ | {"PYTHONPATH": str(Path(groundup.__file__).parents[1])}
    found = []
    for name, deaths in (("whole", [0]), ("cut", [8, 0])):
        folder = tmp_path / name
        folder.mkdir()
        for death in deaths:
            command = [sys.executable, "-c", _RUN, str(folder), str(death)]
            done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120)
            assert done.returncode == (9 if death else 0) and not done.stderr, done.stderr
        found.append((folder / "weights").read_bytes())
    assert found[0] == found[1]
