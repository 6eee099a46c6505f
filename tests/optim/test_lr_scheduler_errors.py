"""What the schedulers refuse, in PyTorch's words, and that their arguments are PyTorch's."""

from __future__ import annotations

import inspect

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


ERRORS = [
    (lambda s, o: s.StepLR(3, 3), TypeError, "int is not an Optimizer"),
    (lambda s, o: s.ReduceLROnPlateau(3), TypeError, "int is not an Optimizer"),
    (lambda s, o: s.LambdaLR(o, [lambda e: 1]), ValueError, "Expected 2 lr_lambdas, but got 1"),
    (lambda s, o: s.MultiplicativeLR(o, 0.9), TypeError, "lr_lambda should be a function, but got float"),
    (lambda s, o: s.CyclicLR(3, 0.1, 0.2), TypeError, "int is not an Optimizer"),
    (lambda s, o: s.CyclicLR(o, 0.1, 0.2, mode="square"), ValueError, "mode is invalid and scale_fn is None"),
    (
        lambda s, o: s.CyclicLR(o, [0.1], 0.2),
        ValueError,
        "base_lr must have the same length as optimizer.param_groups. base_lr has 1 values, param_groups has 2.",
    ),
    (
        lambda s, o: s.ChainedScheduler([]),
        ValueError,
        "ChainedScheduler expects at least one scheduler to be chained, but got no scheduler.",
    ),
    (
        lambda s, o: s.ChainedScheduler([s.StepLR(o, 3), s.ReduceLROnPlateau(o)]),
        ValueError,
        "ChainedScheduler does not support `ReduceLROnPlateau` scheduler as it requires additional kwargs to be "
        "specified when calling `step`, but got one at index 1 in the given schedulers sequence.",
    ),
    (
        lambda s, o: s.ConstantLR(o, factor=2.0),
        ValueError,
        "Constant multiplicative factor expected to be between 0 and 1.",
    ),
    (
        lambda s, o: s.LinearLR(o, start_factor=0),
        ValueError,
        "Starting multiplicative factor expected to be greater than 0 and less or equal to 1.",
    ),
    (
        lambda s, o: s.LinearLR(o, end_factor=2),
        ValueError,
        "Ending multiplicative factor expected to be between 0 and 1.",
    ),
    (
        lambda s, o: s.OneCycleLR(o, 0.5),
        ValueError,
        "You must define either total_steps OR (epochs AND steps_per_epoch)",
    ),
    (
        lambda s, o: s.OneCycleLR(o, 0.5, total_steps=0),
        ValueError,
        "Expected positive integer total_steps, but got 0",
    ),
    (
        lambda s, o: s.OneCycleLR(o, 0.5, total_steps=1.5),
        ValueError,
        "Expected positive integer total_steps, but got 1.5",
    ),
    (
        lambda s, o: s.OneCycleLR(o, 0.5, epochs=0, steps_per_epoch=2),
        ValueError,
        "Expected positive integer epochs, but got 0",
    ),
    (
        lambda s, o: s.OneCycleLR(o, 0.5, epochs=1, steps_per_epoch=-2),
        ValueError,
        "Expected positive integer steps_per_epoch, but got -2",
    ),
    (
        lambda s, o: s.OneCycleLR(o, 0.5, total_steps=3, pct_start=2.0),
        ValueError,
        "Expected float between 0 and 1 pct_start, but got 2.0",
    ),
    (
        lambda s, o: s.OneCycleLR(o, 0.5, total_steps=3, anneal_strategy="x"),
        ValueError,
        "anneal_strategy must be one of 'cos' or 'linear', instead got x",
    ),
    (
        lambda s, o: s.OneCycleLR(o, [0.5], total_steps=3),
        ValueError,
        "max_lr must have the same length as optimizer.param_groups. max_lr has 1 values, param_groups has 2.",
    ),
    (
        lambda s, o: s.SequentialLR(o, [], []),
        ValueError,
        "SequentialLR expects at least one scheduler, but got no scheduler.",
    ),
    (
        lambda s, o: s.SequentialLR(o, [s.StepLR(o, 3)], [3]),
        ValueError,
        "Sequential Schedulers expects number of schedulers provided to be one more than the number of "
        "milestone points, but got number of schedulers 1 and the number of milestones to be equal to 1",
    ),
    (
        lambda s, o: s.SequentialLR(o, [s.ReduceLROnPlateau(o)], []),
        ValueError,
        "SequentialLR does not support `ReduceLROnPlateau` scheduler as it requires additional kwargs to be "
        "specified when calling `step`, but got one at index 0 in the given schedulers sequence.",
    ),
    (lambda s, o: s.ReduceLROnPlateau(o, factor=1.0), ValueError, "Factor should be < 1.0."),
    (lambda s, o: s.ReduceLROnPlateau(o, min_lr=[1]), ValueError, "expected 2 min_lrs, got 1"),
    (lambda s, o: s.ReduceLROnPlateau(o, mode="x"), ValueError, "mode x is unknown!"),
    (
        lambda s, o: s.ReduceLROnPlateau(o, threshold_mode="x"),
        ValueError,
        "threshold mode x is unknown!",
    ),
    (
        lambda s, o: s.CosineAnnealingWarmRestarts(o, 0),
        ValueError,
        "Expected positive integer T_0, but got 0",
    ),
    (
        lambda s, o: s.CosineAnnealingWarmRestarts(o, 3, 0),
        ValueError,
        "Expected integer T_mult >= 1, but got 0",
    ),
    (
        lambda s, o: s.CosineAnnealingWarmRestarts(o, 3).step(-1),
        ValueError,
        "Expected non-negative epoch, but got -1",
    ),
]


@pytest.mark.parametrize(("make", "kind", "message"), ERRORS)
def test_errors_are_pytorchs(make, kind, message):
    with pytest.raises(kind) as error:
        make(lr_scheduler, make_optimizer())
    assert str(error.value).split("\n")[0] == message


def test_error_texts_above_are_still_pytorchs():
    torch = pytest.importorskip("torch")
    for make, kind, message in ERRORS:
        with pytest.raises(kind) as error:
            make(torch.optim.lr_scheduler, make_optimizer(torch))
        assert str(error.value).split("\n")[0] == message


def test_signatures_are_pytorchs():
    torch = pytest.importorskip("torch")
    for name in lr_scheduler.__all__:
        facts = [
            [(p.name, p.default) for p in inspect.signature(getattr(room, name).__init__).parameters.values()]
            for room in (lr_scheduler, torch.optim.lr_scheduler)
        ]
        assert facts[0] == facts[1], name


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda o: lr_scheduler.StepLR(o, 0), "Expected positive integer step_size, but got 0"),
        (lambda o: lr_scheduler.CosineAnnealingLR(o, 0), "Expected positive integer T_max, but got 0"),
    ],
)
def test_lengths_are_checked_before_the_run(make, message):
    with pytest.raises(ValueError, match=message):
        make(make_optimizer())


def test_one_cycle_needs_a_momentum():
    class Plain(groundup.optim.Optimizer):
        def __init__(self, params):
            super().__init__(params, {"lr": 0.1})

    with pytest.raises(ValueError, match="optimizer must support momentum or beta1 with `cycle_momentum`"):
        lr_scheduler.OneCycleLR(Plain([groundup.zeros(1)]), 0.5, total_steps=3)
    lr_scheduler.OneCycleLR(Plain([groundup.zeros(1)]), 0.5, total_steps=3, cycle_momentum=False)


def test_resuming_needs_the_first_rates():
    with pytest.raises(KeyError, match=r"param 'initial_lr' is not specified in param_groups\[0\]"):
        lr_scheduler.StepLR(make_optimizer(), 3, last_epoch=2)


def test_group_added_too_late():
    optimizer = make_optimizer()
    schedule = lr_scheduler.StepLR(optimizer, 3)
    optimizer.add_param_group({"params": groundup.zeros(1)})
    optimizer.step()
    with pytest.raises(ValueError, match="StepLR gave 2 learning rates for 3 groups"):
        schedule.step()


def test_state_of_another_kind_is_refused():
    optimizer = make_optimizer()
    cosine = lr_scheduler.CosineAnnealingLR(optimizer, 5)
    step = lr_scheduler.StepLR(optimizer, 5)
    with pytest.raises(ValueError, match="not one of CosineAnnealingLR: it has no 'T_max', 'eta_min'"):
        cosine.load_state_dict(step.state_dict())
    one = lr_scheduler.SequentialLR(optimizer, [step], [])
    with pytest.raises(ValueError, match="holds 0 schedulers, this SequentialLR has 1"):
        one.load_state_dict(step.state_dict())
    cosine.load_state_dict({**cosine.state_dict(), "verbose": False})
    assert not hasattr(cosine, "verbose")
