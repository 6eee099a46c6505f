"""``groundup ladder``: every rung measured, and told as a table, as JSON and as a picture."""

from __future__ import annotations

import functools
import json
import sys
from pathlib import Path

import pytest

from groundup.cli import ladder as command
from groundup.cli import main
from groundup.foundations import ladder
from groundup.foundations.ladder import Ladder, Timed
from groundup.foundations.network import sample
from groundup.foundations.rungs import MATMULS, STEPS

for package in ("numba", "threadpoolctl", "matplotlib"):
    pytest.importorskip(package, reason="groundup ladder needs the extras 'compile' and 'train'")


@pytest.fixture
def invented(monkeypatch: pytest.MonkeyPatch) -> Ladder:
    """A ladder that need not be measured: each rung twice as fast as the one below it."""
    matmuls = [Timed(rung, 2.0 * 512**3, 2.0**-i, 512) for i, rung in enumerate(MATMULS)]
    steps = [Timed(rung, 4e6, 0.1 * 2.0**-i) for i, rung in enumerate(STEPS)]
    made = Ladder(1e11, tuple(matmuls), tuple(steps))
    monkeypatch.setattr(command, "measure", lambda *_: made)
    return made


def test_every_rung_is_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ladder, "SIZES", (2, 4, 8))
    monkeypatch.setattr(ladder, "sample", functools.partial(sample, rows=5, n_in=4, hidden=3))
    told: list[str] = []
    measured = ladder.measure(seconds=1e-3, tell=told.append)
    assert told == ["the peak of one core", "the matrix product", "the training step"]
    assert {each.rung for each in measured.matmuls} == set(MATMULS)
    assert [each.rung for each in measured.steps] == list(STEPS)
    assert all(0 < each.speed < 1.2 * measured.peak for each in (*measured.matmuls, *measured.steps))
    assert set(measured.against_blas()) == {4, 8}


def test_a_rung_stops_at_the_size_before_the_one_that_takes_too_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ladder, "seconds_for", lambda call: (call.args[1].shape[0] / 64) ** 3 * ladder.LONGEST)
    assert ladder.largest_size(MATMULS[4]) == 64
    monkeypatch.setattr(ladder, "seconds_for", lambda call: 0.0)
    assert ladder.largest_size(MATMULS[4]) == 1024


def test_the_table(invented: Ladder, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    picture = tmp_path / "rungs.png"
    assert main(["ladder", "--plot", str(picture)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert "peak of one core: 100.0 GFLOP/s (multiply-adds in registers, measured)" in lines
    rows = {line[:30].split("  ")[0]: line[30:].split() for line in lines}
    first, compiled = rows["three loops"], rows["three loops, compiled"]
    assert first == [str(MATMULS[0].lines), "512", "1", "s", "0.27", "1.0", "0.3%"]
    assert compiled[1:] == ["512", "31.2", "ms", "8.6", "32", "8.6%"]
    assert rows["nn and optim, compiled"][-2:] == ["2,048", "81.9%"]
    assert "The tiles reach 800% at 512 x 512 of the speed of NumPy's BLAS." in lines
    assert picture.read_bytes()[:4] == b"\x89PNG"


def test_json(invented: Ladder, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["ladder", "--json", "--plot", str(tmp_path / "rungs.svg")]) == 0
    record = json.loads(capsys.readouterr().out)
    assert record["peak"] == 1e11 and len(record["matmuls"]) == len(MATMULS)
    assert record["steps"][0]["module"] == "groundup.foundations.neuron" and record["steps"][0]["seconds"] == 0.1
    assert b"<svg" in (tmp_path / "rungs.svg").read_bytes()


def test_the_source(invented: Ladder, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["ladder", "--source", "--plot", str(tmp_path / "rungs.png")]) == 0
    assert "weight_0 -= lr * weight_0_grad" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("plot", "says"),
    [("none/rungs.png", "there is no folder"), ("rungs.doc", "the name must end in one of"), (".", "is a folder")],
)
def test_a_picture_that_cannot_be_saved_is_told_before_the_work(
    plot: str, says: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(command, "measure", lambda *_: pytest.fail("measured"))
    assert main(["ladder", "--plot", plot]) == 2
    assert says in capsys.readouterr().err


@pytest.mark.parametrize(("package", "extra"), [("numba", "compile"), ("threadpoolctl", "train")])
def test_what_is_missing_is_told_before_the_work(
    package: str, extra: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    monkeypatch.setattr(command, "measure", lambda *_: pytest.fail("measured"))
    assert main(["ladder"]) == 2
    error = capsys.readouterr().err
    assert f"the ladder needs the package {package}, which is not installed." in error
    assert f'pip install "groundup[{extra}]"' in error
