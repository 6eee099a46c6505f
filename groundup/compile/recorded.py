"""A compiled forward pass on the tape: the backward pass of its results is a program too."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from groundup.autograd.function import Function, once_differentiable
from groundup.autograd.state import LOCAL
from groundup.autograd.tape import wrap
from groundup.compile.program import Program
from groundup.compile.running import running


class Pull:
    """The program of the results' gradients; its reading is chosen when it runs for the first time."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.runner: Callable[..., Any] | None = None

    def __call__(self, *arrays: np.ndarray) -> Any:
        """The gradients. Arrays come in order, as loops need them: that of a sum is one number, repeated."""
        if self.runner is None:
            self.runner = running(self.program)
        return LOCAL.state.run(self.runner, *[np.asarray(each, order="C") for each in arrays])


class Recorded(Function):
    """Results of a program, and the program of their gradients."""

    @staticmethod
    def forward(
        ctx: Any,
        pull: Pull,
        residuals: tuple[Any, ...],
        held: list[Any],
        shared: list[Any],
        results: list[Any],
        *_: Any,
    ) -> Any:
        """The results are there already; keep what the backward program reads.

        `held` are the tensors of the caller among it, `shared` the results that lie in the memory of something that it
        reads: the tape checks that none of them has been changed since.
        """
        ctx.pull, ctx.residuals, ctx.count = pull, residuals, len(held)
        ctx.save_for_backward(*held, *shared)
        return tuple(results)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *gradients: Any) -> Any:
        """Run the backward program."""
        held = [tensor._array for tensor in ctx.saved_tensors[: ctx.count]]
        found = ctx.pull(*held, *ctx.residuals, *[g._array for g in gradients])
        return None, None, None, None, None, *[None if array is None else wrap(array) for array in found]
