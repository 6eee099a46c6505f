"""A compiled forward pass on the tape: the backward pass of its results is a program too."""

from __future__ import annotations

from typing import Any

from groundup.autograd.function import Function, once_differentiable
from groundup.autograd.state import LOCAL
from groundup.autograd.tape import wrap


class Recorded(Function):
    """Results of a program, and the program of their gradients."""

    @staticmethod
    def forward(ctx: Any, tail: Any, residuals: tuple[Any, ...], held: list[Any], results: list[Any], *_: Any) -> Any:
        """The results are there already; keep what the backward program reads.

        `held` are the tensors of the caller among it: the tape checks that they have not been changed since.
        """
        ctx.tail, ctx.residuals = tail, residuals
        ctx.save_for_backward(*held)
        return tuple(results)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *gradients: Any) -> Any:
        """Run the backward program."""
        held = [tensor._array for tensor in ctx.saved_tensors]
        found = LOCAL.state.run(ctx.tail, *held, *ctx.residuals, *[g._array for g in gradients])
        return None, None, None, None, *[None if array is None else wrap(array) for array in found]
