"""Data sets: samples by their place, samples in a stream, and sets made of other sets.

A set may also give a whole batch at once (`get_batch`), which the loader prefers to asking for each sample.
`TensorDataset` and `ImageDataset` do.
"""

from __future__ import annotations

import bisect
import math
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import numpy as np

from groundup.functions import creation
from groundup.random import Generator, permutation

if TYPE_CHECKING:
    from groundup.tensor import Tensor

Sample = TypeVar("Sample", covariant=True)
BatchGetter = Callable[[np.ndarray[Any, Any]], Any]


class Dataset(Generic[Sample]):
    """Samples by their place: a subclass defines ``__getitem__`` and ``__len__``.

    Follows ``torch.utils.data.Dataset``.

    A subclass may define ``get_batch(indices)`` as well: given an int64 array, it returns the batch,
    collated, and a loader without a `collate_fn` of its own calls it in place of ``__getitem__``.

    >>> class Squares(Dataset):
    ...     def __getitem__(self, index):
    ...         return index, index * index
    ...
    ...     def __len__(self):
    ...         return 4
    >>> Squares()[3], len(Squares() + Squares())
    ((3, 9), 8)
    """

    def __getitem__(self, index: Any) -> Sample:
        raise NotImplementedError(f"{type(self).__name__} must define __getitem__ to be a data set")

    def __add__(self, other: Dataset[Any]) -> ConcatDataset:
        return ConcatDataset([self, other])


class IterableDataset(Dataset[Sample]):
    """Samples in a stream: a subclass defines ``__iter__``. Follows ``torch.utils.data.IterableDataset``.

    A loader with workers reads a stream in one thread, so that each sample comes once and in its order.
    """

    def __iter__(self) -> Iterator[Sample]:
        raise NotImplementedError(f"{type(self).__name__} must define __iter__ to be a stream of samples")

    def __getitem__(self, index: Any) -> Sample:
        raise TypeError(f"{type(self).__name__} is a stream: it has no places, only an order")


class TensorDataset(Dataset[tuple["Tensor", ...]]):
    """Tensors with one first size; sample `i` is the tuple of their rows `i`.

    Follows ``torch.utils.data.TensorDataset``.

    Raises:
        ValueError: the first sizes differ.

    >>> import groundup
    >>> data = TensorDataset(groundup.arange(4), groundup.ones(4))
    >>> data[2]
    (tensor(2), tensor(1.))
    """

    def __init__(self, *tensors: Tensor) -> None:
        if not tensors:
            raise ValueError("TensorDataset needs at least one tensor")
        if any(tensor.dim() == 0 for tensor in tensors):
            raise ValueError("TensorDataset needs tensors with a first dimension, whose places are the samples")
        if any(len(tensor) != len(tensors[0]) for tensor in tensors):
            shapes = ", ".join(str(tuple(tensor.shape)) for tensor in tensors)
            raise ValueError(
                "Size mismatch between tensors\n"
                f"  TensorDataset: the first sizes must be equal, but the shapes are {shapes}"
            )
        self.tensors = tensors

    def __getitem__(self, index: Any) -> tuple[Tensor, ...]:
        return tuple(tensor[index] for tensor in self.tensors)

    def __len__(self) -> int:
        return len(self.tensors[0])

    def get_batch(self, indices: np.ndarray[Any, Any]) -> list[Tensor]:
        """The rows `indices` of each tensor."""
        return [_rows(tensor, indices) for tensor in self.tensors]


class ImageDataset(Dataset[tuple["Tensor", int]]):
    """Images and their labels, held as uint8 and given as float32 between 0 and 1.

    Sample `i` is the image ``(channels, height, width)`` and its label; a batch is ``(n, channels, height,
    width)`` and int64 ``(n,)``.

    Args:
        images: uint8 of shape ``(n, channels, height, width)``.
        labels: int64 of shape ``(n,)``.
        white: the value that becomes 1.

    >>> from groundup.data import digits
    >>> data = digits()
    >>> image, label = ImageDataset(data.train_images, data.train_labels, data.white)[7]
    >>> image.shape, image.max(), label
    (groundup.Size([1, 8, 8]), tensor(1.), 7)
    """

    def __init__(self, images: np.ndarray[Any, Any], labels: np.ndarray[Any, Any], white: int = 255) -> None:
        if len(images) != len(labels):
            raise ValueError(f"there are {len(images)} images and {len(labels)} labels")
        self.images, self.labels = images, labels
        self.white = np.float32(white)

    def __getitem__(self, index: Any) -> tuple[Tensor, int]:
        return creation.from_numpy(self.images[index] / self.white), int(self.labels[index])

    def __len__(self) -> int:
        return len(self.labels)

    def get_batch(self, indices: np.ndarray[Any, Any]) -> list[Tensor]:
        """The images and labels at `indices`, scaled and gathered as a whole."""
        images = self.images.take(indices, axis=0) / self.white
        return [creation.from_numpy(images), creation.from_numpy(self.labels.take(indices))]


class ConcatDataset(Dataset[Any]):
    """Data sets one after the other. Follows ``torch.utils.data.ConcatDataset``.

    >>> ConcatDataset([range(3), range(10, 12)])[3]
    10
    """

    def __init__(self, datasets: Iterable[Any]) -> None:
        self.datasets = list(datasets)
        if not self.datasets:
            raise ValueError("datasets should not be an empty iterable")
        for dataset in self.datasets:
            if isinstance(dataset, IterableDataset):
                raise ValueError("ConcatDataset does not support IterableDataset")
        self.cumulative_sizes = np.cumsum([len(dataset) for dataset in self.datasets]).tolist()

    def __len__(self) -> int:
        return int(self.cumulative_sizes[-1])

    def __getitem__(self, index: int) -> Any:
        place = index + len(self) if index < 0 else index
        if not 0 <= place < len(self):
            raise IndexError(f"index {index} is out of range for {len(self)} samples")
        part = bisect.bisect_right(self.cumulative_sizes, place)
        return self.datasets[part][place - (self.cumulative_sizes[part - 1] if part else 0)]


class Subset(Dataset[Any]):
    """The samples of `dataset` at `indices`. Follows ``torch.utils.data.Subset``.

    >>> list(Subset("abcdef", [4, 0]))
    ['e', 'a']
    """

    def __init__(self, dataset: Any, indices: Sequence[int]) -> None:
        self.dataset, self.indices = dataset, indices

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, list):
            return self.dataset[[self.indices[place] for place in index]]
        return self.dataset[self.indices[index]]

    def __len__(self) -> int:
        return len(self.indices)


def random_split(dataset: Any, lengths: Sequence[int | float], generator: Generator | None = None) -> list[Subset]:
    """Split a set at random into parts that do not overlap. Follows ``torch.utils.data.random_split``.

    Args:
        dataset: what is split.
        lengths: the number of samples of each part, or fractions that sum to 1: then each part gets the floor
            of its share, and what is left goes to the parts in turn, one sample each.
        generator: where the random numbers come from; None takes the default one.

    Raises:
        ValueError: the lengths do not sum to the set's length, or a fraction is not between 0 and 1.

    >>> import groundup
    >>> parts = random_split(range(10), [0.7, 0.3], groundup.Generator().manual_seed(1))
    >>> [len(part) for part in parts], sorted([*parts[0], *parts[1]])
    ([7, 3], [0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
    """
    count = len(dataset)
    sizes = _whole(lengths, count)
    if sum(sizes) != count:
        raise ValueError(
            "Sum of input lengths does not equal the length of the input dataset!\n"
            f"  random_split: {' + '.join(map(str, sizes))} = {sum(sizes)}, but there are {count} samples"
        )
    order = permutation(count, generator)
    return [Subset(dataset, part.tolist()) for part in np.split(order, np.cumsum(sizes)[:-1])]


def _whole(lengths: Sequence[int | float], count: int) -> list[int]:
    """Lengths as whole numbers, the shares of `count` where they are fractions."""
    if any(length < 0 for length in lengths):
        raise ValueError(f"lengths must not be negative, but are {list(lengths)}")
    if not math.isclose(sum(lengths), 1):
        for length in lengths:
            if int(length) != length:
                raise ValueError(
                    "Sum of input lengths does not equal the length of the input dataset!\n"
                    f"  random_split: lengths must be whole numbers, or fractions that sum to 1, but {list(lengths)} "
                    f"sums to {sum(lengths):g}"
                )
        return [int(length) for length in lengths]
    sizes = [math.floor(count * length) for length in lengths]
    for place in range(count - sum(sizes)):
        sizes[place % len(sizes)] += 1
    for place, size in enumerate(sizes):
        if size == 0:
            warnings.warn(
                f"Length of split at index {place} is 0. This might result in an empty dataset.", stacklevel=3
            )
    return sizes


def batch_getter(dataset: Any) -> BatchGetter | None:
    """How `dataset` gives a whole batch at once, or None where it must be asked for each sample.

    A subclass that redefines ``__getitem__`` (to augment, say) and not ``get_batch`` means the former.
    """
    kind = type(dataset)
    if isinstance(dataset, Subset):
        inner = batch_getter(dataset.dataset)
        if inner is None or kind.__getitem__ is not Subset.__getitem__:
            return None
        # Looked up for each batch, as `indices` may be long, and may be changed between batches.
        return lambda batch: inner(np.array([dataset.indices[place] for place in batch.tolist()], np.int64))
    order = [name for base in kind.__mro__ for name in ("get_batch", "__getitem__") if name in vars(base)]
    return dataset.get_batch if order and order[0] == "get_batch" else None


def _rows(tensor: Tensor, indices: np.ndarray[Any, Any]) -> Tensor:
    if tensor.requires_grad:
        return tensor[creation.from_numpy(indices)]
    # `take` is the fastest gather of whole rows; it copies, so that the batch may be changed in place.
    return creation.from_numpy(tensor.numpy().take(indices, axis=0))
