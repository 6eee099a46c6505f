"""Real processes killed by SIGKILL, at random moments and at every step of writing the checkpoint."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import groundup

pytest.importorskip("safetensors", reason="checkpoints need the extra 'train'")
pytestmark = pytest.mark.skipif(os.name == "nt", reason="needs SIGKILL")

# The run: shuffled, with dropout, a one-cycle schedule and a callback that draws. DIE="replace 3" ends the
# process in the third call of os.replace, before it happens; "replaced 3" ends it just after.
_RUN = """
import os, random, signal, sys, time
import numpy as np
import groundup
from groundup import nn, optim
from groundup.data import DataLoader, TensorDataset
from groundup import atomic
from groundup.train import Accuracy, Callback, Checkpoint, EarlyStopping, Learner, SaveBest, SaveHistory

folder, pause = sys.argv[1], float(sys.argv[2])
step, _, count = os.environ.get("DIE", "").partition(" ")
calls = 0

def dying(real, after):
    def call(*args):
        global calls
        calls += 1
        if after:
            real(*args)
        if calls == int(count):
            os.kill(os.getpid(), signal.SIGKILL)
        if not after:
            real(*args)
    return call

if step:
    name = step.removesuffix("d")
    setattr(atomic.os, name, dying(getattr(os, name), step.endswith("d")))

class Noise(Callback):
    def before_batch(self, learner):
        (x,) = learner.inputs
        learner.inputs = (x + 0.01 * (random.random() + np.random.normal() + groundup.randn(1).item()),)
        time.sleep(pause)

groundup.manual_seed(1); random.seed(2); np.random.seed(3)
x = groundup.randn(60, 5)
data = TensorDataset(x, x[:, :3].argmax(1))
net = nn.Sequential(nn.Linear(5, 16), nn.ReLU(), nn.Dropout(0.2), nn.Linear(16, 3))
optimizer = optim.AdamW(net.parameters(), lr=0.01)
learner = Learner(
    net, DataLoader(data, batch_size=6, shuffle=True), DataLoader(data, batch_size=30),
    nn.functional.cross_entropy, optimizer, optim.lr_scheduler.OneCycleLR(optimizer, 0.05, total_steps=50),
    metrics=Accuracy(), progress=None,
    callbacks=[
        Checkpoint(folder + "/checkpoint", every_batches=3), Noise(), EarlyStopping(9, restore_best=True),
        SaveBest(folder + "/best"), SaveHistory(folder + "/history.csv"),
    ],
)
print("ready", flush=True)
learner.fit(5, resume=True)
groundup.save(net.state_dict(), folder + "/weights")
"""

ENVIRONMENT = os.environ | {"PYTHONPATH": str(Path(groundup.__file__).parents[1])}


def start(folder: Path, die: str = "", pause: float = 0.0) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", _RUN, str(folder), str(pause)]
    environment = ENVIRONMENT | {"DIE": die}
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment)


def finish(process: subprocess.Popen[str]) -> int:
    out, err = process.communicate(timeout=60)
    assert process.returncode in (0, -signal.SIGKILL), out + err
    return process.returncode


def results(folder: Path) -> tuple[bytes, bytes, list[str]]:
    """Weights, best weights and the history without its times; and nothing else may lie about."""
    assert sorted(os.listdir(folder)) == ["best", "checkpoint", "history.csv", "weights"]
    rows = [line.rpartition(",")[0] for line in (folder / "history.csv").read_text().splitlines()]
    return (folder / "weights").read_bytes(), (folder / "best").read_bytes(), rows


@pytest.fixture(scope="module")
def expected(tmp_path_factory: pytest.TempPathFactory) -> tuple[bytes, bytes, list[str]]:
    """The results of a run that nobody killed."""
    folder = tmp_path_factory.mktemp("whole")
    assert finish(start(folder)) == 0
    return results(folder)


def test_killed_at_every_step_of_a_write(tmp_path: Path, expected: tuple[bytes, bytes, list[str]]) -> None:
    for die in ("fsync 1", "replace 2", "replaced 3", "fsyncd 8", "replace 7"):
        assert finish(start(tmp_path, die)) == -signal.SIGKILL, die
    assert finish(start(tmp_path)) == 0
    assert results(tmp_path) == expected


def test_killed_at_random_moments(tmp_path: Path, expected: tuple[bytes, bytes, list[str]]) -> None:
    chance = random.Random(4)
    killed = 0
    for _ in range(40):
        process = start(tmp_path, pause=0.01)
        assert process.stdout is not None
        process.stdout.readline()
        time.sleep(chance.uniform(0.02, 0.25))
        process.kill()
        if finish(process) == 0:
            break
        killed += 1
        if killed == 4:
            assert finish(start(tmp_path)) == 0
            break
    assert killed >= 2
    assert results(tmp_path) == expected
