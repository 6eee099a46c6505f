"""Training compiled: what it gives beside eager training, what it leaves eager, and what it says then."""

from __future__ import annotations

import copy
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import groundup
from groundup import nn, optim
from groundup.cli.models import build
from groundup.errors import MissingExtra
from groundup.train import Accuracy, Callback, CancelBatch, GradientClip, Learner, get_random_states, steps
from tests.train.small_learner import needs_llvmlite

pytestmark = needs_llvmlite
F = nn.functional


def mlp() -> nn.Module:
    return nn.Sequential(nn.Flatten(), nn.Linear(64, 24), nn.ReLU(), nn.Linear(24, 10))


def normalised() -> nn.Module:
    return nn.Sequential(
        nn.Conv2d(1, 4, 3, padding=1, bias=False),
        nn.BatchNorm2d(4),
        nn.GELU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(64, 10),
    )


def dropped() -> nn.Module:
    return nn.Sequential(nn.Flatten(), nn.Linear(64, 24), nn.Dropout(0.4), nn.Tanh(), nn.Linear(24, 10))


MODELS: dict[str, Callable[[], nn.Module]] = {
    "dense": mlp,
    "digits": lambda: build("cnn", (1, 8, 8), 10),
    "normalised": normalised,
    "dropout": dropped,
}


def batches(count: int, size: int = 16, last: int = 7) -> list[Any]:
    source = groundup.Generator().manual_seed(1)
    sizes = [size] * (count - 1) + [last]
    y = [groundup.randint(0, 10, (n,), generator=source) for n in sizes]
    x = [groundup.randn(n, 1, 8, 8, generator=source) for n in sizes]
    return [(a + b.reshape(-1, 1, 1, 1) / 5, b) for a, b in zip(x, y, strict=True)]


def learner(
    compiled: bool | None, model: str | Callable[[], nn.Module] = "dense", *callbacks: Callback, **changes: Any
) -> Learner:
    groundup.manual_seed(3)
    net = MODELS[model]() if isinstance(model, str) else model()
    optimizer = optim.Adam(net.parameters(), lr=0.003)
    given: dict[str, Any] = {
        "train_loader": batches(6),
        "valid_loader": batches(3),
        "loss_fn": F.cross_entropy,
        "optimizer": optimizer,
        "scheduler": optim.lr_scheduler.OneCycleLR(optimizer, 0.01, total_steps=60),
        "metrics": Accuracy(),
        "train_metrics": True,
        "progress": None,
        "compiled": compiled,
        "callbacks": callbacks,
    }
    return Learner(net, **(given | changes))


def agree(one: Learner, other: Learner) -> None:
    """Weights, buffers and the history, but for rounding."""
    for a, b in zip(one.history, other.history, strict=True):
        for name in a.keys() - {"seconds"}:
            assert a[name] == pytest.approx(b[name], rel=2e-4, abs=1e-6), name
    ours, theirs = one.model.state_dict(), other.model.state_dict()
    assert ours.keys() == theirs.keys()
    for name in ours:
        assert np.allclose(ours[name].numpy(), theirs[name].numpy(), rtol=2e-3, atol=2e-4), name


def bits(one: Learner) -> list[bytes]:
    return [each.numpy().tobytes() for each in one.model.state_dict().values()]


def programs(one: Learner) -> list[str]:
    """What has been compiled, each for one kind of batch."""
    return sorted(name for (name, _), program in one.steps._programs.items() if program is not None)


@pytest.mark.parametrize("model", MODELS)
def test_the_results_are_those_of_eager_training(model: str) -> None:
    eager, compiled = learner(False, model), learner(True, model)
    states = []
    for each in (eager, compiled):
        groundup.manual_seed(9)
        each.fit(3)
        states.append(str(get_random_states()["groundup"]))
    assert states[0] == states[1]
    agree(eager, compiled)
    assert programs(eager) == [] and programs(compiled) == ["measure"] * 2 + ["step"] * 2
    assert bits(eager) != bits(compiled)  # it was loops that computed


class Looking(Callback):
    """Reads what the batch at hand offers."""

    def __init__(self) -> None:
        self.seen: list[Any] = []

    def after_batch(self, learner: Learner) -> None:
        self.seen.append([learner.loss.item(), learner.prediction.detach().sum().item(), learner.steps_done])

    def after_valid_batch(self, learner: Learner) -> None:
        self.seen.append([learner.loss.item(), learner.prediction.detach().sum().item(), 0])


class Accumulating(Callback):
    """Adds the gradients of two batches up."""

    def before_step(self, learner: Learner) -> None:
        if learner.batches_done % 2 == 0:
            raise CancelBatch


class Halving(Callback):
    """Changes gradients before the step, and weights after it."""

    def before_step(self, learner: Learner) -> None:
        for each in learner.model.parameters():
            each.grad.mul_(0.5)

    def after_step(self, learner: Learner) -> None:
        assert all(each.grad is not None for each in learner.model.parameters())
        with groundup.no_grad():
            for each in learner.model.parameters():
                each.clamp_(-0.3, 0.3)


@pytest.mark.parametrize("callback", [Looking, Accumulating, Halving, lambda: GradientClip(0.5)])
def test_callbacks_see_and_change_what_they_do_in_eager_training(callback: Callable[[], Callback]) -> None:
    found = []
    for compiled in (False, True):
        found.append(learner(compiled, "dense", callback(), Looking()))
        found[-1].fit(3)
    agree(*found)
    ours, theirs = (np.array(each.callbacks[1].seen) for each in found)  # type: ignore[attr-defined]
    assert np.allclose(ours, theirs, rtol=2e-3, atol=1e-3)
    whole = callback is Looking
    assert ("step" in programs(found[1])) is whole and ("update" in programs(found[1])) is not whole


def test_a_short_run_is_eager_and_a_long_one_compiled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(steps, "EAGER_STEPS", 12)
    eager, automatic = learner(False), learner(None)
    for each in (eager, automatic):
        each.fit(2)
    assert bits(eager) == bits(automatic) and programs(automatic) == ["measure"] * 2  # in the validation after step 12
    for each in (eager, automatic):
        each.fit(1)
    assert bits(eager) != bits(automatic) and programs(automatic) == ["measure"] * 2 + ["step"] * 2
    agree(eager, automatic)


def test_without_the_extra_all_is_eager(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(steps, "can_compile", lambda: False)
    monkeypatch.setattr(steps, "EAGER_STEPS", 0)
    one = learner(None)
    one.fit(1)
    assert programs(one) == [] and one.steps.mode == "eager"
    with pytest.raises(MissingExtra, match=r"compiled=True needs the package llvmlite.*\n.*groundup\[compile\]"):
        learner(True)
    with pytest.raises(TypeError, match="compiled must be True, False or None, got 'yes'"):
        learner("yes")  # type: ignore[arg-type]


# What cannot be compiled -------------------------------------------------------------------------------------


class Branching(nn.Module):
    """Looks at a value, after it has changed statistics and drawn random numbers."""

    def __init__(self) -> None:
        super().__init__()
        self.before = nn.Sequential(nn.Flatten(), nn.Linear(64, 12), nn.BatchNorm1d(12), nn.Dropout(0.2))
        self.after = nn.Linear(12, 10)
        self.calls = 0

    def forward(self, x: Any) -> Any:
        self.calls += 1
        hidden = self.before(x)
        return self.after(hidden if hidden.sum() > 0 else -hidden)  # here


def test_a_model_that_branches_trains_eagerly_to_the_same_bits() -> None:
    eager = learner(False, Branching)
    eager.fit(3)
    tried = learner(None, Branching)
    with pytest.MonkeyPatch.context() as patch, warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        patch.setattr(steps, "EAGER_STEPS", 2)
        tried.fit(3)
    assert bits(eager) == bits(tried) and eager.model.calls == tried.model.calls
    assert [{**row, "seconds": 0} for row in eager.history] == [{**row, "seconds": 0} for row in tried.history]
    (notice,) = told
    assert "the training step cannot be compiled, and runs eagerly: bool() of a tensor" in str(notice.message)
    assert "test_compiled.py" in str(notice.message) and "if hidden.sum() > 0" in str(notice.message)


def test_what_is_demanded_and_cannot_be_compiled_raises() -> None:
    one = learner(True, Branching)
    with pytest.raises(groundup.compile.TraceError, match=r"test_compiled\.py"):
        one.fit(1)


class Annealed(nn.Module):
    """Changes what it computes from step to step."""

    def __init__(self) -> None:
        super().__init__()
        self.net = mlp()
        self.warmth = 1.0

    def forward(self, x: Any) -> Any:
        return self.net(x) * self.warmth


class Cooling(Callback):
    def before_batch(self, learner: Learner) -> None:
        learner.model.warmth *= 0.99


def test_a_model_that_changes_at_each_step_is_not_compiled_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(steps, "EAGER_STEPS", 0)
    eager, compiled = learner(False, Annealed, Cooling()), learner(None, Annealed, Cooling())
    eager.fit(3)
    with pytest.warns(
        UserWarning, match="the training step runs eagerly from here on, as it was compiled anew 8 times"
    ):
        compiled.fit(3)
    agree(eager, compiled)
    assert "step" in programs(compiled)  # for the last batches of the epochs, of which there were few


def test_shapes_beyond_the_most_are_eager(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(steps, "MOST_KINDS", 3)
    monkeypatch.setattr(steps, "EAGER_STEPS", 0)
    lengths = [*range(2, 8), 2, 3]
    data = [batches(1, last=n)[0] for n in lengths]
    eager, compiled = (learner(each, train_loader=data, valid_loader=None) for each in (False, None))
    eager.fit(1)
    with pytest.warns(UserWarning, match="for batches of further shapes, as there were 3 already; pad"):
        compiled.fit(1)
    agree(eager, compiled)
    assert programs(compiled) == ["step"] * 3 and len(compiled.steps.state_dict()["step"]) == 3


class Pair(nn.Module):
    """Two inputs, and predictions in a dict."""

    def __init__(self) -> None:
        super().__init__()
        self.net = mlp()

    def forward(self, x: Any, scale: Any) -> Any:
        return {"scores": self.net(x) * scale, "kept": (x, None)}


class Odd:
    """A structure of the user's own."""

    def __init__(self, scores: Any) -> None:
        self.scores = scores


def test_structures_of_tensors_and_others() -> None:
    data = [(x, groundup.tensor(0.5), y) for x, y in batches(3)]
    pair = {"train_loader": data, "valid_loader": data, "loss_fn": lambda p, y: F.cross_entropy(p["scores"], y)}
    found = [learner(each, Pair, metrics=(), **pair) for each in (False, True)]
    for each in found:
        each.fit(2)
    agree(*found)
    assert set(found[1].prediction) == {"scores", "kept"} and "step" in programs(found[1])

    class Wrapped(Pair):
        def forward(self, x: Any, scale: Any) -> Any:
            return Odd(self.net(x))

    odd = learner(None, Wrapped, metrics=(), **(pair | {"loss_fn": lambda p, y: F.cross_entropy(p.scores, y)}))
    numbers = learner(
        None, "dense", train_loader=[(x, y.numpy()) for x, y in batches(3)], metrics=(), valid_loader=None
    )
    numbers.loss_fn = lambda p, y: F.cross_entropy(p, groundup.tensor(y))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(steps, "EAGER_STEPS", 0)
        with pytest.warns(UserWarning, match="the model gives a value of type Odd; a program gives tensors"):
            odd.fit(1)
        with pytest.warns(UserWarning, match="runs eagerly, as its batches hold other things than tensors"):
            numbers.fit(1)
    assert programs(odd) == programs(numbers) == []


def test_a_users_mistake_is_told_as_in_eager_training() -> None:
    with pytest.raises(ValueError, match="loss_fn must give one number for a batch"):
        learner(True, loss_fn=lambda p, y: F.cross_entropy(p, y, reduction="none")).fit(1)
    with pytest.raises(ValueError, match="this batch has no target"):
        learner(True, train_loader=[x for x, _ in batches(2)]).fit(1)
    with pytest.raises(RuntimeError, match="mat1 and mat2 shapes cannot be multiplied"):
        learner(None, lambda: nn.Sequential(nn.Flatten(), nn.Linear(63, 10))).fit(1)


def test_programs_serve_the_next_fit_and_another_loss_has_its_own() -> None:
    one = learner(True, scheduler=None)
    one.fit(1)
    made = dict(one.steps._programs)
    one.fit(1)
    assert one.steps._programs == made
    first, one.loss_fn = one.loss_fn, lambda p, y: 0.1 * F.cross_entropy(p, y)
    one.fit(1)
    assert one.history[-1]["train_loss"] < 0.3 and not set(made.values()) & set(one.steps._programs.values())
    one.loss_fn = first
    one.fit(1)
    assert one.history[-1]["train_loss"] > 0.5 and one.steps._programs == made


def test_a_copy_of_a_learner_trains_its_own_model() -> None:
    one = learner(True, scheduler=None)
    one.fit(1)
    other, before = copy.deepcopy(one), bits(one)
    other.fit(1)
    assert bits(one) == before != bits(other)
    one.fit(1)
    assert bits(one) == bits(other)


class Alternating(Callback):
    """Another loss for each batch."""

    def before_batch(self, learner: Learner) -> None:
        factor = 1 + learner.batches_done
        learner.loss_fn = lambda p, y: factor * F.cross_entropy(p, y)


def test_a_loss_that_is_replaced_by_a_callback_counts_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(steps, "EAGER_STEPS", 0)
    found = [learner(each, "dense", Alternating(), Looking(), scheduler=None) for each in (False, None)]
    found[0].fit(2)
    with pytest.warns(UserWarning, match="as the learner gets another model, loss or optimizer so often"):
        found[1].fit(2)
    agree(*found)
