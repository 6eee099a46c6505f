"""`groundup.compile`: a function that is traced when it meets a new kind of arguments, and runs as a program after."""

from __future__ import annotations

import functools
import types
import warnings
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, overload

from groundup.autograd.state import LOCAL, State
from groundup.compile.entry import Entry
from groundup.compile.graph import Graph, joined
from groundup.compile.guard import MISS
from groundup.compile.reach import Wrapping
from groundup.compile.replay import Before, Outside, replayed
from groundup.compile.running import READINGS
from groundup.compile.undisturbed import Undisturbed

if TYPE_CHECKING:
    from groundup.atomic import StrPath

_MANY = 16  # programs of one function, after which something is traced again and again; twice as many are kept


class Compiled(Wrapping):
    """A compiled function: call it as the original. `source()` shows the program."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self.function = function
        self.entries: list[Entry] = []
        functools.update_wrapper(self, function, updated=())
        self._attribute = ""

    def __set_name__(self, owner: type, name: str) -> None:
        self._attribute = name

    def __get__(self, owner: Any, kind: type | None = None) -> Compiled:
        """As a method: each object keeps programs of its own."""
        if owner is None:
            return self
        found = vars(owner)[self._attribute] = self._like(types.MethodType(self.function, owner))
        return found

    def _like(self, function: Callable[..., Any]) -> Compiled:
        return Compiled(function)

    def __reduce__(self) -> tuple[Any, tuple[Any, ...]]:
        return Compiled, (self.function,)  # a copy is traced anew

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """What the function does, by the program for arguments of this kind; traced first if there is none."""
        state = LOCAL.state
        if state.watch is not None:  # inside of another compiled function
            return self.function(*args, **kwargs)
        for entry in self.entries:
            found = entry.call(state, args, kwargs)
            if found is not MISS:
                return found
        return self._traced(state, args, kwargs)

    def _traced(self, state: State, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """A call of a new kind: traced, and done again by the program, so that it gives the bits of later calls."""
        before, outside = Before(), Outside()
        entry = Entry(self.function, args, kwargs, before)
        try:
            result = entry.trace(state)
            found = replayed(entry, before, lambda: entry.call(state, args, kwargs), MISS)
        except BaseException:  # Ctrl-C too
            with Undisturbed():
                entry.stop(state)
                outside.put(entry, before)
            raise
        self.entries.insert(0, entry)
        del self.entries[2 * _MANY :]
        if len(self.entries) == _MANY:
            warnings.warn(
                f"{self._name()} has been traced {_MANY} times: something in its reach is different at each call\n"
                "  Pass what changes as a tensor, or keep it out of the function.",
                stacklevel=3,
            )
        return result if found is MISS else found

    def source(self, kind: str = "numpy") -> str:
        """The program of the last trace: "numpy", as source that runs, or "loops", its kernels and their calls."""
        _check_kind(kind)
        entry = self._last()
        if kind == "loops":
            from groundup.compile.loops import listing

            return listing.source(self._in_loops())
        return entry.program.source + (f"\n\n{entry.tail.source}" if entry.tail else "")

    def save(self, path: StrPath, kind: str = "numpy") -> None:
        """Write the program of the last trace into a file that needs no groundup: NumPy alone, or loops for Numba.

        The file's docstring says what its functions take and return. Random numbers go on as they would have here.

        >>> import runpy, tempfile, os, numpy, groundup
        >>> @groundup.compile
        ... def double(x):
        ...     return x + x
        >>> _ = double(groundup.ones(2))
        >>> path = os.path.join(tempfile.mkdtemp(), "double.py")
        >>> double.save(path)
        >>> runpy.run_path(path)["double"](numpy.ones(2, "float32"))
        (array([2., 2.], dtype=float32),)
        """
        from groundup.compile.saving.file import save

        _check_kind(kind)
        save(self._last(), path, kind)

    def report(self) -> str:
        """What the last program is made of, and how near it comes to what the machine can do: a table to be printed.

        For each kernel and each product its calls, their time on one thread, bytes, operations and share of the
        machine's limit; then what is left to NumPy, and why. It runs the program on copies, for a moment.
        """
        from groundup.compile.loops.report import report

        return report(self._last())

    def _in_loops(self) -> Any:
        from groundup.compile.saving.file import fast

        entry = self._last()
        found = fast(entry, entry.program)
        if found is None:
            raise RuntimeError(f"{self._name()} runs on NumPy: as a whole it cannot be written in loops")
        return found

    @property
    def graph(self) -> Graph:
        """The graph of the last trace, and of the gradients of its results where the caller can ask for them.

        `print` shows its statements, a notebook its picture; `save` writes the picture to a file.
        """
        entry = self._last()
        return joined(entry.program.graph, entry.tail.graph) if entry.tail else entry.program.graph

    def _last(self) -> Entry:
        if not self.entries:
            raise RuntimeError(f"{self._name()} has not been traced yet: call it once, then ask for its program")
        return self.entries[0]

    def _name(self) -> str:
        return getattr(self.function, "__name__", "the function")

    def __repr__(self) -> str:
        return f"<compiled {self._name()}, {len(self.entries)} programs>"


@overload
def compile(function: None = None, *, steps: int | None = None) -> Callable[[Any], Compiled]: ...
@overload
def compile(function: Any, *, steps: int | None = None) -> Compiled: ...
def compile(function: Any = None, *, steps: int | None = None) -> Any:
    """The function, compiled: traced at its first call for each kind of arguments, and a program from then on.

    It may be a forward pass, a loss, or a whole training step with `backward()` and `optimizer.step()`. Parameters
    and the optimiser's state are updated in place, random numbers advance as in eager, and the results are the same.
    What Python can change between calls is read anew (learning rates, step counts) or makes a new trace (shapes,
    `train()` and `eval()`, numbers in reach). A branch on a value raises `TraceError`.

    With `steps=n` each tensor among the arguments holds n batches along its first axis; one call makes a step with
    each, does what n calls would do, and gives their results stacked along a new first axis.

    >>> import groundup
    >>> w = groundup.tensor([1.0, 2.0], requires_grad=True)
    >>> opt = groundup.optim.SGD([w], lr=0.1)
    >>> @groundup.compile
    ... def step(x):
    ...     opt.zero_grad()
    ...     loss = (w * x).sum()
    ...     loss.backward()
    ...     opt.step()
    ...     return loss.detach()
    >>> step(groundup.ones(2)), step(groundup.ones(2))
    (tensor(3.), tensor(2.8000))
    >>> w
    tensor([0.8000, 1.8000], requires_grad=True)
    >>> groundup.compile(step.function, steps=3)(groundup.ones(3, 2))
    tensor([2.6000, 2.4000, 2.2000])
    """
    if function is None:
        return lambda given: compile(_a_function(given), steps=steps)
    _a_function(function)
    if steps is None:
        return Compiled(function)
    from groundup.compile.many import ManySteps

    return ManySteps(function, steps)


def _check_kind(kind: str) -> None:
    if kind not in READINGS:
        raise ValueError(f"a program is written as 'numpy' or as 'loops', not as {kind!r}")


def _a_function(given: Any) -> Any:
    if not callable(given):
        raise TypeError(f"compile takes a function, not {type(given).__name__}")
    return given
