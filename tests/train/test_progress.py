"""What a fit writes: lines on standard output, a bar on standard error, or nothing."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

import groundup
from groundup import nn, optim
from groundup.errors import MissingExtra
from groundup.train import Callback, Checkpoint, Learner, ProgressBar, ProgressLines


def learner(progress: Any, **changes: Any) -> Learner:
    net = nn.Linear(2, 1)
    batch = groundup.ones(4, 2), groundup.zeros(4, 1)
    return Learner(
        net,
        [batch] * 3,
        [batch],
        nn.functional.mse_loss,
        optim.SGD(net.parameters(), lr=0.1),
        progress=progress,
        **changes,
    )


class Terminal:
    """Looks like a terminal to what asks."""

    def __init__(self, stream: Any) -> None:
        self.stream = stream

    def __getattr__(self, name: str) -> Any:
        return getattr(self.stream, name)

    def isatty(self) -> bool:
        return True


def test_lines(capsys: pytest.CaptureFixture[str]) -> None:
    this = learner("lines")
    this.fit(2)
    out, err = capsys.readouterr()
    assert out == str(this.history) + "\n"
    assert err == ""


def test_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    for progress in (None, False, "none"):
        learner(progress).fit(1)
    assert capsys.readouterr() == ("", "")


def test_auto_is_lines_where_there_is_no_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    learner("auto").fit(1)
    out, err = capsys.readouterr()
    assert len(out.splitlines()) == 2
    assert err == ""


def test_the_bar(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("tqdm", reason="bars need the extra 'train'")
    monkeypatch.setattr(sys, "stderr", Terminal(sys.stderr))
    for progress in ("auto", "bar", True):
        learner(progress).fit(2)
        out, err = capsys.readouterr()
        assert len(out.splitlines()) == 3
        assert "epoch 1/2" in err and "epoch 2/2" in err and "validate" in err


def test_the_bar_of_a_resumed_epoch_starts_in_the_middle(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("tqdm", reason="bars need the extra 'train'")
    pytest.importorskip("safetensors", reason="checkpoints need the extra 'train'")

    class Cut(BaseException):
        pass

    class CutAfterTwo(Callback):
        order = 2000

        def after_batch(self, learner: Learner) -> None:
            if learner.batches_done == 2:
                raise Cut

    path = tmp_path / "checkpoint"
    with pytest.raises(Cut):
        learner("bar", callbacks=[Checkpoint(path, every_batches=1), CutAfterTwo()]).fit(1)
    assert "0/3" in capsys.readouterr().err
    learner("bar", callbacks=[Checkpoint(path)]).fit(1, resume=True)
    err = capsys.readouterr().err
    assert "2/3" in err and "0/3" not in err


def test_lines_into_a_file(tmp_path: Path) -> None:
    with open(tmp_path / "log", "w") as file:
        learner(None, callbacks=[ProgressLines(file)]).fit(1)
    assert (tmp_path / "log").read_text().startswith("epoch  train_loss  valid_loss")


def test_without_tqdm(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "tqdm", None)
    monkeypatch.setattr(sys, "stderr", Terminal(sys.stderr))
    learner("auto").fit(1)
    assert len(capsys.readouterr().out.splitlines()) == 2
    this = learner("bar")
    with pytest.raises(MissingExtra, match=r'(?s)a progress bar needs the package tqdm.*"groundup.train'):
        this.fit(1)
    assert this.steps_done == 0
    with pytest.raises(MissingExtra):
        ProgressBar()
