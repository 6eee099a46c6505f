"""Optimisers, which change parameters by their gradients, and schedulers, which change an optimiser's
learning rate as training goes on. Names, arguments, defaults, paths and saved states are PyTorch's."""

from __future__ import annotations

from groundup.optim import lr_scheduler
from groundup.optim.adagrad import Adadelta, Adagrad
from groundup.optim.adam import Adam, AdamW
from groundup.optim.adamax import Adamax
from groundup.optim.asgd import ASGD
from groundup.optim.lbfgs import LBFGS
from groundup.optim.nadam import NAdam, RAdam
from groundup.optim.optimizer import Optimizer
from groundup.optim.rmsprop import RMSprop
from groundup.optim.rprop import Rprop
from groundup.optim.sgd import SGD

__all__ = [
    "ASGD",
    "LBFGS",
    "SGD",
    "Adadelta",
    "Adagrad",
    "Adam",
    "AdamW",
    "Adamax",
    "NAdam",
    "Optimizer",
    "RAdam",
    "RMSprop",
    "Rprop",
    "lr_scheduler",
]
