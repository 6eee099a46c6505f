"""The moments that callbacks see in the training loop: their order, cancelling, and what callbacks may change."""

from __future__ import annotations

import math

import pytest

import groundup
from groundup import optim
from groundup.train import Callback, CancelBatch, CancelEpoch, CancelFit, GradientClip, Learner
from tests.train.small_learner import Diary, batches, learner, model, weights

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
