"""The networks' operations as plain functions, with the names and arguments of ``torch.nn.functional``.

The layers of ``groundup.nn`` keep the weights and the settings, and call these.
"""

from __future__ import annotations

from groundup.functions.contract import bilinear, linear, pdist
from groundup.functions.index import embedding, one_hot
from groundup.functions.view import pad
from groundup.nn.functional.activation import (
    elu,
    gelu,
    leaky_relu,
    log_softmax,
    logsigmoid,
    relu,
    sigmoid,
    silu,
    softmax,
    softplus,
    tanh,
)
from groundup.nn.functional.classification import cross_entropy, nll_loss
from groundup.nn.functional.conv import conv2d
from groundup.nn.functional.pointwise_loss import (
    binary_cross_entropy,
    binary_cross_entropy_with_logits,
    huber_loss,
    l1_loss,
    mse_loss,
    smooth_l1_loss,
)
from groundup.nn.functional.pooling import adaptive_avg_pool2d, avg_pool2d, max_pool2d
from groundup.nn.functional.stochastic import dropout

__all__ = [
    "adaptive_avg_pool2d",
    "avg_pool2d",
    "binary_cross_entropy",
    "binary_cross_entropy_with_logits",
    "conv2d",
    "cross_entropy",
    "dropout",
    "elu",
    "embedding",
    "gelu",
    "huber_loss",
    "l1_loss",
    "leaky_relu",
    "bilinear",
    "linear",
    "pdist",
    "log_softmax",
    "logsigmoid",
    "max_pool2d",
    "mse_loss",
    "nll_loss",
    "one_hot",
    "pad",
    "relu",
    "sigmoid",
    "silu",
    "smooth_l1_loss",
    "softmax",
    "softplus",
    "tanh",
]
