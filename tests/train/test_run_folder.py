"""Run folders: made once, read back, and never overwritten."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

import groundup
from groundup import nn, optim
from groundup.errors import MissingExtra
from groundup.train import Learner, RunFolder, SaveHistory


def learner(run: RunFolder, plot: bool = True) -> Learner:
    net = nn.Linear(2, 1)
    batch = groundup.ones(4, 2), groundup.zeros(4, 1)
    return Learner(
        net,
        [batch] * 3,
        None,
        nn.functional.mse_loss,
        optim.SGD(net.parameters(), lr=0.1),
        callbacks=run.callbacks(plot=plot),
        progress=None,
    )


def test_a_run_from_start_to_end(tmp_path: Path) -> None:
    for package in ("safetensors", "matplotlib"):
        pytest.importorskip(package, reason="run folders need the extra 'train'")
    run = RunFolder.create(tmp_path / "runs" / "first", {"model": "mlp", "größe": [1, 2.5, None]})
    this = learner(run)
    this.fit(2)
    run.save_weights(this.model)
    names = ["checkpoint.safetensors", "config.json", "history.csv", "history.png", "weights.safetensors"]
    assert sorted(path.name for path in run.path.iterdir()) == names

    again = RunFolder.open(run.path)
    assert again.config == run.config
    assert list(again.load_history()) == list(this.history)
    other = nn.Linear(2, 1)
    again.load_weights(other)
    assert other.weight.tolist() == this.model.weight.tolist()
    longer = learner(again)
    assert len(longer.fit(3, resume=True)) == 3
    assert len(again.load_history()) == 3


def test_a_run_never_overwrites_another(tmp_path: Path) -> None:
    RunFolder.create(tmp_path / "run", {})
    with pytest.raises(FileExistsError, match=r"run is not empty; resume it, or choose another"):
        RunFolder.create(tmp_path / "run", {"other": 1})
    assert RunFolder.open(tmp_path / "run").config == {}
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / ".config.json.0123abcd.partial").write_text("{")  # a run that was killed at once
    RunFolder.create(tmp_path / "mine", {})  # an empty folder is taken
    assert [path.name for path in (tmp_path / "mine").iterdir()] == ["config.json"]
    (tmp_path / "taken").mkdir()
    (tmp_path / "taken" / "thesis.tex").write_text("")
    with pytest.raises(FileExistsError, match=r"taken is not empty; choose another"):
        RunFolder.create(tmp_path / "taken", {})
    with pytest.raises(FileExistsError):
        RunFolder.create(tmp_path / "taken" / "thesis.tex", {})


@pytest.mark.parametrize("config", [{"a": {1, 2}}, {"a": float("nan")}])
def test_settings_that_json_cannot_hold_leave_no_folder(tmp_path: Path, config: dict[str, object]) -> None:
    with pytest.raises((TypeError, ValueError), match="JSON"):
        RunFolder.create(tmp_path / "run", config)
    assert not (tmp_path / "run").exists()


def test_what_is_no_run(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="nowhere is not the folder of a run: there is no such folder"):
        RunFolder.open(tmp_path / "nowhere")
    with pytest.raises(FileNotFoundError, match=r"is not the folder of a run: it has no config.json"):
        RunFolder.open(tmp_path)
    (tmp_path / "file").write_text("")
    with pytest.raises(FileNotFoundError, match="there is no such folder"):
        RunFolder.open(tmp_path / "file")
    config = tmp_path / "config.json"
    for text in (b"{", b"\xff", b"[" * 100_000):
        config.write_bytes(text)
        with pytest.raises(ValueError, match=r"config\.json is damaged"):
            RunFolder.open(tmp_path)
    config.write_text(json.dumps([1]))
    with pytest.raises(ValueError, match="it holds no settings"):
        RunFolder.open(tmp_path)


def test_a_plot_without_matplotlib_is_said_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("safetensors", reason="run folders need the extra 'train'")
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    run = RunFolder.create(tmp_path / "run", {})
    this = learner(run)
    with pytest.raises(MissingExtra, match="plotting the history needs the package matplotlib"):
        this.fit(1)
    assert this.steps_done == 0
    assert len(learner(run, plot=False).fit(1)) == 1


def test_the_table_alone_needs_no_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "safetensors.numpy", None)
    net = nn.Linear(1, 1)
    batches = [(groundup.ones(1, 1), groundup.ones(1, 1))]
    optimizer = optim.SGD(net.parameters(), lr=0.1)
    table = SaveHistory(tmp_path / "history.csv")
    Learner(net, batches, None, nn.functional.mse_loss, optimizer, callbacks=[table], progress=None).fit(1)
    assert (tmp_path / "history.csv").read_text().startswith("epoch,train_loss,lr,seconds\n1,")
