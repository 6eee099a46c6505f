"""Several schedules on one optimiser: one after the other, such as a warm-up and then a decay, or all at once."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from typing import Any

from groundup.optim.lr_scheduler.base import LRScheduler, check_optimizer, rates, set_rate
from groundup.optim.lr_scheduler.plateau import ReduceLROnPlateau
from groundup.optim.optimizer import Optimizer

__all__ = ["ChainedScheduler", "SequentialLR"]


class _Several(LRScheduler):
    """Schedulers that are saved and loaded together, in a list."""

    _unsaved = ("optimizer", "_schedulers")
    _schedulers: Sequence[LRScheduler]

    def _undo(self) -> None:
        """Take back the step that each scheduler made when it was made."""
        for scheduler in self._schedulers:
            if isinstance(scheduler, _Several):
                scheduler._undo()
            else:
                scheduler.last_epoch -= 1

    def state_dict(self) -> dict[str, Any]:
        own = super().state_dict()
        return {**own, "_schedulers": [scheduler.state_dict() for scheduler in self._schedulers]}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        parts = state_dict.get("_schedulers", ())
        if len(parts) != len(self._schedulers):
            raise ValueError(
                f"loaded state dict holds {len(parts)} schedulers, "
                f"this {type(self).__name__} has {len(self._schedulers)}"
            )
        super().load_state_dict(state_dict)
        for scheduler, part in zip(self._schedulers, parts, strict=True):
            scheduler.load_state_dict(part)


class ChainedScheduler(_Several):
    """Step several schedulers at once; their factors multiply, as each changes the rate that it finds.

    Args:
        schedulers: made for one optimiser, of kinds that multiply the present rate (not `LambdaLR`).
        optimizer: theirs; it need not be given.

    Raises:
        ValueError: no scheduler, one of another optimiser, or one that needs a metric.

    Example:
        >>> import groundup
        >>> from groundup.optim.lr_scheduler import ChainedScheduler, ConstantLR, ExponentialLR
        >>> opt = groundup.optim.SGD([groundup.zeros(1, requires_grad=True)], lr=0.8)
        >>> schedule = ChainedScheduler([ConstantLR(opt, 0.5, 2), ExponentialLR(opt, gamma=0.5)])
        >>> seen = []
        >>> for epoch in range(4):
        ...     seen += schedule.get_last_lr()
        ...     opt.step()
        ...     schedule.step()
        >>> seen
        [0.4, 0.2, 0.2, 0.1]

    Follows ``torch.optim.lr_scheduler.ChainedScheduler``.
    """

    def __init__(self, schedulers: Sequence[LRScheduler], optimizer: Optimizer | None = None) -> None:
        if len(schedulers) < 1:
            raise ValueError("ChainedScheduler expects at least one scheduler to be chained, but got no scheduler.")
        for i, scheduler in enumerate(schedulers):
            if not hasattr(scheduler, "optimizer"):
                raise TypeError(f"ChainedScheduler at index {i} should have `optimizer` as its attribute.")
        self.optimizer = schedulers[0].optimizer if optimizer is None else optimizer
        _check_stepped_alike("ChainedScheduler", self.optimizer, schedulers)
        self._schedulers = schedulers
        self._last_lr = rates(self.optimizer)

    def step(self) -> None:  # type: ignore[override]
        for scheduler in self._schedulers:
            scheduler.step()
        self._last_lr = rates(self.optimizer)

    def _initial_step(self) -> None:
        """Begin, as the first one of a `SequentialLR`."""
        for scheduler in self._schedulers:
            scheduler._initial_step()
        self._last_lr = rates(self.optimizer)

    def _update_lr(self, epoch: int | None = None) -> None:
        """Begin, as a later one of a `SequentialLR`: each takes its first step from the first rates."""
        for group in self.optimizer.param_groups:
            set_rate(group, group["initial_lr"])
        for scheduler in self._schedulers:
            scheduler.last_epoch = -1
        self._initial_step()


class SequentialLR(_Several):
    """Follow one scheduler up to the first milestone, the next one up to the second, and so on.

    Each scheduler begins at its own epoch 0 when its turn comes.

    Args:
        optimizer: the one that all the schedulers were made for.
        schedulers: in the order of their turns.
        milestones: the epochs at which the second, third, ... begin; one fewer than schedulers.
        last_epoch: see `LRScheduler`.

    Raises:
        ValueError: no scheduler, one of another optimiser, one that needs a metric, or milestones that do
            not go with them.

    Example:
        >>> import groundup
        >>> from groundup.optim.lr_scheduler import ExponentialLR, LinearLR, SequentialLR
        >>> opt = groundup.optim.SGD([groundup.zeros(1, requires_grad=True)], lr=0.5)
        >>> warmup = LinearLR(opt, start_factor=0.5, total_iters=2)
        >>> schedule = SequentialLR(opt, [warmup, ExponentialLR(opt, gamma=0.5)], milestones=[2])
        >>> seen = []
        >>> for epoch in range(5):
        ...     seen += schedule.get_last_lr()
        ...     opt.step()
        ...     schedule.step()
        >>> seen
        [0.25, 0.375, 0.5, 0.25, 0.125]

    Follows ``torch.optim.lr_scheduler.SequentialLR``.
    """

    def __init__(
        self,
        optimizer: Optimizer,
        schedulers: list[LRScheduler],
        milestones: list[int],
        last_epoch: int = -1,
    ) -> None:
        check_optimizer(optimizer)
        _check_turns(optimizer, schedulers, milestones)
        self.optimizer = optimizer
        self._schedulers = schedulers
        self._milestones = milestones
        self.last_epoch = last_epoch + 1
        # Making the schedulers has set the rates of each one's first epoch: take that back, then begin.
        for group in optimizer.param_groups:
            set_rate(group, group["initial_lr"])
        self._undo()
        first = schedulers[bisect_right(milestones, 0)]
        first._initial_step()
        self._last_lr = first.get_last_lr()

    def _initial_step(self) -> None:
        """Begin, as the first one of another `SequentialLR`."""
        self.last_epoch = 0
        first = self._schedulers[bisect_right(self._milestones, 0)]
        first._initial_step()
        self._last_lr = first.get_last_lr()

    def _update_lr(self, epoch: int | None = None) -> None:
        """Begin, as a later one of another `SequentialLR`."""
        self.last_epoch = 0
        first = self._schedulers[bisect_right(self._milestones, 0)]
        first._update_lr(0)
        self._last_lr = first.get_last_lr()

    def step(self) -> None:  # type: ignore[override]
        self.last_epoch += 1
        turn = bisect_right(self._milestones, self.last_epoch)
        scheduler = self._schedulers[turn]
        if turn > 0 and self._milestones[turn - 1] == self.last_epoch:
            scheduler._update_lr(0)
        else:
            scheduler.step()
        self._last_lr = scheduler.get_last_lr()


def _check_turns(optimizer: Optimizer, schedulers: list[LRScheduler], milestones: list[int]) -> None:
    if len(schedulers) < 1:
        raise ValueError("SequentialLR expects at least one scheduler, but got no scheduler.")
    _check_stepped_alike("SequentialLR", optimizer, schedulers)
    if len(milestones) != len(schedulers) - 1:
        raise ValueError(
            "Sequential Schedulers expects number of schedulers provided to be one more than the number of "
            f"milestone points, but got number of schedulers {len(schedulers)} and the number of milestones "
            f"to be equal to {len(milestones)}"
        )


def _check_stepped_alike(name: str, optimizer: Optimizer, schedulers: Sequence[LRScheduler]) -> None:
    """Refuse a scheduler that `step()` without arguments cannot step, and one of another optimiser."""
    for i, scheduler in enumerate(schedulers):
        if isinstance(scheduler, ReduceLROnPlateau):
            raise ValueError(
                f"{name} does not support `ReduceLROnPlateau` scheduler as it requires additional "
                f"kwargs to be specified when calling `step`, but got one at index {i} in the given schedulers "
                "sequence."
            )
        if scheduler.optimizer is not optimizer:
            raise ValueError(
                f"{name} expects all schedulers to belong to the same optimizer, but got scheduler "
                f"{type(scheduler).__name__} at index {i}, which belongs to another one."
            )
