"""Schedules that move the learning rate up and down: one cycle over a whole training run, a triangle again and
again, and a cosine that is restarted again and again."""

from __future__ import annotations

import math
import types
from collections.abc import Callable
from copy import deepcopy
from typing import Any

from groundup.optim.lr_scheduler.base import (
    GroupwiseScheduler,
    LRScheduler,
    check_optimizer,
    per_group,
    set_rate,
    warn_outside_step,
)
from groundup.optim.optimizer import Group, Optimizer

__all__ = ["CosineAnnealingWarmRestarts", "CyclicLR", "OneCycleLR"]


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
            self.use_beta1 = _uses_beta1(optimizer)
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
                _set_momentum(group, curve(start, end, done), self.use_beta1)
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


def _uses_beta1(optimizer: Optimizer) -> bool:
    """Whether the momentum is the first of the optimiser's betas."""
    if "betas" not in optimizer.defaults and "momentum" not in optimizer.defaults:
        raise ValueError("optimizer must support momentum or beta1 with `cycle_momentum` option enabled")
    return "betas" in optimizer.defaults


def _set_momentum(group: Group, momentum: float, use_beta1: bool) -> None:
    if use_beta1:
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


class CyclicLR(LRScheduler):
    """A triangle, again and again: the rate rises from `base_lr` to `max_lr` along a line, and falls back.

    Momentum (`"momentum"`, or the first of `"betas"`) goes the other way. `step()` belongs after every batch.

    Args:
        optimizer: whose learning rates and momenta are set.
        base_lr, max_lr: the lowest and the highest rate; or lists, one value for each group.
        step_size_up: the batches of a rise.
        step_size_down: the batches of a fall; `step_size_up` unless given.
        mode: `"triangular"`: all cycles alike; `"triangular2"`: each half as high as the last;
            `"exp_range"`: the height falls as `gamma ** batch`.
        gamma: see `mode`.
        scale_fn: in the place of `mode`: by what the height is multiplied.
        scale_mode: whether `scale_fn` is given the number of the `"cycle"` (from 1) or of `"iterations"`.
        cycle_momentum: whether momentum is set too.
        base_momentum, max_momentum: its lowest and highest value; or lists.
        last_epoch: see `LRScheduler`.

    A `scale_fn` is not saved by `state_dict`, the attributes of a callable object are.

    Raises:
        ValueError: no such mode, a list of a wrong length, or an optimiser without momentum.

    Example:
        >>> import groundup
        >>> opt = groundup.optim.SGD([groundup.zeros(1, requires_grad=True)], lr=0.1, momentum=0.9)
        >>> schedule = groundup.optim.lr_scheduler.CyclicLR(opt, base_lr=0.25, max_lr=0.75, step_size_up=2)
        >>> seen = []
        >>> for batch in range(6):
        ...     seen += schedule.get_last_lr()
        ...     opt.step()
        ...     schedule.step()
        >>> seen
        [0.25, 0.5, 0.75, 0.5, 0.25, 0.5]

    Source: Smith, *Cyclical learning rates for training neural networks*, 2017. Follows
    ``torch.optim.lr_scheduler.CyclicLR``.
    """

    _unsaved = ("optimizer", "_scale_fn_custom")

    def __init__(
        self,
        optimizer: Optimizer,
        base_lr: float | list[float],
        max_lr: float | list[float],
        step_size_up: int = 2000,
        step_size_down: int | None = None,
        mode: str = "triangular",
        gamma: float = 1.0,
        scale_fn: Callable[[float], float] | None = None,
        scale_mode: str = "cycle",
        cycle_momentum: bool = True,
        base_momentum: float = 0.8,
        max_momentum: float = 0.9,
        last_epoch: int = -1,
    ) -> None:
        check_optimizer(optimizer)
        lowest = per_group("base_lr", base_lr, optimizer)
        self.max_lrs = per_group("max_lr", max_lr, optimizer)
        rise = float(step_size_up)
        self.total_size = rise + (rise if step_size_down is None else float(step_size_down))
        self.step_ratio = rise / self.total_size
        if scale_fn is None and mode not in ("triangular", "triangular2", "exp_range"):
            raise ValueError("mode is invalid and scale_fn is None")
        self.mode = mode
        self.gamma = gamma
        self._scale_fn_custom = scale_fn
        if scale_fn is None:
            scale_mode = "iterations" if mode == "exp_range" else "cycle"
        self.scale_mode = scale_mode
        self.cycle_momentum = cycle_momentum
        if cycle_momentum:
            self.use_beta1 = _uses_beta1(optimizer)
            self.base_momentums = per_group("base_momentum", base_momentum, optimizer)
            self.max_momentums = per_group("max_momentum", max_momentum, optimizer)
        if last_epoch == -1:
            self._set_first_values(optimizer.param_groups, lowest)
        self.optimizer = optimizer
        super().__init__(optimizer, last_epoch)
        self.base_lrs = lowest

    def _set_first_values(self, groups: list[Group], lowest: list[float]) -> None:
        for i, group in enumerate(groups):
            set_rate(group, lowest[i])
            if self.cycle_momentum:
                _set_momentum(group, self.max_momentums[i], self.use_beta1)
                group["max_momentum"], group["base_momentum"] = self.max_momentums[i], self.base_momentums[i]

    def scale_fn(self, x: float) -> float:
        """By what the height of the triangle is multiplied, in cycle or batch `x`."""
        if self._scale_fn_custom is not None:
            return self._scale_fn_custom(x)
        if self.mode == "triangular2":
            return 1 / (2.0 ** (x - 1))
        return self.gamma**x if self.mode == "exp_range" else 1.0

    def get_lr(self) -> list[float]:
        warn_outside_step(self)
        cycle = math.floor(1 + self.last_epoch / self.total_size)
        done = 1.0 + self.last_epoch / self.total_size - cycle
        height = done / self.step_ratio if done <= self.step_ratio else (done - 1) / (self.step_ratio - 1)
        scale = self.scale_fn(cycle if self.scale_mode == "cycle" else self.last_epoch)
        if self.cycle_momentum:
            bounds = zip(self.optimizer.param_groups, self.base_momentums, self.max_momentums, strict=False)
            for group, low, high in bounds:
                _set_momentum(group, high - (high - low) * height * scale, self.use_beta1)
        return [low + (high - low) * height * scale for low, high in zip(self.base_lrs, self.max_lrs, strict=True)]

    def state_dict(self) -> dict[str, Any]:
        scale = self._scale_fn_custom
        plain = scale is None or isinstance(scale, types.FunctionType)
        return {**super().state_dict(), "_scale_fn_custom": None if plain else deepcopy(vars(scale))}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        super().load_state_dict(state_dict)
        attributes = state_dict.get("_scale_fn_custom")
        if attributes and self._scale_fn_custom is not None:
            vars(self._scale_fn_custom).update(deepcopy(attributes))


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
