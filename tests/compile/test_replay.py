"""The first call gives the bits of later ones, and a call that fails leaves everything as it was."""

from __future__ import annotations

import copy
import random
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import groundup
from groundup import nn, optim
from groundup.nn import functional as F

OPTIMIZERS: dict[str, Callable[[Any], Any]] = {
    "SGD": lambda p: optim.SGD(p, lr=0.05, momentum=0.9, dampening=0.1),
    "Adam": lambda p: optim.Adam(p, lr=0.01),
    "RMSprop": lambda p: optim.RMSprop(p, lr=0.01, momentum=0.5),
}


class Step:
    """A training step with batch statistics and dropout, after one eager step that makes the optimiser's state."""

    def __init__(self, optimizer: str = "Adam", accumulate: bool = False) -> None:
        groundup.manual_seed(5)
        self.generator = groundup.Generator().manual_seed(3)
        inner = nn.BatchNorm1d(40), nn.ReLU(), nn.Dropout(0.3)
        net = self.net = nn.Sequential(nn.Linear(6, 40), *inner, nn.Linear(40, 5))
        opt = self.optimizer = OPTIMIZERS[optimizer](net.parameters())
        generator = self.generator

        def step(x: Any, y: Any) -> Any:
            if not accumulate:
                opt.zero_grad()
            noise = groundup.randn(x.shape, generator=generator)
            loss = F.cross_entropy(net(x + 0.1 * noise), y)
            loss.backward()
            opt.step()
            return loss.detach()

        self.step = step
        step(*self.batch(0))

    def batch(self, i: int) -> tuple[Any, Any]:
        """Another one for each i."""
        source = groundup.Generator().manual_seed(i)
        return groundup.randn(30, 6, generator=source), groundup.randint(0, 5, (30,), generator=source)

    def left(self) -> list[bytes]:
        """All that a step changes."""
        tensors = [*self.net.state_dict().values(), *(each.grad for each in self.net.parameters())]
        state = [value for each in self.optimizer.state.values() for value in each.values()]
        found = [np.asarray(each.detach() if isinstance(each, groundup.Tensor) else each) for each in tensors + state]
        return [each.tobytes() for each in [*found, groundup.get_rng_state().numpy(), self.generator.get_state()]]


@pytest.mark.parametrize("accumulate", [False, True])
@pytest.mark.parametrize("name", OPTIMIZERS)
def test_the_first_call_gives_the_bits_of_later_ones(name: str, accumulate: bool) -> None:
    """One function is traced at the third batch, the other one has run its program since the second."""
    late, early = Step(name, accumulate), Step(name, accumulate)
    run = groundup.compile(early.step)
    run(*early.batch(1))
    losses = [run(*early.batch(i)).item() for i in (2, 3)]

    groundup.manual_seed(5)
    fresh = Step(name, accumulate)
    groundup.compile(fresh.step)(*fresh.batch(1))
    again = groundup.compile(fresh.step)  # traced from here on, as in a process that goes on
    assert [again(*fresh.batch(i)).item() for i in (2, 3)] == losses
    assert fresh.left()[:-2] == early.left()[:-2]
    assert late.left() != early.left()


def test_each_number_is_drawn_once_and_each_step_counted_once() -> None:
    eager, compiled = Step(), Step()
    groundup.manual_seed(8)
    expected = eager.step(*eager.batch(1)).item()
    place = groundup.get_rng_state().tolist()
    groundup.manual_seed(8)
    run = groundup.compile(compiled.step)
    assert run(*compiled.batch(1)).item() == pytest.approx(expected, rel=1e-5)
    assert groundup.get_rng_state().tolist() == place
    assert np.array_equal(compiled.generator.get_state(), eager.generator.get_state())
    assert {state["step"] for state in compiled.optimizer.state.values()} == {2}
    assert compiled.net[1].num_batches_tracked.item() == 2


def test_an_optimizers_first_step_is_made_once() -> None:
    w = groundup.tensor([1.0, -2.0], requires_grad=True)
    opt = optim.Adam([w], lr=0.1)

    @groundup.compile
    def step(x: Any) -> None:
        opt.zero_grad()
        (w * x).sum().backward()
        opt.step()

    step(groundup.tensor([1.0, 3.0]))
    assert w.tolist() == pytest.approx([0.9, -2.1]) and opt.state[w]["step"] == 1
    step(groundup.tensor([1.0, 3.0]))
    assert w.tolist() == pytest.approx([0.8, -2.2]) and opt.state[w]["step"] == 2


class Counting(nn.Module):
    """Counts its calls."""

    def __init__(self) -> None:
        super().__init__()
        self.calls = 0

    def forward(self, x: Any) -> Any:
        self.calls += 1
        return x


def test_what_cannot_be_compiled_has_not_been_called() -> None:
    made = Step()
    fresh = optim.Adam(made.net.parameters(), lr=0.1)  # without a state yet
    count = Counting()

    def fails(x: Any, y: Any) -> Any:
        made.step(count(x), y)
        fresh.step()
        groundup.rand(1), random.random(), np.random.random()
        with groundup.no_grad():
            x.mul_(2)
            x[0] = 7.0
        return x if x.sum() > 0 else y

    x, y = made.batch(1)
    before, given = made.left(), x.clone()
    gradients = [each.grad for each in made.net.parameters()]
    states = random.getstate(), copy.deepcopy(np.random.get_state(legacy=False))
    with pytest.raises(groundup.compile.TraceError, match=r"test_replay\.py"):
        groundup.compile(fails)(x, y)
    assert made.left() == before and groundup.equal(x, given)
    assert all(each.grad is kept for each, kept in zip(made.net.parameters(), gradients, strict=True))
    assert random.getstate() == states[0] and str(np.random.get_state(legacy=False)) == str(states[1])
    assert len(fresh.state) == 0 and count.calls == 0
    groundup.manual_seed(4)
    fails_eagerly = fails(x, y)  # the function itself goes on working
    assert fails_eagerly is not None and count.calls == 1


def test_a_program_that_cannot_be_made_leaves_everything_as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    from groundup.compile import entry

    def broken(program: Any) -> Any:
        raise RuntimeError("no program today")

    monkeypatch.setattr(entry, "running", broken)
    made = Step()
    before = made.left()
    run = groundup.compile(made.step)
    with pytest.raises(RuntimeError, match="no program today"):
        run(*made.batch(1))
    assert made.left() == before and not run.entries
