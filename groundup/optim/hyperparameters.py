"""What the formulas of the optimisers ask of their hyperparameters and buffers: numbers that are checked
when they are given and plain when they are used, and buffers that start as zeros."""

from __future__ import annotations

import numbers
from typing import Any

from groundup.functions import creation
from groundup.tensor import Tensor

__all__ = ["buffer", "check_non_negative", "check_switches", "number"]

_LABELS = {"lr": "learning rate", "eps": "epsilon value"}


def number(value: Any) -> Any:
    """A hyperparameter as a plain Python number; it may have been set to a NumPy scalar or a tensor.

    NumPy's scalars are not weak, so that `float32 * numpy.float64` would be float64.
    """
    return value.item() if hasattr(value, "item") else value


def buffer(state: dict[str, Any], key: str, param: Tensor) -> Tensor:
    """The buffer of a parameter, which starts as zeros when it is first asked for."""
    found = state.get(key)
    if found is None:
        found = state[key] = creation.zeros_like(param, requires_grad=False)
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


def check_switches(differentiable: bool, foreach: bool | None = None, fused: bool | None = None) -> None:
    """`foreach`, `fused` and `capturable` choose between implementations in PyTorch; here there is one."""
    if foreach and fused:
        raise RuntimeError("`fused` and `foreach` cannot be `True` together.")
    if differentiable:
        raise NotImplementedError(
            "differentiable=True is not supported: the update is made in place, without recording gradients"
        )
