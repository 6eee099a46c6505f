"""Backward hooks of modules: functions that see the gradients as they pass a module on the way back.

The module's tensor arguments and results each go through a gate, an operation that changes nothing and whose
derivative calls the hooks: at the results with the gradients that arrive, at the arguments with those that leave.
"""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

from groundup.autograd import Function
from groundup.nn.hooks import BackwardHooks
from groundup.tensor import Tensor

if TYPE_CHECKING:
    from groundup.nn.module import Module


class _Gate(Function):
    """Several tensors as they are; on the way back `visit` is given their gradients, and says what goes on."""

    @staticmethod
    def forward(ctx: Any, visit: Any, *tensors: Tensor) -> Any:
        """The same tensors, as new ones."""
        ctx.visit = visit
        ctx.set_materialize_grads(False)
        found = tuple(tensor.view_as(tensor) for tensor in tensors)
        return found if len(found) > 1 else found[0]

    @staticmethod
    def backward(ctx: Any, *grads: Any) -> Any:
        """The gradients, or what the hooks made of them."""
        return None, *ctx.visit(grads)


class BackwardPass:
    """What one call of a module keeps for the hooks of its backward pass."""

    def __init__(self, module: Module, hooks: BackwardHooks) -> None:
        self.module = module
        self.hooks = hooks
        self.grad_output: tuple[Any, ...] | None = None
        self.arguments = 0  # how many there were
        self.places: list[int] | None = None  # of the arguments that want a gradient; None if there is none

    def enter(self, args: tuple[Any, ...]) -> tuple[Any, ...]:
        """The arguments, those that want a gradient through a gate."""
        self.arguments = len(args)
        gated, places = _through(args, self._leave)
        if places:
            self.places = places
        return gated

    def leave(self, output: Any) -> Any:
        """The result, its tensors through a gate."""
        single = not isinstance(output, tuple)
        results = (output,) if single else output
        if not any(isinstance(each, Tensor) for each in results):
            warnings.warn(
                "For backward hooks to be called, module output should be a Tensor or a tuple of Tensors "
                f"but received {type(output)}",
                stacklevel=5,
            )
            return output

        def visit(grads: tuple[Any, ...]) -> tuple[Any, ...]:
            return self._arrive(grads, places, len(results))

        gated, places = _through(results, visit)
        return gated[0] if single else gated

    def _arrive(self, grads: tuple[Any, ...], places: list[int], count: int) -> tuple[Any, ...]:
        grad_output = _spread(grads, places, count)
        for hook in self.hooks.before:
            replaced = hook(self.module, grad_output)
            if replaced is not None:
                grad_output = _checked(replaced, grad_output, "Backward pre hook", "grad_output")
        self.grad_output = grad_output
        if self.places is None and self.hooks.after.entries:
            warnings.warn(
                "Full backward hook is firing when gradients are computed with respect to module outputs since no "
                "inputs require gradients.",
                stacklevel=2,
            )
            self._call((None,) * self.arguments)
        return tuple(grad_output[place] for place in places)

    def _leave(self, grads: tuple[Any, ...]) -> tuple[Any, ...]:
        if self.places is None or self.grad_output is None:
            return grads  # the results of this call had no part in what is differentiated
        found = self._call(_spread(grads, self.places, self.arguments))
        return tuple(found[place] for place in self.places)

    def _call(self, grad_input: tuple[Any, ...]) -> tuple[Any, ...]:
        for hook in self.hooks.after:
            replaced = hook(self.module, grad_input, self.grad_output)
            if replaced is not None:
                grad_input = _checked(replaced, grad_input, "Backward hook", "grad_input")
        self.grad_output = None
        return grad_input


def _through(values: tuple[Any, ...], visit: Any) -> tuple[tuple[Any, ...], list[int]]:
    """The values with those tensors that want a gradient through one gate, and where those are."""
    places = [i for i, value in enumerate(values) if isinstance(value, Tensor) and value.requires_grad]
    if not places:
        return values, places
    gated = _Gate.apply(visit, *(values[i] for i in places))
    found = list(values)
    for place, tensor in zip(places, gated if isinstance(gated, tuple) else (gated,), strict=True):
        found[place] = tensor
    return tuple(found), places


def _spread(grads: tuple[Any, ...], places: list[int], count: int) -> tuple[Any, ...]:
    """One entry for each of `count` values: the gradients at their places, else None."""
    found: list[Any] = [None] * count
    for place, grad in zip(places, grads, strict=True):
        found[place] = grad
    return tuple(found)


def _checked(replaced: Any, now: tuple[Any, ...], who: str, what: str) -> tuple[Any, ...]:
    given = replaced if isinstance(replaced, tuple) else (replaced,)
    if len(given) != len(now):
        raise RuntimeError(f"{who} returned an invalid number of {what}, got {len(given)}, but expected {len(now)}")
    return given
