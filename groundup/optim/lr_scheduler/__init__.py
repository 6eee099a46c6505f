"""Learning-rate schedulers: they set the rate of each parameter group as training goes on. `step()` is called
after the optimiser's, once an epoch, or once a batch for `OneCycleLR`."""

from __future__ import annotations

from groundup.optim.lr_scheduler.base import LRScheduler
from groundup.optim.lr_scheduler.cycle import CosineAnnealingWarmRestarts, OneCycleLR
from groundup.optim.lr_scheduler.decay import (
    ConstantLR,
    CosineAnnealingLR,
    ExponentialLR,
    LambdaLR,
    LinearLR,
    MultiStepLR,
    StepLR,
)
from groundup.optim.lr_scheduler.plateau import ReduceLROnPlateau
from groundup.optim.lr_scheduler.sequential import SequentialLR

__all__ = [
    "ConstantLR",
    "CosineAnnealingLR",
    "CosineAnnealingWarmRestarts",
    "ExponentialLR",
    "LRScheduler",
    "LambdaLR",
    "LinearLR",
    "MultiStepLR",
    "OneCycleLR",
    "ReduceLROnPlateau",
    "SequentialLR",
    "StepLR",
]
