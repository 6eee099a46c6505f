"""A schedule that looks at how training goes: it lowers the learning rate when a metric stops improving."""

from __future__ import annotations

import math
import warnings
from typing import Any

from groundup.optim.lr_scheduler.base import LRScheduler, check_optimizer, rates, set_rate
from groundup.optim.optimizer import Optimizer

__all__ = ["ReduceLROnPlateau"]


class ReduceLROnPlateau(LRScheduler):
    """Multiply the rate by `factor` when the metric has not improved for more than `patience` epochs.

    Args:
        optimizer: whose learning rates are set.
        mode: `"min"` if a lower metric is better (a loss), `"max"` if a higher one is (an accuracy).
        factor: below 1.
        patience: how many epochs in a row without improvement are let pass.
        threshold: how much better counts as better.
        threshold_mode: `"rel"`, as a part of the best value so far, or `"abs"`, as a difference from it.
        cooldown: epochs to wait after a reduction before bad ones are counted again.
        min_lr: the lowest rate; or a list, one for each group.
        eps: a smaller change of the rate than this is not made.

    `step(metric)` is called after each epoch with the value to watch; a tensor of one element will do. A
    metric that is nan counts as a bad epoch.

    Raises:
        ValueError: `factor` is not below 1, or `mode`, `threshold_mode` or the length of `min_lr` is wrong.

    Example:
        >>> import groundup
        >>> opt = groundup.optim.SGD([groundup.zeros(1, requires_grad=True)], lr=0.8)
        >>> schedule = groundup.optim.lr_scheduler.ReduceLROnPlateau(opt, factor=0.5, patience=1)
        >>> seen = []
        >>> for loss in [3.0, 2.0, 2.0, 2.0, 1.0]:
        ...     schedule.step(loss)
        ...     seen += schedule.get_last_lr()
        >>> seen
        [0.8, 0.8, 0.8, 0.4, 0.4]

    Follows ``torch.optim.lr_scheduler.ReduceLROnPlateau``.
    """

    def __init__(
        self,
        optimizer: Optimizer,
        mode: str = "min",
        factor: float = 0.1,
        patience: int = 10,
        threshold: float = 1e-4,
        threshold_mode: str = "rel",
        cooldown: int = 0,
        min_lr: float | list[float] = 0,
        eps: float = 1e-8,
    ) -> None:
        if not factor < 1.0:
            raise ValueError("Factor should be < 1.0.")
        check_optimizer(optimizer)
        if mode not in ("min", "max"):
            raise ValueError(f"mode {mode} is unknown!\nWrite 'min' for a loss, 'max' for an accuracy.")
        if threshold_mode not in ("rel", "abs"):
            raise ValueError(f"threshold mode {threshold_mode} is unknown!\nWrite 'rel' or 'abs'.")
        groups = len(optimizer.param_groups)
        listed = isinstance(min_lr, (list, tuple))
        if listed and len(min_lr) != groups:  # type: ignore[arg-type]
            raise ValueError(f"expected {groups} min_lrs, got {len(min_lr)}")  # type: ignore[arg-type]
        self.optimizer = optimizer
        self.factor = factor
        self.default_min_lr = None if listed else min_lr
        self.min_lrs: list[Any] = list(min_lr) if listed else [min_lr] * groups  # type: ignore[arg-type]
        self.patience = patience
        self.cooldown = cooldown
        self.eps = eps
        self.mode = mode
        self.threshold = threshold
        self.threshold_mode = threshold_mode
        self.last_epoch = 0
        self.best = math.inf if mode == "min" else -math.inf
        self.cooldown_counter = 0
        self.num_bad_epochs = 0
        self._last_lr = rates(optimizer)

    @property
    def in_cooldown(self) -> bool:
        return self.cooldown_counter > 0

    def step(self, metrics: Any, epoch: int | None = None) -> None:  # type: ignore[override]
        """Take note of one epoch's metric, and lower the rates if it is time."""
        current = float(metrics)
        if epoch is not None:
            warnings.warn(
                "The epoch parameter in `scheduler.step()` was not necessary and is being deprecated where "
                "possible. Please use `scheduler.step()` to step the scheduler.",
                stacklevel=2,
            )
        self.last_epoch = self.last_epoch + 1 if epoch is None else epoch
        if self._is_better(current):
            self.best = current
            self.num_bad_epochs = 0
        else:
            self.num_bad_epochs += 1
        if self.in_cooldown:
            self.cooldown_counter -= 1
            self.num_bad_epochs = 0
        if self.num_bad_epochs > self.patience:
            self._reduce()
            self.cooldown_counter = self.cooldown
            self.num_bad_epochs = 0
        self._last_lr = rates(self.optimizer)

    def _is_better(self, value: float) -> bool:
        sign = 1 if self.mode == "max" else -1
        if self.threshold_mode == "rel":
            bound = self.best * (1.0 + sign * self.threshold)
        else:
            bound = self.best + sign * self.threshold
        return value > bound if self.mode == "max" else value < bound

    def _reduce(self) -> None:
        groups = self.optimizer.param_groups
        if len(groups) != len(self.min_lrs):
            if self.default_min_lr is None:
                raise RuntimeError(
                    f"The number of param groups in the `optimizer` ({len(groups)}) differs from when "
                    f"`ReduceLROnPlateau` was initialized ({len(self.min_lrs)}), usually due to a new param "
                    "group being added to the optimizer. Please modify the `min_lrs` field to match the "
                    "length of the `optimizer` param groups."
                )
            self.min_lrs = [self.default_min_lr] * len(groups)
        for group, old, least in zip(groups, rates(self.optimizer), self.min_lrs, strict=True):
            new = max(old * self.factor, least)
            if old - new > self.eps:
                set_rate(group, new)
