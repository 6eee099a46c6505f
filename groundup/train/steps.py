"""The arithmetic of a learner's batches, compiled: a program for each kind of batch, made when the first one comes.

What cannot be compiled runs as it is, and says so once. Whether a batch runs compiled depends only on the run: on how
many steps are behind it and on the kinds of batches that have come, which a checkpoint holds. So a run that goes on
in another process ends with the same bits.
"""

from __future__ import annotations

import functools
import importlib.util
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from groundup.autograd.state import LOCAL
from groundup.errors import MissingExtra
from groundup.tensor import Tensor
from groundup.train.checks import check_loss

__all__ = ["EAGER_STEPS", "Steps"]

EAGER_STEPS = 50  # a run that is as short is over before a program would pay
MOST_KINDS = 16  # shapes of batches with a program of their own; others stay eager
MOST_TRACES = 8  # of one kind: more mean that something changes all the time

Pair = tuple[Any, Any]  # a prediction and a loss


def can_compile() -> bool:
    """Whether what makes machine code is installed."""
    return importlib.util.find_spec("llvmlite") is not None


@functools.cache
def _version() -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("llvmlite")
    except PackageNotFoundError:
        return "of an unknown version"


class Steps:
    """What a ``Learner`` computes with a batch. ``train`` and ``measure`` give None for what must be done eagerly."""

    def __init__(self, compiled: bool | None) -> None:
        if compiled not in (None, True, False):
            raise TypeError(f"compiled must be True, False or None, got {compiled!r}")
        if compiled and not can_compile():
            raise MissingExtra("compiled=True", "llvmlite", "compile")
        self.demanded = compiled is True
        self.on = self.demanded or (compiled is None and can_compile())
        self.kinds: dict[str, list[str]] = {}  # those that have come, by what was done with them
        self._parts: tuple[Any, ...] = ()  # model, loss and optimiser
        self._made: list[_Made] = []  # for those parts, and for others that were there before
        self._functions: dict[str, Callable[..., Any]] = {}
        self._programs: dict[tuple[str, Any], Any] = {}  # compiled, or None for what stays eager
        self._told = False
        self._by_program = False  # whether the gradients of the batch at hand are a program's

    def __getstate__(self) -> dict[str, Any]:
        """A copy has parts of its own, and makes programs for them."""
        return vars(self) | {"_parts": (), "_made": [], "_functions": {}, "_programs": {}, "_by_program": False}

    @property
    def mode(self) -> str:
        """How the bits of the run come about."""
        if not self.on:
            return "eager"
        from groundup.compile.running import chosen

        return f"compiled by llvmlite {_version()}" if chosen() == "loops" else "compiled to NumPy"

    def are_due(self, steps_done: int, *parts: Any) -> bool:
        """Whether the run has come so far that it is compiled; `parts` are what the learner has by now."""
        self._by_program = False
        if not self.on or not (self.demanded or steps_done >= EAGER_STEPS):
            return False
        if len(self._parts) != len(parts) or any(a is not b for a, b in zip(self._parts, parts, strict=True)):
            self._change(parts)
        return len(self._made) <= MOST_TRACES

    def _change(self, parts: tuple[Any, ...]) -> None:
        """Other parts have programs of their own, and those of before keep theirs."""
        self._parts = parts
        made = next((each for each in self._made if all(a is b for a, b in zip(each.parts, parts, strict=True))), None)
        if made is None:
            made = _Made(parts, _functions(*parts), {})
            self._made.append(made)
        self._functions, self._programs = made.functions, made.programs
        if len(self._made) == MOST_TRACES + 1:
            self._tell(
                "step", "runs eagerly from here on, as the learner gets another model, loss or optimizer so often"
            )

    def train(self, inputs: Any, target: Any, whole: bool) -> Pair | None:
        """Prediction and loss of a batch, after a whole step with it; or only its gradients, if callbacks want them."""
        self._by_program = True  # unless `_leave` is called
        found: Pair | None = self._run("step" if whole else "gradients", inputs, target)
        self._by_program &= found is not None
        return found

    def update(self, optimizer: Any) -> None:
        """A step of the optimiser, with the gradients that are there; eager as they are."""
        if not self._by_program or self._run("update") is None:
            optimizer.step()

    def measure(self, inputs: Any, target: Any) -> Pair | None:
        """Prediction and loss of a batch, without gradients."""
        found: Pair | None = self._run("measure", inputs, target)
        return found

    def state_dict(self) -> dict[str, Any]:
        """The kinds of batches that have come."""
        return {name: list(kinds) for name, kinds in self.kinds.items()}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Take what ``state_dict`` gave."""
        self.kinds = {name: list(kinds) for name, kinds in state.items()}
        self._parts, self._made = (), []

    def _run(self, name: str, *batch: Any) -> Any:
        kind = _kind(batch)
        try:
            program = self._programs[name, kind]
        except KeyError:
            program = self._programs[name, kind] = self._new(name, kind)
        if program is None:
            return None
        program.calls += 1
        found = program(*batch)
        if program.refused is not None:
            self._leave(name, kind, f"cannot be compiled, and runs eagerly: {program.refused}")
        elif program.traces > MOST_TRACES and program.traces * 10 > program.calls:
            self._leave(
                name,
                kind,
                f"runs eagerly from here on, as it was compiled anew {MOST_TRACES} times: something that the model or "
                "the loss can reach changes from step to step; pass it as a tensor of the batch, or keep it elsewhere",
            )
        return found

    def _new(self, name: str, kind: Any) -> Any:
        known = self.kinds.setdefault(name, [])
        if kind is None:
            self._leave(name, kind, "runs eagerly, as its batches hold other things than tensors")
            return None
        if repr(kind) not in known:
            if len(known) == MOST_KINDS:
                self._leave(
                    name,
                    kind,
                    f"runs eagerly for batches of further shapes, as there were {MOST_KINDS} already; "
                    "pad the batches to a few lengths, and all will be compiled",
                )
                return None
            known.append(repr(kind))
        program = _kind_of_program()(self._functions[name])
        program.demanded = self.demanded
        return program

    def _leave(self, name: str, kind: Any, reason: str) -> None:
        """This kind stays eager; the first reason is told."""
        self._programs[name, kind], self._by_program = None, False
        self._tell(name, reason)

    def _tell(self, name: str, reason: str) -> None:
        if not self._told:
            self._told = True
            what = {"measure": "the validation", "update": "the optimizer's step"}.get(name, "the training step")
            warnings.warn(f"{what} {reason}", stacklevel=2)


@dataclass
class _Made:
    """The programs for a model, a loss and an optimiser."""

    parts: tuple[Any, ...]
    functions: dict[str, Callable[..., Any]]
    programs: dict[tuple[str, Any], Any]


def _functions(model: Any, loss_fn: Any, optimizer: Any) -> dict[str, Callable[..., Any]]:
    """What is compiled. Each reaches the parts itself, and nothing of the learner, which changes all the time."""

    def measure(inputs: Any, target: Any) -> Pair:
        prediction, loss = _forward(model, loss_fn, inputs, target)
        return _detached(prediction), loss.detach()

    def gradients(inputs: Any, target: Any) -> Pair:
        prediction, loss = _forward(model, loss_fn, inputs, target)
        loss.backward()
        return _detached(prediction), loss.detach()

    def step(inputs: Any, target: Any) -> Pair:
        prediction, loss = _forward(model, loss_fn, inputs, target)
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        return _detached(prediction), loss.detach()

    def update() -> bool:
        optimizer.step()
        return True

    return {"measure": measure, "gradients": gradients, "step": step, "update": update}


def _forward(model: Any, loss_fn: Any, inputs: Any, target: Any) -> Pair:
    prediction = model(*inputs)
    loss = loss_fn(prediction, target)
    check_loss(loss)
    return prediction, loss


def _detached(prediction: Any) -> Any:
    """The prediction without its history; a structure of another kind cannot be given back by a program."""
    if isinstance(prediction, Tensor):
        return prediction.detach()
    if isinstance(prediction, dict):
        return {key: _detached(each) for key, each in prediction.items()}
    if isinstance(prediction, (tuple, list)):
        parts = [_detached(each) for each in prediction]
        return type(prediction)(*parts) if hasattr(prediction, "_fields") else type(prediction)(parts)
    if prediction is not None and LOCAL.state.watch is not None:
        from groundup.compile import TraceError

        kind = type(prediction).__name__
        raise TraceError(
            f"the model gives a value of type {kind}; a program gives tensors, and tuples or dicts of them"
        )
    return prediction


def _kind(value: Any) -> Any:
    """What decides which program a batch needs: shapes and types; None for what is not made of tensors."""
    if isinstance(value, Tensor):
        return value._array.shape, value._array.dtype.name
    if value is None:
        return ()
    if isinstance(value, dict):
        parts = [_kind(each) for each in value.values()]
        return None if None in parts else (*value, *parts)
    if isinstance(value, (tuple, list)):
        parts = [_kind(each) for each in value]
        return None if None in parts else tuple(parts)
    return None


@functools.cache
def _kind_of_program() -> type[Any]:
    """The class of the programs; made when there is one, as the compiler is not imported before."""
    from groundup.compile import Compiled

    class Program(Compiled):
        """Compiled; or, unless that is demanded, as it is where it cannot be. ``refused`` says why."""

        refused: Exception | None = None
        demanded = False
        calls = traces = 0

        def _traced(self, *call: Any) -> Any:
            self.traces += 1
            try:
                return super()._traced(*call)
            except Exception as error:
                if self.demanded:
                    raise
                self.refused = error  # all is as it was before the call
            _, args, kwargs = call
            return self.function(*args, **kwargs)

    return Program
