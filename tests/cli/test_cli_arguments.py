"""What the command says of itself, what it loads for that, and mistakes on its line."""

from __future__ import annotations

import subprocess
import sys

import pytest

import groundup
from groundup.cli import main
from groundup.cli.warp import random_maps, warp

HEAVY = ("groundup.nn", "groundup.data", "groundup.train", "groundup.optim", "groundup.io", "matplotlib", "tqdm")


def test_help_loads_no_room(start) -> None:
    script = (
        f"import sys\nfrom groundup.cli import main\nmain(['--help'])\nprint([m for m in {HEAVY} if m in sys.modules])"
    )
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert run.stdout.startswith("usage: groundup") and run.stdout.endswith("[]\n")


@pytest.mark.parametrize("command", ["train", "predict", "evaluate", "ladder", "explain", "derive", "study", "info"])
def test_each_command_explains_itself(command: str, capsys) -> None:
    assert main([command, "--help"]) == 0
    assert f"usage: groundup {command}" in capsys.readouterr().out


def test_version_info_and_no_command(capsys) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"groundup {groundup.__version__}\n"
    assert main([]) == 0
    assert "groundup train" in capsys.readouterr().out
    assert main(["info"]) == 0
    out = capsys.readouterr().out
    assert f"numpy          {__import__('numpy').__version__}" in out and "GROUNDUP_DATA" in out


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["tain"], "invalid choice: 'tain'"),
        (["train", "--epoch", "3"], "unrecognized arguments: --epoch 3"),
        (["train", "--epochs", "0"], "--epochs: must be a whole number of 1 or more, got '0'"),
        (["train", "--epochs", "1.5"], "--epochs: must be a whole number of 1 or more, got '1.5'"),
        (["train", "--lr", "0"], "--lr: must be a number above 0, got '0'"),
        (["train", "--lr", "nan"], "--lr: must be a number above 0, got 'nan'"),
        (["train", "--weight-decay", "-1"], "--weight-decay: must be a number of 0 or more, got '-1'"),
        (["train", "--seed", str(2**64)], "--seed: must be a whole number from 0 to"),
        (["train", "--model", "rnn"], "--model: invalid choice: 'rnn'"),
        (["train", "--out", "a", "--resume", "b"], "not allowed with argument"),
        (["train", "--data", "no such set"], "no data set and no file or folder is called 'no such set'"),
        (["train", "--data", "digits", "--root", "."], "root is for mnist and fashion-mnist"),
        (["train", "--resume", "nowhere"], "nowhere is not the folder of a run: there is no such folder"),
        (["predict", "nowhere", "a.png"], "nowhere is not the folder of a run"),
        (["predict", "nowhere"], "the following arguments are required: IMAGE"),
    ],
)
def test_a_mistake_is_one_line(arguments: list[str], says: str, tmp_path, monkeypatch, capsys) -> None:
    for package in ("safetensors", "matplotlib", "threadpoolctl", "tqdm", "PIL"):
        pytest.importorskip(package, reason="the command needs the extra 'train'")
    monkeypatch.chdir(tmp_path)
    assert main(arguments) == 2
    out, err = capsys.readouterr()
    assert out == "" and len(err.splitlines()) == 1 and err.startswith("groundup")
    assert says in err
    assert list(tmp_path.iterdir()) == []


def test_a_warp_that_does_nothing_changes_nothing() -> None:
    import numpy as np

    groundup.manual_seed(0)
    images = groundup.rand(5, 2, 9, 7).numpy()
    still = np.tile(np.float32([[1, 0, 0], [0, 1, 0]]), (5, 1, 1))
    assert np.allclose(warp(images, still), images, atol=1e-5)
    one_down = still.copy()
    one_down[:, 0, 2] = -2 / 9  # what comes from one row above has moved one row down
    assert np.allclose(warp(images, one_down)[:, :, 1:], images[:, :, :-1], atol=1e-5)
    assert np.allclose(warp(images, one_down)[:, :, 0], 0, atol=1e-5)
    maps = random_maps(1000)
    assert maps.shape == (1000, 2, 3) and np.abs(maps[:, :, 2]).max() <= 0.16
    assert np.abs(maps[:, :, :2] - np.eye(2)).max() < 0.3
    moved = warp(images, random_maps(5))
    assert moved.min() >= 0 and moved.max() <= images.max() and not np.allclose(moved, images)
