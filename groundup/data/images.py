"""Pictures in files, read by Pillow: one image, or a folder with one subfolder for each class.

An image is a uint8 array of channels, height, width. Pillow comes with the extra ``train``.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np

from groundup.data.errors import DataError, readable
from groundup.errors import MissingExtra

_SUFFIXES = {".png", ".jpg", ".jpeg", ".bmp", ".gif", ".tif", ".tiff", ".webp", ".pgm", ".ppm", ".pnm"}
_CHANNELS = {"L": "grey", "RGB": "colour"}


def read_image(
    path: str | os.PathLike[str], *, mode: str | None = None, size: tuple[int, int] | None = None
) -> np.ndarray[Any, Any]:
    """The picture in a file as a uint8 array of shape ``(channels, height, width)``.

    A picture is turned as its EXIF note says; what is transparent becomes white, as on paper.

    Args:
        path: a file of a format that Pillow reads.
        mode: ``"L"`` for one grey channel, ``"RGB"`` for three; None takes what the file has.
        size: ``(height, width)`` to scale to; None keeps the file's.

    Raises:
        DataError: no such file, no picture, a damaged one, or one too large to be meant well.
        MissingExtra: Pillow is not installed.

    >>> import pathlib, tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = pathlib.Path(folder, "grey.pgm")
    ...     _ = path.write_bytes(b"P5 3 2 255 " + bytes([7] * 6))
    ...     read_image(path)
    array([[[7, 7, 7],
            [7, 7, 7]]], dtype=uint8)
    """
    require_pillow("reading a picture")
    if mode is not None and mode not in _CHANNELS:
        raise ValueError(f"mode must be 'L', 'RGB' or None, but got {mode!r}")
    path = Path(path)
    from PIL import Image, ImageOps, UnidentifiedImageError

    try:
        with readable(path), Image.open(path) as opened:
            picture = _opaque(ImageOps.exif_transpose(opened) or opened)
    except DataError:
        raise
    except UnidentifiedImageError:
        raise DataError(path, "is not a picture that Pillow knows") from None
    except Image.DecompressionBombError as error:
        raise DataError(path, f"is refused: {error}") from None
    except (OSError, SyntaxError, ValueError, EOFError) as error:  # what Pillow's decoders raise
        raise DataError(path, f"the picture is damaged ({error})") from None
    picture = picture.convert(mode or ("RGB" if picture.mode == "RGB" else "L"))
    if size is not None and picture.size != (size[1], size[0]):
        picture = picture.resize((size[1], size[0]), Image.Resampling.LANCZOS)
    pixels = np.array(picture, dtype=np.uint8)
    return pixels[None] if pixels.ndim == 2 else np.ascontiguousarray(pixels.transpose(2, 0, 1))


def read_image_folder(
    path: str | os.PathLike[str], *, mode: str | None = None, size: tuple[int, int] | None = None
) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any], tuple[str, ...]]:
    """The pictures of a folder that has one subfolder for each class, as images, labels, classes.

    Files are taken in the order of their names, hidden ones and those without a picture's suffix not at all.

    Args:
        path: the folder; the names of its subfolders are the classes, sorted.
        mode: as in :func:`read_image`; None makes all grey if all are grey, else all colour.
        size: ``(height, width)`` to scale all to; None demands that all have the same.

    Returns:
        uint8 ``(n, channels, height, width)``, int64 ``(n,)``, and the names.

    Raises:
        DataError: a class without pictures, no classes, a damaged picture, pictures of different sizes.
        MissingExtra: Pillow is not installed.
    """
    require_pillow("reading a folder of pictures")
    path = Path(path)
    classes = class_folders(path)
    if not classes:
        raise DataError(path, "has no subfolders; the pictures of each class belong into one of its name")
    images: list[np.ndarray[Any, Any]] = []
    labels: list[int] = []
    files: list[Path] = []
    for label, folder in enumerate(classes):
        found = pictures_in(folder)
        if not found:
            raise DataError(folder, "has no pictures")
        files += found
        labels += [label] * len(found)
        images += [read_image(file, mode=mode, size=size) for file in found]
    if any(len(image) == 3 for image in images):
        images = [image if len(image) == 3 else np.repeat(image, 3, axis=0) for image in images]
    for file, image in zip(files, images, strict=True):
        if image.shape != images[0].shape:
            (_, height, width), (_, h, w) = image.shape, images[0].shape
            raise DataError(
                file,
                f"is {height} x {width} and {files[0]} is {h} x {w}; give size=(height, width) to scale all",
            )
    return np.stack(images), np.array(labels, np.int64), tuple(folder.name for folder in classes)


def class_folders(path: Path) -> list[Path]:
    """The subfolders that are not hidden, sorted by name."""
    with readable(path):
        return sorted(entry for entry in path.iterdir() if entry.is_dir() and not entry.name.startswith("."))


def pictures_in(folder: Path) -> list[Path]:
    """The files with a picture's suffix that are not hidden, sorted by name."""
    with readable(folder):
        entries = sorted(folder.iterdir())
    return [e for e in entries if e.suffix.lower() in _SUFFIXES and not e.name.startswith(".") and e.is_file()]


def require_pillow(feature: str) -> None:
    """Raise now, before any work, where Pillow is missing."""
    try:
        import PIL  # noqa: F401
    except ImportError:
        raise MissingExtra(feature, "Pillow", "train") from None


def _opaque(picture: Any) -> Any:
    """The picture in mode L or RGB, 16-bit greys scaled to 8, transparency laid on white."""
    from PIL import Image

    if picture.mode.startswith("I;16") or picture.mode == "I":
        return Image.fromarray((np.asarray(picture).clip(0, 65535) // 257).astype(np.uint8))
    if picture.mode in ("1", "L"):
        return picture.convert("L")
    if picture.mode in ("LA", "La", "RGBA", "RGBa", "PA") or "transparency" in picture.info:
        layers = picture.convert("RGBA")
        flat = Image.alpha_composite(Image.new("RGBA", layers.size, "white"), layers).convert("RGB")
        return flat.convert("L") if picture.mode in ("LA", "La") else flat
    return picture.convert("RGB")
