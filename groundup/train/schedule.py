"""When a learning-rate scheduler steps: after each step of the optimiser, or after each epoch.

PyTorch leaves this to the training loop, and a scheduler stepped at the wrong moments fails silently; the
``Learner`` settles it here, before training starts.
"""

from __future__ import annotations

from typing import Any

from groundup.optim.lr_scheduler import OneCycleLR, ReduceLROnPlateau

__all__ = ["settle_interval", "step_epoch"]


def settle_interval(scheduler: Any, interval: str) -> str:
    """``"epoch"`` or ``"step"``; ``"auto"`` is ``"step"`` for a scheduler whose length is in steps."""
    if interval not in ("auto", "epoch", "step"):
        raise ValueError(f'scheduler_interval must be "auto", "epoch" or "step", got {interval!r}')
    if interval == "step" and isinstance(scheduler, ReduceLROnPlateau):
        raise ValueError('ReduceLROnPlateau steps once an epoch; leave out scheduler_interval="step"')
    if interval == "auto":
        return "step" if isinstance(scheduler, OneCycleLR) else "epoch"
    return interval


def step_epoch(scheduler: Any, row: dict[str, Any]) -> None:
    """Step at the end of an epoch; a scheduler that watches a number is given the epoch's loss."""
    if not isinstance(scheduler, ReduceLROnPlateau):
        scheduler.step()
        return
    loss = row.get("valid_loss", row["train_loss"])
    if loss is not None:  # as it is when the epoch was cancelled before anything was measured
        scheduler.step(loss)
