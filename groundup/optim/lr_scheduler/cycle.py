"""Schedules that move the learning rate up and down: one cycle over a whole training run, and a cosine that
is restarted again and again."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from groundup.optim.lr_scheduler.base import (
    GroupwiseScheduler,
    LRScheduler,
    check_optimizer,
    per_group,
    warn_outside_step,
)
from groundup.optim.optimizer import Group, Optimizer

__all__ = ["CosineAnnealingWarmRestarts", "OneCycleLR"]


def _along_cosine(start: float, end: float, done: float) -> float:
    return end + (start - end) / 2.0 * (math.cos(math.pi * done) + 1)


def _along_line(start: float, end: float, done: float) -> float:
    return (end - start) * done + start


_CURVES: dict[str, Callable[[float, float, float], float]] = {"cos": _along_cosine, "linear": _along_line}


class OneCycleLR(LRScheduler):
    """One cycle: the rate rises from `max_lr / div_factor` to `max_lr` and then falls far below its start.

    Momentum (`"momentum"`, or the first of `"betas"`) goes the other way, from `max_momentum` down to
    `base_momentum` and back. `step()` belongs after every batch, not after every epoch.

    Args:
        optimizer: whose learning rates and momenta are set.
        max_lr: the highest rate; or a list, one for each group.
        total_steps: the number of batches in the run; or give `epochs` and `steps_per_epoch`.
        pct_start: the part of the run in which the rate rises.
        anneal_strategy: the curve between the turning points, `"cos"` or `"linear"`.
        cycle_momentum: whether momentum is set too.
        base_momentum, max_momentum: its lowest and highest value; or lists.
        div_factor: `max_lr` over the first rate.
        final_div_factor: the first rate over the last one.
        three_phase: fall to the first rate as fast as it rose, then to the last one; not in one curve.
        last_epoch: see `LRScheduler`.

    Raises:
        ValueError: a setting is out of its range; or `step()` is called more than `total_steps` times.

    Example:
        >>> import groundup
        >>> opt = groundup.optim.SGD([groundup.zeros(1, requires_grad=True)], lr=0.1, momentum=0.9)
        >>> schedule = groundup.optim.lr_scheduler.OneCycleLR(opt, max_lr=1.0, total_steps=5, pct_start=0.4)
        >>> seen = []
        >>> for batch in range(5):
        ...     seen.append((round(opt.param_groups[0]["lr"], 3), round(opt.param_groups[0]["momentum"], 3)))
        ...     opt.step()
        ...     schedule.step()
        >>> seen
        [(0.04, 0.95), (1.0, 0.85), (0.75, 0.875), (0.25, 0.925), (0.0, 0.95)]

    Source: Smith and Topin, *Super-convergence: very fast training of neural networks using large learning
    rates*, 2018. Follows ``torch.optim.lr_scheduler.OneCycleLR``.
    """

    def __init__(
        self,
        optimizer: Optimizer,
        max_lr: float | list[float],
        total_steps: int | None = None,
        epochs: int | None = None,
        steps_per_epoch: int | None = None,
        pct_start: float = 0.3,
        anneal_strategy: str = "cos",
        cycle_momentum: bool = True,
        base_momentum: float | list[float] = 0.85,
        max_momentum: float | list[float] = 0.95,
        div_factor: float = 25.0,
        final_div_factor: float = 1e4,
        three_phase: bool = False,
        last_epoch: int = -1,
    ) -> None:
        check_optimizer(optimizer)
        self.total_steps = _total_steps(total_steps, epochs, steps_per_epoch)
        if not 0 <= pct_start <= 1:
            raise ValueError(f"Expected float between 0 and 1 pct_start, but got {pct_start}")
        if anneal_strategy not in _CURVES:
            raise ValueError(f"anneal_strategy must be one of 'cos' or 'linear', instead got {anneal_strategy}")
        self._schedule_phases = _phases(pct_start, self.total_steps, three_phase)
        self._anneal_func_type = anneal_strategy
        self.cycle_momentum = cycle_momentum
        if cycle_momentum:
            self.use_beta1 = "betas" in optimizer.defaults
            if not self.use_beta1 and "momentum" not in optimizer.defaults:
                raise ValueError("optimizer must support momentum or beta1 with `cycle_momentum` option enabled")
        highest = per_group("max_lr", max_lr, optimizer)
        most = per_group("max_momentum", max_momentum, optimizer)
        least = per_group("base_momentum", base_momentum, optimizer)
        if last_epoch == -1:
            for i, group in enumerate(optimizer.param_groups):
                group["initial_lr"] = highest[i] / div_factor
                group["max_lr"] = highest[i]
                group["min_lr"] = group["initial_lr"] / final_div_factor
                if cycle_momentum:
                    group["max_momentum"], group["base_momentum"] = most[i], least[i]
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[float]:
        warn_outside_step(self)
        if self.last_epoch > self.total_steps:
            raise ValueError(
                f"Tried to step {self.last_epoch} times. The specified number of total steps is {self.total_steps}"
            )
        phase, done = self._position()
        curve = _CURVES[self._anneal_func_type]
        groups = self.optimizer.param_groups
        if self.cycle_momentum:
            for group in groups:
                start, end = group[phase["start_momentum"]], group[phase["end_momentum"]]
                self._set_momentum(group, curve(start, end, done))
        return [curve(group[phase["start_lr"]], group[phase["end_lr"]], done) for group in groups]

    def _position(self) -> tuple[dict[str, Any], float]:
        """The present phase, and how much of it is done (more than all of it after the last step)."""
        start: float = 0.0
        last = self._schedule_phases[-1]
        for phase in self._schedule_phases:
            end = phase["end_step"]
            if self.last_epoch <= end or phase is last:
                break
            start = end
        length = end - start
        return phase, (self.last_epoch - start) / length if length else 1.0

    def _set_momentum(self, group: Group, momentum: float) -> None:
        if self.use_beta1:
            group["betas"] = (momentum, *group["betas"][1:])
        else:
            group["momentum"] = momentum


def _total_steps(total_steps: int | None, epochs: int | None, steps_per_epoch: int | None) -> int:
    if total_steps is not None:
        return _positive("total_steps", total_steps)
    if epochs is None or steps_per_epoch is None:
        raise ValueError("You must define either total_steps OR (epochs AND steps_per_epoch)")
    return _positive("epochs", epochs) * _positive("steps_per_epoch", steps_per_epoch)


def _positive(name: str, value: Any) -> int:
    if not isinstance(value, int) or value <= 0:
        raise ValueError(f"Expected positive integer {name}, but got {value}")
    return value


def _phases(pct_start: float, total_steps: int, three_phase: bool) -> list[dict[str, Any]]:
    """The turning points: the step that ends each phase, and between which of the group's values it goes."""

    def phase(end_step: float, start_lr: str, end_lr: str, start: str, end: str) -> dict[str, Any]:
        return {
            "end_step": end_step,
            "start_lr": start_lr,
            "end_lr": end_lr,
            "start_momentum": f"{start}_momentum",
            "end_momentum": f"{end}_momentum",
        }

    rise = float(pct_start * total_steps)
    first = phase(rise - 1, "initial_lr", "max_lr", "max", "base")
    if not three_phase:
        return [first, phase(total_steps - 1, "max_lr", "min_lr", "base", "max")]
    return [
        first,
        phase(2 * rise - 2, "max_lr", "initial_lr", "base", "max"),
        phase(total_steps - 1, "initial_lr", "min_lr", "max", "max"),
    ]


class CosineAnnealingWarmRestarts(GroupwiseScheduler):
    """Half a cosine from the rate to `eta_min`, again and again, each `T_mult` times as long as the last.

        lr = eta_min + (base - eta_min) * (1 + cos(pi * T_cur / T_i)) / 2

    `T_cur` counts the epochs since the last restart and `T_i` is the length of the present cosine, at first
    `T_0`. `step(epoch)` sets any point, and takes fractions of an epoch (`epoch + batch / batches`).

    Raises:
        ValueError: `T_0` or `T_mult` is not a positive integer, or `step` is given a negative epoch.

    Example:
        >>> import groundup
        >>> opt = groundup.optim.SGD([groundup.zeros(1, requires_grad=True)], lr=1.0)
        >>> schedule = groundup.optim.lr_scheduler.CosineAnnealingWarmRestarts(opt, T_0=2)
        >>> seen = []
        >>> for epoch in range(5):
        ...     seen += schedule.get_last_lr()
        ...     opt.step()
        ...     schedule.step()
        >>> [round(rate, 3) for rate in seen]
        [1.0, 0.5, 1.0, 0.5, 1.0]

    Source: Loshchilov and Hutter, *SGDR: stochastic gradient descent with warm restarts*, 2017. Follows
    ``torch.optim.lr_scheduler.CosineAnnealingWarmRestarts``.
    """

    def __init__(
        self, optimizer: Optimizer, T_0: int, T_mult: int = 1, eta_min: float = 0.0, last_epoch: int = -1
    ) -> None:
        if not isinstance(T_0, int) or T_0 <= 0:
            raise ValueError(f"Expected positive integer T_0, but got {T_0}")
        if not isinstance(T_mult, int) or T_mult < 1:
            raise ValueError(f"Expected integer T_mult >= 1, but got {T_mult}")
        self.T_0 = T_0
        self.T_i = T_0
        self.T_mult = T_mult
        self.eta_min = eta_min
        self.T_cur: float = last_epoch
        super().__init__(optimizer, last_epoch)

    def step(self, epoch: float | None = None) -> None:
        if epoch is not None or self.last_epoch < 0:
            self._go_to(epoch or 0)
        else:
            self.last_epoch += 1
            self.T_cur += 1
            if self.T_cur >= self.T_i:
                self.T_cur %= self.T_i
                self.T_i *= self.T_mult
        self._set_rates(self._get_closed_form_lr())

    def _update_lr(self, epoch: int | None = None) -> None:
        self.step(epoch)

    def _go_to(self, epoch: float) -> None:
        if epoch < 0:
            raise ValueError(f"Expected non-negative epoch, but got {epoch}")
        start, length = 0, self.T_0
        while epoch - start >= length:
            start, length = start + length, length * self.T_mult
        self.T_cur, self.T_i = epoch - start, length
        self.last_epoch = math.floor(epoch)

    def _rate_at(self, epoch: int, base: float) -> float:
        return self.eta_min + (base - self.eta_min) * (1 + math.cos(math.pi * self.T_cur / self.T_i)) / 2
