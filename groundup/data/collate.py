"""How samples become a batch: tensors are stacked, numbers become a tensor, containers keep their form.

The loader uses `default_collate` unless it is given another function, and `default_convert` where it makes no
batches.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from groundup import dtypes
from groundup.functions import creation, view
from groundup.tensor import Tensor


def default_collate(batch: Sequence[Any]) -> Any:
    """Put samples together, a new first dimension counting them.

    Follows ``torch.utils.data.default_collate``.

    Tensors and arrays are stacked; floats become float64, ints int64 and bools bool; strings and bytes stay a
    list; a mapping of samples' values stays a mapping, a tuple or list becomes a list of batches, a named
    tuple stays one.

    Raises:
        RuntimeError: tensors, or lists within the samples, differ in size.
        TypeError: a sample is of another kind.

    >>> import groundup
    >>> default_collate([(groundup.ones(2), 3), (groundup.zeros(2), 4)])
    [tensor([[1., 1.], [0., 0.]]), tensor([3, 4])]
    """
    first = batch[0]
    if isinstance(first, Tensor):
        return _stack(batch)
    if isinstance(first, np.ndarray):
        _refuse_other_kinds(first)
        return _stack([creation.as_tensor(array) for array in batch])
    if isinstance(first, np.generic):
        _refuse_other_kinds(np.asarray(first))
        return creation.as_tensor(np.array(batch))
    if isinstance(first, (bool, int)):
        return creation.tensor(batch)
    if isinstance(first, float):
        return creation.tensor(batch, dtype=dtypes.float64)
    if isinstance(first, (str, bytes)):
        return list(batch)
    if isinstance(first, Mapping):
        return _like(first, {key: default_collate([sample[key] for sample in batch]) for key in first})
    if isinstance(first, Sequence):
        if any(len(sample) != len(first) for sample in batch):
            lengths = sorted({len(sample) for sample in batch})
            raise RuntimeError(
                "each element in list of batch should be of equal size\n"
                f"  default_collate: the lengths are {', '.join(map(str, lengths))}; collate_fn can pad them"
            )
        columns = [default_collate(column) for column in zip(*batch, strict=True)]
        return type(first)(*columns) if hasattr(first, "_fields") else columns
    raise TypeError(
        "default_collate: batch must contain tensors, numpy arrays, numbers, dicts or lists; "
        f"found {type(first)}\n  Give the loader a collate_fn that makes a batch of these."
    )


def default_convert(sample: Any) -> Any:
    """Arrays within `sample` as tensors, the rest as it is. Follows ``torch.utils.data.default_convert``.

    >>> default_convert({"x": np.array([1.0]), "name": "a"})
    {'x': tensor([1.], dtype=groundup.float64), 'name': 'a'}
    """
    if isinstance(sample, (np.ndarray, np.generic)):
        return sample if sample.dtype.kind in "OSUV" else creation.as_tensor(np.asarray(sample))
    if isinstance(sample, Mapping):
        return _like(sample, {key: default_convert(value) for key, value in sample.items()})
    if isinstance(sample, (str, bytes)) or not isinstance(sample, Sequence):
        return sample
    values = [default_convert(value) for value in sample]
    return type(sample)(*values) if hasattr(sample, "_fields") else values


def _stack(batch: Sequence[Tensor]) -> Tensor:
    if any(tensor.requires_grad for tensor in batch):
        return view.stack(list(batch))
    arrays = [tensor.numpy() for tensor in batch]
    for place, array in enumerate(arrays):
        if array.shape != arrays[0].shape:
            raise RuntimeError(
                f"stack expects each tensor to be equal size, but got {list(arrays[0].shape)} at entry 0 and "
                f"{list(array.shape)} at entry {place}\n"
                "  default_collate: give the loader a collate_fn that pads the samples, or make them equal"
            )
    return creation.from_numpy(np.stack(arrays))


def _like(mapping: Mapping[Any, Any], values: dict[Any, Any]) -> Any:
    """`values` in a mapping of the same kind, where that can be made from a dict."""
    try:
        return type(mapping)(values)  # type: ignore[call-arg]
    except TypeError:
        return values


def _refuse_other_kinds(array: np.ndarray[Any, Any]) -> None:
    if array.dtype.kind in "OSUV":
        raise TypeError(
            f"default_collate: batch must contain tensors, numpy arrays, numbers, dicts or lists; found {array.dtype}"
        )
