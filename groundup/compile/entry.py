"""One program of a compiled function: the trace that made it, when it is the right one, and how it runs."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from groundup.autograd.backward import grad
from groundup.autograd.state import LOCAL
from groundup.autograd.tape import TensorBase, storage_of, wrap
from groundup.compile.call import called
from groundup.compile.ends import ended, is_end, without_hooks
from groundup.compile.errors import TraceError
from groundup.compile.graph import Value
from groundup.compile.guard import MISS, Form
from groundup.compile.hyper import Hyper, Input
from groundup.compile.numbers import Number
from groundup.compile.program import programs
from groundup.compile.reach import Reach
from groundup.compile.recorded import Pull, Recorded
from groundup.compile.replay import Before
from groundup.compile.running import running
from groundup.compile.sharing import check_apart, first_places, overlapping, owner
from groundup.compile.structure import equal_argument, leaves, objects, rebuilt
from groundup.compile.tracer import Tracer
from groundup.compile.undisturbed import Undisturbed
from groundup.dtypes import get_default_dtype
from groundup.random.announced import LISTENER

Leaf = Any  # a tensor in reach, the position of an argument, or the gradient of one of them


class Gradient:
    """Stands for the gradient that a tensor has when the program is called."""

    __slots__ = ("held", "leaf")

    def __init__(self, leaf: Any, held: Any) -> None:
        self.leaf = leaf
        self.held = held  # the one of the trace, so that its id stays its own

    @property
    def _array(self) -> np.ndarray:
        array: np.ndarray = self.leaf._grad._array
        return array

    @property
    def _node(self) -> Any:
        return self.leaf._grad._node

    @property
    def _storage(self) -> Any:
        return storage_of(self.leaf._grad)


class Entry:
    """A program, and the kind of arguments and surroundings that it is for."""

    def __init__(
        self, function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any], before: Before
    ) -> None:
        self.function = function
        self.recording = LOCAL.state.grad
        self.default_dtype = get_default_dtype()
        self.args, self.kwargs = args, kwargs
        self.reach = Reach(function, objects((args, kwargs)))
        self.tracer = Tracer(before)
        self.hyper = Hyper(self.reach.optimizers, self.tracer.conditions)
        self.runner: Callable[..., Any] | None = None  # what runs the program, once it is called
        self.ran = self.tried = False  # once, and then to have a shorter call
        self.pull: Pull | None = None  # and the program of the results' gradients

    # The trace

    def trace(self, state: Any) -> Any:
        """Run the function once on the real arguments, looking on, and make the program."""
        arguments = leaves((self.args, self.kwargs))
        with ended(dict.fromkeys((*arguments, *self.reach.tensors.values()))):
            return self._traced(arguments, state)

    def _traced(self, arguments: list[Any], state: Any) -> Any:
        for tensor in arguments:
            self.tracer.input(tensor, "")
        self.first_places = first_places([tensor._array for tensor in arguments])
        self.places = sorted(set(self.first_places))
        self.merged = len(self.places) < len(arguments)
        reachable = {id(tensor._array): tensor for tensor in self.reach.tensors.values()}
        found = [(i, reachable.get(id(tensor._array))) for i, tensor in enumerate(arguments)]
        self.coincide = [(i, tensor) for i, tensor in found if tensor is not None]
        around = {id(t): t for t in (*self.reach.tensors.values(), *arguments)}
        had = {key: t._grad is not None for key, t in around.items()}
        held = [(t, t._grad) for t in around.values() if t._grad is not None]
        self.gradients = {id(g): Gradient(t, g) for t, g in held if id(g) not in around}
        variables: dict[str, Any] = {}
        try:
            with Undisturbed():
                self.hyper.put()
            state.watch = self.tracer
            LISTENER.asked, LISTENER.told = self.tracer.before.draw, self.tracer.drawn
            result = _observed(self.function, self.args, self.kwargs, variables)
            outputs = leaves(result)
            wanted, gradients, cotangents = self._differentiate(outputs, state)
        finally:
            counts = self.stop(state)
        self._make(arguments, result, outputs, had, variables, counts, (wanted, gradients, cotangents))
        del self.args, self.kwargs, self.tracer, self.gradients
        return rebuilt(result, _value) if any(isinstance(each, Number) for each in outputs) else result

    def stop(self, state: Any) -> list[tuple[Any, Any, Number]]:
        """Look on no longer; the numbers that the function has changed."""
        with Undisturbed():
            state.watch = LISTENER.asked = LISTENER.told = None
            return self.hyper.restore()

    def _differentiate(self, outputs: list[Any], state: Any) -> tuple[list[Any], list[Any], list[Any]]:
        """If the caller can call backward on results, the program of that too: for which leaves, and how."""
        roots = [each for each in outputs if _has_history(each)]
        wanted = [tensor for tensor in self.tracer.tensors if is_end(tensor)]
        if not roots or not state.grad or not wanted:
            return [], [], []
        self.tracer.quiet = True
        cotangents = [wrap(np.ones_like(each._array)) for each in roots]
        self.tracer.quiet = False
        before = len(self.tracer.graph.statements)
        for each in cotangents:
            self.tracer.input(each, "gradient")
        try:
            with without_hooks(wanted):  # which the tape behind this one calls
                found = grad(roots, wanted, cotangents, retain_graph=True, allow_unused=True)
        except TraceError:
            raise
        except RuntimeError:  # a loss whose backward was called, or whose weights have been changed: eager refuses too
            self.tracer.forget(before, len(cotangents))
            return [], [], []
        for statement in self.tracer.graph.statements[before:]:
            statement.outside = True
        return wanted, list(found), cotangents

    def _make(
        self,
        arguments: list[Any],
        result: Any,
        outputs: list[Any],
        had: dict[int, bool],
        variables: dict[str, Any],
        counts: list[tuple[Any, Any, Number]],
        backward: tuple[list[Any], list[Any], list[Any]],
    ) -> None:
        tracer = self.tracer
        tracer.quiet = True
        position = {id(tensor): i for i, tensor in enumerate(arguments)}
        ends = list(tracer.sets_gradient.values())
        with_gradient = [leaf for leaf in ends if leaf._grad is not None]
        for leaf in with_gradient:
            tracer.names_gradient(leaf)
        for name, tensor, late in tracer.items:
            if not late:
                place = Input(position.get(id(tensor), tensor), None, None, type(tensor._array.item()))
                self.hyper.inputs.append((name, place))
        results = [tracer.value_of(each) if isinstance(each, TensorBase) else each for each in outputs]
        results += [tracer.value_of(leaf._grad) for leaf in with_gradient]
        results += [number for _, _, number in counts]
        wanted, gradients, cotangents = backward
        pulled = [None if each is None else tracer.value_of(each) for each in gradients]
        tracer.name(self.reach.tensors, variables)
        first = len(self.places)
        self.captured = list(tracer.tensors[first : len(tracer.tensors) - len(cotangents)])
        self.shapes = [
            (t._array.shape, t._array.dtype, t._array.flags.c_contiguous, t._node is not None) for t in self.captured
        ]
        names = [name for name, _ in self.hyper.inputs]
        self.program, self.tail, held = programs(
            tracer.graph, results, pulled, len(cotangents), names, getattr(self.function, "__name__", "step")
        )
        inputs = dict(zip(tracer.graph.inputs, (position.get(id(t), t) for t in tracer.tensors), strict=True))
        self.held = [inputs[value] for value in held]
        self.starts = [(position.get(id(t), t), had.get(id(t), False)) for t in tracer.reads_gradient]
        self.ends = [position.get(id(t), t) for t in with_gradient]
        self.without = [position.get(id(t), t) for t in ends if t._grad is None]
        self.counts = [(holder, key) for holder, key, _ in counts]
        self.result = result
        self.same = [
            position.get(id(t), t if _is_input(t, tracer) and id(t) not in self.gradients else None) for t in outputs
        ]
        self.wanted = [position.get(id(t), t) for t in wanted]
        self.recorded = [i for i, t in enumerate(outputs) if cotangents and _has_history(t)]
        self.shared = self._shared(len(outputs))
        written = {s.out.memory for s in tracer.graph.statements if s.inplace}
        self.written = [leaf for value, leaf in inputs.items() if value.memory in written]
        changed = [_tensor(leaf, arguments) for leaf in self.written]
        check_apart([*arguments, *self.captured], changed)
        self.written_owners = self._owners()
        self._look_up_gradients(position)
        self.conditions = tracer.conditions
        self.forms: list[Form] = []
        self.given = rebuilt((self.args, self.kwargs), self._form)
        self.call = _never if self.hyper.has_grown() else called(self)

    def _shared(self, count: int) -> list[int]:
        """Which of the results lie in memory that the backward program reads."""
        if self.tail is None:
            return []
        read = {value.memory for value in self.tail.graph.inputs}
        results = enumerate(self.program.graph.outputs[:count])
        return [i for i, v in results if isinstance(v, Value) and v.memory in read and self.same[i] is None]

    def _form(self, tensor: Any) -> Form:
        self.forms.append(Form.of(tensor))
        return self.forms[-1]

    def _look_up_gradients(self, position: dict[int, int]) -> None:
        """A gradient from before the call is the one that its leaf has then: most often another tensor each time."""
        read = {id(t): self.gradients[id(t)] for t in self.captured if id(t) in self.gradients}
        for found in read.values():
            if id(found.leaf) in position:  # of an argument: the program is for that very one
                self.coincide.append((position[id(found.leaf)], found.leaf))
            if all(leaf is not found.leaf for leaf, _ in self.starts):
                self.starts.append((position.get(id(found.leaf), found.leaf), True))
        self.captured, self.written, self.held = (
            [read.get(id(each), each) for each in leaves] for leaves in (self.captured, self.written, self.held)
        )

    # What a call asks

    equal = staticmethod(equal_argument)

    def renewed(self, arrays: tuple[np.ndarray, ...]) -> bool:
        """Whether the program is right for these arrays of the tensors in reach, of which some are new."""
        for array, (shape, dtype, contiguous, _) in zip(arrays, self.shapes, strict=True):
            if array.shape != shape or array.dtype is not dtype or array.flags.c_contiguous is not contiguous:
                return False
        changed = [tensor for tensor in self.written if type(tensor) is not int]
        if len({id(array) for array in arrays}) < len(arrays) or overlapping(self.captured, changed):
            return False
        self.written_owners = self._owners()
        return True

    def _owners(self) -> set[int]:
        """The memory in reach that an argument must not lie in: what is written; all, if an argument is written."""
        all_of_it = any(type(leaf) is int for leaf in self.written)
        tensors = [*self.captured] if all_of_it else []
        tensors += [leaf for leaf in self.written if type(leaf) is not int]
        return {id(owner(tensor._array)) for tensor in tensors}

    def prepare(self) -> None:
        """Choose what runs the program: loops where that can be, and has not been turned off."""
        self.runner = running(self.program)

    def execute(self, state: Any, arrays: tuple[Any, ...], numbers: tuple[Any, ...]) -> Any:
        """Run the program, which is prepared."""
        if not self.tried and self.ran:
            self.tried = True
            self._shorten()
        self.ran = True
        return state.run(self.runner, *arrays, *numbers)

    def _shorten(self) -> None:
        """From now on call a program in loops, which has run before, by a function of its own if there can be one."""
        program = getattr(self.runner, "__self__", None)
        if program is not None:
            from groundup.compile.loops.direct import direct

            self.call = direct(self, program) or self.call

    def record(self, tail: Any, results: list[Any], residuals: list[Any], tensors: tuple[Any, ...]) -> None:
        """Put the backward program on the tape, behind the results that have a gradient."""
        if self.pull is None:
            self.pull = Pull(tail)
        held = [_tensor(leaf, tensors) for leaf in self.held]
        wanted = [_tensor(leaf, tensors) for leaf in self.wanted]
        chosen = [results[i] for i in self.recorded]
        shared = [results[i] for i in self.shared]
        made = Recorded.apply(self.pull, tuple(residuals), held, shared, chosen, *wanted)
        for i, tensor in zip(self.recorded, made, strict=True):
            results[i] = tensor


def _never(state: Any, args: Any, kwargs: Any) -> Any:
    """The call of a program whose function made state for an optimiser, which the program does not."""
    return MISS


def _value(leaf: Any) -> Any:
    """What the caller gets: a number of the program is a plain one outside."""
    return leaf.value if isinstance(leaf, Number) else leaf


def _has_history(tensor: Any) -> bool:
    return isinstance(tensor, TensorBase) and not tensor.is_leaf and not is_end(tensor)  # type: ignore[attr-defined]


def _tensor(leaf: Leaf, tensors: Sequence[Any]) -> Any:
    if type(leaf) is Gradient:
        return leaf.leaf._grad
    return tensors[leaf] if type(leaf) is int else leaf


def _is_input(tensor: Any, tracer: Tracer) -> bool:
    return any(tensor is each for each in tracer.tensors)


def _observed(function: Any, args: Any, kwargs: Any, variables: dict[str, Any]) -> Any:
    """Call the function, and look at its variables when it returns."""
    code = getattr(function, "__code__", None)

    def profile(frame: Any, event: str, _: Any) -> None:
        if event == "return" and frame.f_code is code:
            variables.update(frame.f_locals)

    if sys.getprofile() is not None:  # a profiler is at work, and could not be put back
        return function(*args, **kwargs)
    sys.setprofile(profile)
    try:
        return function(*args, **kwargs)
    finally:
        sys.setprofile(None)
