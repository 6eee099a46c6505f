"""Data sets, random splits, and how single samples become batches."""

from __future__ import annotations

import itertools
from collections import OrderedDict, namedtuple
from typing import Any

import numpy as np
import pytest

import groundup
from groundup.data import (
    ConcatDataset,
    Dataset,
    ImageDataset,
    IterableDataset,
    Subset,
    TensorDataset,
    default_collate,
    default_convert,
    random_split,
)
from groundup.data.dataset import batch_getter

Point = namedtuple("Point", "x y")


def same(a: Any, b: Any) -> bool:
    """Equal in kind, dtype and every number."""
    if isinstance(a, groundup.Tensor):
        return isinstance(b, groundup.Tensor) and a.dtype is b.dtype and a.tolist() == b.tolist()
    if type(a) is not type(b):
        return False
    if isinstance(a, dict):
        return list(a) == list(b) and all(same(a[key], b[key]) for key in a)
    if isinstance(a, (list, tuple)):
        return len(a) == len(b) and all(map(same, a, b))
    return a == b


# --- sets ---------------------------------------------------------------------------------------------------


def test_tensors_of_different_lengths_are_refused() -> None:
    with pytest.raises(ValueError, match=r"^Size mismatch between tensors\n.* the shapes are \(3,\), \(2, 1\)"):
        TensorDataset(groundup.zeros(3), groundup.zeros(2, 1))
    with pytest.raises(ValueError, match="needs at least one tensor"):
        TensorDataset()
    with pytest.raises(ValueError, match="needs tensors with a first dimension"):
        TensorDataset(groundup.tensor(1.0))


def test_a_tensor_dataset_gives_rows_and_slices() -> None:
    data = TensorDataset(groundup.arange(6).reshape(3, 2), groundup.tensor([0.0, 1.0, 2.0]))
    assert len(data) == 3
    assert same(data[-1], (groundup.tensor([4, 5]), groundup.tensor(2.0)))
    assert same(data[:2], (groundup.tensor([[0, 1], [2, 3]]), groundup.tensor([0.0, 1.0])))


def test_a_batch_at_once_is_what_collating_gives() -> None:
    x, y = groundup.arange(20).reshape(10, 2) / 3, groundup.arange(10)
    data = TensorDataset(x, y)
    places = [3, 3, 9, -1]
    got = data.get_batch(np.array(places))
    assert same(got, default_collate([data[i] for i in places]))
    got[0].zero_()
    assert x[3].tolist() != [0, 0], "a batch shares no memory with the set"


def test_a_batch_of_a_tensor_that_needs_gradients() -> None:
    x = groundup.ones(4, 2, requires_grad=True)
    (batch,) = TensorDataset(x).get_batch(np.array([1, 1, 3]))
    batch.sum().backward()
    assert x.grad.tolist() == [[0, 0], [2, 2], [0, 0], [1, 1]]


def test_an_image_dataset_scales() -> None:
    images = np.arange(16, dtype=np.uint8).reshape(4, 1, 2, 2)
    data = ImageDataset(images, np.array([1, 0, 1, 0]), white=15)
    image, label = data[3]
    assert image.dtype is groundup.float32 and image.tolist()[0][1][1] == 1 and label == 0
    got = data.get_batch(np.array([3, 0]))
    assert same(got, default_collate([data[3], data[0]]))
    assert got[0].shape == (2, 1, 2, 2)
    with pytest.raises(ValueError, match="there are 4 images and 3 labels"):
        ImageDataset(images, np.zeros(3, np.int64))


def test_concatenation() -> None:
    both = ConcatDataset(["abc", "", "de"])
    assert [both[i] for i in range(-5, 5)] == list("abcdeabcde") and len(both) == 5
    for bad in (5, -6):
        with pytest.raises(IndexError, match=f"index {bad} is out of range for 5 samples"):
            both[bad]
    with pytest.raises(ValueError, match="datasets should not be an empty iterable"):
        ConcatDataset([])

    class Stream(IterableDataset):
        pass

    with pytest.raises(ValueError, match="does not support IterableDataset"):
        ConcatDataset([Stream()])
    with pytest.raises(TypeError, match="Stream is a stream: it has no places"):
        Stream()[0]


def test_a_set_without_its_methods_says_so() -> None:
    class Empty(Dataset):
        pass

    with pytest.raises(NotImplementedError, match="Empty must define __getitem__ to be a data set"):
        Empty()[0]


class Doubling(TensorDataset):
    def __getitem__(self, index: Any) -> Any:
        return tuple(2 * tensor for tensor in super().__getitem__(index))


class Reversing(Subset):
    def __getitem__(self, index: Any) -> Any:
        return super().__getitem__(len(self) - 1 - index)


class Tripling(Doubling):
    def get_batch(self, indices: np.ndarray) -> Any:
        return [3 * tensor for tensor in super().get_batch(indices)]


def test_a_subclass_that_redefines_samples_is_asked_for_samples() -> None:
    x = groundup.arange(6)
    assert batch_getter(TensorDataset(x)) is not None
    assert batch_getter(Doubling(x)) is None
    assert batch_getter(Subset(Doubling(x), [1])) is None
    assert batch_getter(Reversing(TensorDataset(x), [1, 2])) is None
    assert batch_getter([1, 2]) is None
    assert batch_getter(Tripling(x))(np.array([1, 2]))[0].tolist() == [3, 6]


def test_a_subset_of_a_subset_is_taken_at_once() -> None:
    data = Subset(Subset(TensorDataset(groundup.arange(10) * 10), [9, 7, 5, 3]), [3, 1, 0])
    assert batch_getter(data)(np.array([0, 2]))[0].tolist() == [30, 90]
    assert [int(data[i][0]) for i in range(3)] == [30, 70, 90]
    assert data[[0, 1]][0].tolist() == [30, 70]
    getter = batch_getter(data)
    data.indices[0] = 2
    assert getter(np.array([0]))[0].tolist() == [50], "no stale copy of the indices"


# --- splits -------------------------------------------------------------------------------------------------


def test_a_split_covers_all_once_and_repeats() -> None:
    def split() -> list[list[int]]:
        generator = groundup.Generator().manual_seed(3)
        return [list(part) for part in random_split(range(100), [60, 0, 40], generator)]

    parts = split()
    assert list(map(len, parts)) == [60, 0, 40] and sorted(itertools.chain(*parts)) == list(range(100))
    assert parts == split() and parts[0] != sorted(parts[0])


@pytest.mark.parametrize(
    ("count", "fractions", "sizes"),
    [
        (10, [0.5, 0.5], [5, 5]),
        (10, [0.3, 0.3, 0.4], [3, 3, 4]),
        (11, [0.5, 0.5], [6, 5]),
        (103, [0.1, 0.2, 0.3, 0.4], [11, 21, 30, 41]),
        (7, [1.0], [7]),
        (1, [1], [1]),
    ],
)
def test_fractions(count: int, fractions: list[float], sizes: list[int]) -> None:
    assert [len(part) for part in random_split(range(count), fractions)] == sizes
    torch = pytest.importorskip("torch", reason="compared with PyTorch where it is installed")
    theirs = torch.utils.data.random_split(range(count), fractions)
    assert [len(part) for part in theirs] == sizes


def test_wrong_lengths_are_told() -> None:
    with pytest.raises(ValueError, match=r"^Sum of input lengths does not equal .*\n.*6 \+ 5 = 11, but .* 10"):
        random_split(range(10), [6, 5])
    with pytest.raises(ValueError, match=r"^Sum of input .*\n.*fractions that sum to 1, but \[0.5, 0.6\] sums to 1.1"):
        random_split(range(10), [0.5, 0.6])
    with pytest.raises(ValueError, match="must not be negative"):
        random_split(range(10), [11, -1])
    with pytest.warns(UserWarning, match="Length of split at index 1 is 0"):
        random_split(range(2), [0.9, 0.1])


# --- batches of samples -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("samples", "batch"),
    [
        ([1, 2], groundup.tensor([1, 2])),
        ([True, False], groundup.tensor([True, False])),
        ([0.5, 2.0], groundup.tensor([0.5, 2.0], dtype=groundup.float64)),
        (["a", "b"], ["a", "b"]),
        ([b"a", b"b"], [b"a", b"b"]),
        ([groundup.ones(2), groundup.zeros(2)], groundup.tensor([[1.0, 1.0], [0.0, 0.0]])),
        ([np.float32(1), np.float32(2)], groundup.tensor([1.0, 2.0])),
        ([np.int8([1]), np.int8([2])], groundup.tensor([[1], [2]], dtype=groundup.int8)),
        ([(1, "a"), (2, "b")], [groundup.tensor([1, 2]), ["a", "b"]]),
        ([[1, 2], [3, 4], [5, 6]], [groundup.tensor([1, 3, 5]), groundup.tensor([2, 4, 6])]),
        ([{"x": 1, "y": [2]}] * 2, {"x": groundup.tensor([1, 1]), "y": [groundup.tensor([2, 2])]}),
        ([OrderedDict(x=1)], OrderedDict(x=groundup.tensor([1]))),
        ([Point(1, 2), Point(3, 4)], Point(groundup.tensor([1, 3]), groundup.tensor([2, 4]))),
    ],
)
def test_collating(samples: list[Any], batch: Any) -> None:
    assert same(default_collate(samples), batch)


def test_collating_is_pytorchs() -> None:
    torch = pytest.importorskip("torch", reason="compared with PyTorch where it is installed")
    numbers = np.random.default_rng(0).standard_normal((3, 2))

    def plain(value: Any) -> Any:
        if hasattr(value, "numpy"):
            return str(value.dtype).split(".")[1], value.numpy().tolist()
        if isinstance(value, dict):
            return {key: plain(part) for key, part in value.items()}
        return [type(value), *map(plain, value)] if isinstance(value, (list, tuple)) else value

    for samples in (
        [(row, int(i), {"a": float(row[0]), "b": str(i)}) for i, row in enumerate(numbers)],
        [Point(row.astype(np.float32), [True, (1, 2)]) for row in numbers],
    ):
        assert plain(default_collate(samples)) == plain(torch.utils.data.default_collate(samples))


def test_collating_keeps_gradients() -> None:
    x = groundup.ones(2, requires_grad=True)
    default_collate([x, 3 * x]).sum().backward()
    assert x.grad.tolist() == [4, 4]


@pytest.mark.parametrize(
    ("samples", "kind", "says"),
    [
        ([groundup.ones(2), groundup.ones(3)], RuntimeError, r"^stack expects .* got \[2\] at .* and \[3\] at entry 1"),
        ([np.ones((2, 1)), np.ones(2)], RuntimeError, r"got \[2, 1\] at entry 0 and \[2\] at entry 1"),
        ([[1, 2], [1]], RuntimeError, r"^each element in list of batch should be of equal size\n.* 1, 2"),
        ([object()], TypeError, r"^default_collate: batch must contain tensors, .* found <class 'object'>"),
        ([{"a": None}], TypeError, "found <class 'NoneType'>"),
        ([np.array(["a"])], TypeError, "found <U1"),
    ],
)  # fmt: skip
def test_what_cannot_be_collated_is_told(samples: list[Any], kind: type[Exception], says: str) -> None:
    with pytest.raises(kind, match=says):
        default_collate(samples)


def test_converting() -> None:
    got = default_convert((np.array([1, 2]), {"x": np.float32(1)}, ["a", 3], Point(1, np.ones(1)), np.array("a")))
    assert same(got[0], groundup.tensor([1, 2])) and same(got[1]["x"], groundup.tensor(1.0))
    assert got[2] == ["a", 3] and same(got[3].y, groundup.ones(1, dtype=groundup.float64))
    assert got[4] == np.array("a")
