"""What the formulas of the optimisers ask of their hyperparameters and buffers: numbers that are checked
when they are given and plain when they are used, and buffers that start as zeros."""

from __future__ import annotations

import numbers
from typing import Any

from groundup.functions import creation
from groundup.tensor import Tensor

__all__ = ["buffer", "check_betas", "check_non_negative", "check_switches", "number"]

_LABELS = {"lr": "learning rate", "eps": "epsilon value"}


def number(value: Any) -> Any:
    """A hyperparameter as a plain Python number; it may have been set to a NumPy scalar or a tensor.

    NumPy's scalars are not weak, so that `float32 * numpy.float64` would be float64.
    """
    return value.item() if hasattr(value, "item") else value


def buffer(state: dict[str, Any], key: str, param: Tensor, start: float = 0.0) -> Tensor:
    """The buffer of a parameter, which is filled with `start` when it is first asked for."""
    found = state.get(key)
    if found is None:
        found = state[key] = creation.full_like(param, 0.0, requires_grad=False).fill_(start)
    return found


def check_non_negative(**values: Any) -> None:
    """Refuse a hyperparameter below zero; a keyword is its name with `_` for a space, `lr` for the rate."""
    for name, value in values.items():
        label = _LABELS.get(name, f"{name} value")
        if isinstance(value, Tensor) and name == "lr":
            if value.numel() != 1:
                raise ValueError("Tensor lr must be 1-element")
        elif not isinstance(value, numbers.Real):
            raise TypeError(f"Invalid {label}: {value!r} (expected a number, got {type(value).__name__})")
        if not number(value) >= 0:  # nan is neither
            raise ValueError(f"Invalid {label}: {value}")


def check_betas(betas: Any) -> None:
    if not isinstance(betas, (tuple, list)) or len(betas) != 2:
        raise TypeError(f"betas must be a pair (beta1, beta2), got {betas!r}")
    if isinstance(betas[0], Tensor) != isinstance(betas[1], Tensor):
        raise ValueError("betas must be either both floats or both Tensors")
    for i, beta in enumerate(betas):
        if not 0 <= number(beta) < 1:
            raise ValueError(f"Invalid beta parameter at index {i}: {beta}")


def check_switches(differentiable: bool, foreach: bool | None = None, fused: bool | None = None) -> None:
    """`foreach`, `fused` and `capturable` choose between implementations in PyTorch; here there is one."""
    if fused and differentiable:
        raise RuntimeError("`fused` does not support `differentiable`")
    if fused and foreach:
        raise RuntimeError("`fused` and `foreach` cannot be `True` together.")
    if differentiable:
        raise NotImplementedError(
            "differentiable=True is not supported: the update is made in place, without recording gradients"
        )
