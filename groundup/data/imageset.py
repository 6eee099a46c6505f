"""`ImageSet`: labelled images with a training and a test part, and the split of a set that has only one part.

Everything that knows a set (embedded, fetched, read from a user's folder) hands it over in this form;
training and the commands know no other.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from groundup.data.dataset import ImageDataset

Array = np.ndarray[Any, Any]


@dataclass(frozen=True, eq=False)
class ImageSet:
    """Labelled images, ready to train on and to test with.

    Attributes:
        name: what the set is called.
        train_images: uint8 of shape ``(n, channels, height, width)``.
        train_labels: int64 of shape ``(n,)``, places in `classes`.
        test_images: held-out images, of the same shape but for their number.
        test_labels: their labels.
        classes: the names of the classes.
        white: the value of a pixel that is fully lit; ``images / white`` lies between 0 and 1.
        source: where the set comes from, and how it was split.
        licence: under which licence it may be used; empty where nobody has said.

    Raises:
        ValueError: a shape, a dtype, a label or the number of images does not fit.

    >>> import numpy as np
    >>> images, labels = np.zeros((4, 1, 8, 8), np.uint8), np.array([0, 1, 0, 1])
    >>> ImageSet("squares", images, labels, images[:2], labels[:2], ("left", "right"))
    ImageSet(squares: 4 training and 2 test images of 1 x 8 x 8 in 2 classes)
    """

    name: str
    train_images: Array
    train_labels: Array
    test_images: Array
    test_labels: Array
    classes: tuple[str, ...]
    white: int = 255
    source: str = ""
    licence: str = ""

    def __post_init__(self) -> None:
        for part, images, labels in (
            ("train", self.train_images, self.train_labels),
            ("test", self.test_images, self.test_labels),
        ):
            self._check(part, images, labels)
        if self.train_images.shape[1:] != self.test_images.shape[1:]:
            raise ValueError(
                f"{self.name}: training images are {_by(self.train_images.shape[1:])}, "
                f"test images {_by(self.test_images.shape[1:])}"
            )
        if not 1 <= self.white <= 255:
            raise ValueError(f"{self.name}: white must be between 1 and 255, but got {self.white}")

    def _check(self, part: str, images: Array, labels: Array) -> None:
        if images.ndim != 4 or images.dtype != np.uint8 or 0 in images.shape[1:]:
            raise ValueError(
                f"{self.name}: {part}_images must be uint8 of shape (n, channels, height, width), "
                f"but are {images.dtype} of shape {images.shape}"
            )
        if labels.shape != images.shape[:1] or labels.dtype != np.int64:
            raise ValueError(
                f"{self.name}: {part}_labels must be int64 of shape ({len(images)},), one for each image, "
                f"but are {labels.dtype} of shape {labels.shape}"
            )
        if len(labels) == 0:
            raise ValueError(f"{self.name}: has no {part} images")
        if labels.min() < 0 or labels.max() >= len(self.classes):
            raise ValueError(
                f"{self.name}: {part}_labels go from {labels.min()} to {labels.max()}, "
                f"but there are {len(self.classes)} classes"
            )

    @property
    def shape(self) -> tuple[int, int, int]:
        """Channels, height and width of one image."""
        channels, height, width = self.train_images.shape[1:]
        return channels, height, width

    def dataset(self, train: bool = True) -> ImageDataset:
        """The training or the test part, ready for a loader: float32 images between 0 and 1, and labels.

        Raises TypeError for a `train` that is neither True nor False, such as the name of a part.
        """
        if not isinstance(train, bool):
            raise TypeError(
                f"train must be True or False, not {train!r}\n  Write .dataset(train=False) for the test part."
            )
        if train:
            return ImageDataset(self.train_images, self.train_labels, self.white)
        return ImageDataset(self.test_images, self.test_labels, self.white)

    def __repr__(self) -> str:
        return (
            f"ImageSet({self.name}: {len(self.train_images):,} training and {len(self.test_images):,} test "
            f"images of {_by(self.shape)} in {len(self.classes)} classes)"
        )


def hold_out(labels: Array, every: int = 5) -> Array:
    """Which rows are held out for the test: of each class, in the order of the rows, every fifth.

    The split is stratified and needs no random number, so that it is the same everywhere and for ever.

    Returns:
        A bool for each row, True for the test.

    >>> hold_out(np.array([7, 7, 7, 7, 7, 7, 3]))
    array([False, False, False, False,  True, False, False])
    """
    held = np.zeros(len(labels), bool)
    for label in np.unique(labels):
        held[np.flatnonzero(labels == label)[every - 1 :: every]] = True
    return held


def split_set(
    name: str,
    images: Array,
    labels: Array,
    classes: tuple[str, ...],
    *,
    white: int,
    source: str,
    licence: str,
) -> ImageSet:
    """An `ImageSet` of images that come in one part, split by :func:`hold_out`."""
    if len(images) != len(labels):
        raise ValueError(f"{name}: there are {len(images)} images and {len(labels)} labels")
    held = hold_out(labels)
    if not held.any():
        raise ValueError(
            f"{name}: no class has five images, so that none can be held out for the test; "
            "add images, or a test part of your own"
        )
    return ImageSet(name, images[~held], labels[~held], images[held], labels[held], classes, white, source, licence)


def _by(sizes: tuple[int, ...]) -> str:
    return " x ".join(map(str, sizes))
