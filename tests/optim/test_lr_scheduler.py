"""The schedulers: rates that are worked out by hand or by formula here, and PyTorch's live where it is
installed, to the last bit (both compute in Python floats)."""

from __future__ import annotations

import copy
import json
import math

import pytest

import groundup
from groundup.optim import lr_scheduler


def make_optimizer(library=groundup, kind="SGD", **options):
    """Two groups with different rates."""
    params = [library.zeros(2, requires_grad=True) for _ in range(2)]
    if kind == "SGD":
        options.setdefault("momentum", 0.9)
    groups = [{"params": params[:1]}, {"params": params[1:], "lr": 0.03}]
    return getattr(library.optim, kind)(groups, lr=0.1, **options)


def rates_of(scheduler, optimizer, epochs):
    """The first group's rate in each epoch."""
    seen = []
    for _ in range(epochs):
        assert scheduler.get_last_lr() == [group["lr"] for group in optimizer.param_groups]
        seen.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        scheduler.step()
    return seen


def sequential(s, o, parts, milestones):
    return s.SequentialLR(o, [part(s, o) for part in parts], milestones)


MAKERS = {
    "lambda": lambda s, o: s.LambdaLR(o, [lambda e: 0.9**e, lambda e: 1 / (1 + e)]),
    "multiplicative": lambda s, o: s.MultiplicativeLR(o, [lambda e: 1 - 0.5**e, lambda e: 0.9]),
    "polynomial": lambda s, o: s.PolynomialLR(o, 9, 1.7),
    "cyclic": lambda s, o: s.CyclicLR(o, [0.01, 0.002], 0.3, step_size_up=4),
    "cyclic-halved": lambda s, o: s.CyclicLR(o, 0.01, [0.3, 0.2], 3, 5, mode="triangular2", base_momentum=0.7),
    "cyclic-exponential": lambda s, o: s.CyclicLR(o, 0.1, 0.3, 4, mode="exp_range", gamma=0.9, cycle_momentum=False),
    "cyclic-own": lambda s, o: s.CyclicLR(o, 0.1, 0.3, 4, scale_fn=lambda x: 1 / (1 + x), scale_mode="iterations"),
    "chained": lambda s, o: s.ChainedScheduler(
        [s.ConstantLR(o, 0.1, 4), s.ExponentialLR(o, 0.9), s.PolynomialLR(o, 12)]
    ),
    "step": lambda s, o: s.StepLR(o, 3, 0.5),
    "multistep": lambda s, o: s.MultiStepLR(o, [2, 5, 5, 9], 0.3),
    "constant": lambda s, o: s.ConstantLR(o, 0.25, 4),
    "linear": lambda s, o: s.LinearLR(o, 0.1, 0.9, 6),
    "linear-down": lambda s, o: s.LinearLR(o, 1.0, 0.0, 8),
    "exponential": lambda s, o: s.ExponentialLR(o, 0.9),
    "cosine": lambda s, o: s.CosineAnnealingLR(o, 7, 0.001),
    "cosine-1": lambda s, o: s.CosineAnnealingLR(o, 1),
    "cosine-half": lambda s, o: s.CosineAnnealingLR(o, 12.5),
    "onecycle": lambda s, o: s.OneCycleLR(o, [0.5, 0.2], total_steps=30),
    "onecycle-three": lambda s, o: s.OneCycleLR(
        o,
        0.5,
        epochs=10,
        steps_per_epoch=3,
        three_phase=True,
        anneal_strategy="linear",
        pct_start=0.4,
        base_momentum=[0.8, 0.7],
        max_momentum=0.99,
    ),
    "onecycle-rates-only": lambda s, o: s.OneCycleLR(
        o, 0.5, total_steps=25, cycle_momentum=False, div_factor=10, final_div_factor=10
    ),
    "restarts": lambda s, o: s.CosineAnnealingWarmRestarts(o, 3, 2, 0.001),
    "restarts-equal": lambda s, o: s.CosineAnnealingWarmRestarts(o, 4),
    "warmup-cosine": lambda s, o: s.SequentialLR(o, [s.LinearLR(o, 0.1, 1, 4), s.CosineAnnealingLR(o, 10)], [5]),
    "five-in-turn": lambda s, o: s.SequentialLR(
        o,
        [
            s.ConstantLR(o, 0.1, 2),
            s.StepLR(o, 2, 0.5),
            s.CosineAnnealingWarmRestarts(o, 3),
            s.MultiStepLR(o, [2, 3], 0.1),
            s.LinearLR(o),
        ],
        [5, 9, 14, 18],
    ),
    "nothing-first": lambda s, o: s.SequentialLR(
        o,
        [s.ExponentialLR(o, 0.9), s.ConstantLR(o, 0.3, 2), s.LambdaLR(o, lambda e: 0.5**e)],
        [0, 6],
    ),
}
SEQUENCES = ("warmup-cosine", "five-in-turn", "nothing-first", "chained")
EPOCHS = 25


# ---- beside PyTorch ----------------------------------------------------------------------------------------


def settings(optimizer):
    return [{k: v for k, v in group.items() if k != "params"} for group in optimizer.param_groups]


@pytest.mark.parametrize("kind", ["SGD", "Adam"])
@pytest.mark.parametrize("name", MAKERS)
def test_rates_and_states_are_pytorchs(name, kind):
    torch = pytest.importorskip("torch")
    ours, theirs = make_optimizer(kind=kind), make_optimizer(torch, kind)
    a, b = MAKERS[name](lr_scheduler, ours), MAKERS[name](torch.optim.lr_scheduler, theirs)
    for _ in range(EPOCHS):
        assert settings(ours) == settings(theirs)
        assert a.get_last_lr() == b.get_last_lr()
        assert a.state_dict() == b.state_dict()
        for thing in (ours, theirs, a, b):
            thing.step()


@pytest.mark.parametrize("name", MAKERS)
def test_states_move_to_pytorch_and_back(name):
    torch = pytest.importorskip("torch")
    theirs_room = torch.optim.lr_scheduler
    ours, theirs = make_optimizer(), make_optimizer(torch)
    a, b = MAKERS[name](lr_scheduler, ours), MAKERS[name](theirs_room, theirs)
    for _ in range(7):
        for thing in (ours, theirs, a, b):
            thing.step()
    swapped, torch_swapped = make_optimizer(), make_optimizer(torch)
    c, d = MAKERS[name](lr_scheduler, swapped), MAKERS[name](theirs_room, torch_swapped)
    swapped.load_state_dict(theirs.state_dict())
    torch_swapped.load_state_dict(ours.state_dict())
    c.load_state_dict(b.state_dict())
    d.load_state_dict(a.state_dict())
    for _ in range(12):
        assert settings(ours) == settings(swapped) == settings(torch_swapped)
        for thing in (ours, swapped, torch_swapped, a, c, d):
            thing.step()


@pytest.mark.parametrize("last_epoch", [0, 2, 4, 6, 11])
@pytest.mark.parametrize("name", [name for name in MAKERS if name not in SEQUENCES])
def test_resuming_by_last_epoch_is_pytorchs(name, last_epoch):
    torch = pytest.importorskip("torch")
    ours, theirs = make_optimizer(), make_optimizer(torch)
    schedulers = []
    for room, optimizer in ((lr_scheduler, ours), (torch.optim.lr_scheduler, theirs)):
        first = MAKERS[name](room, optimizer)
        for _ in range(last_epoch):
            optimizer.step()
            first.step()
        # The maker again, with last_epoch for the class that it calls.
        later = Resumed(room, last_epoch)
        schedulers.append(MAKERS[name](later, optimizer))
    for _ in range(8):
        assert settings(ours) == settings(theirs)
        for thing in (ours, theirs, *schedulers):
            thing.step()


class Resumed:
    def __init__(self, room, last_epoch):
        self.room, self.last_epoch = room, last_epoch

    def __getattr__(self, name):
        scheduler = getattr(self.room, name)
        return lambda *args, **kwargs: scheduler(*args, **kwargs, last_epoch=self.last_epoch)


def test_several_on_one_optimizer_multiply_as_in_pytorch():
    torch = pytest.importorskip("torch")
    optimizers = [make_optimizer(), make_optimizer(torch)]
    stacks = [
        [s.LinearLR(o, 0.2, 1, 5), s.ExponentialLR(o, 0.9), s.CosineAnnealingLR(o, 12), s.MultiStepLR(o, [4])]
        for s, o in zip((lr_scheduler, torch.optim.lr_scheduler), optimizers)
    ]
    for _ in range(EPOCHS):
        for optimizer, stack in zip(optimizers, stacks):
            optimizer.step()
            for scheduler in stack:
                scheduler.step()
        assert settings(optimizers[0]) == settings(optimizers[1])


def test_jumping_to_an_epoch_is_pytorchs():
    torch = pytest.importorskip("torch")
    for name in ("lambda", "step", "multistep", "constant", "linear", "exponential", "cosine", "polynomial"):
        ours, theirs = make_optimizer(), make_optimizer(torch)
        a, b = MAKERS[name](lr_scheduler, ours), MAKERS[name](torch.optim.lr_scheduler, theirs)
        ours.step()
        theirs.step()
        for epoch in (5, 2, 0, 9):
            with pytest.warns(UserWarning, match="The epoch parameter in `scheduler.step"):
                a.step(epoch)
            with pytest.warns(UserWarning, match="The epoch parameter in `scheduler.step"):
                b.step(epoch)
            assert settings(ours) == settings(theirs)


def test_fractions_of_an_epoch_are_pytorchs():
    torch = pytest.importorskip("torch")
    for length, times in ((3, 1), (4, 2), (2, 3)):
        ours, theirs = make_optimizer(), make_optimizer(torch)
        a = lr_scheduler.CosineAnnealingWarmRestarts(ours, length, times)
        b = torch.optim.lr_scheduler.CosineAnnealingWarmRestarts(theirs, length, times)
        for tenth in range(1, 300, 7):
            a.step(tenth / 10)
            b.step(tenth / 10)
            assert a.get_last_lr() == pytest.approx(b.get_last_lr(), rel=1e-9, abs=1e-12)


# ---- by formula, without PyTorch ---------------------------------------------------------------------------

CLOSED = {
    "polynomial": lambda e: 0.1 * (1 - min(e, 9) / 9) ** 1.7,
    "cyclic": lambda e: 0.01 + 0.29 * (1 - abs(e % 8 - 4) / 4),
    "multiplicative": lambda e: 0.1 * math.prod(1 - 0.5**i for i in range(1, e + 1)),
    "chained": lambda e: 0.1 * (0.1 if e < 4 else 1) * 0.9**e * (1 - min(e, 12) / 12),
    "step": lambda e: 0.1 * 0.5 ** (e // 3),
    "multistep": lambda e: 0.1 * 0.3 ** sum(e >= m for m in (2, 5, 5, 9)),
    "constant": lambda e: 0.1 * (0.25 if e < 4 else 1),
    "linear": lambda e: 0.1 * (0.1 + 0.8 * min(e, 6) / 6),
    "linear-down": lambda e: 0.1 * (1 - min(e, 8) / 8),
    "exponential": lambda e: 0.1 * 0.9**e,
    "cosine": lambda e: 0.001 + 0.099 * (1 + math.cos(math.pi * e / 7)) / 2,
    "lambda": lambda e: 0.1 * 0.9**e,
    "restarts-equal": lambda e: 0.1 * (1 + math.cos(math.pi * (e % 4) / 4)) / 2,
    "warmup-cosine": lambda e: (
        0.1 * (0.1 + 0.9 * min(e, 4) / 4) if e < 5 else 0.1 * (1 + math.cos(math.pi * (e - 5) / 10)) / 2
    ),
}


@pytest.mark.parametrize("name", CLOSED)
def test_rates_follow_the_formula(name):
    optimizer = make_optimizer()
    seen = rates_of(MAKERS[name](lr_scheduler, optimizer), optimizer, 15)
    assert seen == pytest.approx([CLOSED[name](epoch) for epoch in range(15)], rel=1e-9, abs=1e-15)


def test_restarts_become_rarer():
    optimizer = make_optimizer()
    seen = rates_of(lr_scheduler.CosineAnnealingWarmRestarts(optimizer, 2, 2), optimizer, 15)
    assert [epoch for epoch, rate in enumerate(seen) if rate == 0.1] == [0, 2, 6, 14]


def test_restart_is_found_exactly():
    """A logarithm that is rounded down would put this epoch at the end of the cosine before."""
    optimizer = make_optimizer()
    schedule = lr_scheduler.CosineAnnealingWarmRestarts(optimizer, 1, 3)
    for power in range(1, 12):
        schedule.step((3**power - 1) // 2)
        assert schedule.get_last_lr()[0] == 0.1


@pytest.mark.parametrize("kind", ["SGD", "Adam", "RMSprop"])
def test_one_cycle(kind):
    optimizer = make_optimizer(kind=kind)
    schedule = lr_scheduler.OneCycleLR(optimizer, max_lr=1.0, total_steps=10, anneal_strategy="linear")
    seen = []
    for _ in range(10):
        group = optimizer.param_groups[0]
        seen.append((group["lr"], group["betas"][0] if kind == "Adam" else group["momentum"]))
        optimizer.step()
        schedule.step()
    rates, momenta = zip(*seen)
    assert rates == pytest.approx([0.04, 0.52, 1.0, *(1 + (4e-6 - 1) * i / 7 for i in range(1, 7)), 4e-6], rel=1e-9)
    assert momenta == pytest.approx([0.95, 0.9, 0.85, *(0.85 + 0.1 * i / 7 for i in range(1, 8))])
    if kind == "Adam":
        assert group["betas"][1] == 0.999
    with pytest.raises(ValueError, match=r"Tried to step 11 times\. The specified number of total steps is 10"):
        schedule.step()


def test_one_cycle_whose_rise_is_one_step():
    """PyTorch divides by zero here."""
    optimizer = make_optimizer()
    schedule = lr_scheduler.OneCycleLR(optimizer, max_lr=1.0, total_steps=4, pct_start=0.25)
    assert rates_of(schedule, optimizer, 4) == pytest.approx([1.0, 0.750001, 0.250003, 4e-6])


def test_constant_from_zero():
    """PyTorch divides by zero here."""
    optimizer = make_optimizer()
    assert rates_of(lr_scheduler.ConstantLR(optimizer, 0.0, 2), optimizer, 4) == [0.0, 0.0, 0.1, 0.1]


def test_chain_in_a_sequence():
    optimizer = make_optimizer()

    def chain():
        return lr_scheduler.ChainedScheduler(
            [lr_scheduler.ConstantLR(optimizer, 0.5, 2), lr_scheduler.ExponentialLR(optimizer, 0.5)]
        )

    outer = lr_scheduler.SequentialLR(optimizer, [chain(), chain()], [3])
    expected = [0.05, 0.025, 0.025, 0.05, 0.025, 0.025, 0.0125]
    assert rates_of(outer, optimizer, 7) == pytest.approx(expected)


def test_sequence_in_a_sequence():
    optimizer = make_optimizer()
    inner = lr_scheduler.SequentialLR(
        optimizer,
        [lr_scheduler.ConstantLR(optimizer, 0.5, 100), lr_scheduler.ExponentialLR(optimizer, 0.5)],
        [2],
    )
    outer = lr_scheduler.SequentialLR(optimizer, [lr_scheduler.ConstantLR(optimizer, 0.1, 100), inner], [2])
    assert rates_of(outer, optimizer, 7) == pytest.approx([0.01, 0.01, 0.05, 0.05, 0.1, 0.05, 0.025])


# ---- use ---------------------------------------------------------------------------------------------------


def test_warns_when_the_optimizer_was_not_stepped():
    optimizer = make_optimizer()
    schedule = lr_scheduler.StepLR(optimizer, 3)
    with pytest.warns(UserWarning, match=r"Detected call of `lr_scheduler.step\(\)` before"):
        schedule.step()


def test_warns_when_get_lr_is_called():
    schedule = lr_scheduler.StepLR(make_optimizer(), 3)
    with pytest.warns(UserWarning, match=r"please use `get_last_lr\(\)`"):
        schedule.get_lr()


def test_own_scheduler():
    class Half(lr_scheduler.LRScheduler):
        def get_lr(self):
            return [base / 2**self.last_epoch for base in self.base_lrs]

    optimizer = make_optimizer()
    assert rates_of(Half(optimizer), optimizer, 3) == [0.1, 0.05, 0.025]
    with pytest.raises(NotImplementedError, match=r"does not define get_lr\(\)"):
        lr_scheduler.LRScheduler(optimizer)


def test_rate_that_is_a_tensor_is_set_in_place():
    param = groundup.zeros(1, requires_grad=True)
    rate = groundup.tensor(0.5, dtype=groundup.float64)
    optimizer = groundup.optim.SGD([param], lr=rate)
    schedule = lr_scheduler.ExponentialLR(optimizer, 0.5)
    optimizer.step()
    schedule.step()
    assert optimizer.param_groups[0]["lr"] is rate and rate.item() == 0.25
    assert schedule.get_last_lr() == [0.25]


@pytest.mark.parametrize("name", MAKERS)
def test_saved_as_json_and_resumed(name):
    """What a checkpoint does: state dictionaries of plain values, through a file of JSON."""
    optimizer = make_optimizer()
    schedule = MAKERS[name](lr_scheduler, optimizer)
    rates_of(schedule, optimizer, 6)
    saved = json.loads(json.dumps([schedule.state_dict(), settings(optimizer)]))
    resumed = make_optimizer()
    second = MAKERS[name](lr_scheduler, resumed)
    second.load_state_dict(saved[0])
    for group, values in zip(resumed.param_groups, saved[1]):
        group.update(values)
    assert rates_of(schedule, optimizer, 12) == rates_of(second, resumed, 12)


@pytest.mark.parametrize("name", MAKERS)
def test_state_shares_nothing_with_the_scheduler(name):
    optimizer = make_optimizer()
    schedule = MAKERS[name](lr_scheduler, optimizer)
    saved = schedule.state_dict()
    before = copy.deepcopy(saved)
    rates_of(schedule, optimizer, 8)
    assert saved == before
    schedule.load_state_dict(saved)
    for _ in range(8):
        schedule.step()
    assert saved == before


def test_attributes_of_a_callable_are_saved():
    class Decay:
        def __init__(self, rate):
            self.rate = rate

        def __call__(self, epoch):
            return self.rate**epoch

    first = lr_scheduler.LambdaLR(make_optimizer(), [Decay(0.5), lambda epoch: 1])
    saved = first.state_dict()
    assert saved["lr_lambdas"] == [{"rate": 0.5}, None]
    decay = Decay(0.9)
    lr_scheduler.LambdaLR(make_optimizer(), decay).load_state_dict(saved)
    assert decay.rate == 0.5


def test_deepcopy_of_optimizer_and_scheduler_together():
    optimizer = make_optimizer()
    schedule = lr_scheduler.CosineAnnealingLR(optimizer, 5)
    twin_optimizer, twin = copy.deepcopy((optimizer, schedule))
    assert twin.optimizer is twin_optimizer
    rates_of(schedule, optimizer, 3)
    assert twin_optimizer.param_groups[0]["lr"] == 0.1
