"""``groundup predict`` and ``groundup evaluate``: pictures of every kind, and runs that are damaged."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import numpy as np
import pytest

from groundup.cli import main
from groundup.cli.picture import prepare
from groundup.cli.settings import Form, measure
from groundup.data import load

pytestmark = pytest.mark.usefixtures("finished_run")


@pytest.fixture
def digits(tmp_path: Path) -> dict[str, Path]:
    """Held-out digits that any model reads right, as PNG files of many kinds; the name begins with the digit."""
    Image = pytest.importorskip("PIL.Image", reason="pictures need Pillow")
    images, labels = load("digits").test_images, load("digits").test_labels
    place = int(np.flatnonzero(labels == 0)[0])
    small = Image.fromarray((images[place, 0] * 15.9).astype(np.uint8))
    large = Image.new("L", (300, 200), 0)
    large.paste(small.resize((120, 120), Image.Resampling.BOX), (40, 60))
    dark = large.point(lambda value: 255 - value)
    clear = Image.new("RGBA", large.size, (0, 0, 0, 0))
    clear.paste((10, 20, 90, 255), mask=large)
    kinds = {
        "as_it_is": small,
        "large": large,
        "dark_on_light": dark,
        "grey_paper": dark.point(lambda value: 60 + value // 2),
        "colour": Image.merge("RGB", (dark, dark, Image.new("L", large.size, 255))),
        "palette": dark.convert("P"),
        "one_bit": dark.convert("1"),
        "sixteen_bit": Image.fromarray(np.asarray(dark).astype(np.uint16) * 257),
        "transparent": clear,
        "turned_size": dark.crop((0, 40, 200, 200)),
    }
    for name, picture in kinds.items():
        picture.save(tmp_path / f"{name}.png")
    return {name: tmp_path / f"{name}.png" for name in kinds}


def test_pictures_of_every_kind_are_read(finished_run: Path, digits: dict[str, Path], capsys) -> None:
    assert main(["predict", str(finished_run), *map(str, digits.values()), "--json"]) == 0
    records = json.loads(capsys.readouterr().out)
    assert {Path(record["image"]).stem: record["class"] for record in records} == dict.fromkeys(digits, "0")
    for record in records:
        assert record["probability"] == max(record["probabilities"].values())
        assert sum(record["probabilities"].values()) == pytest.approx(1, abs=1e-4)
        assert list(record["probabilities"]) == list("0123456789")


def test_the_table(finished_run: Path, digits: dict[str, Path], capsys) -> None:
    assert main(["predict", str(finished_run), str(digits["large"]), str(digits["dark_on_light"]), "--top", "2"]) == 0
    head, *lines = capsys.readouterr().out.splitlines()
    assert head.split() == ["image", "class", "probability", "next"]
    assert [line.split()[:2] for line in lines] == [[str(digits["large"]), "0"], [str(digits["dark_on_light"]), "0"]]
    assert all(len(line.split()) == 5 and line.endswith("%") for line in lines)


def test_bad_pictures_are_told_and_the_others_read(
    finished_run: Path, digits: dict[str, Path], tmp_path: Path, capsys
) -> None:
    from PIL import Image

    (tmp_path / "cut.png").write_bytes(digits["large"].read_bytes()[:200])
    (tmp_path / "text.png").write_text("no picture")
    (tmp_path / "empty.png").touch()
    Image.new("L", (30, 30), 255).save(tmp_path / "blank.png")
    bad = ["missing.png", "cut.png", "text.png", "empty.png", "blank.png", "."]
    names = [str(tmp_path / name) for name in bad]
    assert main(["predict", str(finished_run), names[0], str(digits["large"]), *names[1:], "--json"]) == 2
    out, err = capsys.readouterr()
    assert [record["class"] for record in json.loads(out)] == ["0"]
    says = ["no such file", "is damaged", "no picture", "no picture", "shows nothing", "is a folder"]
    for line, name, reason in zip(err.splitlines(), names, says, strict=True):
        assert line.startswith(f"groundup: error: {os.path.normpath(name)}: ")
        assert reason in line or (reason == "no picture" and "is not a picture" in line)


def test_a_picture_takes_the_form_of_the_training_images() -> None:
    form = measure(load("fashion"))
    assert form.shape == (1, 28, 28) and form.background == 0.0
    page = np.full((1, 90, 60), 230, np.uint8)
    page[:, 10:50, 5:25] = 20
    image = prepare(page, Form((1, 28, 28), ("a",), 0.0, 20 / 28, (0.5, 0.5), (0.0, 1.0), 0))
    rows, columns = np.flatnonzero(image[0].any(1)), np.flatnonzero(image[0].any(0))
    assert (rows[0], rows[-1], columns[0], columns[-1]) == (4, 23, 9, 18)
    assert image.dtype == np.float32 and image.max() == 1.0
    light = prepare(page, Form((1, 28, 28), ("a",), 1.0, 20 / 28, (0.5, 0.5), (0.0, 1.0), 0))
    assert np.allclose(light, 1 - image, atol=1e-6)


def test_a_thin_pen_is_made_as_heavy_as_training_images() -> None:
    page = np.zeros((1, 200, 200), np.uint8)
    page[:, 20:180, 98:101] = 255
    page[:, 20:23, 60:140] = 255
    thin = Form((1, 8, 8), ("a",), 0.0, 1.0, (0.5, 0.5), (0.0, 1.0), 0)
    heavy = Form((1, 8, 8), ("a",), 0.0, 1.0, (0.5, 0.5), (0.3, 0.4), 0)
    assert prepare(page, heavy).mean() > prepare(page, thin).mean() + 0.02


# --- evaluate -----------------------------------------------------------------------------------------------


def test_evaluate_counts(finished_run: Path, capsys) -> None:
    assert main(["evaluate", str(finished_run), "--json"]) == 0
    record = json.loads(capsys.readouterr().out)
    confusion = np.array(record["confusion"])
    assert record["images"] == confusion.sum() == 355
    assert record["right"] == np.trace(confusion) and record["accuracy"] == record["right"] / 355
    history = (finished_run / "history.csv").read_text().splitlines()
    assert float(history[-1].split(",")[3]) == record["accuracy"]
    assert main(["evaluate", str(finished_run)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith(f"{record['accuracy']:.2%} of the 355 held-out images of digits are read right")
    assert [int(cell) for cell in lines[4].replace(".", "0").split()[1:-1][:1]] == [int(confusion[0, 0])]
    assert len(lines) == 14


def test_evaluate_refuses_images_of_another_form(finished_run: Path, tmp_path: Path, capsys) -> None:
    assert main(["evaluate", str(finished_run), "--data", "fashion"]) == 2
    assert "the images of fashion are 1 x 28 x 28, and the model of" in capsys.readouterr().err
    images = np.random.default_rng(0).integers(0, 255, (20, 8, 8), dtype=np.uint8)
    np.savez(tmp_path / "two.npz", images=images, labels=np.arange(20) % 2)
    assert main(["evaluate", str(finished_run), "--data", str(tmp_path / "two.npz")]) == 2
    assert "two.npz has the classes 0, 1, and the model of" in capsys.readouterr().err


def test_a_damaged_run_is_told(finished_run: Path, tmp_path: Path, capsys) -> None:
    run = shutil.copytree(finished_run, tmp_path / "run")
    config, weights = (run / "config.json").read_text(), (run / "weights.safetensors").read_bytes()

    def told(command: str, *arguments: str) -> str:
        assert main([command, *arguments, str(run)]) == 2
        out, err = capsys.readouterr()
        assert out == "" and len(err.splitlines()) == 1 and len(err) < 400
        return err

    for cut in (0, 5, 100, len(weights) - 1):
        (run / "weights.safetensors").write_bytes(weights[:cut])
        assert "weights.safetensors is not a whole safetensors file" in told("evaluate")
    (run / "weights.safetensors").write_bytes(weights)
    for text, reason in [
        (config[:100], "config.json is damaged"),
        ("[1]", "config.json is damaged: it holds no settings"),
        ("{}", "has no 'settings'"),
        (config.replace('"lr"', '"rate"'), "'rate'"),
        (config.replace('"epochs": 6', '"epochs": true'), "epochs is True"),
        (config.replace('"seed": 0', '"seed": -1'), "seed is -1"),
        (config.replace('"mlp"', '"cnn"'), "holds the weights of another model"),
        (config.replace('"mlp"', '"rnn"'), "model is 'rnn'"),
        (config.replace('"extent": 1.0', '"extent": "wide"'), "extent is 'wide'"),
        (config.replace("      8,\n      8", "      80000,\n      80000"), "shape is"),
    ]:
        assert text != config
        (run / "config.json").write_text(text)
        assert reason in told("evaluate")
    (run / "config.json").write_text(config)
    (run / "checkpoint.safetensors").write_bytes(weights)
    assert "checkpoint.safetensors is no checkpoint" in told("train", "--quiet", "--resume")
    (run / "weights.safetensors").unlink()
    assert "go on with: groundup train --resume" in told("evaluate")
    (run / "checkpoint.safetensors").unlink()
    assert "has no weights.safetensors" in told("evaluate")
    assert main(["evaluate", str(tmp_path / "none")]) == 2
    assert "is not the folder of a run: there is no such folder" in capsys.readouterr().err
