"""The training loop: what it computes, which moments callbacks see, cancelling, and what raises first."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import pytest

import groundup
from groundup import nn, optim
from groundup.data import TensorDataset
from groundup.train import (
    Accuracy,
    Callback,
    CancelBatch,
    CancelEpoch,
    CancelFit,
    ConfusionMatrix,
    GradientClip,
    Learner,
)

Batch = tuple[groundup.Tensor, groundup.Tensor]
F = nn.functional


def batches(count: int = 4, size: int = 5, seed: int = 0) -> list[Batch]:
    groundup.manual_seed(seed)
    x = groundup.randn(count * size, 3)
    y = (x.sum(1) > 0).long()
    return [(x[i : i + size], y[i : i + size]) for i in range(0, count * size, size)]


def model() -> nn.Module:
    groundup.manual_seed(1)
    return nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 2))


def learner(**changes: Any) -> Learner:
    net = changes.pop("model", None) or model()
    given: dict[str, Any] = {
        "train_loader": batches(),
        "loss_fn": F.cross_entropy,
        "optimizer": optim.SGD(net.parameters(), lr=0.1),
        "progress": None,
    }
    return Learner(net, **(given | changes))


def weights(net: nn.Module) -> list[Any]:
    return [parameter.tolist() for parameter in net.parameters()]


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


# The moments -----------------------------------------------------------------------------------------


class Diary(Callback):
    """Writes down every moment, and cancels in the chosen ones."""

    def __init__(self, **cancels: type[Exception]) -> None:
        self.moments: list[str] = []
        self.cancels = cancels

    def _note(self, moment: str) -> None:
        self.moments.append(moment)
        if moment in self.cancels:
            raise self.cancels[moment]

    def before_fit(self, learner: Learner) -> None:
        self._note("before_fit")

    def before_epoch(self, learner: Learner) -> None:
        self._note("before_epoch")

    def before_batch(self, learner: Learner) -> None:
        self._note("before_batch")

    def before_step(self, learner: Learner) -> None:
        self._note("before_step")

    def after_step(self, learner: Learner) -> None:
        self._note("after_step")

    def after_batch(self, learner: Learner) -> None:
        self._note("after_batch")

    def before_validate(self, learner: Learner) -> None:
        self._note("before_validate")

    def after_valid_batch(self, learner: Learner) -> None:
        self._note("after_valid_batch")

    def after_validate(self, learner: Learner) -> None:
        self._note("after_validate")

    def after_epoch(self, learner: Learner) -> None:
        self._note("after_epoch")

    def after_fit(self, learner: Learner) -> None:
        self._note("after_fit")

    def on_exception(self, learner: Learner) -> None:
        self._note("on_exception")


BATCH = ["before_batch", "before_step", "after_step", "after_batch"]
VALID = ["before_validate", "after_valid_batch", "after_validate"]


def diary(epochs: int = 1, **cancels: type[Exception]) -> tuple[list[str], Learner]:
    notes = Diary(**cancels)
    this = learner(train_loader=batches(2), valid_loader=batches(1), callbacks=[notes])
    this.fit(epochs)
    return notes.moments, this


def test_moments_in_order() -> None:
    moments, this = diary(2)
    epoch = ["before_epoch", *BATCH, *BATCH, *VALID, "after_epoch"]
    assert moments == ["before_fit", *epoch, *epoch, "after_fit"]
    assert (this.mode, this.stopped) == ("idle", None)


@pytest.mark.parametrize("moment", ["before_batch", "before_step", "after_step", "after_batch"])
def test_cancel_batch(moment: str) -> None:
    moments, this = diary(**{moment: CancelBatch})
    done = BATCH[: BATCH.index(moment) + 1]
    batch = done if moment == "after_batch" else [*done, "after_batch"]
    assert moments == ["before_fit", "before_epoch", *batch, *batch, *VALID, "after_epoch", "after_fit"]
    assert this.steps_done == (0 if moment in ("before_batch", "before_step") else 2)


def test_cancelled_steps_add_up_gradients() -> None:
    class EverySecond(Callback):
        def before_step(self, learner: Learner) -> None:
            if learner.batches_done % 2 == 0:
                raise CancelBatch

    data = batches(2)
    together = [(groundup.cat([x for x, _ in data]), groundup.cat([y for _, y in data]))]
    net = model()
    halves = learner(
        model=net,
        optimizer=optim.SGD(net.parameters(), lr=0.05),
        train_loader=data,
        callbacks=[EverySecond()],
    )
    whole = learner(train_loader=together)
    halves.fit(1)
    whole.fit(1)
    for a, b in zip(halves.model.parameters(), whole.model.parameters(), strict=True):
        assert groundup.allclose(a, b, atol=1e-6)


@pytest.mark.parametrize("moment", ["before_epoch", "before_step", "after_batch", "before_validate"])
def test_cancel_epoch(moment: str) -> None:
    moments, this = diary(2, **{moment: CancelEpoch})
    full = ["before_epoch", *BATCH, *BATCH, *VALID]
    epoch = [*full[: full.index(moment) + 1], "after_epoch"]
    assert moments == ["before_fit", *epoch, *epoch, "after_fit"]
    assert this.history["epoch"] == [1, 2]
    assert this.history["valid_loss"] == [None, None]
    trained = moment not in ("before_epoch", "before_step") or moment == "before_step"
    assert (this.history["train_loss"][0] is not None) == trained


@pytest.mark.parametrize(
    "moment",
    [
        "before_fit",
        "before_epoch",
        "before_batch",
        "after_batch",
        "after_valid_batch",
        "after_epoch",
        "after_fit",
    ],
)
def test_cancel_fit(moment: str) -> None:
    moments, this = diary(3, **{moment: CancelFit})
    assert moments[-1] == "after_fit"
    assert moments.count(moment) == 1
    if moment != "after_fit":
        assert moments[-2] == moment
    assert this.stopped == "cancelled by a callback"
    assert len(this.history) == {"after_epoch": 1, "after_fit": 3}.get(moment, 0)
    this.callbacks.clear()
    assert len(this.fit(1)) == 1 + {"after_epoch": 1, "after_fit": 3}.get(moment, 0)


def test_a_fit_that_was_cut_leaves_no_gradients_to_the_next() -> None:
    cut = learner(callbacks=Diary(before_step=CancelFit))
    cut.fit(1)
    assert cut.steps_done == 0
    cut.callbacks.clear()
    cut.fit(1)
    whole = learner()
    whole.fit(1)
    assert weights(cut.model) == weights(whole.model)


def test_when_one_cancels_the_others_still_have_their_turn() -> None:
    first, second, third = Diary(after_epoch=CancelFit), Diary(after_epoch=CancelBatch), Diary()
    this = learner(callbacks=[first, second, third])
    this.fit(5)
    for each in (first, second, third):
        assert each.moments[-2:] == ["after_epoch", "after_fit"]
    assert len(this.history) == 1


def test_an_error_goes_through_on_exception() -> None:
    class Stop(BaseException):
        pass

    notes = Diary(after_step=Stop)
    this = learner(callbacks=[notes])
    with pytest.raises(Stop):
        this.fit(1)
    assert notes.moments[-2:] == ["after_step", "on_exception"]
    assert this.mode == "idle"
    notes.cancels.clear()
    assert len(this.fit(1)) == 1  # and the learner can be used again


def test_callbacks_run_by_their_order() -> None:
    seen: list[str] = []

    class Named(Callback):
        def __init__(self, name: str, order: int) -> None:
            self.name, self.order = name, order

        def before_fit(self, learner: Learner) -> None:
            seen.append(self.name)

    learner(callbacks=[Named("last", 5), Named("b", 0), Named("c", 0), Named("first", -1)]).fit(0)
    assert seen == ["first", "b", "c", "last"]


def test_a_callback_may_change_the_batch_and_evaluate() -> None:
    class Scale(Callback):
        def before_batch(self, learner: Learner) -> None:
            learner.inputs = (learner.inputs[0] * 0,)

        def after_batch(self, learner: Learner) -> None:
            assert learner.inputs[0].abs().sum().item() == 0
            before = learner.prediction
            results.append(learner.evaluate(batches(1))["loss"])
            assert learner.prediction is before
            assert learner.model.training

    results: list[float] = []
    this = learner(train_loader=batches(1), callbacks=[Scale()])
    this.fit(1)
    assert results[0] != this.history[0]["train_loss"]


def test_a_misspelt_moment_raises_when_the_class_is_made() -> None:
    with pytest.raises(TypeError, match=r"Oops\.before_bacth would never be called.*Perhaps you meant before_batch"):

        class Oops(Callback):
            def before_bacth(self, learner: Learner) -> None: ...

    with pytest.raises(TypeError, match="on_train_begin would never be called"):

        class Keras(Callback):
            def on_train_begin(self, learner: Learner) -> None: ...


def test_gradient_clipping() -> None:
    norms: list[float] = []

    class Norm(Callback):
        order = 11

        def before_step(self, learner: Learner) -> None:
            squares = [(p.grad**2).sum().item() for p in learner.model.parameters() if p.grad is not None]
            norms.append(math.sqrt(sum(squares)))

    clip = GradientClip(max_norm=0.01)
    learner(callbacks=[Norm(), clip]).fit(1)
    assert norms == pytest.approx([0.01] * 4, rel=1e-3)
    assert clip.norm is not None and clip.norm > 0.01
    biggest: list[float] = []

    class Biggest(Callback):
        order = 11

        def before_step(self, learner: Learner) -> None:
            biggest.append(max(p.grad.abs().max().item() for p in learner.model.parameters()))

    learner(callbacks=[Biggest(), GradientClip(max_value=0.001)]).fit(1)
    assert biggest == pytest.approx([0.001] * 4)
    learner(callbacks=GradientClip(1.0)).fit(1)  # one alone needs no list
    for wrong in ({}, {"max_norm": 1.0, "max_value": 1.0}):
        with pytest.raises(ValueError, match="one of max_norm and max_value"):
            GradientClip(**wrong)
    for value in (0.0, -1.0, math.nan):
        with pytest.raises(ValueError, match="must be above 0"):
            GradientClip(value)


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
