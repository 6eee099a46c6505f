"""The state of a training run: taken down as plain data, and put back so that the run goes on exactly.

It is the weights, the optimiser, the scheduler, what callbacks and metrics remember, the history, the
loaders' places and every random state. The ``Learner`` saves and resumes by it.
"""

from __future__ import annotations

import copy
import itertools
import os
import warnings
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from groundup.atomic import StrPath
from groundup.io.state_file import load
from groundup.io.tensor_file import require_safetensors
from groundup.train.callbacks import Callback
from groundup.train.fingerprint import ResumeWarning, differences, fingerprint
from groundup.train.random_states import get_random_states, set_random_states

if TYPE_CHECKING:
    from groundup.train.learner import Learner
    from groundup.train.metrics import Metric

_FORMAT = 1
_PARTS = {
    "format",
    "fingerprint",
    "position",
    "model",
    "gradients",
    "optimizer",
    "scheduler",
    "callbacks",
    "meters",
    "history",
    "loaders",
    "random",
}
_COUNTS = ("fits_done", "epochs_done", "batches_done", "steps_done", "first_epoch")
_POSITION = (*_COUNTS, "in_epoch", "stopped", "seconds", "rate")


def capture(learner: Learner) -> dict[str, Any]:
    """The whole state of a run between two batches or two epochs."""
    loaders = {"train": _state(learner.train_loader), "valid": _state(learner.valid_loader)}
    _check_place(learner, loaders["train"])
    return {
        "format": _FORMAT,
        "fingerprint": fingerprint(learner.steps.mode),
        "kinds": learner.steps.state_dict(),
        "position": {name: getattr(learner, name) for name in _POSITION},
        "model": dict(learner.model.state_dict()),
        # There are none between batches, unless a callback adds them up over several.
        "gradients": {n: p.grad for n, p in learner.model.named_parameters() if p.grad is not None},
        "optimizer": _state(learner.optimizer),
        "scheduler": _state(learner.scheduler),
        "callbacks": {name: each.state_dict() for name, each in named(learner.callbacks).items()},
        "meters": {name: meter.state_dict() for name, meter in _meters(learner).items()},
        "history": learner.history.state_dict(),
        "loaders": loaders,
        "random": {"now": get_random_states(), "epoch": learner.epoch_random},
    }


def read(path: StrPath) -> dict[str, Any]:
    """Read a checkpoint; raises ``ValueError``, naming the file, when it is whole but something else."""
    require_safetensors("resuming a run")
    state = load(path)
    position = state.get("position") if isinstance(state, dict) else None
    counts = [position.get(name) for name in _COUNTS] if isinstance(position, dict) else [None]
    if any(type(count) is not int for count in counts) or not set(state) >= _PARTS:
        raise ValueError(f"{os.fspath(path)} is no checkpoint of a Learner; for weights use groundup.load")
    if type(state["format"]) is not int or state["format"] != _FORMAT:
        raise ValueError(f"{os.fspath(path)} is a checkpoint of format {state['format']}; this version reads {_FORMAT}")
    return state


def restore(learner: Learner, state: dict[str, Any], source: StrPath) -> None:
    """Put a run back; if a part does not fit, all is as it was before, and ``ValueError`` names the file."""
    before = copy.deepcopy(capture(learner))
    try:
        _restore(learner, state)
        _warn_of_differences(learner, state)
    except BaseException as error:
        _restore(learner, before)
        if isinstance(error, Exception) and not isinstance(error, Warning):
            reason = str(error) if isinstance(error, ValueError | RuntimeError) else repr(error)
            raise ValueError(f"{os.fspath(source)} does not fit this learner: {reason}") from error
        raise


def _restore(learner: Learner, state: dict[str, Any]) -> None:
    learner.model.load_state_dict(state["model"])
    for name, parameter in learner.model.named_parameters():
        parameter.grad = state["gradients"].get(name)
    for part in ("optimizer", "scheduler"):
        _load_state(getattr(learner, part), state[part], f"the {part}")
    meters = _meters(learner)
    if set(meters) != set(state["meters"]):
        raise ValueError(f"it was made with the metrics {sorted(state['meters'])}, and there are {sorted(meters)}")
    for name, meter in meters.items():
        meter.load_state_dict(state["meters"][name])
    for name, each in named(learner.callbacks).items():
        if name in state["callbacks"]:
            each.load_state_dict(state["callbacks"][name])
    learner.history.load_state_dict(state["history"])
    for name in _POSITION:
        setattr(learner, name, state["position"][name])
    learner.steps.load_state_dict(state.get("kinds", {}))
    _load_state(learner.valid_loader, state["loaders"]["valid"], "the validation loader")
    learner.batches = _rewind(learner, state)
    set_random_states(state["random"]["now"])


def _warn_of_differences(learner: Learner, state: dict[str, Any]) -> None:
    """Say what may make the run another one: its conditions, and callbacks that came or went."""
    found = differences(state["fingerprint"], fingerprint(learner.steps.mode))
    now = {name: each.state_dict() for name, each in named(learner.callbacks).items()}
    saved = state["callbacks"]
    found += [f"the callback {name} is gone" for name in saved if saved[name] and name not in now]
    found += [f"the callback {name} is new" for name in now if now[name] and name not in saved]
    if found:
        warnings.warn(
            "the run goes on under other conditions, and may end with other bits: " + "; ".join(found),
            ResumeWarning,
            stacklevel=5,
        )


def _meters(learner: Learner) -> dict[str, Metric]:
    return {"loss": learner.train_loss, **{each.name: each for each in learner.metrics}}


def named(callbacks: Sequence[Callback]) -> dict[str, Callback]:
    """Callbacks by the name of their class, numbered where one occurs twice."""
    found: dict[str, Callback] = {}
    for each in callbacks:
        base = name = type(each).__name__
        for number in itertools.count(2):
            if name not in found:
                break
            name = f"{base}#{number}"
        found[name] = each
    return found


def _state(part: Any) -> Any:
    """The state of an optimiser, a scheduler or a loader; None for one that keeps none."""
    return dict(part.state_dict()) if hasattr(part, "state_dict") else None


def _load_state(part: Any, state: Any, what: str) -> None:
    if state is not None and hasattr(part, "load_state_dict"):
        part.load_state_dict(state)
    elif state is not None:
        raise ValueError(f"it holds the state of {what}, and there is none")
    elif hasattr(part, "load_state_dict"):
        raise ValueError(f"it holds no state of {what}, and there is one")


# The loader's place in an epoch ----------------------------------------------------------------------


def _check_place(learner: Learner, state: Any) -> None:
    """Refuse to save a place in an epoch that is not the learner's."""
    place = state.get("position") if isinstance(state, dict) else None
    if learner.in_epoch and place not in (None, learner.batches_done):
        raise RuntimeError(
            f"the training loader is at batch {place} and the epoch at {learner.batches_done}: something else "
            "went through the loader in the middle of the epoch; use another loader for that"
        )


def begin(loader: Iterable[Any]) -> tuple[Iterator[Any], Any]:
    """Start an epoch: the batches, and what it takes to find a place in them again.

    A loader without ``state_dict`` is taken through the epoch again from the same random states, which gives
    the same batches; so those states are kept.
    """
    states = None if hasattr(loader, "state_dict") else get_random_states()
    return iter(loader), states


def forget_places(learner: Learner) -> None:
    """Let both loaders begin anew, where an epoch was cut short that they would otherwise finish."""
    for loader in (learner.train_loader, learner.valid_loader):
        reset = getattr(loader, "reset", None)
        if reset is not None:
            reset()


def _rewind(learner: Learner, state: dict[str, Any]) -> Iterator[Any] | None:
    """The rest of the batches of the epoch in which the run stood, None if it stood between two."""
    loader, position = learner.train_loader, state["position"]
    _load_state(loader, state["loaders"]["train"], "the training loader")
    learner.epoch_random = state["random"]["epoch"]
    if not position["in_epoch"] or loader is None:
        return None
    if hasattr(loader, "load_state_dict"):
        return iter(loader)
    set_random_states(learner.epoch_random)
    batches = iter(loader)
    for _ in range(position["batches_done"]):
        if next(batches, None) is None:
            raise ValueError("the training loader has fewer batches than it had then")
    return batches
