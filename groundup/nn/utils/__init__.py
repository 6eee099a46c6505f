"""Helpers for all the parameters of a network at once, at the path where PyTorch's users look for them."""

from __future__ import annotations

from groundup.nn.utils import rnn
from groundup.nn.utils.clip_grad import clip_grad_norm_, clip_grad_value_, get_total_norm
from groundup.nn.utils.convert_parameters import parameters_to_vector, vector_to_parameters

__all__ = [
    "clip_grad_norm_",
    "clip_grad_value_",
    "get_total_norm",
    "parameters_to_vector",
    "rnn",
    "vector_to_parameters",
]
