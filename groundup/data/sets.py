"""`load`: an image set by its name, or by the path of files that hold one.

The one place that knows every source; the commands and the examples get their data here.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np

from groundup.data.embedded import digits, fashion
from groundup.data.errors import DataError
from groundup.data.fetched import fashion_mnist, find_idx, mnist, read_folder
from groundup.data.images import class_folders, pictures_in, read_image_folder
from groundup.data.imageset import Array, ImageSet, split_set
from groundup.data.tables import read_csv, read_npz

_EMBEDDED: dict[str, Callable[[], ImageSet]] = {"digits": digits, "fashion": fashion}
_FETCHED: dict[str, Callable[[str | os.PathLike[str] | None], ImageSet]] = {
    "mnist": mnist,
    "fashion-mnist": fashion_mnist,
}
NAMES = (*_EMBEDDED, *_FETCHED)
_TEST_FOLDERS = ("test", "val", "valid", "validation")
# The names under which archives hold images and labels, and those of the test where it is a part of its own.
_ARRAYS: tuple[tuple[str, ...], ...] = (
    ("x_train", "y_train", "x_test", "y_test"),
    ("train_images", "train_labels", "test_images", "test_labels"),
    ("images", "labels"),
    ("x", "y"),
    ("data", "target"),
    ("arr_0", "arr_1"),
)
_YOURS = "held out: every fifth image of each class"


def load(name: str | os.PathLike[str], root: str | os.PathLike[str] | None = None) -> ImageSet:
    """The image set of this name, or the one in a file or folder.

    Args:
        name: ``"digits"`` or ``"fashion"`` (these come with the package), ``"mnist"`` or ``"fashion-mnist"``
            (read from `root` or GROUNDUP_DATA, else fetched once), or a path:

            - ``.npz`` with ``x_train``, ``y_train``, ``x_test``, ``y_test``, or ``train_images`` and so on,
              or one part as ``images`` and ``labels``, ``x`` and ``y`` or ``data`` and ``target``;
            - ``.csv`` with one image a line, its pixels and its label (see :func:`groundup.data.read_csv`);
            - a folder with the four IDX files of MNIST's layout;
            - a folder with one subfolder of pictures for each class, or with two such folders, ``train`` and
              ``test``.

            Where a path has no test part, every fifth image of each class is held out.
        root: the folder that has MNIST's or Fashion-MNIST's files.

    Raises:
        ValueError: no set and no path is called `name`; names the choices.
        DataError: a file is damaged or holds something else.
        DownloadError: the set could not be fetched.

    >>> load("digits")
    ImageSet(digits: 1,442 training and 355 test images of 1 x 8 x 8 in 10 classes)
    """
    text = os.fspath(name)
    known = text.lower().replace("_", "-")
    if root is not None and known not in _FETCHED:
        raise ValueError(f"root is for {' and '.join(_FETCHED)}; {text!r} needs none")
    if known in _EMBEDDED:
        return _EMBEDDED[known]()
    if known in _FETCHED:
        return _FETCHED[known](root)
    path = Path(text).expanduser()
    if path.is_dir():
        return _from_folder(path)
    if path.is_file():
        return _from_file(path)
    choices = ", ".join(NAMES)
    raise ValueError(
        f"no data set and no file or folder is called {text!r}; choose from {choices}, or give the path of a "
        ".npz or .csv file, a folder of IDX files, or a folder with one subfolder of pictures for each class"
    )


def _from_file(path: Path) -> ImageSet:
    suffixes = [suffix.lower() for suffix in path.suffixes if suffix.lower() not in (".gz", ".xz")]
    suffix = suffixes[-1] if suffixes else ""
    if suffix == ".npz":
        return _from_npz(path)
    if suffix in (".csv", ".tsv", ".txt"):
        return _from_csv(path)
    raise DataError(path, "is neither .npz nor .csv, and what else it might be cannot be told from its name")


def _from_npz(path: Path) -> ImageSet:
    arrays = read_npz(path)
    for names in _ARRAYS:
        if all(name in arrays for name in names):
            return _named(path, *(arrays[name] for name in names))
    wanted = ", ".join(_ARRAYS[0])
    raise DataError(path, f"has the arrays {', '.join(arrays)}; call them {wanted}, or images and labels")


def _from_csv(path: Path) -> ImageSet:
    table = read_csv(path)
    labels = table.labels
    if labels is None:
        raise DataError(path, "has no labels")
    count = table.features.shape[1]
    side = round(count**0.5)
    if side * side != count:
        raise DataError(path, f"has {count} pixels a line, which make no square image")
    return _named(path, table.features.reshape(-1, side, side), labels, classes=table.classes)


def _named(
    path: Path,
    images: Array,
    labels: Array,
    test_images: Array | None = None,
    test_labels: Array | None = None,
    *,
    classes: tuple[str, ...] = (),
) -> ImageSet:
    """An `ImageSet` of arrays from a user's file, brought into its form or refused with the reason."""
    try:
        if test_images is None or test_labels is None:
            places, names = _classes(labels)
            pixels, white = _pixels(images)
            return split_set(path.name, pixels, places, classes or names, white=white, source=_YOURS, licence="")
        if images.shape[1:] != test_images.shape[1:]:
            raise ValueError(f"training images have shape {images.shape[1:]}, test images {test_images.shape[1:]}")
        # Both parts are coded together, so that a class has one place and white one value in both.
        places, names = _classes(np.concatenate([labels.reshape(-1), test_labels.reshape(-1)]))
        pixels, white = _pixels(np.concatenate([images, test_images]))
        cut = len(images)
        return ImageSet(path.name, pixels[:cut], places[:cut], pixels[cut:], places[cut:], names, white)
    except DataError:
        raise
    except ValueError as error:
        raise DataError(path, str(error).removeprefix(f"{path.name}: ")) from None


def _classes(labels: Array) -> tuple[Array, tuple[str, ...]]:
    """Labels of any kind as places in the sorted list of the different ones."""
    if labels.ndim == 2 and labels.shape[1] == 1:
        labels = labels[:, 0]
    if labels.ndim != 1:
        raise ValueError(f"labels must be one number or name for each image, but have shape {labels.shape}")
    if labels.dtype.kind == "f" and not np.isfinite(labels).all():
        raise ValueError("some labels are not numbers")
    names, places = np.unique(labels, return_inverse=True)
    if labels.dtype.kind == "f" and (names == np.floor(names)).all():
        names = names.astype(np.int64)
    return places.astype(np.int64), tuple(str(name) for name in names)


def _pixels(images: Array) -> tuple[Array, int]:
    """uint8 images with their channels in front, and the value of white."""
    if images.ndim == 3:
        images = images[:, None]
    elif images.ndim == 4 and images.shape[-1] in (1, 3) and images.shape[1] not in (1, 3):
        images = np.ascontiguousarray(images.transpose(0, 3, 1, 2))
    if images.ndim != 4 or images.shape[1] not in (1, 3) or images.size == 0:
        raise ValueError(f"images must have shape (n, height, width), with 1 or 3 channels or none, not {images.shape}")
    if images.dtype.kind not in "buif":
        raise ValueError(f"images must be numbers, not {images.dtype}")
    lowest, highest = float(images.min()), float(images.max())
    if not (0 <= lowest and highest <= 255):
        raise ValueError(f"pixels must be between 0 and 255, or between 0 and 1, but go from {lowest:g} to {highest:g}")
    if images.dtype.kind == "f" and highest <= 1:
        return np.rint(images * 255).astype(np.uint8), 255
    if images.dtype.kind == "f" and (images != np.floor(images)).any():
        raise ValueError("pixels above 1 must be whole numbers")
    # A set with fewer levels of grey, such as 0 to 16, does not come near 255.
    return images.astype(np.uint8), 255 if highest > 127 else max(1, int(highest))


def _from_folder(path: Path) -> ImageSet:
    files = find_idx(path, ("", "raw"))
    if files is not None:
        return read_folder(path, files)
    folders = {folder.name.lower(): folder for folder in class_folders(path)}
    tests = [folders[name] for name in _TEST_FOLDERS if name in folders]
    if "train" in folders and tests:
        return _two_folders(path, folders["train"], tests[0])
    sets = [folder.name for folder in folders.values() if find_idx(folder, ("",)) is not None]
    if sets:
        raise DataError(path, f"holds the sets {' and '.join(sets)}; name one of these folders")
    if not folders and not pictures_in(path):
        raise DataError(path, "has neither IDX files nor subfolders of pictures")
    images, labels, classes = read_image_folder(path)
    try:
        return split_set(path.name, images, labels, classes, white=255, source=_YOURS, licence="")
    except ValueError as error:
        raise DataError(path, str(error).removeprefix(f"{path.name}: ")) from None


def _two_folders(path: Path, train: Path, test: Path) -> ImageSet:
    images, labels, classes = read_image_folder(train)
    test_images, test_labels, test_classes = read_image_folder(test)
    unknown = sorted(set(test_classes) - set(classes))
    if unknown:
        raise DataError(test, f"has the class {unknown[0]}, which {train.name} has not")
    if test_images.shape[1] != images.shape[1]:
        raise DataError(path, "the pictures of one part are all grey, those of the other are not")
    places = np.array([classes.index(name) for name in test_classes], np.int64)
    try:
        return ImageSet(path.name, images, labels, test_images, places[test_labels], classes)
    except ValueError as error:
        raise DataError(path, str(error).removeprefix(f"{path.name}: ")) from None
