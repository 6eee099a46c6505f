"""Making batches ahead in threads: in order, errors and all, and nothing left running that nobody waits for.

`results` stands between the loader, which says what is to be done, and the loop that consumes it. Threads and
not processes: NumPy lets others run while it works, and nothing has to be copied or pickled.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Generator, Iterator
from functools import partial
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from concurrent.futures import Future

Job = Callable[[], Any]
# How often a consumer that waits looks whether the threads still live (a fork leaves them behind).
_LOOK = 1.0


class End:
    """What a job returns where nothing is left."""


class Crew:
    """Threads that do jobs in the order in which they are given.

    They end when they are dismissed, after the job they are at. They are daemons: one that is stuck in a
    user's code does not keep the program from ending.
    """

    def __init__(self, size: int, after: list[threading.Thread]) -> None:
        """Start `size` threads, which begin when those of `after` have ended."""
        self._tasks: SimpleQueue[tuple[Future[Any], Job] | None] = SimpleQueue()
        self.threads = [
            threading.Thread(target=_work, args=(self._tasks, after), name=f"groundup-loader-{number}", daemon=True)
            for number in range(size)
        ]
        for thread in self.threads:
            thread.start()

    def give(self, job: Job) -> Future[Any]:
        """Let the next free thread do `job`."""
        from concurrent.futures import Future

        future: Future[Any] = Future()
        self._tasks.put((future, job))
        return future

    def wait(self, future: Future[Any], timeout: float) -> Any:
        """The result of a job; its error is raised here, with the traceback of the thread."""
        from concurrent.futures import wait

        until = time.monotonic() + timeout if timeout else None
        while not future.done():
            left = _LOOK if until is None else min(_LOOK, until - time.monotonic())
            if left <= 0:
                raise RuntimeError(f"DataLoader timed out after {timeout:g} seconds")
            # In slices, which Ctrl-C can interrupt on every system.
            wait([future], timeout=left)
            if not future.done() and not any(thread.is_alive() for thread in self.threads):
                raise RuntimeError("the threads of the DataLoader are gone; was the process forked in the loop?")
        return future.result()

    def dismiss(self) -> None:
        """Let each thread end after its job; does not wait."""
        for _ in self.threads:
            self._tasks.put(None)


def _work(tasks: SimpleQueue[tuple[Future[Any], Job] | None], after: list[threading.Thread]) -> None:
    for thread in after:
        thread.join()
    while (task := tasks.get()) is not None:
        future, job = task
        if future.set_running_or_notify_cancel():
            try:
                future.set_result(job())
            except BaseException as error:  # whatever it is, the consumer must have it, or it would wait for ever
                future.set_exception(error)
        del task, future, job  # an idle thread holds no batch


def results(
    jobs: Iterator[Job], threads: int, ahead: int, timeout: float, leaving: list[threading.Thread]
) -> Generator[Any, None, None]:
    """The results of `jobs` in their order, until they are exhausted or one returns `End`.

    Args:
        jobs: taken from by the consumer's thread alone.
        threads: how many work; with 0 the consumer does the jobs itself.
        ahead: how many jobs are done or under way while the consumer works on a result.
        timeout: the seconds to wait for a result; 0 waits for ever.
        leaving: threads dismissed earlier, that may still be at a job. New ones wait for them, so that a set
            never sees more threads than it was promised. Those of this call are added when they are
            dismissed.
    """
    if not threads:
        for job in jobs:
            result = job()
            if result is End:
                return
            yield result
        return
    leaving[:] = [thread for thread in leaving if thread.is_alive()]
    crew = Crew(threads, list(leaving))
    waiting: deque[Future[Any]] = deque()
    try:
        while True:
            _fill(waiting, jobs, crew, ahead + 1)
            if not waiting:
                return
            result = crew.wait(waiting.popleft(), timeout)
            if result is End:
                return
            yield result
            del result
    finally:
        for future in waiting:
            future.cancel()
        crew.dismiss()
        leaving += crew.threads


def _fill(waiting: deque[Future[Any]], jobs: Iterator[Job], crew: Crew, count: int) -> None:
    while len(waiting) < count:
        try:
            job = next(jobs, None)
        except Exception as error:  # a sampler's; the batches before it come first
            job = partial(_fail, error)
        if job is None:
            return
        waiting.append(crew.give(job))


def _fail(error: Exception) -> None:
    raise error
