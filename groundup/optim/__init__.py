"""Optimisers, which change parameters by their gradients, and schedulers, which change an optimiser's
learning rate as training goes on. Names, arguments, defaults, paths and saved states are PyTorch's."""

from __future__ import annotations

from groundup.optim import lr_scheduler
from groundup.optim.adam import Adam, AdamW
from groundup.optim.optimizer import Optimizer
from groundup.optim.rmsprop import RMSprop
from groundup.optim.sgd import SGD

__all__ = ["SGD", "Adam", "AdamW", "Optimizer", "RMSprop", "lr_scheduler"]
