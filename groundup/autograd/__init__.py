"""Automatic differentiation: the tape, the walk back, and what users build on them.

It stands on the tables of `ops` and knows of tensors only the fields of `TensorBase`.
"""

from __future__ import annotations

from groundup.autograd import functional
from groundup.autograd.apply import apply
from groundup.autograd.backward import backward, grad
from groundup.autograd.function import Function, once_differentiable
from groundup.autograd.gradcheck import GradcheckError, gradcheck, gradgradcheck
from groundup.autograd.state import enable_grad, inference_mode, is_grad_enabled, no_grad, set_grad_enabled

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
