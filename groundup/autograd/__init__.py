"""Automatic differentiation: the tape, the walk back, and what users build on them.

It stands on the tables of `ops` and knows of tensors only the fields of `TensorBase`.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from groundup.autograd.apply import apply
from groundup.autograd.backward import backward, grad
from groundup.autograd.function import Function, once_differentiable
from groundup.autograd.state import enable_grad, inference_mode, is_grad_enabled, no_grad, set_grad_enabled

if TYPE_CHECKING:
    from groundup.autograd import functional
    from groundup.autograd.gradcheck import gradcheck, gradgradcheck

__all__ = [
    "Function",
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


def __getattr__(name: str) -> Any:
    if name == "functional":
        return importlib.import_module("groundup.autograd.functional")
    if name in ("gradcheck", "gradgradcheck"):
        return getattr(importlib.import_module("groundup.autograd.gradcheck"), name)
    raise AttributeError(f"module 'groundup.autograd' has no attribute {name!r}")
