"""The tracer: it looks on while a function runs on real tensors, and writes down the program.

The run is an ordinary one, with its results and its changes of state, of which it keeps what was there before. What
is written down are the rows it applied, to which values. Arrays stand for values: two tensors that share an array
share its value, and a change of a view is a change of the memory that it lies in. The tracer holds none but the
caller's, so that what the function lets go is let go; what is known of an array is forgotten with it.
"""

from __future__ import annotations

import sys
import weakref
from collections import deque
from types import FrameType
from typing import Any

import numpy as np

from groundup.autograd.half import half_of
from groundup.autograd.tape import PACKAGE, TensorBase, caller, line_of
from groundup.autograd.watch import Watch
from groundup.compile.errors import TraceError
from groundup.compile.graph import Graph, Memory, Statement, Value, Where
from groundup.compile.names import parameter_name
from groundup.compile.numbers import Number
from groundup.compile.replay import Before
from groundup.dtypes import FLOAT32, is_half
from groundup.ops import ROWS
from groundup.ops.row import Row


class Seen:
    """What is known of one array: its value, and when it was last looked at in the history of its memory."""

    __slots__ = ("array", "reference", "root", "time", "value", "writes")

    def __init__(self, value: Value, root: Seen | None = None) -> None:
        self.array: np.ndarray | None = None  # of the caller, held so that it can be kept as it was
        self.reference: Reference  # to the array
        self.value = value
        self.root: Seen = root or self  # of a view, the array whose memory it is
        self.writes = 0  # of a root, how often its memory was written
        self.time: int = self.root.writes


def _now(seen: Seen) -> Value:
    """The value of an array, after writes to its memory through other views too."""
    if seen.time != seen.root.writes:
        seen.value = Value(seen.value.shape, seen.value.dtype, seen.value.memory, older=seen.value)
        seen.time = seen.root.writes
    return seen.value


class Reference(weakref.ref[np.ndarray]):
    """To an array that may go: then what is known under its id is taken away, since the next array may have it."""

    __slots__ = ("key", "table")

    key: int
    table: dict[int, Any]


class Tracer(Watch):
    """Told of everything that happens while the function runs; `graph` is what it wrote down."""

    def __init__(self, before: Before) -> None:
        self.before = before
        self.graph = Graph()
        self._seen: dict[int, Seen] = {}
        self._opaque: dict[int, Reference] = {}
        self._gone: deque[Reference] = deque()  # to arrays that went since the two were looked at
        self.conditions: list[str] = []  # on the input numbers, for the program to be the right one
        self.tensors: list[Any] = []  # those from outside, in the order of the graph's inputs
        self.reads_gradient: list[Any] = []  # leaves whose .grad at the start of the call matters
        self.sets_gradient: dict[int, Any] = {}
        self.items: list[tuple[str, Any, bool]] = []  # numbers read from tensors
        self.nodes: dict[int, tuple[Any, Value]] = {}  # what each node of the tape made
        self.phase = "forward"
        self.quiet = False  # while the tracer itself looks at tensors

    # What values are

    def _look(self, array: np.ndarray, value: Value, root: Seen | None = None) -> Seen:
        """From now on the array stands for this value; `root` is the array whose memory it lies in, if it is a view."""
        key = id(array)
        found = self.seen[key] = Seen(value, root)
        found.reference = self._reference(array, self.seen)
        return found

    def _reference(self, array: np.ndarray, table: dict[int, Any]) -> Reference:
        """One that takes what stands for the array out of the table when it goes.

        It is put down, no more: an interrupt that comes while Python runs a callback of a reference is lost.
        """
        found = Reference(array, self._gone.append)
        found.key, found.table = id(array), table
        return found

    @property
    def seen(self) -> dict[int, Seen]:
        """What is known of the arrays that are there, by their ids."""
        self._forget_gone()
        return self._seen

    @property
    def opaque(self) -> dict[int, Reference]:
        """The arrays that were made without a row."""
        self._forget_gone()
        return self._opaque

    def _forget_gone(self) -> None:
        while self._gone:
            reference = self._gone.popleft()
            reference.table.pop(reference.key, None)

    def input(self, tensor: Any, name: str) -> Value:
        """A tensor that the caller has: its memory is the caller's."""
        array = tensor._array
        if id(array) in self.seen:
            return self.seen[id(array)].value
        value = Value(array.shape, array.dtype, Memory(external=True), name)
        self._look(array, value).array = array
        self.graph.inputs.append(value)
        self.tensors.append(tensor)
        return value

    def forget(self, statements: int, inputs: int) -> None:
        """Take back all but the first statements, and the last inputs."""
        del self.graph.statements[statements:]
        for tensor in self.tensors[-inputs:]:
            del self.seen[id(tensor._array)]
        del self.graph.inputs[-inputs:], self.tensors[-inputs:]

    def value_of(self, tensor: Any) -> Value:
        """The value of a tensor now, after all writes to its memory."""
        array = tensor._array
        seen = self.seen.get(id(array))
        if seen is None:
            return self._first_seen(tensor)
        return _now(seen)

    def _first_seen(self, tensor: Any) -> Value:
        array = tensor._array
        if id(array) in self.opaque:
            raise _opaque()
        return self.input(tensor, "")

    def constant(self, tensor: Any) -> None:
        """Hold its elements as they are now: the array may be written later."""
        array = tensor._array
        if id(array) not in self.seen:
            value = Value(array.shape, array.dtype, Memory(external=False), constant=array.copy())
            self._look(array, value)
            self.opaque.pop(id(array), None)

    def made(self, tensor: Any) -> None:
        """Nothing is known of it yet: a row that reads it will say so."""
        array = tensor._array
        if id(array) not in self.seen and not self.quiet:
            self.opaque[id(array)] = self._reference(array, self.opaque)

    def shared(self, tensor: Any) -> None:
        """What it is must be known before the other one, of which nothing is."""
        if not self.quiet and id(tensor._array) not in self.opaque:
            self.value_of(tensor)

    def name(self, reachable: dict[str, Any], variables: dict[str, Any]) -> None:
        """Give values the user's names: those of tensors in reach, and of the function's variables."""
        paths = {id(tensor): path for path, tensor in reachable.items()}
        for tensor, value in zip(self.tensors, self.graph.inputs, strict=True):
            if id(tensor) in paths:
                value.name = parameter_name(paths[id(tensor)])
        for name, tensor in variables.items():
            if isinstance(tensor, TensorBase) and id(tensor._array) in self.seen:
                value = self.value_of(tensor)
                value.name = value.name or name

    def names_gradient(self, leaf: Any) -> None:
        """A leaf's gradient is called after the leaf."""
        value = self.value_of(leaf._grad)
        owner = self.value_of(leaf)
        while owner.older is not None:
            owner = owner.older
        if value.gradient_of is None:
            value.gradient_of = owner

    # What happens

    def applied(self, row: Row, args: tuple[Any, ...], arrays: list[Any], params: dict[str, Any], result: Any) -> None:
        """A row made a fresh array."""
        if row.name == "index" and any(isinstance(each, np.ndarray) and each.dtype == bool for each in arrays[1:]):
            raise TraceError(
                "the shape of what a mask selects depends on its values\n"
                f"  It stands at {line_of(caller())}\n"
                "  Keep the shape: groundup.where(mask, x, 0), or a sum weighted by the mask."
            )
        operands = self._operands(args, arrays)
        array = result._array
        if _in_single(row, arrays):
            value = self._computed_in_single(row, operands, params, array)
        else:
            value = Value(array.shape, array.dtype, Memory(external=False))
            self._add(Statement(row, value, operands, params))
        self._look(array, value)
        self._made_by(result, value)

    def viewed(self, row: Row, base: Any, params: dict[str, Any], result: Any) -> None:
        """A view row made an array that lies in the memory of another one, or a copy."""
        source = self.value_of(base)
        array = result._array
        shares = result._view is not None
        value = Value(array.shape, array.dtype, source.memory if shares else Memory(external=False))
        self._look(array, value, self.seen[id(base._array)].root if shares else None)
        self._made_by(result, value)
        self._add(Statement(row, value, [source], params, is_view=shares))

    def writing(self, row: Row, target: Any, args: tuple[Any, ...]) -> None:
        """Look at everything before it is overwritten."""
        for each in (target, *args):
            if isinstance(each, TensorBase):
                self.value_of(each)
        self._keep(target)

    def _keep(self, target: Any) -> None:
        """The memory of the caller's, before it is written."""
        root = self.seen[id(target._array)].root
        if root.array is not None:
            self.before.array(root.array)

    def copied(self, target: Any, before: Any) -> None:
        """The copy is a statement of its own."""
        value = Value(before.shape, before.dtype, Memory(external=False))
        self._look(before, value)
        self._add(Statement(ROWS["clone"], value, [self.value_of(target)], {}))

    def written(self, row: Row, target: Any, args: tuple[Any, ...], arrays: list[Any], params: dict[str, Any]) -> None:
        """A row wrote into an array."""
        operands = self._operands((target, *args), [target._array, *arrays[1:]])
        if _in_single(row, arrays):
            value = self._computed_in_single(row, operands, params, target._array)
            self._write(ROWS["assign"], target, [operands[0], value], {"pattern": (Ellipsis,)})
        else:
            self._write(row, target, operands, params)

    def _computed_in_single(self, row: Row, operands: list[Any], params: dict[str, Any], result: np.ndarray) -> Value:
        """Half precision is storage: the row is computed in float32, and its result is rounded."""
        wide = [self._cast(v, FLOAT32) if isinstance(v, Value) and is_half(v.dtype) else v for v in operands]
        rounded = is_half(result.dtype)
        value = Value(result.shape, FLOAT32 if rounded else result.dtype, Memory(external=False))
        self._add(Statement(row, value, wide, params))
        return self._cast(value, result.dtype) if rounded else value

    def _cast(self, value: Value, to: np.dtype[Any]) -> Value:
        cast = Value(value.shape, to, Memory(external=False))
        self._add(Statement(ROWS["cast"], cast, [value], {"to": to}))
        return cast

    def _write(self, row: Row, target: Any, operands: list[Any], params: dict[str, Any], call: Any = None) -> None:
        array = target._array
        seen = self.seen[id(array)]
        value = Value(array.shape, array.dtype, seen.value.memory, older=seen.value)
        seen.value = value
        seen.root.writes += 1
        seen.time = seen.root.writes
        self._add(Statement(row, value, operands, params, inplace=True, call=call))

    def drawn(self, array: Any, draw: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        """Random numbers: the program draws its own."""
        if any(isinstance(each, np.ndarray) for each in (*args, *kwargs.values())):
            raise TraceError(
                f"random numbers whose distribution depends on a tensor cannot be compiled\n"
                f"  They are drawn at {line_of(caller())}"
            )
        value = Value(array.shape, array.dtype, Memory(external=False))
        self._look(array, value)
        self._add(Statement(ROWS["assign"], value, [], {}, call=(draw, args, kwargs)))

    def overwritten(self, target: Any, operation: str) -> None:
        """Fills and copies are told as such by `filled`; what else changes memory cannot be followed."""
        if operation not in ROWS and operation.rstrip("_") not in _TOLD and not self.quiet:
            raise TraceError(
                f"{operation} changes a tensor in a way that cannot be compiled\n  It stands at {line_of(caller())}"
            )

    def filled(self, target: Any, values: Any) -> None:
        """The memory of `target` takes the elements of an array, or one number."""
        before = self.value_of(target)
        self._keep(target)
        if isinstance(values, np.ndarray):
            if id(values) not in self.seen:
                raise TraceError(f"values from outside of the operations are written at {line_of(caller())}")
            values = _now(self.seen[id(values)])
        self._write(ROWS["assign"], target, [before, values], {"pattern": (Ellipsis,)})

    def looked(self, tensor: Any, what: str) -> Any:
        """A program has no values while it is written: only the library's own formulas may ask for a number."""
        if self.quiet:
            return None
        if what == "item()" and (sys._getframe(3).f_globals.get("__name__") or "").startswith("groundup.optim"):
            return self._number_of(tensor)
        raise TraceError(
            f"{what} of a tensor needs its value, which a compiled function does not have while it is traced\n"
            f"  It stands at {line_of(caller())}\n"
            "  Choose with groundup.where(condition, a, b), or return the tensor and look at it outside."
        )

    def _made_by(self, result: Any, value: Value) -> None:
        if result._node is not None:
            self.nodes[id(result._node)] = (result._node, value)

    def flowing(self, node: Any, g: Any) -> None:
        """Statements from here on belong to the backward pass; `g` is the gradient of what the node made."""
        self.phase = "backward"
        found = self.nodes.get(id(node))
        gradient = self.value_of(g)
        if found is not None and gradient.gradient_of is None and gradient is not found[1]:
            gradient.gradient_of = found[1]

    def _number_of(self, tensor: Any) -> Any:
        """The one element of a tensor: an input if nothing has changed it yet, else a number of the program."""
        known = id(tensor._array) in self.seen
        value = self.value_of(tensor)
        if value.constant is not None:
            return value.constant.item()
        name = f"item_{len(self.items) + 1}"
        number = Number(tensor._array.item(), name, self.conditions, late=known and value not in self.graph.inputs)
        if number.late:
            out = Value((), value.dtype, Memory(external=False), name)
            self._add(Statement(ROWS["clone"], out, [value], {}, call="item"))
        self.items.append((name, tensor, number.late))
        return number

    def gradient(self, tensor: Any, is_read: bool) -> None:
        """Remember which leaves get a gradient, and which of them add to the one from before the call."""
        if is_read and id(tensor) not in self.sets_gradient:
            self.reads_gradient.append(tensor)
        self.before.gradient(tensor)
        self.sets_gradient[id(tensor)] = tensor

    # Writing it down

    def _operands(self, args: tuple[Any, ...], arrays: list[Any]) -> list[Any]:
        return [self._operand(arg, array) for arg, array in zip(args, arrays, strict=True)]

    def _operand(self, arg: Any, array: Any) -> Any:
        if not isinstance(arg, TensorBase):
            if isinstance(arg, np.ndarray) and arg.ndim:
                raise _opaque()
            return arg if isinstance(arg, Number) else array
        value = self.value_of(arg)
        if isinstance(array, np.ndarray) and array.dtype != value.dtype:  # the types were settled on another one
            return self._cast(value, array.dtype)
        return value

    def _add(self, statement: Statement) -> None:
        in_optimizer, statement.where = _place()
        statement.phase = "update" if in_optimizer else self.phase
        self.graph.statements.append(statement)


def _in_single(row: Row, arrays: list[Any]) -> bool:
    """Whether eager computes the row in float32, and rounds."""
    return not row.quiet and row.name != "cast" and half_of(arrays) is not None


def _place() -> tuple[bool, Where]:
    """Whether an optimiser's step is what applies the row, and the nearest code outside of this package."""
    frame: FrameType | None = sys._getframe(2)
    in_optimizer = False
    while frame is not None:
        code = frame.f_code
        kind = _KINDS.get(code.co_filename)
        if kind is None:
            name = frame.f_globals.get("__name__") or ""
            kind = _KINDS[code.co_filename] = _kind(name)
        if kind == _OUTSIDE:
            return in_optimizer, (code, frame.f_lasti)
        in_optimizer = in_optimizer or kind == _OPTIMIZER
        frame = frame.f_back
    return in_optimizer, None


_OUTSIDE, _INSIDE, _OPTIMIZER = range(3)
_KINDS: dict[str, int] = {}  # of files


def _kind(module: str) -> int:
    if module != PACKAGE and not module.startswith(f"{PACKAGE}."):
        return _OUTSIDE
    return _OPTIMIZER if module.startswith(f"{PACKAGE}.optim") else _INSIDE


def _opaque() -> TraceError:
    return TraceError(
        "a value was computed outside of the operations that can be compiled: its shape depends on data, or Python "
        f"looked at numbers\n  It is used at {line_of(caller())}\n"
        "  Compute it before the compiled function, and pass it as an argument."
    )


_TOLD = frozenset(
    """
    copy fill zero bernoulli uniform normal exponential geometric cauchy log_normal random backward setitem
    """.split()
)
