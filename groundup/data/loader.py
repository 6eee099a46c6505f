"""`DataLoader`: batches of a set, in order or shuffled, made in the loop or ahead of it in threads.

It knows its place in the epoch, so that a run that was stopped goes on with the very next batch.
"""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from collections.abc import Generator as Made
from contextlib import closing
from functools import partial
from typing import Any

import numpy as np

from groundup.data.collate import default_collate, default_convert
from groundup.data.dataset import IterableDataset, batch_getter
from groundup.data.prefetch import End, Job, results
from groundup.data.sampler import (
    BatchSampler,
    RandomSampler,
    SequentialSampler,
    check_batching,
    count_batches,
    load_sampler_state,
    sampler_state,
)
from groundup.random import Generator


class _Epoch:
    """How far one pass through the set has come."""

    def __init__(self, position: int) -> None:
        self.position, self.over = position, False


class DataLoader:
    """Batches of a data set. Follows ``torch.utils.data.DataLoader``.

    Args:
        dataset: samples by their place (``__getitem__`` and ``__len__``), or an :class:`IterableDataset`.
        batch_size: samples in a batch; None gives the samples themselves.
        shuffle: draw a new order for each epoch.
        sampler: the order instead, an iterable of places.
        batch_sampler: the batches instead, an iterable of lists of places.
        num_workers: threads that make batches ahead; with 0 the loop makes each batch when it wants it. A set
            is asked by so many threads at once, so it must bear that; with 1 it need not.
        collate_fn: makes a batch of a list of samples. Without it the set's ``get_batch`` makes the whole
            batch where it has one, else :func:`default_collate` does.
        pin_memory: accepted for PyTorch's sake; memory is always the CPU's.
        drop_last: leave out a last batch that is not full.
        timeout: seconds to wait for a batch from a thread; 0 waits for ever.
        generator: where the orders come from; None seeds each epoch from the default generator.
        prefetch_factor: batches that each thread makes ahead (2).
        prefetch: short for ``num_workers=1, prefetch_factor=prefetch``.

    An error in a thread is raised in the loop, with the thread's traceback and the places of the batch.
    Leaving the loop ends the threads. Random numbers that a set draws come from the thread that asks it: to
    repeat a run bit by bit, let such a set draw from a generator of its own, and use at most one worker.

    >>> import groundup
    >>> from groundup.data import DataLoader, TensorDataset
    >>> data = TensorDataset(groundup.arange(5), groundup.arange(5) * 10)
    >>> for x, y in DataLoader(data, batch_size=2):
    ...     print(x, y)
    tensor([0, 1]) tensor([ 0, 10])
    tensor([2, 3]) tensor([20, 30])
    tensor([4]) tensor([40])
    """

    def __init__(
        self,
        dataset: Any,
        batch_size: int | None = 1,
        shuffle: bool | None = None,
        sampler: Iterable[Any] | None = None,
        batch_sampler: Iterable[Sequence[Any]] | None = None,
        num_workers: int = 0,
        collate_fn: Callable[[list[Any]], Any] | None = None,
        pin_memory: bool = False,
        drop_last: bool = False,
        timeout: float = 0,
        *,
        generator: Generator | None = None,
        prefetch_factor: int | None = None,
        prefetch: int = 0,
    ) -> None:
        self.dataset, self.generator, self.timeout, self.pin_memory = dataset, generator, timeout, pin_memory
        self.num_workers, self.prefetch_factor = _workers(num_workers, prefetch_factor, prefetch)
        if timeout < 0:
            raise ValueError("timeout option should be non-negative")
        self._stream = isinstance(dataset, IterableDataset)
        if self._stream:
            _refuse_order(shuffle, sampler, batch_sampler)
        if sampler is not None and shuffle:
            raise ValueError("sampler option is mutually exclusive with shuffle")
        if batch_sampler is not None:
            if batch_size != 1 or shuffle or sampler is not None or drop_last:
                raise ValueError(
                    "batch_sampler option is mutually exclusive with batch_size, shuffle, sampler, and drop_last"
                )
            batch_size = None
        elif batch_size is None and drop_last:
            raise ValueError("batch_size=None option disables auto-batching and is mutually exclusive with drop_last")
        if batch_size is not None:
            check_batching(batch_size, drop_last)
        if not self._stream:
            if sampler is None:
                sampler = RandomSampler(dataset, generator=generator) if shuffle else SequentialSampler(dataset)
            if batch_size is not None:
                batch_sampler = BatchSampler(sampler, batch_size, drop_last)
        self.batch_size, self.drop_last = batch_size, drop_last
        self.sampler, self.batch_sampler = sampler, batch_sampler
        self._batched = batch_size is not None or batch_sampler is not None
        self.collate_fn = collate_fn or (default_collate if self._batched else default_convert)
        # Only a collate_fn of the user's needs the single samples.
        self._get_batch = batch_getter(dataset) if self._batched and collate_fn is None else None
        self._epoch, self._resumed = _Epoch(0), False
        self._epoch.over = True
        self._leaving: list[threading.Thread] = []
        self._ready = True

    def __setattr__(self, name: str, value: Any) -> None:
        fixed = ("batch_size", "batch_sampler", "sampler", "drop_last", "dataset", "collate_fn")
        if name in fixed and getattr(self, "_ready", False):
            raise ValueError(f"{name} attribute should not be set after DataLoader is initialized; make another one")
        super().__setattr__(name, value)

    def __len__(self) -> int:
        """The number of batches (of samples, where no batches are made)."""
        if self._stream:
            count: int = len(self.dataset)
            return count if self.batch_size is None else count_batches(count, self.batch_size, self.drop_last)
        return len(self._order())

    def __iter__(self) -> Iterator[Any]:
        """Begin an epoch, or go on with the one that was resumed."""
        skip = self._epoch.position if self._resumed else 0
        self._resumed = False
        epoch = self._epoch = _Epoch(skip)
        jobs = self._stream_jobs(skip) if self._stream else self._place_jobs(skip)
        threads = min(self.num_workers, 1) if self._stream else self.num_workers
        made = results(jobs, threads, threads * self.prefetch_factor, self.timeout, self._leaving)
        return _counted(epoch, made)

    def _place_jobs(self, skip: int) -> Iterator[Job]:
        order = iter(self.batch_sampler if self._batched else self.sampler)  # type: ignore[arg-type]
        return (partial(self._load, places) for places in itertools.islice(order, skip, None))

    def _load(self, places: Any) -> Any:
        """The batch of the samples at `places`, or the one sample there."""
        try:
            if not self._batched:
                return self.collate_fn(self.dataset[places])
            if self._get_batch is not None:
                return self._get_batch(np.asarray(places, np.int64))
            if hasattr(self.dataset, "__getitems__"):
                return self.collate_fn(self.dataset.__getitems__(list(places)))
            return self.collate_fn([self.dataset[place] for place in places])
        except Exception as error:
            error.add_note(f"The DataLoader was making the batch of {_in_short(places)}.")
            if isinstance(error, StopIteration):  # it would end the loop in silence
                raise RuntimeError(f"the data set raised StopIteration for {_in_short(places)}") from error
            raise

    def _stream_jobs(self, skip: int) -> Iterator[Job]:
        samples = iter(self.dataset)
        if self.batch_size is None:
            drawn: Iterator[Any] = samples
        else:
            drawn = self._lists(samples, self.batch_size)
        drawn = itertools.islice(drawn, skip, None)
        return itertools.repeat(partial(self._next, drawn))

    def _lists(self, samples: Iterator[Any], size: int) -> Iterator[list[Any]]:
        while batch := list(itertools.islice(samples, size)):
            if len(batch) == size or not self.drop_last:
                yield batch

    def _next(self, drawn: Iterator[Any]) -> Any:
        for samples in drawn:
            return self.collate_fn(samples)
        return End

    def state_dict(self) -> dict[str, Any]:
        """Where the loader is: numbers, strings and None, which JSON holds.

        Within an epoch, and after one that was left before its end, a loader with this state goes on with the
        next batch; after a whole epoch it begins a new one. Batches made ahead and not yet given out do not
        count, and of several loops over one loader only the one begun last does.
        """
        in_epoch = not self._epoch.over
        return {
            "position": self._epoch.position if in_epoch else 0,
            "in_epoch": in_epoch,
            "sampler": sampler_state(self._order(), in_epoch),
            "set": self._fingerprint(),
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on where `state_dict` was called: the next loop gives the batches that would have come next.

        Raises:
            ValueError: the state is of a loader with another number of samples, batch size or kind of order.
        """
        missing = {"position", "in_epoch", "sampler", "set"} - set(state)
        if missing:
            raise ValueError(f"this is no state of a DataLoader: it has no {', '.join(sorted(missing))}")
        if state["set"] != self._fingerprint():
            differ = [
                f"{name} was {state['set'].get(name)} and is {now}"
                for name, now in self._fingerprint().items()
                if state["set"].get(name) != now
            ]
            raise ValueError(f"the state is of another DataLoader: {'; '.join(differ)}")
        load_sampler_state(self._order(), state["sampler"])
        self._epoch = _Epoch(int(state["position"]))
        self._epoch.over = not state["in_epoch"]
        self._resumed = bool(state["in_epoch"])

    def reset(self) -> None:
        """Forget an epoch that was left before its end, so that the next one begins anew."""
        load_sampler_state(self._order(), sampler_state(self._order(), in_epoch=False))
        self._epoch = _Epoch(0)
        self._epoch.over = True
        self._resumed = False

    def _order(self) -> Any:
        return self.batch_sampler if self._batched else self.sampler

    def _fingerprint(self) -> dict[str, Any]:
        """What must be the same for the batches to be the same."""
        try:
            samples: int | None = len(self.dataset)
        except (TypeError, NotImplementedError):
            samples = None
        return {
            "samples": samples,
            "batch_size": self.batch_size,
            "drop_last": self.drop_last,
            "order": type(self.sampler if self.batch_size is not None else self._order()).__name__,
        }

    def __repr__(self) -> str:
        order = type(self.sampler).__name__ if self.sampler is not None else "stream"
        return (
            f"DataLoader({type(self.dataset).__name__}, batch_size={self.batch_size}, order={order}, "
            f"num_workers={self.num_workers})"
        )


def _counted(epoch: _Epoch, made: Made[Any, None, None]) -> Iterator[Any]:
    with closing(made):
        for batch in made:
            epoch.position += 1
            yield batch
            del batch
    epoch.over = True


def _workers(num_workers: int, prefetch_factor: int | None, prefetch: int) -> tuple[int, int]:
    """How many threads, and how many batches each makes ahead."""
    if num_workers < 0:
        raise ValueError(
            "num_workers option should be non-negative; use num_workers=0 to disable multithreaded loading."
        )
    if prefetch < 0:
        raise ValueError(f"prefetch should be non-negative, but got {prefetch}")
    if prefetch and (num_workers or prefetch_factor is not None):
        raise ValueError("prefetch is short for num_workers=1 and prefetch_factor; give one or the other")
    if prefetch:
        return 1, prefetch
    if prefetch_factor is not None and (num_workers == 0 or prefetch_factor <= 0):
        raise ValueError("prefetch_factor option needs num_workers > 0 and must itself be above 0")
    return num_workers, 2 if prefetch_factor is None else prefetch_factor


def _refuse_order(shuffle: bool | None, sampler: Any, batch_sampler: Any) -> None:
    for name, value in (("shuffle", shuffle), ("sampler", sampler), ("batch_sampler", batch_sampler)):
        if value:
            raise ValueError(
                f"DataLoader with IterableDataset: expected unspecified {name} option, but got {name}={value}"
            )


def _in_short(places: Any) -> str:
    if not isinstance(places, (list, tuple, np.ndarray)):
        return f"sample {places}"
    some = [str(place) for place in places]
    return f"samples {', '.join(some if len(some) <= 6 else [*some[:3], '...', *some[-3:]])}"
