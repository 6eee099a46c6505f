"""Pictures: one file, and folders with one subfolder for each class."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

from groundup.data.errors import DataError
from groundup.data.images import read_image, read_image_folder
from groundup.errors import MissingExtra

GREY = np.arange(12, dtype=np.uint8).reshape(3, 4) * 20


def test_a_missing_pillow_is_told_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "PIL", None)
    with pytest.raises(MissingExtra, match=r"reading a picture needs the package Pillow"):
        read_image("no such file")
    with pytest.raises(MissingExtra, match="reading a folder of pictures needs the package Pillow"):
        read_image_folder("no such folder")


class TestWithPillow:
    @pytest.fixture(autouse=True)
    def pillow(self) -> None:
        self.Image = pytest.importorskip("PIL.Image", reason="Pillow is not installed")

    def save(self, path: Path, pixels: np.ndarray, **options: object) -> Path:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.Image.fromarray(pixels).save(path, **options)
        return path

    def test_grey_and_colour(self, tmp_path: Path) -> None:
        grey = self.save(tmp_path / "a.png", GREY)
        np.testing.assert_array_equal(read_image(grey), GREY[None])
        np.testing.assert_array_equal(read_image(grey, mode="RGB"), np.stack([GREY] * 3))
        pixels = np.random.default_rng(0).integers(0, 256, (3, 4, 3), np.uint8)
        colour = self.save(tmp_path / "b.png", pixels)
        np.testing.assert_array_equal(read_image(colour), pixels.transpose(2, 0, 1))
        assert read_image(colour, mode="L").shape == (1, 3, 4)
        with pytest.raises(ValueError, match="mode must be 'L', 'RGB' or None, but got 'CMYK'"):
            read_image(colour, mode="CMYK")

    def test_the_size_is_height_and_width(self, tmp_path: Path) -> None:
        path = self.save(tmp_path / "a.png", np.full((4, 6), 90, np.uint8))
        image = read_image(path, size=(2, 3))
        assert image.shape == (1, 2, 3) and (image == 90).all()

    def test_other_depths(self, tmp_path: Path) -> None:
        deep = self.save(tmp_path / "deep.png", GREY.astype(np.uint16) * 257)
        np.testing.assert_array_equal(read_image(deep)[0], GREY)
        flat = self.save(tmp_path / "flat.png", GREY > 100)
        np.testing.assert_array_equal(read_image(flat)[0], (GREY > 100) * 255)

    def test_transparency_is_white(self, tmp_path: Path) -> None:
        pixels = np.zeros((2, 2, 4), np.uint8)
        pixels[0, 0, 3] = 255
        image = read_image(self.save(tmp_path / "a.png", pixels), mode="L")
        assert image.tolist() == [[[0, 255], [255, 255]]]

    def test_a_picture_is_turned_as_its_camera_says(self, tmp_path: Path) -> None:
        exif = self.Image.Exif()
        exif[0x0112] = 6
        path = self.save(tmp_path / "a.png", GREY, exif=exif)
        np.testing.assert_array_equal(read_image(path)[0], np.rot90(GREY, -1))

    def test_damaged_files_are_told(self, tmp_path: Path) -> None:
        whole = self.save(tmp_path / "a.png", np.random.default_rng(0).integers(0, 256, (64, 64), np.uint8))
        content = whole.read_bytes()
        for length in (60, len(content) // 2):
            whole.write_bytes(content[:length])
            with pytest.raises(DataError, match=r"a\.png: the picture is damaged \("):
                read_image(whole)
        whole.write_bytes(b"hello")
        with pytest.raises(DataError, match=r"a\.png: is not a picture that Pillow knows"):
            read_image(whole)
        with pytest.raises(DataError, match="no such file"):
            read_image(tmp_path / "b.png")
        with pytest.raises(DataError, match="is a folder"):
            read_image(tmp_path)

    def test_a_picture_that_is_a_bomb_is_refused(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        path = self.save(tmp_path / "a.png", GREY)
        monkeypatch.setattr(self.Image, "MAX_IMAGE_PIXELS", 5)
        with pytest.raises(DataError, match="is refused: Image size"):
            read_image(path)

    def test_a_folder_is_read_in_the_order_of_names(self, tmp_path: Path) -> None:
        for name, value in (("b/2.png", 4), ("b/1.PNG", 3), ("a/9.png", 2), ("a/10.png", 1)):
            self.save(tmp_path / name, np.full((2, 3), value, np.uint8))
        (tmp_path / "a" / "notes.txt").write_text("no picture")
        (tmp_path / "a" / ".hidden.png").write_text("no picture")
        (tmp_path / ".git").mkdir()
        images, labels, classes = read_image_folder(tmp_path)
        assert images.shape == (4, 1, 2, 3) and images.dtype == np.uint8
        assert images[:, 0, 0, 0].tolist() == [1, 2, 3, 4]
        assert labels.dtype == np.int64 and labels.tolist() == [0, 0, 1, 1]
        assert classes == ("a", "b")

    def test_one_colour_picture_makes_all_colour(self, tmp_path: Path) -> None:
        self.save(tmp_path / "a" / "1.png", GREY)
        self.save(tmp_path / "b" / "1.png", np.zeros((3, 4, 3), np.uint8))
        images, _, _ = read_image_folder(tmp_path)
        assert images.shape == (2, 3, 3, 4)
        np.testing.assert_array_equal(images[0], np.stack([GREY] * 3))

    def test_sizes_must_agree_or_be_given(self, tmp_path: Path) -> None:
        self.save(tmp_path / "a" / "1.png", np.zeros((3, 4), np.uint8))
        self.save(tmp_path / "a" / "2.png", np.zeros((4, 4), np.uint8))
        with pytest.raises(DataError, match=r"2\.png: is 4 x 4 and .*1\.png is 3 x 4; give size="):
            read_image_folder(tmp_path)
        assert read_image_folder(tmp_path, size=(5, 6))[0].shape == (2, 1, 5, 6)

    def test_folders_without_pictures_are_told(self, tmp_path: Path) -> None:
        with pytest.raises(DataError, match="has no subfolders"):
            read_image_folder(tmp_path)
        (tmp_path / "a").mkdir()
        with pytest.raises(DataError, match="a: has no pictures"):
            read_image_folder(tmp_path)
        with pytest.raises(DataError, match="no such file"):
            read_image_folder(tmp_path / "nothing")
        (tmp_path / "file").write_text("")
        with pytest.raises(DataError, match="is a file, not a folder"):
            read_image_folder(tmp_path / "file")
