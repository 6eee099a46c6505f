"""Samplers: in which order a loader takes the samples of a set, and how they are put into batches.

A sampler is an iterable of places. One that draws random numbers also gives and takes a state, so that a run
that is resumed in the middle of an epoch sees the rest of the same order.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence, Sized
from typing import Any

import numpy as np

from groundup.random import Generator, integers, permutation, uniform

State = dict[str, Any]


class Sampler:
    """The base of samplers: a subclass defines ``__iter__``. Follows ``torch.utils.data.Sampler``.

    One whose order is not the same each time defines `state_dict` and `load_state_dict` too.
    """

    def __iter__(self) -> Iterator[Any]:
        raise NotImplementedError(f"{type(self).__name__} must define __iter__ to be a sampler")

    def state_dict(self, in_epoch: bool) -> State:
        """What `load_state_dict` needs, in numbers, strings and None.

        Args:
            in_epoch: the order that was begun last is still in use, and must come again.
        """
        return {}

    def load_state_dict(self, state: State) -> None:
        """Go on where `state_dict` was called."""


class SequentialSampler(Sampler):
    """0, 1, 2, ... Follows ``torch.utils.data.SequentialSampler``.

    >>> list(SequentialSampler("abc"))
    [0, 1, 2]
    """

    def __init__(self, data_source: Sized) -> None:
        self.data_source = data_source

    def __iter__(self) -> Iterator[int]:
        return iter(range(len(self.data_source)))

    def __len__(self) -> int:
        return len(self.data_source)


class _Shuffled(Sampler):
    """A sampler that draws its whole order when an epoch begins, and can draw that order again.

    With a generator of its own, each epoch takes the next numbers of it. Without, each epoch takes one number
    of the default generator, as the seed of a generator for this epoch alone.
    """

    def __init__(self, generator: Generator | None) -> None:
        self.generator = generator
        self._began: np.ndarray[Any, Any] | None = None  # the generator's state when the epoch began
        self._again: np.ndarray[Any, Any] | None = None  # the state to begin the next one with

    def _order(self, source: Generator) -> np.ndarray[Any, Any]:
        raise NotImplementedError(f"{type(self).__name__} must define _order")

    def __iter__(self) -> Iterator[int]:
        source = self._source()
        self._began = source.get_state()
        return iter(self._order(source).tolist())

    def _source(self) -> Generator:
        if self._again is not None:
            again, self._again = self._again, None
            return Generator().set_state(again)
        if self.generator is not None:
            return self.generator
        return Generator().manual_seed(int(integers((), 0, 2**63 - 1)))

    def state_dict(self, in_epoch: bool) -> State:
        began = self._began if self._again is None else self._again
        return {
            "generator": None if self.generator is None else _to_text(self.generator.get_state()),
            "began": _to_text(began) if in_epoch and began is not None else None,
        }

    def load_state_dict(self, state: State) -> None:
        if (state["generator"] is None) != (self.generator is None):
            has, had = ("no", "one") if self.generator is None else ("one", "none")
            raise ValueError(f"the sampler has {has} generator of its own, but when its state was saved it had {had}")
        if self.generator is not None:
            self.generator.set_state(_from_text(state["generator"]))
        self._again = None if state["began"] is None else _from_text(state["began"])


class RandomSampler(_Shuffled):
    """Places in random order. Follows ``torch.utils.data.RandomSampler``.

    Args:
        data_source: the set, of which only the length is used.
        replacement: draw each place anew, so that one may come twice.
        num_samples: how many places an epoch has; None takes as many as the set has samples. Without
            replacement and beyond that number, orders follow one another.
        generator: where the random numbers come from.

    Raises:
        ValueError: `num_samples` (or the length of the set) is not positive.

    >>> import groundup
    >>> sorted(RandomSampler("abcd", generator=groundup.Generator().manual_seed(0)))
    [0, 1, 2, 3]
    """

    def __init__(
        self,
        data_source: Sized,
        replacement: bool = False,
        num_samples: int | None = None,
        generator: Generator | None = None,
    ) -> None:
        super().__init__(generator)
        if not isinstance(replacement, bool):
            raise TypeError(f"replacement should be a boolean value, but got replacement={replacement}")
        self.data_source, self.replacement, self._num_samples = data_source, replacement, num_samples
        if not isinstance(self.num_samples, int) or self.num_samples <= 0:
            raise ValueError(f"num_samples should be a positive integer value, but got num_samples={self.num_samples}")

    @property
    def num_samples(self) -> int:
        """How many places an epoch has."""
        return len(self.data_source) if self._num_samples is None else self._num_samples

    def __len__(self) -> int:
        return self.num_samples

    def _order(self, source: Generator) -> np.ndarray[Any, Any]:
        count, wanted = len(self.data_source), self.num_samples
        if self.replacement:
            return integers(wanted, 0, count, generator=source)
        orders = [permutation(count, source) for _ in range(-(-wanted // count))]
        return np.concatenate(orders)[:wanted]


class SubsetRandomSampler(_Shuffled):
    """The given places, in random order. Follows ``torch.utils.data.SubsetRandomSampler``.

    >>> sorted(SubsetRandomSampler([5, 3, 8]))
    [3, 5, 8]
    """

    def __init__(self, indices: Sequence[int], generator: Generator | None = None) -> None:
        super().__init__(generator)
        self.indices = indices

    def __len__(self) -> int:
        return len(self.indices)

    def _order(self, source: Generator) -> np.ndarray[Any, Any]:
        return np.asarray(self.indices, np.int64)[permutation(len(self.indices), source)]


class WeightedRandomSampler(_Shuffled):
    """Places drawn with probabilities in proportion to `weights`.

    Follows ``torch.utils.data.WeightedRandomSampler``.

    Without replacement, place i is among the `num_samples` largest of ``u_i ** (1 / w_i)`` for uniform
    ``u_i`` (P. Efraimidis, P. Spirakis, Weighted random sampling with a reservoir, 2006), which is drawing
    one after another.

    Raises:
        ValueError: a weight is negative or not finite, all are 0, or fewer than `num_samples` are positive
            where none may come twice.

    >>> list(WeightedRandomSampler([0.0, 2.0, 0.0], 4))
    [1, 1, 1, 1]
    """

    def __init__(
        self,
        weights: Sequence[float],
        num_samples: int,
        replacement: bool = True,
        generator: Generator | None = None,
    ) -> None:
        super().__init__(generator)
        if not isinstance(num_samples, int) or isinstance(num_samples, bool) or num_samples <= 0:
            raise ValueError(f"num_samples should be a positive integer value, but got num_samples={num_samples}")
        self.weights = np.asarray(weights, np.float64)
        if self.weights.ndim != 1:
            raise ValueError(f"weights should be a 1d sequence but given weights have shape {self.weights.shape}")
        if not (np.isfinite(self.weights).all() and (self.weights >= 0).all() and self.weights.any()):
            raise ValueError("weights must be finite and not negative, and one must be above 0")
        positive = np.count_nonzero(self.weights)
        if not replacement and positive < num_samples:
            raise ValueError(f"cannot draw {num_samples} of {positive} places with a weight above 0, each but once")
        self.num_samples, self.replacement = num_samples, replacement

    def __len__(self) -> int:
        return self.num_samples

    def _order(self, source: Generator) -> np.ndarray[Any, Any]:
        if self.replacement:
            reach = self.weights.cumsum()
            drawn = uniform(self.num_samples, np.float64, generator=source) * reach[-1]
            # Rounding may lift a draw to the very end, where no place is.
            return np.searchsorted(reach, np.minimum(drawn, np.nextafter(reach[-1], 0)), side="right")
        drawn = 1 - uniform(len(self.weights), np.float64, generator=source)  # above 0
        keys = np.full(len(drawn), -np.inf)
        np.divide(np.log(drawn), self.weights, out=keys, where=self.weights > 0)
        return np.argsort(-keys, kind="stable")[: self.num_samples]


class BatchSampler(Sampler):
    """Lists of `batch_size` places that another sampler gives. Follows ``torch.utils.data.BatchSampler``.

    >>> list(BatchSampler(range(7), 3, drop_last=False))
    [[0, 1, 2], [3, 4, 5], [6]]
    >>> list(BatchSampler(range(7), 3, drop_last=True))
    [[0, 1, 2], [3, 4, 5]]
    """

    def __init__(self, sampler: Iterable[int], batch_size: int, drop_last: bool) -> None:
        check_batching(batch_size, drop_last)
        self.sampler, self.batch_size, self.drop_last = sampler, batch_size, drop_last

    def __iter__(self) -> Iterator[list[int]]:
        # The order is drawn here and not at the first batch, so that it is drawn when the epoch begins.
        return _in_lists(iter(self.sampler), self.batch_size, self.drop_last)

    def __len__(self) -> int:
        sampler: Any = self.sampler  # one without a length raises TypeError, as it should
        return count_batches(len(sampler), self.batch_size, self.drop_last)

    def state_dict(self, in_epoch: bool) -> State:
        return sampler_state(self.sampler, in_epoch)

    def load_state_dict(self, state: State) -> None:
        load_sampler_state(self.sampler, state)


def check_batching(batch_size: int, drop_last: bool) -> None:
    """Raise what PyTorch raises for a size of batches that is none."""
    if not isinstance(batch_size, int) or isinstance(batch_size, bool) or batch_size <= 0:
        raise ValueError(f"batch_size should be a positive integer value, but got batch_size={batch_size}")
    if not isinstance(drop_last, bool):
        raise ValueError(f"drop_last should be a boolean value, but got drop_last={drop_last}")


def count_batches(samples: int, batch_size: int, drop_last: bool) -> int:
    """How many batches there are, with or without a last one that is not full."""
    return samples // batch_size if drop_last else -(-samples // batch_size)


def _in_lists(places: Iterator[int], size: int, drop_last: bool) -> Iterator[list[int]]:
    while batch := list(itertools.islice(places, size)):
        if len(batch) == size or not drop_last:
            yield batch


def sampler_state(sampler: Any, in_epoch: bool) -> State:
    """The state of a sampler that has one; a list, or a sampler that knows of none, has an empty one."""
    return sampler.state_dict(in_epoch) if hasattr(sampler, "state_dict") else {}


def load_sampler_state(sampler: Any, state: State) -> None:
    """Give a sampler its state back."""
    if hasattr(sampler, "load_state_dict"):
        sampler.load_state_dict(state)
    elif state:
        raise ValueError(f"a state was saved, but a {type(sampler).__name__} takes none")


def _to_text(state: np.ndarray[Any, Any]) -> str:
    return state.tobytes().hex()


def _from_text(text: str) -> np.ndarray[Any, Any]:
    return np.frombuffer(bytes.fromhex(text), np.uint8)
