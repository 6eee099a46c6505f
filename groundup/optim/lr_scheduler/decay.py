"""Schedules that move the learning rate one way: in steps, along a line, exponentially, along half a cosine,
or as a function of the user's says. A warm-up is a line that rises."""

from __future__ import annotations

import math
import types
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterable
from copy import deepcopy
from typing import Any

from groundup.optim.lr_scheduler.base import (
    GroupwiseScheduler,
    LRScheduler,
    check_optimizer,
    rates,
    warn_outside_step,
)
from groundup.optim.optimizer import Optimizer

__all__ = [
    "ConstantLR",
    "CosineAnnealingLR",
    "ExponentialLR",
    "LambdaLR",
    "LinearLR",
    "MultiStepLR",
    "MultiplicativeLR",
    "PolynomialLR",
    "StepLR",
]

Lambda = Callable[[int], float]


class _ByFunctions(LRScheduler):
    """A schedule given by a function of the epoch, or by one for each parameter group."""

    _unsaved = ("optimizer", "lr_lambdas")

    def __init__(self, optimizer: Optimizer, lr_lambda: Lambda | list[Lambda], last_epoch: int = -1) -> None:
        check_optimizer(optimizer)
        groups = len(optimizer.param_groups)
        listed = isinstance(lr_lambda, (list, tuple))
        self.lr_lambdas: list[Lambda] = list(lr_lambda) if listed else [lr_lambda] * groups  # type: ignore[arg-type,list-item]
        if len(self.lr_lambdas) != groups:
            raise ValueError(f"Expected {groups} lr_lambdas, but got {len(self.lr_lambdas)}")
        for function in self.lr_lambdas:
            if not callable(function):
                raise TypeError(f"lr_lambda should be a function, but got {type(function).__name__}")
        super().__init__(optimizer, last_epoch)

    def state_dict(self) -> dict[str, Any]:
        attributes = [
            None if isinstance(factor, types.FunctionType) else deepcopy(getattr(factor, "__dict__", None))
            for factor in self.lr_lambdas
        ]
        return {**super().state_dict(), "lr_lambdas": attributes}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        super().load_state_dict(state_dict)
        for factor, attributes in zip(self.lr_lambdas, state_dict.get("lr_lambdas", ()), strict=False):
            if attributes:
                factor.__dict__.update(deepcopy(attributes))


class LambdaLR(_ByFunctions):
    """The first rate times a function of the epoch: `lr = base * lr_lambda(epoch)`.

    Args:
        optimizer: whose learning rates are set.
        lr_lambda: one function, or a list with one for each parameter group.
        last_epoch: see `LRScheduler`.

    A function is not saved by `state_dict`, the attributes of a callable object are.

    Example:
        >>> import groundup
        >>> opt = groundup.optim.SGD([groundup.zeros(1, requires_grad=True)], lr=0.5)
        >>> schedule = groundup.optim.lr_scheduler.LambdaLR(opt, lambda epoch: 1 / (1 + epoch))
        >>> opt.step(); schedule.step()
        >>> schedule.get_last_lr()
        [0.25]

    Follows ``torch.optim.lr_scheduler.LambdaLR``.
    """

    def get_lr(self) -> list[float]:
        warn_outside_step(self)
        pairs = zip(self.base_lrs, self.lr_lambdas, strict=True)
        return [base * factor(self.last_epoch) for base, factor in pairs]


class MultiplicativeLR(_ByFunctions):
    """The present rate times a function of the epoch: `lr = lr * lr_lambda(epoch)`, from epoch 1 on.

    Args: as in `LambdaLR`.

    Example:
        >>> import groundup
        >>> opt = groundup.optim.SGD([groundup.zeros(1, requires_grad=True)], lr=0.8)
        >>> schedule = groundup.optim.lr_scheduler.MultiplicativeLR(opt, lambda epoch: 1 / epoch)
        >>> for epoch in range(2):
        ...     opt.step(); schedule.step()
        >>> schedule.get_last_lr()
        [0.4]

    Follows ``torch.optim.lr_scheduler.MultiplicativeLR``.
    """

    def get_lr(self) -> list[float]:
        warn_outside_step(self)
        if self._is_initial:
            return rates(self.optimizer)
        pairs = zip(rates(self.optimizer), self.lr_lambdas, strict=False)
        return [rate * factor(self.last_epoch) for rate, factor in pairs]


class StepLR(GroupwiseScheduler):
    """Multiply the rate by `gamma` every `step_size` epochs: `lr = base * gamma ** (epoch // step_size)`.

    Raises:
        ValueError: `step_size` is not positive.

    Example:
        >>> import groundup
        >>> opt = groundup.optim.SGD([groundup.zeros(1, requires_grad=True)], lr=0.8)
        >>> schedule = groundup.optim.lr_scheduler.StepLR(opt, step_size=2, gamma=0.5)
        >>> seen = []
        >>> for epoch in range(5):
        ...     seen += schedule.get_last_lr()
        ...     opt.step()
        ...     schedule.step()
        >>> seen
        [0.8, 0.8, 0.4, 0.4, 0.2]

    Follows ``torch.optim.lr_scheduler.StepLR``.
    """

    def __init__(self, optimizer: Optimizer, step_size: int, gamma: float = 0.1, last_epoch: int = -1) -> None:
        if not step_size > 0:
            raise ValueError(f"Expected positive integer step_size, but got {step_size}")
        self.step_size = step_size
        self.gamma = gamma
        super().__init__(optimizer, last_epoch)

    def _next_rate(self, rate: float, base: float) -> float:
        falls = self.last_epoch > 0 and self.last_epoch % self.step_size == 0
        return rate * self.gamma if falls else rate

    def _rate_at(self, epoch: int, base: float) -> float:
        return base * self.gamma ** (epoch // self.step_size)


class MultiStepLR(GroupwiseScheduler):
    """Multiply the rate by `gamma` at each of the `milestones` (epochs; one given twice counts twice).

    Example:
        >>> import groundup
        >>> opt = groundup.optim.SGD([groundup.zeros(1, requires_grad=True)], lr=0.8)
        >>> schedule = groundup.optim.lr_scheduler.MultiStepLR(opt, milestones=[1, 3], gamma=0.5)
        >>> seen = []
        >>> for epoch in range(5):
        ...     seen += schedule.get_last_lr()
        ...     opt.step()
        ...     schedule.step()
        >>> seen
        [0.8, 0.4, 0.4, 0.2, 0.2]

    Follows ``torch.optim.lr_scheduler.MultiStepLR``.
    """

    def __init__(
        self, optimizer: Optimizer, milestones: Iterable[int], gamma: float = 0.1, last_epoch: int = -1
    ) -> None:
        self.milestones = Counter(milestones)
        self.gamma = gamma
        super().__init__(optimizer, last_epoch)

    def _next_rate(self, rate: float, base: float) -> float:
        times = self.milestones[self.last_epoch]
        return rate * self.gamma**times if times else rate

    def _rate_at(self, epoch: int, base: float) -> float:
        return base * self.gamma ** bisect_right(sorted(self.milestones.elements()), epoch)

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        super().load_state_dict(state_dict)
        # A file of JSON turns the epochs into strings.
        self.milestones = Counter({int(epoch): times for epoch, times in self.milestones.items()})


class ConstantLR(GroupwiseScheduler):
    """`factor` times the rate for the first `total_iters` epochs, then the rate itself.

    Raises:
        ValueError: `factor` is outside [0, 1].

    Example:
        >>> import groundup
        >>> opt = groundup.optim.SGD([groundup.zeros(1, requires_grad=True)], lr=0.8)
        >>> schedule = groundup.optim.lr_scheduler.ConstantLR(opt, factor=0.5, total_iters=1)
        >>> schedule.get_last_lr()
        [0.4]
        >>> opt.step(); schedule.step()
        >>> schedule.get_last_lr()
        [0.8]

    Follows ``torch.optim.lr_scheduler.ConstantLR``.
    """

    def __init__(
        self, optimizer: Optimizer, factor: float = 1.0 / 3, total_iters: int = 5, last_epoch: int = -1
    ) -> None:
        if not 0 <= factor <= 1:
            raise ValueError("Constant multiplicative factor expected to be between 0 and 1.")
        self.factor = factor
        self.total_iters = total_iters
        super().__init__(optimizer, last_epoch)

    def _next_rate(self, rate: float, base: float) -> float:
        if self.last_epoch == 0:
            return rate * self.factor
        if self.last_epoch != self.total_iters:
            return rate
        return rate * (1.0 / self.factor) if self.factor else base  # a rate of zero cannot be scaled back

    def _rate_at(self, epoch: int, base: float) -> float:
        return base * (self.factor if epoch < self.total_iters else 1.0)


class LinearLR(GroupwiseScheduler):
    """Warm-up: the rate goes along a line from `start_factor` to `end_factor` times itself, then stays.

        lr = base * (start + (end - start) * min(epoch / total_iters, 1))

    Raises:
        ValueError: `start_factor` is outside (0, 1] or `end_factor` outside [0, 1].

    Example:
        >>> import groundup
        >>> opt = groundup.optim.SGD([groundup.zeros(1, requires_grad=True)], lr=0.5)
        >>> schedule = groundup.optim.lr_scheduler.LinearLR(opt, start_factor=0.5, total_iters=2)
        >>> seen = []
        >>> for epoch in range(4):
        ...     seen += schedule.get_last_lr()
        ...     opt.step()
        ...     schedule.step()
        >>> seen
        [0.25, 0.375, 0.5, 0.5]

    Follows ``torch.optim.lr_scheduler.LinearLR``.
    """

    def __init__(
        self,
        optimizer: Optimizer,
        start_factor: float = 1.0 / 3,
        end_factor: float = 1.0,
        total_iters: int = 5,
        last_epoch: int = -1,
    ) -> None:
        if not 0 < start_factor <= 1:
            raise ValueError("Starting multiplicative factor expected to be greater than 0 and less or equal to 1.")
        if not 0 <= end_factor <= 1:
            raise ValueError("Ending multiplicative factor expected to be between 0 and 1.")
        self.start_factor = start_factor
        self.end_factor = end_factor
        self.total_iters = total_iters
        super().__init__(optimizer, last_epoch)

    def _next_rate(self, rate: float, base: float) -> float:
        if self.last_epoch == 0:
            return rate * self.start_factor
        if self._is_initial or self.last_epoch > self.total_iters:
            return rate
        rise = self.end_factor - self.start_factor
        return rate * (1.0 + rise / (self.total_iters * self.start_factor + (self.last_epoch - 1) * rise))

    def _rate_at(self, epoch: int, base: float) -> float:
        rise = self.end_factor - self.start_factor
        length = self.total_iters or 1
        return base * (self.start_factor + rise * min(epoch, self.total_iters) / length)


class PolynomialLR(GroupwiseScheduler):
    """The rate falls to zero in `total_iters` epochs: `lr = base * (1 - epoch / total_iters) ** power`.

    Example:
        >>> import groundup
        >>> opt = groundup.optim.SGD([groundup.zeros(1, requires_grad=True)], lr=1.0)
        >>> schedule = groundup.optim.lr_scheduler.PolynomialLR(opt, total_iters=4, power=2)
        >>> seen = []
        >>> for epoch in range(5):
        ...     seen += schedule.get_last_lr()
        ...     opt.step()
        ...     schedule.step()
        >>> [round(rate, 4) for rate in seen]
        [1.0, 0.5625, 0.25, 0.0625, 0.0]

    Follows ``torch.optim.lr_scheduler.PolynomialLR``.
    """

    def __init__(self, optimizer: Optimizer, total_iters: int = 5, power: float = 1.0, last_epoch: int = -1) -> None:
        self.total_iters = total_iters
        self.power = power
        super().__init__(optimizer, last_epoch)

    def _next_rate(self, rate: float, base: float) -> float:
        if self._is_initial or self.last_epoch > self.total_iters:
            return rate
        left, before = (1.0 - epoch / self.total_iters for epoch in (self.last_epoch, self.last_epoch - 1))
        return rate * (left / before) ** self.power

    def _rate_at(self, epoch: int, base: float) -> float:
        return base * (1.0 - min(self.total_iters, epoch) / self.total_iters) ** self.power


class ExponentialLR(GroupwiseScheduler):
    """Multiply the rate by `gamma` every epoch: `lr = base * gamma ** epoch`.

    Example:
        >>> import groundup
        >>> opt = groundup.optim.SGD([groundup.zeros(1, requires_grad=True)], lr=0.8)
        >>> schedule = groundup.optim.lr_scheduler.ExponentialLR(opt, gamma=0.5)
        >>> opt.step(); schedule.step()
        >>> schedule.get_last_lr()
        [0.4]

    Follows ``torch.optim.lr_scheduler.ExponentialLR``.
    """

    def __init__(self, optimizer: Optimizer, gamma: float, last_epoch: int = -1) -> None:
        self.gamma = gamma
        super().__init__(optimizer, last_epoch)

    def _next_rate(self, rate: float, base: float) -> float:
        return rate if self._is_initial else rate * self.gamma

    def _rate_at(self, epoch: int, base: float) -> float:
        return base * self.gamma**epoch


class CosineAnnealingLR(GroupwiseScheduler):
    r"""The rate falls along half a cosine, from itself to `eta_min` in `T_max` epochs.

        lr = eta_min + (base - eta_min) * (1 + cos(pi * epoch / T_max)) / 2

    After `T_max` epochs it rises again along the same curve.

    Raises:
        ValueError: `T_max` is not positive.

    Example:
        >>> import groundup
        >>> opt = groundup.optim.SGD([groundup.zeros(1, requires_grad=True)], lr=1.0)
        >>> schedule = groundup.optim.lr_scheduler.CosineAnnealingLR(opt, T_max=4)
        >>> seen = []
        >>> for epoch in range(5):
        ...     seen += schedule.get_last_lr()
        ...     opt.step()
        ...     schedule.step()
        >>> [round(rate, 3) for rate in seen]
        [1.0, 0.854, 0.5, 0.146, 0.0]

    Source: Loshchilov and Hutter, *SGDR: stochastic gradient descent with warm restarts*, 2017 (the curve;
    for the restarts see `CosineAnnealingWarmRestarts`). Follows
    ``torch.optim.lr_scheduler.CosineAnnealingLR``.
    """

    def __init__(self, optimizer: Optimizer, T_max: int, eta_min: float = 0.0, last_epoch: int = -1) -> None:
        if not T_max > 0:
            raise ValueError(f"Expected positive integer T_max, but got {T_max}")
        self.T_max = T_max
        self.eta_min = eta_min
        super().__init__(optimizer, last_epoch)

    def _height(self, epoch: int) -> float:
        return 1 + math.cos(math.pi * epoch / self.T_max)

    def _next_rate(self, rate: float, base: float) -> float:
        if self._is_initial:
            return rate
        if (self.last_epoch - 1 - self.T_max) % (2 * self.T_max) == 0:  # the last height was zero
            return rate + (base - self.eta_min) * (1 - math.cos(math.pi / self.T_max)) / 2
        ratio = self._height(self.last_epoch) / self._height(self.last_epoch - 1)
        return ratio * (rate - self.eta_min) + self.eta_min

    def _rate_at(self, epoch: int, base: float) -> float:
        return self.eta_min + (base - self.eta_min) * self._height(epoch) / 2
