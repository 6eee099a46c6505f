"""The training loop: what it computes, and what raises before it starts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

import groundup
from groundup import nn, optim
from groundup.data import TensorDataset
from groundup.train import Accuracy, Callback, ConfusionMatrix, Learner
from tests.train.small_learner import Batch, Diary, F, batches, learner, model, weights

# What it computes ------------------------------------------------------------------------------------


def test_it_trains_as_the_loop_written_out_does() -> None:
    net, data = model(), batches()
    optimizer = optim.Adam(net.parameters(), lr=0.05)
    scheduler = optim.lr_scheduler.StepLR(optimizer, 1, gamma=0.5)
    losses, rates = [], []
    for _ in range(3):
        total = 0.0
        rates.append(optimizer.param_groups[0]["lr"])
        for x, y in data:
            loss = F.cross_entropy(net(x), y)
            loss.backward()
            optimizer.step()
            optimizer.zero_grad()
            total += loss.item() * len(y)
        losses.append(total / 20)
        scheduler.step()

    other = model()
    adam = optim.Adam(other.parameters(), lr=0.05)
    history = learner(
        model=other,
        optimizer=adam,
        scheduler=optim.lr_scheduler.StepLR(adam, 1, gamma=0.5),
        train_loader=data,
    ).fit(3)
    assert weights(other) == weights(net)
    assert history["train_loss"] == losses
    assert history["lr"] == rates
    assert history["epoch"] == [1, 2, 3]


def test_a_second_fit_goes_on() -> None:
    one, two = learner(), learner()
    one.fit(3)
    two.fit(1)
    assert len(two.fit(2)) == 3
    assert weights(one.model) == weights(two.model)
    assert (two.epochs_done, two.steps_done) == (3, 12)
    assert len(two.fit(0)) == 3


def test_the_loss_is_weighted_by_the_size_of_batches() -> None:
    x, y = groundup.zeros(5, 1), groundup.tensor([0.0, 0.0, 0.0, 0.0, 5.0]).unsqueeze(1)
    uneven = [(x[:4], y[:4]), (x[4:], y[4:])]
    results = Learner(nn.Identity(), loss_fn=F.mse_loss).evaluate(uneven)
    assert results == {"loss": 5.0}


def test_validation_and_its_metrics() -> None:
    table = ConfusionMatrix(2)
    this = learner(valid_loader=batches(2, seed=5), metrics=[Accuracy(), table], train_metrics=True)
    row = this.fit(2)[-1]
    assert list(row) == [
        "epoch", "train_loss", "train_accuracy", "valid_loss", "valid_accuracy", "lr", "seconds",
    ]  # fmt: skip
    assert list(row) == list(this.columns())
    results = this.evaluate()
    assert set(results) == {"loss", "accuracy", "confusion"}
    assert (results["loss"], results["accuracy"]) == (row["valid_loss"], row["valid_accuracy"])
    assert results["confusion"].sum().item() == 10
    assert results["confusion"].tolist() == table.compute().tolist()


def test_metrics_of_the_training_batches_when_there_is_no_validation_set() -> None:
    row = learner(metrics=Accuracy()).fit(1)[-1]
    assert 0 <= row["train_accuracy"] <= 1
    assert not [name for name in row if name.startswith("valid")]


def test_modes_and_gradients() -> None:
    seen: list[tuple[str, bool, bool]] = []

    class Spy(nn.Module):
        def __init__(self) -> None:
            self.inner = nn.Linear(3, 2)
            self.frozen = nn.Dropout()
            self.frozen.eval()

        def forward(self, x: groundup.Tensor) -> groundup.Tensor:
            out = self.inner(x)
            seen.append((this.mode, self.training, out.requires_grad))
            return out

    net = Spy()
    this = learner(model=net, valid_loader=batches(1))
    this.fit(1)
    assert seen == [("train", True, True)] * 4 + [("validate", False, False)]
    seen.clear()
    net.train()
    net.frozen.eval()
    this.evaluate()
    this.predict(batches(1))
    assert seen == [("idle", False, False)] * 2
    assert net.training and not net.frozen.training
    assert all(parameter.grad is None for parameter in net.parameters())


def test_predict() -> None:
    this = learner()
    data = batches(3)
    expected = groundup.cat([this.model(x) for x, _ in data]).tolist()
    assert this.predict(data).tolist() == expected
    assert this.predict([x for x, _ in data]).tolist() == expected
    assert this.predict([(x,) for x, _ in data]).tolist() == expected
    assert this.predict(data[0][0]).tolist() == expected[:5]
    with pytest.raises(ValueError, match="predict was given no batches"):
        this.predict([])


def test_several_inputs_and_batches_of_another_form() -> None:
    class Sum(nn.Module):
        def __init__(self) -> None:
            self.layer = nn.Linear(3, 2)

        def forward(self, a: groundup.Tensor, b: groundup.Tensor) -> groundup.Tensor:
            return self.layer(a) + self.layer(b)

    x, y = batches(1)[0]
    assert len(learner(model=Sum(), train_loader=[(x, x, y)]).fit(1)) == 1

    class Named(Learner):
        def split_batch(self, batch: Any) -> tuple[tuple[Any, ...], Any]:
            return (batch["x"],), batch["y"]

    net = model()
    named = Named(net, [{"x": x, "y": y}], None, F.cross_entropy, optim.SGD(net.parameters(), lr=0.1), progress=None)
    assert len(named.fit(1)) == 1
    assert named.predict([{"x": x, "y": y}]).shape == (5, 2)


def test_schedulers_step_when_they_should() -> None:
    def rates(make: Any, **changes: Any) -> tuple[list[float], int]:
        net = model()
        optimizer = optim.SGD(net.parameters(), lr=0.1)
        scheduler = make(optimizer)
        return learner(model=net, optimizer=optimizer, scheduler=scheduler, **changes).fit(3)["lr"]

    schedulers = optim.lr_scheduler
    assert rates(lambda o: schedulers.ExponentialLR(o, 0.5)) == pytest.approx([0.1, 0.05, 0.025])
    by_step = rates(lambda o: schedulers.ExponentialLR(o, 0.5), scheduler_interval="step")
    assert by_step == pytest.approx([0.1 / 2**3, 0.1 / 2**7, 0.1 / 2**11])
    cycle = rates(lambda o: schedulers.OneCycleLR(o, 0.4, total_steps=12))
    assert cycle[-1] < 1e-4 < cycle[0]
    # The loss gets better in every epoch, so a threshold of no return makes every one a bad one.
    plateau = rates(lambda o: schedulers.ReduceLROnPlateau(o, patience=0, threshold=0.99), valid_loader=batches(1))
    assert plateau == pytest.approx([0.1, 0.1, 0.01])


def test_metrics_that_hold_the_model_see_its_present_weights() -> None:
    net = model()

    def size(prediction: object, target: object) -> groundup.Tensor:
        return sum((p.detach() ** 2).sum() for p in net.parameters())  # type: ignore[return-value]

    class Watch(Callback):
        def after_batch(self, learner: Learner) -> None:
            sizes.append(size(None, None).item())
            learner.evaluate(batches(1))  # which must not disturb what the epoch has added up

    sizes: list[float] = [size(None, None).item()]
    row = learner(model=net, metrics=size, callbacks=[Watch()]).fit(1)[-1]
    assert row["train_size"] == pytest.approx(sum(sizes[:4]) / 4, rel=1e-6)
    assert sizes[0] != sizes[1]


# What raises before training -------------------------------------------------------------------------


def once() -> Iterator[Batch]:
    yield from batches()


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        (
            {"optimizer": None, "loss_fn": None},
            ValueError,
            r"Learner\(model, loss_fn=\.\.\., optimizer=\.\.\.\)",
        ),
        ({"train_loader": None}, ValueError, r"Learner\(model, train_loader=\.\.\.\)"),
        ({"train_loader": once()}, ValueError, "train_loader is an iterator, which is empty after one epoch"),
        ({"valid_loader": once()}, ValueError, "valid_loader is an iterator"),
        ({"optimizer": optim.SGD(nn.Linear(1, 1).parameters(), lr=1.0)}, ValueError, "would never change"),
        (
            {"train_loader": TensorDataset(groundup.zeros(4, 3))},
            TypeError,
            r"single samples; pass a loader.*DataLoader\(",
        ),
        ({"progress": "verbose"}, ValueError, 'progress must be "auto", "bar", "lines" or None'),
    ],
)
def test_what_is_missing_raises_first(changes: dict[str, Any], error: type[Exception], message: str) -> None:
    notes = Diary()
    this = learner(callbacks=[notes], **changes)
    with pytest.raises(error, match=message):
        this.fit(1)
    assert notes.moments == []


@pytest.mark.parametrize("epochs", [-1, 1.5, True, "3"])
def test_epochs_must_be_a_whole_number(epochs: Any) -> None:
    with pytest.raises(ValueError, match="epochs must be a whole number of 0 or more"):
        learner().fit(epochs)


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"callbacks": [Diary]}, TypeError, r"pass a callback, not its class: Diary\(\)"),
        ({"callbacks": [print]}, TypeError, "a callback must be a groundup.train.Callback, got builtin"),
        ({"metrics": [Accuracy, Accuracy]}, TypeError, r"pass a metric, not its class: Accuracy\(\)"),
        ({"loss_fn": nn.CrossEntropyLoss}, TypeError, "loss_fn must be an instance, not the class CrossEntropyLoss"),
        ({"optimizer": optim.SGD}, TypeError, "optimizer must be an instance, not the class SGD itself"),
        ({"scheduler_interval": "batch"}, ValueError, 'must be "auto", "epoch" or "step"'),
    ],
)
def test_arguments_that_make_no_sense(changes: dict[str, Any], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        learner(**changes)


def test_a_model_must_be_a_module() -> None:
    with pytest.raises(TypeError, match=r"model must be a groundup\.nn\.Module, got function"):
        Learner(lambda x: x)  # type: ignore[arg-type]


def test_a_plateau_steps_by_epochs_only() -> None:
    net = model()
    optimizer = optim.SGD(net.parameters(), lr=0.1)
    plateau = optim.lr_scheduler.ReduceLROnPlateau(optimizer)
    with pytest.raises(ValueError, match='leave out scheduler_interval="step"'):
        learner(model=net, optimizer=optimizer, scheduler=plateau, scheduler_interval="step")


def test_a_scheduler_of_another_optimiser() -> None:
    net = model()
    other = optim.lr_scheduler.StepLR(optim.SGD(net.parameters(), lr=0.1), 1)
    with pytest.raises(ValueError, match="the scheduler was made for another optimizer"):
        learner(model=net, scheduler=other).fit(1)


def test_losses_and_batches_of_the_wrong_form() -> None:
    def per_sample(prediction: groundup.Tensor, target: groundup.Tensor) -> groundup.Tensor:
        return F.cross_entropy(prediction, target, reduction="none")

    with pytest.raises(ValueError, match=r"must give one number for a batch, got the shape \(5,\)"):
        learner(loss_fn=per_sample).fit(1)
    with pytest.raises(TypeError, match="must give a tensor of one number for a batch, got float"):
        learner(loss_fn=lambda prediction, target: 0.5).fit(1)
    with pytest.raises(ValueError, match=r"(?s)this batch has no target.*override Learner\.split_batch"):
        learner(train_loader=[x for x, _ in batches()]).fit(1)
    with pytest.raises(ValueError, match="train_loader gave no batches; with drop_last"):
        learner(train_loader=[]).fit(1)
    with pytest.raises(ValueError, match="evaluate needs data"):
        learner().evaluate()
    with pytest.raises(ValueError, match="evaluate needs a loss_fn or metrics"):
        Learner(model()).evaluate(batches())
