"""MNIST and the whole Fashion-MNIST: read from a folder that has them, else fetched once into a cache.

A folder is given as an argument or by the environment variable GROUNDUP_DATA. The cache is where the system
keeps such things, or where GROUNDUP_CACHE says.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from groundup.data.download import Packed, fetch
from groundup.data.embedded import FASHION_CLASSES
from groundup.data.errors import DataError
from groundup.data.idx import idx_bytes, read_idx
from groundup.data.imageset import ImageSet
from groundup.folders import cache_folder as cache_folder

# Training images and labels, then those of the test. The originals end in .gz; unpacked ones are read too.
NAMES = (
    "train-images-idx3-ubyte",
    "train-labels-idx1-ubyte",
    "t10k-images-idx3-ubyte",
    "t10k-labels-idx1-ubyte",
)
_SIZES = (47_040_016, 60_008, 7_840_016, 10_008)


@dataclass(frozen=True)
class Original:
    """A set of four IDX files: where it is fetched from, and how its files are known."""

    name: str
    folders: tuple[str, ...]
    mirrors: tuple[str, ...]
    checksums: tuple[str, str, str, str]
    classes: tuple[str, ...]
    source: str
    licence: str

    def files(self) -> list[Packed]:
        """The files as they are on the mirrors."""
        return [Packed(f"{n}.gz", size, sha) for n, size, sha in zip(NAMES, _SIZES, self.checksums)]


MNIST = Original(
    "mnist",
    ("", "mnist", "MNIST/raw", "MNIST"),
    ("https://ossci-datasets.s3.amazonaws.com/mnist/", "https://storage.googleapis.com/cvdf-datasets/mnist/"),
    (
        "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
        "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
        "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
        "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
    ),
    tuple("0123456789"),
    "Y. LeCun, C. Cortes, C. Burges, The MNIST database of handwritten digits, 1998",
    "commonly given as CC BY-SA 3.0",
)
FASHION_MNIST = Original(
    "fashion-mnist",
    ("", "fashion-mnist", "FashionMNIST/raw", "FashionMNIST"),
    (
        "https://storage.googleapis.com/tensorflow/tf-keras-datasets/",
        "https://github.com/zalandoresearch/fashion-mnist/raw/master/data/fashion/",
        "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
    ),
    (
        "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
        "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
        "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
        "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34",
    ),
    FASHION_CLASSES,
    "H. Xiao, K. Rasul, R. Vollgraf, Fashion-MNIST, 2017",
    "MIT, Zalando SE",
)


def mnist(root: str | os.PathLike[str] | None = None) -> ImageSet:
    """MNIST: 60,000 training and 10,000 test images of handwritten digits, 28 x 28 grey pixels.

    Read from `root`, else from the folder that GROUNDUP_DATA names, else from the cache, into which it is
    fetched once (11 MB). A folder may hold the four IDX files, packed or not, itself or in a subfolder
    ``mnist``.

    Raises:
        DataError: `root` has no such files, or they are damaged.
        DownloadError: no mirror gave a file.

    Source: Y. LeCun, C. Cortes, C. Burges, The MNIST database of handwritten digits, 1998.
    """
    return _obtain(MNIST, root)


def fashion_mnist(root: str | os.PathLike[str] | None = None) -> ImageSet:
    """Fashion-MNIST: 60,000 training and 10,000 test images of clothes, 28 x 28 grey pixels.

    Found as :func:`mnist` is, with the subfolder ``fashion-mnist``; 31 MB where it is fetched. A tenth of it
    comes with the package: :func:`groundup.data.fashion`.

    Raises:
        DataError: `root` has no such files, or they are damaged.
        DownloadError: no mirror gave a file.

    Source: H. Xiao, K. Rasul, R. Vollgraf, Fashion-MNIST: a Novel Image Dataset for Benchmarking Machine
    Learning Algorithms, 2017, https://arxiv.org/abs/1708.07747, MIT licence, Zalando SE.
    """
    return _obtain(FASHION_MNIST, root)


def find_idx(root: Path, folders: tuple[str, ...]) -> list[Path] | None:
    """The four files in the first of the subfolders of `root` that has them; None where none has.

    Raises:
        DataError: a folder has some of the files and lacks others.
    """
    return next(_four_of(root, folders), None)


def _four_of(root: Path, folders: tuple[str, ...]) -> Iterator[list[Path]]:
    for folder in folders:
        found = [_packed_or_not(root / folder, name) for name in NAMES]
        files = [path for path in found if path is not None]
        if len(files) == len(NAMES):
            yield files
        elif files:
            missing = [name for name, path in zip(NAMES, found) if path is None]
            raise DataError(root / folder, f"has some files of MNIST's kind, but no {' and no '.join(missing)}")


def read_four(name: str, files: list[Path], classes: tuple[str, ...], source: str, licence: str) -> ImageSet:
    """An `ImageSet` of the IDX files of training images and labels and of test images and labels."""
    arrays = [read_idx(file) for file in files]
    for file, array, rank in zip(files, arrays, (3, 1, 3, 1)):
        if array.ndim != rank or array.dtype != np.uint8:
            raise DataError(file, f"holds {array.dtype} of shape {array.shape}, not {rank}-dimensional uint8")
    images, labels, test_images, test_labels = arrays
    classes = classes or tuple(map(str, range(int(max(labels.max(initial=0), test_labels.max(initial=0))) + 1)))
    try:
        return ImageSet(
            name,
            images[:, None],
            labels.astype(np.int64),
            test_images[:, None],
            test_labels.astype(np.int64),
            classes,
            source=source,
            licence=licence,
        )
    except ValueError as error:
        raise DataError(files[0].parent, str(error)) from None


def read_folder(folder: Path, files: list[Path]) -> ImageSet:
    """The set in the four files of a user's folder: one of the two where its checksum says so, else any other."""
    for original in (MNIST, FASHION_MNIST):
        if _is_original(original, files):
            return _read(original, files)
    return read_four(folder.name, files, (), "", "")


def _packed_or_not(folder: Path, name: str) -> Path | None:
    # Some programs that unpack the files write a dot for the last dash: train-images.idx3-ubyte.
    for spelled in (name, name.replace("-idx", ".idx")):
        for path in (folder / spelled, folder / f"{spelled}.gz", folder / f"{spelled}.xz"):
            if path.is_file():
                return path
    return None


def _obtain(original: Original, root: str | os.PathLike[str] | None) -> ImageSet:
    files = _in_given_folder(original, root)
    if files is not None:
        return _read(original, files)
    files = _fetched(original)
    try:
        return _read(original, files)
    except DataError as error:  # damaged since it was checked
        if error.path not in files:
            raise
        error.path.unlink(missing_ok=True)
        return _read(original, _fetched(original))


def _in_given_folder(original: Original, root: str | os.PathLike[str] | None) -> list[Path] | None:
    given = os.environ.get("GROUNDUP_DATA") if root is None else root
    if not given:
        return None
    folder = Path(given).expanduser()
    if not folder.is_dir():
        where = "" if root is not None else " (GROUNDUP_DATA names it)"
        raise DataError(folder, f"is no folder{where}")
    others = []
    for files in _four_of(folder, original.folders):
        if _is_original(original, files):
            return files
        others.append(files[0].parent)
    if root is None:
        return None
    if others:
        raise DataError(others[0], f"holds another set than {original.name}; load(path) reads any of this layout")
    raise DataError(folder, f"has no {NAMES[0]}.gz, nor does its subfolder {original.folders[1]}")


def _is_original(original: Original, files: list[Path]) -> bool:
    """Whether the test labels are this set's: sets of the same layout are easily mistaken for one another."""
    return hashlib.sha256(idx_bytes(read_idx(files[3]))).hexdigest() == original.checksums[3]


def _fetched(original: Original) -> list[Path]:
    folder = cache_folder() / original.name
    return [fetch(wanted, original.mirrors, folder) for wanted in original.files()]


def _read(original: Original, files: list[Path]) -> ImageSet:
    return read_four(original.name, files, original.classes, original.source, original.licence)
