"""The image sets: embedded ones, MNIST from folders and from a server, and those of a user's files."""

from __future__ import annotations

import gzip
import hashlib
import os
import shutil
from pathlib import Path

import numpy as np
import pytest

import groundup.data.fetched as fetched_module
from groundup.data.embedded import digits, fashion
from groundup.data.errors import DataError
from groundup.data.fetched import FASHION_MNIST, MNIST, NAMES, cache_folder, fashion_mnist, mnist
from groundup.data.idx import idx_bytes, write_idx
from groundup.data.imageset import ImageSet, hold_out
from groundup.data.sets import load
from groundup.data.tables import read_csv

ROOT = Path(__file__).resolve().parents[2]
IMAGES = np.random.default_rng(0).integers(0, 256, (20, 4, 4), np.uint8)
LABELS = np.arange(20, dtype=np.int64) % 2


@pytest.fixture
def shared() -> Path:
    folder = Path(os.environ.get("GROUNDUP_DATA") or ROOT.parent / "shared" / "data")
    if not (folder / "mnist").is_dir():
        pytest.skip("the whole sets are not here (set GROUNDUP_DATA)")
    return folder


@pytest.fixture(autouse=True)
def nothing_set(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    if "shared" in request.fixturenames:
        request.getfixturevalue("shared")
    monkeypatch.delenv("GROUNDUP_DATA", raising=False)
    monkeypatch.setenv("GROUNDUP_CACHE", str(tmp_path / "cache"))


# --- what comes with the package ----------------------------------------------------------------------------


def test_digits() -> None:
    data = digits()
    assert (len(data.train_labels), len(data.test_labels)) == (1442, 355)
    assert data.shape == (1, 8, 8) and data.white == 16 == data.train_images.max()
    assert data.classes == tuple("0123456789") and data.licence == "CC BY 4.0"
    assert np.bincount(data.test_labels).tolist() == [35, 36, 35, 36, 36, 36, 36, 35, 34, 36]
    assert data.train_images.flags.writeable
    assert not set(map(bytes, data.test_images)) & set(map(bytes, data.train_images))


def test_fashion() -> None:
    data = fashion()
    assert (len(data.train_labels), len(data.test_labels)) == (6000, 1000)
    assert data.shape == (1, 28, 28) and data.white == 255
    assert data.classes[9] == "Ankle boot" and data.train_labels[0] == 9
    assert set(data.train_labels) == set(data.test_labels) == set(range(10))


def test_the_embedded_sets_are_what_they_say(shared: Path) -> None:
    table = read_csv(shared / "digits.csv.gz")
    data, held = digits(), hold_out(table.labels)
    pixels = table.features.reshape(-1, 1, 8, 8)
    np.testing.assert_array_equal(data.train_images, pixels[~held])
    np.testing.assert_array_equal(data.test_images, pixels[held])
    np.testing.assert_array_equal(data.test_labels, table.labels[held])
    small, whole = fashion(), fashion_mnist(shared)
    np.testing.assert_array_equal(small.train_images, whole.train_images[:6000])
    np.testing.assert_array_equal(small.test_images, whole.test_images[:1000])
    np.testing.assert_array_equal(small.train_labels, whole.train_labels[:6000])
    np.testing.assert_array_equal(small.test_labels, whole.test_labels[:1000])


def test_licences_lie_beside_the_files() -> None:
    folder = ROOT / "groundup" / "data" / "embedded"
    packed = {path.name for path in folder.iterdir() if path.suffix in (".gz", ".xz")}
    texts = " ".join(path.read_text("utf-8") for path in folder.glob("*.txt"))
    assert len(packed) == 6 and all(name in texts for name in packed)
    assert "Creative Commons Attribution 4.0" in texts and "Copyright (c) 2017 Zalando SE" in texts


def test_the_split_is_stratified() -> None:
    labels = np.random.default_rng(1).integers(0, 4, 1003)
    held = hold_out(labels)
    for label in range(4):
        places = np.flatnonzero(labels == label)
        assert held[places].tolist() == [i % 5 == 4 for i in range(len(places))]


# --- the form of a set --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (
            {"train_images": IMAGES},
            r"train_images must be uint8 of shape \(n, channels, height, width\), but",
        ),
        ({"test_images": IMAGES[:, None] / 255}, "test_images must be uint8"),
        ({"train_labels": LABELS[:-1]}, r"train_labels must be int64 of shape \(20,\), one for each image"),
        ({"test_labels": LABELS.astype(float)}, "test_labels must be int64"),
        ({"test_labels": LABELS + 1}, "test_labels go from 1 to 2, but there are 2 classes"),
        ({"test_images": IMAGES[:0, None], "test_labels": LABELS[:0]}, "has no test images"),
        ({"test_images": IMAGES[:, None, 1:]}, "training images are 1 x 4 x 4, test images 1 x 3 x 4"),
        ({"white": 0}, "white must be between 1 and 255, but got 0"),
    ],
)
def test_a_set_that_does_not_fit_is_refused(change: dict[str, object], says: str) -> None:
    fields = {
        "name": "set",
        "train_images": IMAGES[:, None],
        "train_labels": LABELS,
        "test_images": IMAGES[:, None],
        "test_labels": LABELS,
        "classes": ("a", "b"),
    }
    ImageSet(**fields)
    with pytest.raises(ValueError, match=f"^set: {says}"):
        ImageSet(**(fields | change))


# --- MNIST --------------------------------------------------------------------------------------------------


def write_four(folder: Path, images: np.ndarray = IMAGES, suffix: str = ".gz") -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name in NAMES:
        content = idx_bytes(images if "images" in name else LABELS.astype(np.uint8))
        (folder / (name + suffix)).write_bytes(gzip.compress(content) if suffix == ".gz" else content)


def test_mnist_is_read_from_both_layouts(shared: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = mnist(shared)
    assert repr(data) == "ImageSet(mnist: 60,000 training and 10,000 test images of 1 x 28 x 28 in 10 classes)"
    assert data.train_labels[:5].tolist() == [5, 0, 4, 1, 9]
    monkeypatch.setenv("GROUNDUP_DATA", str(shared / "fashion-mnist"))
    assert load("Fashion_MNIST").classes[0] == "T-shirt/top"


def test_one_set_is_not_taken_for_another(shared: Path) -> None:
    with pytest.raises(DataError, match="fashion-mnist: holds another set than mnist"):
        mnist(shared / "fashion-mnist")


def test_the_checksums_are_those_of_the_files(shared: Path) -> None:
    for original in (MNIST, FASHION_MNIST):
        for wanted in original.files()[1::2]:  # the labels; the images take a second and are no different
            assert wanted.fault(shared / original.name / wanted.name) is None
    other = shared / "fashion-mnist" / f"{NAMES[1]}.gz"
    assert MNIST.files()[1].fault(other) == f"the content is not {other.name} (its checksum is wrong)"


def test_a_folder_of_one_of_them_is_known_again(shared: Path) -> None:
    data = load(shared / "fashion-mnist")
    assert data.name == "fashion-mnist" and data.classes[1] == "Trouser" and "MIT" in data.licence
    with pytest.raises(DataError, match="data: holds the sets fashion-mnist and mnist; name one of these"):
        load(shared)


def test_wrong_folders_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(DataError, match=r"nothing: is no folder$"):
        mnist(tmp_path / "nothing")
    with pytest.raises(DataError, match=r"has no train-images-idx3-ubyte\.gz, nor does its subfolder mnist"):
        mnist(tmp_path)
    monkeypatch.setenv("GROUNDUP_DATA", str(tmp_path / "nothing"))
    with pytest.raises(DataError, match=r"is no folder \(GROUNDUP_DATA names it\)"):
        mnist()
    write_four(tmp_path / "mnist")
    (tmp_path / "mnist" / f"{NAMES[1]}.gz").unlink()
    with pytest.raises(DataError, match="but no train-labels-idx1-ubyte"):
        mnist(tmp_path)


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> fetched_module.Original:
    """A set of MNIST's kind with a mirror that is a dead port, and files of its own."""
    write_four(tmp_path / "origin", suffix="")
    contents = [(tmp_path / "origin" / name).read_bytes() for name in NAMES]
    monkeypatch.setattr(fetched_module, "_SIZES", tuple(map(len, contents)))
    sums = tuple(hashlib.sha256(content).hexdigest() for content in contents)
    original = fetched_module.Original("small", ("", "small"), (), sums, ("a", "b"), "here", "none")
    monkeypatch.setattr(fetched_module, "MNIST", original)
    return original


def test_a_set_is_fetched_into_the_cache_and_again_if_damaged(
    small: fetched_module.Original, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fetched = []

    def fetch(wanted: object, mirrors: object, folder: Path) -> Path:
        path = folder / wanted.name
        if not path.exists():
            folder.mkdir(parents=True, exist_ok=True)
            path.write_bytes(gzip.compress((tmp_path / "origin" / path.stem).read_bytes()))
            fetched.append(path.name)
        return path

    monkeypatch.setattr(fetched_module, "fetch", fetch)
    assert repr(mnist()) == "ImageSet(small: 20 training and 20 test images of 1 x 4 x 4 in 2 classes)"
    assert fetched == [f"{name}.gz" for name in NAMES]
    mnist()
    assert len(fetched) == 4
    damaged = tmp_path / "cache" / "small" / f"{NAMES[0]}.gz"
    damaged.write_bytes(damaged.read_bytes()[:40])
    assert len(mnist().train_labels) == 20
    assert fetched[4:] == [damaged.name]


def test_groundup_data_without_the_set_leads_to_the_cache(
    small: fetched_module.Original, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GROUNDUP_DATA", str(tmp_path))
    monkeypatch.setattr(fetched_module, "fetch", lambda wanted, mirrors, folder: tmp_path / "origin" / wanted.name[:-3])
    assert len(mnist().train_labels) == 20


def test_the_cache_is_where_the_system_keeps_such_things(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert cache_folder() == tmp_path / "cache"
    monkeypatch.delenv("GROUNDUP_CACHE")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    monkeypatch.setenv("LOCALAPPDATA", str(tmp_path / "local"))
    expected = {
        "linux": tmp_path / "xdg" / "groundup",
        "darwin": tmp_path / "Library" / "Caches" / "groundup",
        "win32": tmp_path / "local" / "groundup" / "cache",
    }
    for platform, folder in expected.items():
        monkeypatch.setattr("sys.platform", platform)
        assert cache_folder() == folder
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.setenv("XDG_CACHE_HOME", "relative")
    assert cache_folder() == tmp_path / ".cache" / "groundup"


# --- the user's own -----------------------------------------------------------------------------------------


def test_an_unknown_name_is_told_the_choices(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="is called 'cifar'; choose from digits, fashion, mnist, fashion-mnist"):
        load("cifar")
    with pytest.raises(ValueError, match="root is for mnist and fashion-mnist; 'digits' needs none"):
        load("digits", tmp_path)
    (tmp_path / "a.parquet").write_bytes(b"")
    with pytest.raises(DataError, match=r"is neither \.npz nor \.csv"):
        load(tmp_path / "a.parquet")


@pytest.mark.parametrize("suffix", ["", ".gz"])
def test_a_folder_of_idx_files(tmp_path: Path, suffix: str) -> None:
    write_four(tmp_path / "kana", suffix=suffix)
    data = load(tmp_path / "kana")
    np.testing.assert_array_equal(data.train_images, IMAGES[:, None])
    assert data.name == "kana" and data.classes == ("0", "1")
    write_idx(tmp_path / "kana" / (NAMES[1] + suffix), LABELS.astype(np.uint8)[1:])
    with pytest.raises(DataError, match=r"kana: kana: train_labels must be int64 of shape \(20,\)"):
        load(tmp_path / "kana")


def test_a_csv_of_pixels(tmp_path: Path) -> None:
    lines = [",".join(map(str, [*image.ravel(), label])) for image, label in zip(IMAGES, LABELS)]
    path = tmp_path / "mine.csv"
    path.write_text("\n".join(lines))
    data = load(path)
    held = hold_out(LABELS)
    np.testing.assert_array_equal(data.test_images, IMAGES[held][:, None])
    assert data.white == 255 and data.classes == ("0", "1") and "every fifth" in data.source
    path.write_text("1,2,3,4,5,0\n")
    with pytest.raises(DataError, match=r"mine\.csv: has 5 pixels a line, which make no square image"):
        load(path)
    path.write_text("1,2,3,4,0\n")
    with pytest.raises(DataError, match=r"mine\.csv: no class has five images"):
        load(path)


def test_the_shared_csv_is_the_embedded_set(shared: Path) -> None:
    data, own = load(shared / "digits.csv.gz"), digits()
    np.testing.assert_array_equal(data.train_images, own.train_images)
    np.testing.assert_array_equal(data.test_labels, own.test_labels)
    assert data.white == own.white


FOUR = {"x_train": IMAGES, "y_train": LABELS, "x_test": IMAGES[:7], "y_test": LABELS[:7]}


@pytest.mark.parametrize(
    ("arrays", "counts", "shape", "white"),
    [
        (FOUR, (20, 7), (1, 4, 4), 255),
        ({"images": IMAGES, "labels": LABELS}, (16, 4), (1, 4, 4), 255),
        ({"x": IMAGES / np.float32(255), "y": LABELS.astype(np.float32)}, (16, 4), (1, 4, 4), 255),
        ({"data": IMAGES // 16, "target": LABELS[:, None]}, (16, 4), (1, 4, 4), 15),
        ({"images": np.stack([IMAGES] * 3, -1), "labels": LABELS}, (16, 4), (3, 4, 4), 255),
        ({"images": np.stack([IMAGES] * 3, 1), "labels": LABELS.astype(str)}, (16, 4), (3, 4, 4), 255),
        ({"images": IMAGES > 99, "labels": LABELS}, (16, 4), (1, 4, 4), 1),
    ],
)  # fmt: skip
def test_archives(
    tmp_path: Path,
    arrays: dict[str, np.ndarray],
    counts: tuple[int, int],
    shape: tuple[int, int, int],
    white: int,
) -> None:
    np.savez(tmp_path / "mine.npz", **arrays)
    data = load(tmp_path / "mine.npz")
    assert (len(data.train_labels), len(data.test_labels)) == counts
    assert data.shape == shape and data.white == white and data.classes == ("0", "1")
    if white == 255:
        held = hold_out(LABELS) if counts == (16, 4) else np.arange(20) >= 20
        np.testing.assert_array_equal(data.train_images[:, 0], IMAGES[~held])


@pytest.mark.parametrize(
    ("arrays", "says"),
    [
        (
            {"weights": IMAGES},
            "has the arrays weights; call them x_train, y_train, x_test, y_test, or",
        ),
        ({"images": IMAGES, "labels": LABELS[:-1]}, "there are 20 images and 19 labels"),
        (
            {"images": IMAGES.reshape(20, 16), "labels": LABELS},
            r"images must have shape \(n, height, width\)",
        ),
        ({"images": IMAGES * -1.0, "labels": LABELS}, "pixels must be between 0 and 255, or between 0 and 1"),
        ({"images": IMAGES * np.nan, "labels": LABELS}, "pixels must be between 0 and 255"),
        ({"images": IMAGES / 2, "labels": LABELS}, "pixels above 1 must be whole numbers"),
        ({"images": IMAGES.astype(str), "labels": LABELS}, "images must be numbers, not <U3"),
        ({"images": IMAGES, "labels": np.eye(20)}, r"labels must be one number or name .* \(20, 20\)"),
        (
            {"x_train": IMAGES, "y_train": LABELS, "x_test": IMAGES[:, 1:], "y_test": LABELS},
            r"training images have shape \(4, 4\), test images \(3, 4\)",
        ),
    ],
)
def test_archives_that_do_not_fit_are_told(tmp_path: Path, arrays: dict[str, np.ndarray], says: str) -> None:
    np.savez(tmp_path / "mine.npz", **arrays)
    with pytest.raises(DataError, match=rf"mine\.npz: (?:{says})"):
        load(tmp_path / "mine.npz")


def test_folders_of_pictures(tmp_path: Path) -> None:
    image = pytest.importorskip("PIL.Image", reason="Pillow is not installed")

    def fill(folder: Path, classes: str, count: int) -> None:
        for name in classes:
            (folder / name).mkdir(parents=True)
            for place in range(count):
                image.fromarray(IMAGES[place]).save(folder / name / f"{place}.png")

    fill(tmp_path / "one", "ab", 6)
    data = load(tmp_path / "one")
    assert (len(data.train_labels), len(data.test_labels)) == (10, 2) and data.classes == ("a", "b")
    np.testing.assert_array_equal(data.test_images, IMAGES[[4, 4]][:, None])
    fill(tmp_path / "two" / "train", "abc", 2)
    fill(tmp_path / "two" / "test", "ac", 1)
    data = load(tmp_path / "two")
    assert data.classes == ("a", "b", "c") and data.test_labels.tolist() == [0, 2]
    fill(tmp_path / "two" / "test", "x", 1)
    with pytest.raises(DataError, match="test: has the class x, which train has not"):
        load(tmp_path / "two")
    shutil.rmtree(tmp_path / "two" / "test" / "x")
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match="empty: has neither IDX files nor subfolders of pictures"):
        load(tmp_path / "empty")


def test_a_part_is_asked_for_by_true_or_false() -> None:
    with pytest.raises(TypeError, match=r"train must be True or False, not 'test'\n.*dataset\(train=False\)"):
        digits().dataset("test")  # type: ignore[arg-type]
