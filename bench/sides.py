"""The libraries that are compared, and the running of one row of the table with each of them.

Before a row is timed its results are compared: a fast wrong answer is no result.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from bench.operations import Operation
from bench.timing import Effort, medians

Libraries = dict[str, Any]


@dataclass(frozen=True)
class Row:
    """The outcome for one operation, size and mode: seconds by library, and what the row needs at least."""

    operation: Operation
    size: int
    backward: bool
    seconds: dict[str, float]
    flops: float
    traffic: float
    problem: str = ""


def load(names: Sequence[str]) -> Libraries:
    """Import the libraries by name; one that is named twice stands against itself, which shows the noise."""
    libraries: Libraries = {}
    for name in names:
        libraries[f"{name} again" if name in libraries else name] = importlib.import_module(name)
    return libraries


def run(operation: Operation, size: int, backward: bool, libraries: Libraries, effort: Effort) -> Row:
    """Check and time one operation with every library."""
    inputs = operation.inputs(size)
    try:
        results = {who: _result(operation, T, inputs, backward) for who, T in libraries.items()}
    except Exception as error:  # a row that fails is reported like any other, and the rest goes on
        return Row(operation, size, backward, {}, 0.0, 0.0, f"{type(error).__name__}: {error}".splitlines()[0])
    problem = "" if operation.random else _difference(results)
    calls = {who: _call(operation, T, inputs, backward) for who, T in libraries.items()}
    flops = operation.flops(*inputs) if operation.flops else 0.0
    moved = sum(a.nbytes for a in [*inputs, *next(iter(results.values()))] if isinstance(a, np.ndarray))
    if not backward and _is_view(operation, next(iter(libraries.values())), inputs):
        moved = 0
    # Backward reads what forward did and the incoming gradient, and writes one gradient for each input.
    return Row(
        operation,
        size,
        backward,
        medians(calls, effort),
        flops * 3 if backward else flops,
        float(moved * 2 if backward else moved),
        problem,
    )


def _call(operation: Operation, T: Any, inputs: list[Any], backward: bool) -> Callable[[], object]:
    call = operation.call
    arguments = _tensors(T, inputs, backward)
    if not backward:
        return lambda: call(T, *arguments)
    leaves = [t for t in arguments if getattr(t, "requires_grad", False)]
    incoming = T.ones_like(_first(call(T, *arguments)).detach())

    def forward_and_backward() -> None:
        _first(call(T, *arguments)).backward(incoming)
        for leaf in leaves:
            leaf.grad = None

    return forward_and_backward


def _tensors(T: Any, inputs: list[Any], backward: bool) -> list[Any]:
    tensors = [T.from_numpy(a.copy()) if isinstance(a, np.ndarray) else a for a in inputs]
    for tensor, array in zip(tensors, inputs):
        if backward and isinstance(array, np.ndarray) and array.dtype.kind == "f":
            tensor.requires_grad_()
    return tensors


def _result(operation: Operation, T: Any, inputs: list[Any], backward: bool) -> list[np.ndarray]:
    """The values of an operation, or with `backward` its value and its gradients, as arrays."""
    arguments = _tensors(T, inputs, backward)
    result = operation.call(T, *arguments)
    if not backward:
        return [r.numpy() for r in (result if isinstance(result, tuple | list) else (result,))]
    first = _first(result)
    first.backward(T.ones_like(first.detach()))
    gradients = [t.grad.clone().numpy() for t in arguments if getattr(t, "grad", None) is not None]
    return [first.detach().numpy(), *gradients]


def _is_view(operation: Operation, T: Any, inputs: list[Any]) -> bool:
    """Whether the result lies in the memory of the input, so that nothing has to be moved."""
    arguments = _tensors(T, inputs, backward=False)
    result = _first(operation.call(T, *arguments))
    return any(np.may_share_memory(result.numpy(), t.numpy()) for t in arguments if not isinstance(t, int))


def _first(result: Any) -> Any:
    return result[0] if isinstance(result, tuple | list) else result


def _difference(results: dict[str, list[np.ndarray]]) -> str:
    """What differs between the first library and the others; sums in another order may differ by rounding."""
    (_, mine), *others = results.items()
    for who, theirs in others:
        if [a.shape for a in mine] != [b.shape for b in theirs]:
            return f"shapes differ from {who}'s: {[a.shape for a in mine]} and {[b.shape for b in theirs]}"
        for a, b in zip(mine, theirs):
            scale = max(1.0, float(np.abs(b[np.isfinite(b)]).max(initial=0.0)))
            if not np.allclose(a, b, rtol=1e-3, atol=1e-4 * scale, equal_nan=True):
                return f"values differ from {who}'s"
    return ""
