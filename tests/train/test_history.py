"""The history: a table in memory, on the screen, as CSV and as a picture."""

from __future__ import annotations

import math
import sys
from pathlib import Path

import pytest

from groundup.errors import MissingExtra
from groundup.train import History, confusion_figure, images_figure, save_figure


def example() -> History:
    history = History()
    history.append({"epoch": 1, "train_loss": 2.30258, "valid_accuracy": 0.1, "lr": 0.1, "seconds": 1.234})
    history.append({"epoch": 2, "train_loss": math.nan, "valid_accuracy": None, "lr": 3e-5, "seconds": 12.0})
    return history


def test_rows_and_columns() -> None:
    history = example()
    assert len(history) == 2
    assert history.columns == ["epoch", "train_loss", "valid_accuracy", "lr", "seconds"]
    assert history["lr"] == [0.1, 3e-5]
    assert history[0]["epoch"] == history[-2]["epoch"] == 1
    assert [row["epoch"] for row in history] == [1, 2]
    history["lr"].append(0.0)  # a copy
    assert len(history["lr"]) == 2
    with pytest.raises(KeyError, match="no column 'loss'; there are: epoch, train_loss"):
        history["loss"]
    with pytest.raises(IndexError, match="no row 2: the history has 2"):
        history[2]
    with pytest.raises(ValueError, match="must have one length"):
        History({"a": [1], "b": []})


def test_a_column_that_comes_later_is_empty_before() -> None:
    history = History()
    history.append({"epoch": 1})
    history.append({"epoch": 2, "new": 0.5})
    assert history["new"] == [None, 0.5]


def test_the_printed_table() -> None:
    assert str(example()) == (
        "epoch  train_loss  valid_accuracy       lr  seconds\n"
        "    1      2.3026          0.1000   0.1000     1.23\n"
        "    2         nan                  3.0e-05    12.00"
    )
    assert str(History()) == "(no epochs)"
    assert repr(example()) == str(example())


def test_csv_keeps_every_bit(tmp_path: Path) -> None:
    path = tmp_path / "history.csv"
    history = example()
    history.append({"epoch": 3, "train_loss": 0.1 + 0.2, "lr": math.inf, "seconds": 5e-324})
    history.save_csv(path)
    assert path.read_bytes().splitlines()[0] == b"epoch,train_loss,valid_accuracy,lr,seconds"
    loaded = History.load_csv(path)
    assert str(list(loaded)) == str(list(history))
    assert type(loaded[0]["epoch"]) is int
    History().save_csv(path)
    assert History.load_csv(path).columns == []


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (b"epoch,loss\n1\n", "line 2 has 1 cells under 2 names"),
        (b"epoch,loss\n1,much\n", "could not convert string to float: 'much'"),
        (b"loss,loss\n1,2\n", "two columns have one name"),
        (b"\xff\xfe\x00", "can't decode"),
        (b'epoch,"lo', "unexpected end of data"),
    ],
)
def test_a_damaged_table(tmp_path: Path, text: bytes, message: str) -> None:
    path = tmp_path / "history.csv"
    path.write_bytes(text)
    with pytest.raises(ValueError, match=f"history.csv is no history: .*{message}"):
        History.load_csv(path)


def test_the_state_goes_on() -> None:
    first, second = example(), History()
    second.load_state_dict(first.state_dict())
    second.append({"epoch": 3})
    assert (len(first), len(second)) == (2, 3)


def test_the_plot(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib", reason="plots need the extra 'train'")
    had_pyplot = "matplotlib.pyplot" in sys.modules
    figure = example().plot(tmp_path / "history.png")
    assert (tmp_path / "history.png").read_bytes()[:4] == b"\x89PNG"
    assert [[line.get_label() for line in axes.lines] for axes in figure.axes] == [
        ["train_loss"],
        ["valid_accuracy"],
    ]
    assert ("matplotlib.pyplot" in sys.modules) == had_pyplot
    example().plot(tmp_path / "history.svg")
    assert b"<svg" in (tmp_path / "history.svg").read_bytes()
    with pytest.raises(ValueError, match=r"cannot save a picture as .*history\.txt"):
        example().plot(tmp_path / "history.txt")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["history.png", "history.svg"]
    assert len(History().plot().axes) == 1


def test_pictures_of_images_and_confusion(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib", reason="plots need the extra 'train'")
    import groundup

    for shape in ((5, 8, 8), (5, 1, 8, 8), (5, 3, 8, 8)):
        figure = images_figure(groundup.rand(*shape), list("abcde"), columns=2)
        assert len(figure.axes) == 5
        save_figure(figure, tmp_path / "images.png")
    assert images_figure(groundup.zeros(0, 8, 8), []).axes == []
    with pytest.raises(ValueError, match=r"images must be \(N, H, W\).*got \(2, 2\)"):
        images_figure(groundup.zeros(2, 2), ["a", "b"])
    with pytest.raises(ValueError, match="there are 2 images and 1 titles"):
        images_figure(groundup.zeros(2, 8, 8), ["a"])
    save_figure(confusion_figure(groundup.zeros(3, 3, dtype=groundup.int64)), tmp_path / "confusion.png")
    with pytest.raises(ValueError, match="a confusion matrix is square"):
        confusion_figure(groundup.zeros(2, 3))
    with pytest.raises(ValueError, match="there are 2 classes and 1 names"):
        confusion_figure(groundup.zeros(2, 2), ["a"])


def test_a_plot_without_matplotlib(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(MissingExtra, match=r'(?s)plotting the history needs.*"groundup\[train\]"'):
        example().plot()
