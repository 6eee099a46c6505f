"""What the schedulers share: counting epochs, setting the learning rate of each parameter group, saving and
loading. A scheduler adds one formula, the rate of one group at one epoch."""

from __future__ import annotations

import warnings
from copy import deepcopy
from typing import Any

from groundup.optim.hyperparameters import number
from groundup.optim.optimizer import Group, Optimizer
from groundup.tensor import Tensor

__all__ = ["GroupwiseScheduler", "LRScheduler"]


def set_rate(group: Group, rate: float) -> None:
    """Set a group's learning rate; where the user gave it as a tensor, that tensor takes the value."""
    if isinstance(group["lr"], Tensor):
        group["lr"].fill_(rate)
    else:
        group["lr"] = rate


def rates(optimizer: Optimizer) -> list[float]:
    return [number(group["lr"]) for group in optimizer.param_groups]


def check_optimizer(optimizer: Any) -> None:
    if not isinstance(optimizer, Optimizer):
        raise TypeError(f"{type(optimizer).__name__} is not an Optimizer")


def per_group(name: str, value: Any, optimizer: Optimizer) -> list[float]:
    """A setting given once, or in a list with one value for each parameter group."""
    groups = len(optimizer.param_groups)
    if not isinstance(value, (list, tuple)):
        return [value] * groups
    if len(value) != groups:
        raise ValueError(
            f"{name} must have the same length as optimizer.param_groups. "
            f"{name} has {len(value)} values, param_groups has {groups}."
        )
    return list(value)


def warn_outside_step(scheduler: LRScheduler) -> None:
    """`get_lr` computes the next rates, which someone who calls it to look at the present ones misreads."""
    if not scheduler._get_lr_called_within_step:
        warnings.warn(
            "To get the last learning rate computed by the scheduler, please use `get_last_lr()`.",
            stacklevel=3,
        )


class LRScheduler:
    """Base of the schedulers: sets each group's `"lr"` when it is made and at each `step()`.

    Args:
        optimizer: whose learning rates are set.
        last_epoch: -1 to begin; to go on without a saved state, the number of the last epoch done, with an
            optimiser whose groups hold `"initial_lr"` (a saved one does).

    A scheduler's `step()` comes after the optimiser's, once for each epoch or batch, as its formula counts.
    To write a scheduler, override `get_lr`, which returns the rates of `self.last_epoch`, one for each
    group; `self.base_lrs` holds the rates at the beginning.

    Schedulers multiply the present rate where they can, so several that are stepped on one optimiser
    combine: a warm-up and a decay made on the same optimiser give the product of the two.

    Example:
        >>> import groundup
        >>> class Halve(groundup.optim.lr_scheduler.LRScheduler):
        ...     def get_lr(self):
        ...         return [base / 2**self.last_epoch for base in self.base_lrs]
        >>> opt = groundup.optim.SGD([groundup.zeros(1, requires_grad=True)], lr=0.8)
        >>> schedule = Halve(opt)
        >>> opt.step(); schedule.step()
        >>> schedule.get_last_lr()
        [0.4]

    Follows ``torch.optim.lr_scheduler.LRScheduler``.
    """

    def __init__(self, optimizer: Optimizer, last_epoch: int = -1) -> None:
        check_optimizer(optimizer)
        self.optimizer = optimizer
        for i, group in enumerate(optimizer.param_groups):
            if last_epoch == -1:
                group.setdefault("initial_lr", number(group["lr"]))
            elif "initial_lr" not in group:
                raise KeyError(
                    f"param 'initial_lr' is not specified in param_groups[{i}] when resuming scheduler with "
                    "last_epoch >= 0. Load the optimizer's saved state first; or, for a new run, leave "
                    "last_epoch at -1."
                )
        self.base_lrs: list[float] = [number(group["initial_lr"]) for group in optimizer.param_groups]
        self.last_epoch = last_epoch
        self._get_lr_called_within_step = False
        self._initial_step()

    def _initial_step(self) -> None:
        """Set the rates of the first epoch (or, when resuming, of the next one)."""
        self._step_count = 0
        self._is_initial = True
        try:
            self.step()
        finally:
            self._is_initial = False

    def step(self, epoch: int | None = None) -> None:
        """Go to the next epoch and set its rates. An `epoch` to jump to is accepted, with a warning."""
        if self._step_count == 1 and not self.optimizer._opt_called:
            warnings.warn(
                "Detected call of `lr_scheduler.step()` before `optimizer.step()`. Call them in the opposite "
                "order: `optimizer.step()` before `lr_scheduler.step()`. Otherwise the first value of the "
                "learning rate schedule is skipped.",
                stacklevel=2,
            )
        self._step_count += 1
        if epoch is not None:
            warnings.warn(
                "The epoch parameter in `scheduler.step()` was not necessary and is being deprecated where "
                "possible. Please use `scheduler.step()` to step the scheduler.",
                stacklevel=2,
            )
        self._update_lr(epoch)

    def _update_lr(self, epoch: int | None = None) -> None:
        """Set the rates of the next epoch from the present ones, or those of `epoch` from the first ones."""
        self._get_lr_called_within_step = True
        try:
            if epoch is None:
                self.last_epoch += 1
                values = self.get_lr()
            else:
                self.last_epoch = epoch
                values = getattr(self, "_get_closed_form_lr", self.get_lr)()
        finally:
            self._get_lr_called_within_step = False
        self._set_rates(values)

    def _set_rates(self, values: list[float]) -> None:
        groups = self.optimizer.param_groups
        if len(values) != len(groups):
            raise ValueError(
                f"{type(self).__name__} gave {len(values)} learning rates for {len(groups)} groups. "
                "A group that was added after the scheduler was made needs a new scheduler."
            )
        for group, value in zip(groups, values, strict=True):
            set_rate(group, value)
        self._last_lr = rates(self.optimizer)

    def get_lr(self) -> list[float]:
        """The rates of `self.last_epoch`, one for each group: the formula of the scheduler."""
        raise NotImplementedError(f"{type(self).__name__} does not define get_lr()")

    def get_last_lr(self) -> list[float]:
        """The rates that were set last, one for each group."""
        return self._last_lr

    def state_dict(self) -> dict[str, Any]:
        """A copy of everything but the optimiser, whose own `state_dict` holds the present rates."""
        return {key: deepcopy(value) for key, value in vars(self).items() if key not in self._unsaved}

    _unsaved: tuple[str, ...] = ("optimizer",)

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take over a state that `state_dict` returned, here or in PyTorch.

        The optimiser's learning rates are in the optimiser's state: load that too.

        Raises:
            ValueError: the state is one of another kind of scheduler.
        """
        own = [key for key in vars(self) if key not in self._unsaved]
        missing = [key for key in own if not key.startswith("_") and key not in state_dict]
        if missing:
            raise ValueError(
                f"loaded state dict is not one of {type(self).__name__}: it has no " + ", ".join(map(repr, missing))
            )
        self.__dict__.update({key: deepcopy(state_dict[key]) for key in own if key in state_dict})


class GroupwiseScheduler(LRScheduler):
    """A scheduler whose formula is the same for all groups.

    It gives the rate at an epoch from the first rate (`_rate_at`), and where it can the next rate from the
    present one (`_next_rate`), which lets schedulers on one optimiser combine.
    """

    def _rate_at(self, epoch: int, base: float) -> float:
        raise NotImplementedError(f"{type(self).__name__} does not define _rate_at()")

    def _next_rate(self, rate: float, base: float) -> float:
        return self._rate_at(self.last_epoch, base)

    def get_lr(self) -> list[float]:
        warn_outside_step(self)
        pairs = zip(rates(self.optimizer), self.base_lrs, strict=False)
        return [self._next_rate(rate, base) for rate, base in pairs]

    def _get_closed_form_lr(self) -> list[float]:
        return [self._rate_at(self.last_epoch, base) for base in self.base_lrs]
