"""`Function`: an operation of the user's own, with `forward` and `backward` written by hand.

`forward` computes with recording off and keeps in `ctx` what `backward` will need; `backward` receives the gradient
of each output and returns one for each input.
"""

from __future__ import annotations

import inspect
import weakref
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

import numpy as np

from groundup import dtypes
from groundup.autograd.apply import Sealed
from groundup.autograd.inplace import changed, check_leaf, write_back
from groundup.autograd.state import LOCAL
from groundup.autograd.tape import AnyNode, TensorBase, caller, constant, keep_retaining, line_of, storage_of, wrap
from groundup.ops import ROWS

if TYPE_CHECKING:
    from groundup.autograd.walk import Walk


class FunctionCtx:
    """What `forward` and `backward` of one call share. Any attribute may be set on it."""

    needs_input_grad: tuple[bool, ...] = ()
    _saved: tuple[tuple[Any, int, bool], ...] | None = ()
    _non_differentiable: tuple[Any, ...] = ()
    _dirty: tuple[Any, ...] = ()
    _materialize = True
    _to_save: tuple[Any, ...] = ()
    _name = ""
    _where: Any = None

    def save_for_backward(self, *tensors: Any) -> None:
        """Keep tensors (or None) for `backward`, guarded against changes in place."""
        for tensor in tensors:
            if tensor is not None and not isinstance(tensor, TensorBase):
                raise TypeError(
                    f"save_for_backward can only save variables, but argument is of type {type(tensor).__name__}\n"
                    "  Keep other values as attributes: ctx.value = value."
                )
        self._to_save = tensors

    def mark_non_differentiable(self, *tensors: Any) -> None:
        """Outputs that have no gradient, such as indices."""
        self._non_differentiable = tensors

    def mark_dirty(self, *tensors: Any) -> None:
        """Inputs that `forward` changed in place and returns."""
        self._dirty = tensors

    def set_materialize_grads(self, value: bool) -> None:
        """Whether an output without a gradient gives `backward` zeros (the default) or None."""
        self._materialize = value

    @property
    def saved_tensors(self) -> tuple[Any, ...]:
        """The tensors that `forward` saved. Raises if they were freed, or changed in place since."""
        if self._saved is None:
            raise RuntimeError(
                "Trying to backward through the graph a second time (or directly access saved tensors after they have "
                "already been freed). Specify retain_graph=True if you need to backward through the graph a second "
                "time."
            )
        found: list[Any] = []
        for kept, version, is_output in self._saved:
            if kept is None:
                found.append(None)
                continue
            owner = kept[1] if is_output else kept
            if owner._version != version:
                raise RuntimeError(
                    "one of the variables needed for gradient computation has been modified by an inplace operation: "
                    f"a tensor saved by {self._name} is at version {owner._version}; expected version "
                    f"{version} instead.\n  It was saved at {line_of(self._where)}"
                )
            found.append(wrap(kept[0], kept[2]()) if is_output else kept)
        return tuple(found)

    saved_variables = saved_tensors

    def _keep(self, outputs: tuple[Any, ...]) -> None:
        """Settle what was saved. An output is kept as its array, since the tensor points back here."""
        kept = []
        for tensor in self._to_save:
            if any(tensor is output for output in outputs) and tensor is not None:
                storage = storage_of(tensor)
                kept.append(((tensor._array, storage, _Reach(tensor._node)), storage._version, True))
            else:
                kept.append((tensor, 0 if tensor is None else tensor._version, False))
        self._saved = tuple(kept)
        self._to_save = ()


class _Reach:
    """A node that must not be kept alive by its own context."""

    def __init__(self, node: AnyNode | None) -> None:
        self.reference: Callable[[], AnyNode | None] = weakref.ref(node) if node is not None else lambda: None

    def __call__(self) -> AnyNode | None:
        return self.reference()


class FunctionNode(AnyNode):
    """The node of one call of a `Function`."""

    __slots__ = ("cls", "count", "ctx", "likes", "positions")

    def __init__(self, cls: type[Function], ctx: FunctionCtx, args: tuple[Any, ...], outputs: list[Any]) -> None:
        self.cls = cls
        self.ctx = ctx
        self.positions = tuple(i for i, needed in enumerate(ctx.needs_input_grad) if needed)
        self.count = len(args)
        self.edges = tuple(args[i]._node for i in self.positions)
        self.likes = [(out._array.shape, out._array.dtype) if isinstance(out, TensorBase) else None for out in outputs]
        self.shape, self.dtype = (), np.dtype("float32")
        self.hooks = None
        self.where = caller()

    def name(self) -> str:
        return self.cls.__name__ + "Backward"

    def release(self) -> None:
        self.ctx._saved = None if self.ctx._saved else self.ctx._saved

    def pull(self, g: Any, walk: Walk) -> Iterable[Any]:
        grads = walk.arrived.pop(self)
        tensors = []
        for grad, like in zip(grads, self.likes, strict=True):
            if grad is None and self.ctx._materialize and like is not None:
                grad = np.zeros(*like)
            tensors.append(grad if grad is None or isinstance(grad, TensorBase) else wrap(grad))
        try:
            found = self.cls.backward(self.ctx, *tensors)
        except Exception as error:
            error.add_note(f"In the backward pass of {self.cls.__name__}, called at {line_of(self.where)}")
            raise
        found = found if isinstance(found, tuple) else (found,)
        return [self._checked(found, i, edge, walk) for i, edge in zip(self.positions, self.edges, strict=True)]

    def _checked(self, found: tuple[Any, ...], i: int, edge: AnyNode | None, walk: Walk) -> Any:
        """The gradient for argument `i`, if `backward` returned one that fits."""
        extra = found[self.count :]
        if len(found) < self.count or any(each is not None for each in extra):
            raise RuntimeError(
                f"function {self.name()} returned an incorrect number of gradients (expected {self.count}, got "
                f"{len(found)})\n  backward returns one gradient for each argument of forward, or None."
            )
        g = found[i]
        if g is None or edge is None:
            return None
        if not isinstance(g, TensorBase):
            raise TypeError(
                f"function {self.name()} returned a gradient of type {type(g).__name__} at index {i}; expected a Tensor"
            )
        shape = g._array.shape
        lead = len(shape) - len(edge.shape)
        if lead < 0 or any(want not in (1, have) for want, have in zip(edge.shape, shape[lead:], strict=True)):
            raise RuntimeError(
                f"Function {self.name()} returned an invalid gradient at index {i} - got {list(shape)} but expected "
                f"shape compatible with {list(edge.shape)}\n  It was called at {line_of(self.where)}"
            )
        # A view, since the user's code may go on holding the tensor: a leaf then makes its own copy.
        return g if walk.in_tensors else g._array[...]


class Slot(AnyNode):
    """One output of a function: it hands its gradient to the function's node."""

    __slots__ = ("index", "owner")

    def __init__(self, owner: FunctionNode, index: int, out: np.ndarray) -> None:
        self.owner = owner
        self.index = index
        self.edges = (owner,)
        self.shape, self.dtype = out.shape, out.dtype
        self.hooks = None
        self.where = owner.where

    def name(self) -> str:
        return self.owner.name()

    def origin(self) -> AnyNode:
        return self.owner

    def pull(self, g: Any, walk: Walk) -> Iterable[Any]:
        walk.arrived.setdefault(self.owner, [None] * len(self.owner.likes))[self.index] = g
        # The owner collects by slot; the walk only needs to know that something arrived.
        zero = np.zeros(self.owner.shape, self.owner.dtype)
        return (constant(zero) if walk.in_tensors else zero,)


class Function:
    """A differentiable operation of the user's own. Follows ``torch.autograd.Function``.

    >>> import groundup
    >>> class Square(groundup.autograd.Function):
    ...     @staticmethod
    ...     def forward(ctx, x):
    ...         ctx.save_for_backward(x)
    ...         return x * x
    ...     @staticmethod
    ...     def backward(ctx, grad):
    ...         (x,) = ctx.saved_tensors
    ...         return 2 * x * grad
    >>> x = groundup.tensor(3.0, requires_grad=True)
    >>> y = Square.apply(x)
    >>> y.backward()
    >>> y, x.grad
    (tensor(9., grad_fn=<SquareBackward>), tensor(6.))
    """

    def __init__(self) -> None:
        raise RuntimeError(
            f"{type(self).__name__} should not be instantiated. Methods on autograd functions are all static, so you "
            f"should invoke them on the class itself: {type(self).__name__}.apply(...)"
        )

    @staticmethod
    def forward(*args: Any, **kwargs: Any) -> Any:
        """Compute the outputs from `ctx` and the inputs (or from the inputs, where `setup_context` is defined)."""
        raise NotImplementedError("You must implement the forward function for custom autograd.Function.")

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Any) -> None:
        """Keep in `ctx` what `backward` needs, where `forward` does not take `ctx` itself."""
        raise NotImplementedError("setup_context is not implemented.")

    @staticmethod
    def backward(ctx: Any, *grad_outputs: Any) -> Any:
        """The gradient of each input, from those of the outputs."""
        raise NotImplementedError(
            "You must implement either the backward or vjp method for your custom autograd.Function to use it with "
            "backward mode AD."
        )

    vjp = backward

    @classmethod
    def apply(cls, *args: Any, **kwargs: Any) -> Any:
        """Call the function, recording it if an input wants a gradient. Keyword arguments go to `forward` alone."""
        state = LOCAL.state
        ctx = FunctionCtx()
        ctx._name = cls.__name__
        for arg in args:
            if isinstance(arg, TensorBase) and arg._view is not None:
                arg._view.refresh(arg)
        ctx.needs_input_grad = tuple(isinstance(arg, TensorBase) and arg._node is not None for arg in args)
        recording, state.grad = state.grad, False
        try:
            if cls.setup_context is not Function.setup_context:
                result = cls.forward(*args, **kwargs)
                cls.setup_context(ctx, _bound(cls.forward, args, kwargs), result)
            else:
                result = cls.forward(ctx, *args, **kwargs)
        finally:
            state.grad = recording
        single = not isinstance(result, tuple)
        outputs: list[Any] = [result] if single else list(result)
        recorded = recording and any(ctx.needs_input_grad)
        for tensor in ctx._dirty:
            changed(tensor, cls.__name__)
            if recorded:
                check_leaf(tensor)
        if recorded:
            outputs = [cls._fresh(out, args, ctx) for out in outputs]
            node = FunctionNode(cls, ctx, args, outputs)
            ctx._where = node.where
            for i, out in enumerate(outputs):
                differentiable = isinstance(out, TensorBase) and out._array.dtype.kind in dtypes.REAL
                if differentiable and not any(out is each for each in ctx._non_differentiable):
                    cls._give_history(out, Slot(node, i, out._array), ctx)
            ctx._keep(tuple(outputs))
        ctx._dirty = ctx._non_differentiable = ()  # outputs among them would hold themselves alive by their history
        return outputs[0] if single else tuple(outputs)

    @staticmethod
    def _give_history(out: Any, slot: Slot, ctx: FunctionCtx) -> None:
        """Let an output point to its node; one that was changed in place, the memory that it is a view of too."""
        old, out._node = out._node, slot
        if any(out is each for each in ctx._dirty):
            keep_retaining(old, slot)
            storage_of(out).rebased += 1
            if out._view is not None:
                write_back(out)

    @staticmethod
    def _fresh(out: Any, args: tuple[Any, ...], ctx: FunctionCtx) -> Any:
        """An output that is an input unchanged, or a view of one, becomes a tensor of its own on the same memory."""
        if not isinstance(out, TensorBase) or any(out is each for each in ctx._dirty):
            return out
        for arg in args:
            if isinstance(arg, TensorBase) and (out is arg or (out._storage and out._storage is arg._storage)):
                fresh = wrap(out._array)
                fresh._storage = storage_of(out)
                fresh._view = Sealed(arg, ROWS["alias"], {}, fresh._storage.rebased)
                return fresh
        return wrap(out._array) if out._node is not None else out


def _bound(forward: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, ...]:
    """All arguments of a call in the order of the signature, with those left to their defaults."""
    found = inspect.signature(forward).bind(*args, **kwargs)
    found.apply_defaults()
    return (*found.args, *found.kwargs.values())


def once_differentiable(function: Callable[..., Any]) -> Callable[..., Any]:
    """Mark a `backward` that cannot be differentiated again: its results carry no graph."""

    def wrapped(ctx: Any, *grads: Any) -> Any:
        state = LOCAL.state
        before, state.grad = state.grad, False
        try:
            return function(ctx, *grads)
        finally:
            state.grad = before

    return wrapped
