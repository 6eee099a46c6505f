"""What a ``Learner`` looks at before it starts: mistakes that would cost an epoch, or go unnoticed.

Each check raises with what to write instead.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from groundup.data import Dataset, IterableDataset
from groundup.nn import Module
from groundup.tensor import Tensor

if TYPE_CHECKING:
    from groundup.train.learner import Learner


def check_parts(model: Any, **others: Any) -> None:
    """Whether the parts are what they must be, and not the classes of which to make them."""
    if not isinstance(model, Module):
        raise TypeError(f"model must be a groundup.nn.Module, got {type(model).__name__}")
    for name, given in others.items():
        if isinstance(given, type):
            raise TypeError(f"{name} must be an instance, not the class {given.__name__} itself")


def check_fit(learner: Learner, epochs: int) -> None:
    """Whether ``fit`` has all that it needs, and whether the parts belong together."""
    if isinstance(epochs, bool) or not isinstance(epochs, int) or epochs < 0:
        raise ValueError(f"epochs must be a whole number of 0 or more, got {epochs!r}")
    needed = {"train_loader": learner.train_loader, "loss_fn": learner.loss_fn, "optimizer": learner.optimizer}
    missing = [f"{name}=..." for name, value in needed.items() if value is None]
    if missing:
        raise ValueError(f"fit needs more than this learner was given: Learner(model, {', '.join(missing)})")
    own = {id(each) for each in learner.model.parameters()}
    if not any(id(each) in own for group in learner.optimizer.param_groups for each in group["params"]):
        raise ValueError(
            "none of the optimizer's parameters belongs to the model, which would never change; "
            "make it with model.parameters() of this model"
        )
    if learner.scheduler is not None and getattr(learner.scheduler, "optimizer", None) is not learner.optimizer:
        raise ValueError("the scheduler was made for another optimizer, so it would change nothing here")
    for name, loader in (("train_loader", learner.train_loader), ("valid_loader", learner.valid_loader)):
        if isinstance(loader, Iterator):
            raise ValueError(
                f"{name} is an iterator, which is empty after one epoch; "
                "pass what it iterates over: a DataLoader or a list of batches"
            )
        if isinstance(loader, Dataset) and not isinstance(loader, IterableDataset):
            raise TypeError(
                f"{name} is a data set, which gives single samples; "
                "pass a loader of batches: DataLoader(dataset, batch_size=32, shuffle=True)"
            )


def check_loss(loss: Any) -> None:
    """Whether a loss is one number, from which ``backward`` can start."""
    if not isinstance(loss, Tensor):
        raise TypeError(f"loss_fn must give a tensor of one number for a batch, got {type(loss).__name__}")
    if loss.numel() != 1:
        raise ValueError(
            f"loss_fn must give one number for a batch, got the shape {tuple(loss.shape)}; "
            'leave out reduction="none", or take its mean()'
        )
