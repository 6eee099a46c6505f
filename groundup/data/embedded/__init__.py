"""The image sets that come with the package, ready without a network: `digits` and `fashion`.

Their files lie beside this module, with a text each on source and licence; ``tools/embed_data.py`` in the
repository made them.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from groundup.data.idx import read_idx
from groundup.data.imageset import ImageSet, split_set

FASHION_CLASSES = (
    "T-shirt/top",
    "Trouser",
    "Pullover",
    "Dress",
    "Coat",
    "Sandal",
    "Shirt",
    "Sneaker",
    "Bag",
    "Ankle boot",
)


def digits() -> ImageSet:
    """1,797 handwritten digits of 8 x 8 pixels with values from 0 to 16.

    The set has no test part of its own. Here every fifth image of each digit, in the set's order, is held
    out: 1,442 images to train on and 355 to test with, always the same ones. The 13 people who wrote them are
    in both parts, so that the test is of new drawings, not of new hands.

    Source: E. Alpaydin and C. Kaynak, Optical Recognition of Handwritten Digits (the test file
    ``optdigits.tes``), UCI Machine Learning Repository, 1998, https://doi.org/10.24432/C50P49, CC BY 4.0.

    >>> digits()
    ImageSet(digits: 1,442 training and 355 test images of 1 x 8 x 8 in 10 classes)
    """
    return split_set(
        "digits",
        _read("digits-images.idx.gz")[:, None],
        _read("digits-labels.idx.gz").astype(np.int64),
        tuple("0123456789"),
        white=16,
        source="E. Alpaydin and C. Kaynak, Optical Recognition of Handwritten Digits, UCI, 1998; "
        "every fifth image of each class held out",
        licence="CC BY 4.0",
    )


def fashion() -> ImageSet:
    """The first 6,000 training and the first 1,000 test images of Fashion-MNIST, 28 x 28 grey pixels.

    The whole set, ten times as many, is :func:`groundup.data.fashion_mnist`.

    Source: H. Xiao, K. Rasul, R. Vollgraf, Fashion-MNIST: a Novel Image Dataset for Benchmarking Machine
    Learning Algorithms, 2017, https://arxiv.org/abs/1708.07747, MIT licence, Zalando SE.

    >>> fashion()
    ImageSet(fashion: 6,000 training and 1,000 test images of 1 x 28 x 28 in 10 classes)
    """
    return ImageSet(
        "fashion",
        _read("fashion-train-images.idx.xz")[:, None],
        _read("fashion-train-labels.idx.xz").astype(np.int64),
        _read("fashion-test-images.idx.xz")[:, None],
        _read("fashion-test-labels.idx.xz").astype(np.int64),
        FASHION_CLASSES,
        source="H. Xiao, K. Rasul, R. Vollgraf, Fashion-MNIST, 2017; the first 6,000 and 1,000 images",
        licence="MIT, Zalando SE",
    )


def _read(name: str) -> np.ndarray[Any, Any]:
    # importlib.resources also finds the file where the package is imported from a zip.
    from importlib.resources import as_file, files

    with as_file(files(__name__) / name) as path:
        return read_idx(path)
