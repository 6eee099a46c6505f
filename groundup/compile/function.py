"""`groundup.compile`: a function that is traced when it meets a new kind of arguments, and runs as a program after."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from typing import Any

from groundup.autograd.state import LOCAL
from groundup.autograd.tape import TensorBase, wrap
from groundup.compile.numbers import Number
from groundup.compile.program import Program
from groundup.compile.reach import Reach
from groundup.compile.tracer import Tracer
from groundup.random.announced import LISTENER


class Compiled:
    """A compiled function: call it as the original."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self.function = function
        self.programs: list[Entry] = []
        functools.update_wrapper(self, function, updated=())

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        state = LOCAL.state
        if state.watch is not None:  # inside of another compiled function
            return self.function(*args, **kwargs)
        for entry in self.programs:
            if entry.fits(args, kwargs):
                return entry.run(state, args, kwargs)
        return self._trace(state, args, kwargs)

    def source(self, kind: str = "numpy") -> str:
        """The program of the last trace as source."""
        if kind != "numpy":
            raise ValueError(f"source knows the kind 'numpy', not {kind!r}")
        if not self.programs:
            raise RuntimeError("the function has not been traced yet: call it once, then ask for its source")
        return self.programs[-1].program.source

    def _trace(self, state: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        entry = Entry(self.function, args, kwargs)
        result = entry.trace(state)
        self.programs.append(entry)
        return result


class Entry:
    """One program, and the kind of arguments that it is for."""

    def __init__(self, function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        self.function = function
        self.args, self.kwargs = args, kwargs
        self.key = _key(args, kwargs)
        self.reach = Reach(function)
        self.structure = _structure(self.reach)

    def fits(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> bool:
        """Whether the program is right for these arguments and what is in reach now."""
        return _key(args, kwargs) == self.key and self._holds(_tensors((args, kwargs)))

    def _leaf(self, leaf: Any, tensors: list[Any]) -> Any:
        """A tensor in reach, or the argument at that position."""
        return tensors[leaf] if type(leaf) is int else leaf

    def _holds(self, tensors: list[Any]) -> bool:
        for holder, key, value in self.reach.conditions:
            now = holder[key] if isinstance(holder, (dict, list, tuple)) else getattr(holder, key)
            if now is not value and (type(now) is not type(value) or now != value):
                return False
        if _structure(self.reach) != self.structure:
            return False
        for leaf, had in self.leaves:
            if (self._leaf(leaf, tensors)._grad is not None) != had:
                return False
        return bool(self.check(*[read() for _, read in self.numbers]))

    def trace(self, state: Any) -> Any:
        """Run the function once on the real arguments, looking on."""
        tracer = Tracer()
        argument_tensors = _tensors((self.args, self.kwargs))
        for tensor in argument_tensors:
            tracer.input(tensor, "")
        names = {id(t): name for name, t in self.reach.tensors.items()}
        locals_: dict[str, Any] = {}
        position = {id(tensor): i for i, tensor in enumerate(argument_tensors)}
        before = {id(t): t._grad is not None for t in (*self.reach.tensors.values(), *argument_tensors)}
        self.numbers: list[tuple[str, Callable[[], Any]]] = []
        places = self._numbers_in(tracer)
        state.watch = tracer
        LISTENER.told = tracer.drawn
        try:
            result = _with_locals(self.function, self.args, self.kwargs, locals_)
        finally:
            state.watch = LISTENER.told = None
            counts = _restore(places)
        tracer.quiet = True
        for name, tensor, late in tracer.items:
            if not late:
                self.numbers.append((name, tensor._array.item))
        known = {
            tracer.value_of(t): name
            for name, t in locals_.items()
            if isinstance(t, TensorBase) and id(t._array) in tracer.seen
        }
        for tensor, value in tracer.captured:
            value.name = value.name or names.get(id(tensor), "")
        outputs = _tensors(result)
        grads = [leaf for leaf in tracer.sets_gradient.values() if leaf._grad is not None]
        self.without = [leaf for leaf in tracer.sets_gradient.values() if leaf._grad is None]
        for leaf in grads:
            value = tracer.value_of(leaf._grad)
            owner = tracer.value_of(leaf)
            if value.gradient_of is None:
                value.gradient_of = owner
        results = [
            *map(tracer.value_of, outputs),
            *(tracer.value_of(leaf._grad) for leaf in grads),
            *(c[2] for c in counts),
        ]
        self.leaves = [(position.get(id(t), t), before.get(id(t), False)) for t in tracer.reads_gradient]
        self.program = Program(
            tracer, len(argument_tensors), self.numbers, results, known, getattr(self.function, "__name__", "step")
        )
        names_ = ", ".join(name for name, _ in self.numbers)
        self.check = eval(f"lambda {names_}: {' and '.join(dict.fromkeys(tracer.conditions)) or True}")
        self.grads = [position.get(id(leaf), leaf) for leaf in grads]
        self.without = [position.get(id(leaf), leaf) for leaf in self.without]
        self.counts, self.result = counts, result
        self.count = len(outputs)
        del self.args, self.kwargs
        return result

    def run(self, state: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Run the program, and leave behind what the function would have left."""
        tensors = _tensors((args, kwargs))
        arrays = [tensor._array for tensor in tensors]
        found = self.program(state, arrays)
        position = self.count
        for leaf in self.grads:
            self._leaf(leaf, tensors)._grad = wrap(found[position])
            position += 1
        for leaf in self.without:
            self._leaf(leaf, tensors)._grad = None
        for holder, key, _ in self.counts:
            holder[key] = found[position]
            position += 1
        return _rebuilt(self.result, iter(found))

    def _numbers_in(self, tracer: Tracer) -> list[tuple[Any, Any, Any]]:
        """Put symbols into the optimisers in the places of their numbers."""
        places: list[tuple[Any, Any, Any]] = []
        taken: set[str] = set()

        def symbol(name: str, holder: Any, key: Any, value: Any) -> Number:
            name = _fresh(name, taken)
            self.numbers.append((name, lambda: holder[key]))
            return Number(value, name, tracer.conditions)

        for optimizer in self.reach.optimizers:
            for group in optimizer.param_groups:
                for key, value in list(group.items()):
                    if type(value) in (int, float):
                        places.append((group, key, value))
                        group[key] = symbol(key, group, key, value)
                    elif isinstance(value, tuple) and value and all(type(each) in (int, float) for each in value):
                        places.append((group, key, value))
                        held = group
                        parts = []
                        for i, each in enumerate(value):
                            name = _fresh(f"{key.rstrip('s')}{i + 1}", taken)
                            self.numbers.append((name, lambda held=held, key=key, i=i: held[key][i]))
                            parts.append(Number(each, name, tracer.conditions))
                        group[key] = tuple(parts)
            shared: dict[Any, Number] = {}
            for state in optimizer.state.values():
                for key, value in list(state.items()):
                    if type(value) in (int, float):
                        places.append((state, key, value))
                        if (key, value) not in shared:
                            shared[key, value] = symbol(key, state, key, value)
                        state[key] = shared[key, value]
        return places


def _restore(places: list[tuple[Any, Any, Any]]) -> list[tuple[Any, Any, Any]]:
    """Plain numbers again where symbols are; those that the function computed anew are results of the program."""
    changed = []
    for holder, key, before in places:
        now = holder[key]
        if isinstance(now, Number):
            holder[key] = now.value
            if now.strength != 9:
                changed.append((holder, key, now))
        elif isinstance(now, tuple):
            holder[key] = before
    return changed


def _fresh(name: str, taken: set[str]) -> str:
    found, count = name, 1
    while found in taken:
        count += 1
        found = f"{name}_{count}"
    taken.add(found)
    return found


def _structure(reach: Reach) -> Any:
    """What the optimisers' states hold: a first step, which makes the buffers, is another program."""
    return [[len(state) for state in optimizer.state.values()] for optimizer in reach.optimizers]


def _with_locals(function: Any, args: Any, kwargs: Any, found: dict[str, Any]) -> Any:
    """Call the function, and look at its variables when it returns."""
    code = getattr(function, "__code__", None)

    def profile(frame: Any, event: str, _: Any) -> None:
        if event == "return" and frame.f_code is code:
            found.update(frame.f_locals)

    before = sys.getprofile()
    sys.setprofile(profile)
    try:
        return function(*args, **kwargs)
    finally:
        sys.setprofile(before)


def _tensors(value: Any) -> list[Any]:
    if isinstance(value, TensorBase):
        return [value]
    if isinstance(value, dict):
        value = value.values()
    elif not isinstance(value, (tuple, list)):
        return []
    return [found for each in value for found in _tensors(each)]


def _rebuilt(value: Any, arrays: Any) -> Any:
    if isinstance(value, TensorBase):
        return wrap(next(arrays))
    if isinstance(value, dict):
        return {key: _rebuilt(each, arrays) for key, each in value.items()}
    if isinstance(value, (tuple, list)):
        return type(value)(_rebuilt(each, arrays) for each in value)
    return value


def _key(args: Any, kwargs: Any) -> Any:
    return _kind(args), _kind(kwargs)


def _kind(value: Any) -> Any:
    if isinstance(value, TensorBase):
        array = value._array
        return array.shape, array.dtype, value._node is not None
    if isinstance(value, dict):
        return tuple((key, _kind(each)) for key, each in value.items())
    if isinstance(value, (tuple, list)):
        return tuple(map(_kind, value))
    return value


def compile(function: Callable[..., Any] | None = None) -> Any:
    """The function, compiled."""
    return Compiled if function is None else Compiled(function)
