"""The scheduler that looks at a metric, beside PyTorch's and by hand."""

from __future__ import annotations

import itertools
import math
import random

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


@pytest.mark.parametrize(
    "options",
    [
        dict(zip(("mode", "threshold_mode", "cooldown", "patience", "min_lr"), values))
        for values in itertools.product(("min", "max"), ("rel", "abs"), (0, 2), (0, 2), (0, [0.01, 0.02]))
    ],
    ids=str,
)
def test_plateau_is_pytorchs(options):
    torch = pytest.importorskip("torch")
    ours, theirs = make_optimizer(), make_optimizer(torch)
    a = lr_scheduler.ReduceLROnPlateau(ours, factor=0.5, threshold=0.05, **options)
    b = torch.optim.lr_scheduler.ReduceLROnPlateau(theirs, factor=0.5, threshold=0.05, **options)
    source = random.Random(1)
    for epoch in range(60):
        metric = math.nan if epoch == 7 else 10 * source.random() / (1 + epoch)
        a.step(groundup.tensor(metric, dtype=groundup.float64) if epoch % 2 else metric)
        b.step(metric)
        assert [g["lr"] for g in ours.param_groups] == [g["lr"] for g in theirs.param_groups]
        state = b.state_dict()
        del state["mode_worse"]  # follows from mode
        assert a.state_dict() == state
        if epoch == 30:
            a.load_state_dict(b.state_dict())
            b.load_state_dict(a.state_dict())


def test_plateau_by_hand():
    optimizer = make_optimizer()
    schedule = lr_scheduler.ReduceLROnPlateau(optimizer, factor=0.1, patience=1, cooldown=1, min_lr=0.002)
    seen = []
    for loss in [5, 5, 5, 5, 5, 5, 5, 5, 5]:
        schedule.step(loss)
        seen.append(optimizer.param_groups[0]["lr"])
    assert seen == pytest.approx([0.1, 0.1, 0.01, 0.01, 0.01, 0.002, 0.002, 0.002, 0.002])


def test_plateau_and_an_added_group():
    optimizer = make_optimizer()
    shared = lr_scheduler.ReduceLROnPlateau(optimizer, patience=0)
    listed = lr_scheduler.ReduceLROnPlateau(optimizer, patience=0, min_lr=[0, 0])
    optimizer.add_param_group({"params": groundup.zeros(1), "lr": 1.0})
    shared.step(1.0)
    shared.step(1.0)
    assert optimizer.param_groups[2]["lr"] == pytest.approx(0.1)
    listed.step(1.0)
    with pytest.raises(RuntimeError, match=r"The number of param groups in the `optimizer` \(3\) differs"):
        listed.step(1.0)
