"""``groundup train``: what it learns, what it leaves, and runs that are ended and go on."""

from __future__ import annotations

import csv
import itertools
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from groundup.cli import main, outcome, train
from groundup.cli.arguments import make_parser
from groundup.cli.settings import Settings, measure, settle
from groundup.data import load

pytestmark = pytest.mark.usefixtures("finished_run")
FILES = ["checkpoint.safetensors", "config.json", "confusion.png", "history.csv", "history.png", "misread.png"]


def weights(folder: Path) -> bytes:
    return (folder / "weights.safetensors").read_bytes()


def rows(folder: Path) -> list[list[str]]:
    """The history without its times."""
    with open(folder / "history.csv", newline="", encoding="utf-8") as file:
        return [row[:-1] for row in csv.reader(file)]


def test_the_main_job_reads_new_digits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["train", "--epochs", "9"]) == 0
    out, err = capsys.readouterr()
    folder = tmp_path / "runs" / "digits-cnn-1"
    assert sorted(os.listdir(folder)) == [*FILES, "weights.safetensors"]
    assert len(rows(folder)) == 10 and float(rows(folder)[-1][3]) >= 0.97
    assert "held-out images are read right: 3" in out and "groundup predict runs/digits-cnn-1" in out
    assert err == ""
    for picture in ("history.png", "misread.png", "confusion.png"):
        assert (folder / picture).read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"


@pytest.mark.usefixtures("no_pictures")
def test_runs_are_numbered_and_a_seed_repeats_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys) -> None:
    monkeypatch.chdir(tmp_path)
    for seed in ("3", "3", "4"):
        assert main(["train", "--model", "mlp", "--epochs", "1", "--seed", seed, "--quiet"]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 3
    first, second, third = (tmp_path / "runs" / f"digits-mlp-{number}" for number in (1, 2, 3))
    assert weights(first) == weights(second) != weights(third)


@pytest.mark.usefixtures("no_pictures")
@pytest.mark.parametrize(
    "options",
    [
        ["--optimizer", "sgd", "--scheduler", "cosine", "--no-augment", "--weight-decay", "0.001"],
        ["--optimizer", "rmsprop", "--scheduler", "none", "--batch-size", "100", "--lr", "0.001"],
        ["--optimizer", "adam", "--checkpoint-every", "20", "--threads", "2"],
    ],
)
def test_options_train(tmp_path: Path, options: list[str]) -> None:
    folder = tmp_path / "run"
    assert main(["train", "--model", "mlp", "--epochs", "3", "--out", str(folder), "--quiet", *options]) == 0
    assert float(rows(folder)[-1][3]) > 0.5
    settings = json.loads((folder / "config.json").read_text())["settings"]
    for option, value in itertools.pairwise(options):
        name = option[2:].replace("-", "_")
        if option.startswith("--") and name in settings:
            assert str(settings[name]) == value


@pytest.mark.usefixtures("no_pictures")
def test_own_images_in_colour_train_and_are_read(tmp_path: Path, capsys) -> None:
    noise = np.random.default_rng(0)
    labels = np.arange(60) % 3
    images = noise.integers(0, 90, (60, 20, 17, 3))
    images[np.arange(60), :, :, labels] += 150
    np.savez(tmp_path / "colours.npz", images=images.astype(np.uint8), labels=labels)
    arguments = ["train", "--data", str(tmp_path / "colours.npz"), "--out", str(tmp_path / "run"), "--epochs", "8"]
    assert main([*arguments, "--batch-size", "8"]) == 0
    assert float(rows(tmp_path / "run")[-1][3]) == 1.0
    from PIL import Image

    Image.new("RGB", (50, 50), (40, 200, 40)).save(tmp_path / "green.png")
    capsys.readouterr()
    assert main(["predict", str(tmp_path / "run"), str(tmp_path / "green.png"), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)[0]["class"] == "1"


@pytest.mark.usefixtures("no_pictures")
def test_training_is_compiled_unless_asked_otherwise(tmp_path: Path, capsys, monkeypatch: pytest.MonkeyPatch) -> None:
    from groundup.compile import get_num_threads
    from groundup.train import steps

    monkeypatch.setattr(steps, "EAGER_STEPS", 2)
    before = get_num_threads()
    for name, option, said in (("compiled", "--seed=0", steps.can_compile()), ("eager", "--eager", False)):
        arguments = ["train", "--model", "mlp", "--epochs", "2", "--out", str(tmp_path / name), option]
        assert main(arguments) == 0
        out, err = capsys.readouterr()
        assert ("seed 0, compiled\n" in out) is said and err == ""
        settings = json.loads((tmp_path / name / "config.json").read_text())["settings"]
        assert settings["eager"] is (name == "eager")
    compiled, eager = rows(tmp_path / "compiled"), rows(tmp_path / "eager")
    for one, other in zip(compiled[1:], eager[1:], strict=True):
        assert [float(each) for each in one] == pytest.approx([float(each) for each in other], rel=1e-3)
    assert (weights(tmp_path / "compiled") != weights(tmp_path / "eager")) is steps.can_compile()
    assert get_num_threads() == before
    assert main(["train", "--resume", str(tmp_path / "compiled"), "--eager"]) == 2
    assert "you asked for --eager True (it has False)" in capsys.readouterr().err


def test_settings_from_before_there_was_a_choice_are_read() -> None:
    options = make_parser().parse_args(["train"])
    found = vars(settle(options, load("digits")))
    assert Settings(**{name: value for name, value in found.items() if name != "eager"}).eager is False


def test_defaults_suit_the_size_of_the_data() -> None:
    options = make_parser().parse_args(["train"])
    assert settle(options, load("digits")).epochs == 30
    assert settle(options, load("fashion")).batch_size == 64
    form = measure(load("digits"))
    assert (form.background, form.extent) == (0.0, 1.0) and 0.25 < form.ink[0] < form.ink[1] < 0.36


# --- runs that end before their time ------------------------------------------------------------------------

LONG = ["train", "--model", "mlp", "--epochs", "300", "--out", "run", "--no-augment"]


def wait_for_lines(process: subprocess.Popen[str], count: int) -> None:
    assert process.stdout is not None
    for _ in range(count):
        assert process.stdout.readline(), process.communicate()


@pytest.mark.skipif(os.name == "nt", reason="needs signals")
@pytest.mark.parametrize(("signum", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_saves_and_says_how_to_go_on(tmp_path: Path, start, signum: int, code: int) -> None:
    process = start(*LONG)
    wait_for_lines(process, 7)
    process.send_signal(signum)
    _, err = process.communicate(timeout=60)
    assert process.returncode == code
    assert len(err.splitlines()) == 1 and "Traceback" not in err
    assert "interrupted after" in err and "groundup train --resume run" in err
    assert (tmp_path / "run" / "checkpoint.safetensors").exists()
    assert main(["evaluate", str(tmp_path / "run")]) == 2


@pytest.mark.usefixtures("no_pictures")
def test_resumed_as_if_it_had_not_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys) -> None:
    monkeypatch.chdir(tmp_path)
    common = ["train", "--model", "mlp", "--epochs", "4", "--seed", "7"]
    assert main([*common, "--out", "whole", "--quiet"]) == 0
    wait, batches = train.StopOnSignal.after_batch, 0

    def interrupt(self: train.StopOnSignal, learner) -> None:
        nonlocal batches
        batches += 1
        if batches in (31, 60):  # in the middle of an epoch
            self.request(signal.SIGINT, None)
        wait(self, learner)

    monkeypatch.setattr(train.StopOnSignal, "after_batch", interrupt)
    assert main([*common, "--out", "cut"]) == 130
    assert "interrupted after 1 of 4 epochs and 7 batches; continue with: groundup train --resume cut" in (
        capsys.readouterr().err
    )
    assert main(["train", "--resume", "cut"]) == 130
    assert main(["train", "--resume", "cut", "--quiet"]) == 0
    assert weights(Path("cut")) == weights(Path("whole"))
    assert rows(Path("cut")) == rows(Path("whole"))


@pytest.mark.skipif(os.name == "nt", reason="needs SIGKILL")
@pytest.mark.usefixtures("no_pictures")
def test_a_killed_run_goes_on(tmp_path: Path, start) -> None:
    arguments = ["train", "--model", "mlp", "--epochs", "8", "--quiet", "--checkpoint-every", "3"]
    assert main([*arguments, "--out", str(tmp_path / "whole")]) == 0
    process = start(*arguments, "--out", "cut")
    checkpoint = tmp_path / "cut" / "checkpoint.safetensors"
    while process.poll() is None and not checkpoint.exists():
        time.sleep(0.002)
    process.kill()
    process.communicate()
    assert process.returncode == -signal.SIGKILL
    assert main(["train", "--resume", str(tmp_path / "cut"), "--quiet"]) == 0
    assert weights(tmp_path / "cut") == weights(tmp_path / "whole")


def test_a_finished_run_resumed_makes_its_results_anew(tmp_path: Path, finished_run: Path, capsys) -> None:
    folder = shutil.copytree(finished_run, tmp_path / "again")
    for name in ("weights.safetensors", "history.csv", "history.png", "misread.png"):
        (folder / name).unlink()
    assert main(["train", "--resume", str(folder)]) == 0
    assert "all epochs were done before" in capsys.readouterr().out
    assert weights(folder) == weights(finished_run) and rows(folder) == rows(finished_run)
    assert (folder / "misread.png").exists() and (folder / "history.png").exists()


@pytest.mark.usefixtures("no_pictures")
def test_a_full_disk_loses_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys) -> None:
    monkeypatch.chdir(tmp_path)
    real, written = os.fsync, 0

    def full(descriptor: int) -> None:
        nonlocal written
        written += 1
        if written == 12:
            raise OSError(28, "No space left on device")
        real(descriptor)

    common = ["train", "--model", "mlp", "--epochs", "5", "--quiet"]
    assert main([*common, "--out", "whole"]) == 0
    monkeypatch.setattr(os, "fsync", full)
    assert main([*common, "--out", "cut"]) == 2
    err = capsys.readouterr().err
    assert len(err.splitlines()) == 1
    assert "No space left on device; continue with: groundup train --resume cut" in err
    assert main(["train", "--resume", "cut", "--quiet"]) == 0
    assert weights(Path("cut")) == weights(Path("whole"))


def test_a_disk_that_is_full_from_the_start_leaves_no_folder(tmp_path: Path, monkeypatch, capsys) -> None:
    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(os, "fsync", full)
    assert main(["train"]) == 2
    expected = os.path.join("runs", "digits-cnn-1", "config.json")
    assert capsys.readouterr().err == f"groundup: error: {expected}: No space left on device\n"
    assert os.listdir("runs") == []


def test_a_loss_that_is_no_number_ends_the_run(tmp_path: Path, capsys) -> None:
    arguments = ["train", "--model", "mlp", "--optimizer", "sgd", "--lr", "1e20", "--out", str(tmp_path / "run")]
    assert main(arguments) == 2
    assert "the loss became nan in epoch 1" in capsys.readouterr().err
    assert not (tmp_path / "run" / "checkpoint.safetensors").exists()


# --- how it is resumed, and how not -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--epochs", "9"], "--epochs 9 (it has 6)"),
        (["--lr", "0.1", "--model", "cnn"], "--model cnn (it has mlp), --lr 0.1 (it has 0.005)"),
        (["--data", "fashion"], "--data fashion (it has digits)"),
        (["--no-augment"], "--augment False (it has True)"),
    ],
)
def test_a_resumed_run_keeps_its_settings(finished_run: Path, arguments: list[str], says: str, capsys) -> None:
    assert main(["train", "--resume", str(finished_run), *arguments]) == 2
    assert f"a resumed run keeps its settings, and you asked for {says}" in capsys.readouterr().err


@pytest.mark.usefixtures("no_pictures")
def test_resuming_needs_the_same_images(tmp_path: Path, capsys) -> None:
    images = np.random.default_rng(0).integers(0, 255, (40, 8, 8), dtype=np.uint8)
    path = tmp_path / "set.npz"
    np.savez(path, images=images, labels=np.arange(40) % 2)
    arguments = ["train", "--model", "mlp", "--epochs", "1", "--data", str(path), "--out", str(tmp_path / "run")]
    assert main(arguments) == 0
    np.savez(path, images=images[::-1], labels=np.arange(40) % 2)
    assert main(["train", "--resume", str(tmp_path / "run")]) == 2
    assert "are not those that" in capsys.readouterr().err


def test_a_folder_in_use_is_left_alone(finished_run: Path, capsys) -> None:
    before = weights(finished_run)
    assert main(["train", "--out", str(finished_run)]) == 2
    assert "is not empty: resume it (--resume" in capsys.readouterr().err
    assert weights(finished_run) == before


# --- what is missing, and where it is written ---------------------------------------------------------------

HIDE = """
import sys
class Hide:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == {package!r}:
            raise ModuleNotFoundError("No module named " + repr(name), name=name)
sys.meta_path.insert(0, Hide())
from groundup.cli import main
sys.exit(main(["train"]))
"""


@pytest.mark.parametrize("package", ["safetensors", "matplotlib", "tqdm", "threadpoolctl"])
def test_a_missing_extra_is_told_before_the_work(tmp_path: Path, start, package: str) -> None:
    from_root = str(Path(train.__file__).parents[2])
    command = [sys.executable, "-c", HIDE.format(package=package)]
    environment = os.environ | {"PYTHONPATH": from_root}
    run = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, env=environment, check=False)
    assert run.returncode == 2 and run.stdout == ""
    assert len(run.stderr.splitlines()) == 1 and package in run.stderr
    assert 'pip install "groundup[train]"' in run.stderr
    assert os.listdir(tmp_path) == []


def test_an_output_that_takes_nothing(tmp_path: Path, finished_run: Path, start) -> None:
    resource = pytest.importorskip("resource", reason="limits of file sizes are POSIX's")
    with open(tmp_path / "out", "w") as out:
        process = start(
            "evaluate",
            str(finished_run),
            stdout=out,
            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0)),
        )
        _, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (2, "groundup: error: standard output: File too large\n")


@pytest.mark.skipif(os.name == "nt", reason="needs SIGPIPE")
def test_a_reader_that_leaves_ends_the_command_in_silence(start) -> None:
    process = start(*LONG)
    wait_for_lines(process, 6)
    process.stdout.close()
    err = process.stderr.read()
    assert (process.wait(timeout=60), err) == (141, "")
    process.stderr.close()


def test_a_command_knows_no_error_of_its_own(capsys, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> None:
        raise KeyError("a mistake in groundup")

    with pytest.raises(KeyError):
        outcome.guarded(broken)

    def refused() -> None:
        raise ValueError("two\n  lines")

    assert outcome.guarded(refused) == 2
    assert capsys.readouterr().err == "groundup: error: two lines\n"
    monkeypatch.setenv("GROUNDUP_TRACEBACK", "1")
    with pytest.raises(ValueError):
        outcome.guarded(refused)
