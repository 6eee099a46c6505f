"""Automatic differentiation: the tape, the walk back, and what users build on them.

It stands on the tables of `ops` and knows of tensors only the fields of `TensorBase`.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from groundup.autograd.apply import apply
from groundup.autograd.backward import backward, grad
from groundup.autograd.state import enable_grad, inference_mode, is_grad_enabled, no_grad, set_grad_enabled

if TYPE_CHECKING:
    from groundup.autograd import functional
    from groundup.autograd.differences import GradcheckError, gradcheck, gradgradcheck
    from groundup.autograd.function import Function, once_differentiable

__all__ = [
    "Function",
    "GradcheckError",
    "apply",
    "backward",
    "enable_grad",
    "functional",
    "grad",
    "gradcheck",
    "gradgradcheck",
    "inference_mode",
    "is_grad_enabled",
    "no_grad",
    "once_differentiable",
    "set_grad_enabled",
]


# What networks can do without loads when it is first used.
_LATER = {
    "Function": "function",
    "GradcheckError": "differences",
    "gradcheck": "differences",
    "gradgradcheck": "differences",
    "once_differentiable": "function",
}


def __getattr__(name: str) -> Any:
    if name == "functional":
        return importlib.import_module("groundup.autograd.functional")
    if name in _LATER:
        return getattr(importlib.import_module(f"groundup.autograd.{_LATER[name]}"), name)
    raise AttributeError(f"module 'groundup.autograd' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
