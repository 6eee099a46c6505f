"""A kernel without machine code falls back to NumPy, and no other: whichever it is, and all of them together."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest

import groundup

pytest.importorskip("llvmlite")
pytest.importorskip("scipy")

from groundup.compile.loops import assembly, machine
from groundup.compile.loops.emit import Emitter
from groundup.compile.loops.machine import Kernel
from groundup.compile.loops.run import LoopProgram
from groundup.compile.loops.terms import Refused
from tests.compile.loops.judge import Judge, random
from tests.compile.loops.test_programs import IN_PLACE, VIEWS
from tests.compile.loops.test_steps import MODELS, OPTIMIZERS

pytestmark = pytest.mark.usefixtures("own_kernels")

Given = tuple[Any, tuple[Any, ...]]  # a program, and arguments of it


def of_step(model: str, optimizer: str) -> Callable[[], Given]:
    """A training step of the model, and a batch that it was not traced on."""

    def made() -> Given:
        groundup.manual_seed(0)
        net, loss_of, batch = MODELS[model]()
        opt = OPTIMIZERS[optimizer](net.parameters())

        def step(x: Any, y: Any) -> Any:
            opt.zero_grad()
            loss = loss_of(net(x), y)
            loss.backward()
            opt.step()
            return loss.detach()

        return noted(step, [batch(i) for i in range(3)])

    return made


def of(function: Callable[..., Any]) -> Callable[[], Given]:
    """A function of one matrix."""
    return lambda: noted(lambda x: function(x), [(random(4, 6, seed=i),) for i in range(2)])


def noted(step: Callable[..., Any], batches: Sequence[tuple[Any, ...]]) -> Given:
    """The program that the last batch runs, and what it is given."""
    from groundup.compile.entry import Entry

    found: list[Given] = []
    compiled = groundup.compile(step)
    with pytest.MonkeyPatch.context() as patch:

        def execute(self: Any, state: Any, arrays: tuple[Any, ...], numbers: tuple[Any, ...]) -> Any:
            found.append((self.program, tuple(np.copy(each) for each in arrays) + numbers))
            return state.run(self.program.run, *arrays, *numbers)

        patch.setattr(Entry, "execute", execute)
        for batch in batches:
            compiled(*batch)
    return found[-1]


def _lowered_and_written(x: Any) -> Any:
    """What a row's own kernels have read is written right behind them."""
    picked = x.t()[[1, 0, 3]].cumsum(1)
    x.sub_(x.clone().t().contiguous().t()).add_(1.0)
    return picked, x.roll(1, 0)


def _of_one_number(x: Any) -> Any:
    total = groundup.zeros(())
    total += x.sum()
    kept = groundup.full((4, 6), 2.0)
    kept[0] = total
    return total, kept.mul_(x), x.amax(1).reshape(2, 2)


PROGRAMS: dict[str, Callable[[], Given]] = {
    "regression": of_step("regression", "SGD"),
    "Adam": of_step("classifier", "Adam"),
    "convolution": of_step("max pooling", "SGD, momentum"),
    "many images": of_step("many images", "SGD"),
    "norms": of_step("groups", "SGD"),
    "transformer": of_step("language", "SGD, momentum"),
    "lowered and written": of(_lowered_and_written),
    "of one number": of(_of_one_number),
    **{name: of(IN_PLACE[name]) for name in IN_PLACE},
    **{name: of(VIEWS[name]) for name in ("reshaped transposed", "padded", "rolled", "chunked and joined", "picked")},
}


def fail(patch: pytest.MonkeyPatch, kernels: Callable[[Kernel], bool]) -> None:
    """Have no machine code made of these kernels."""

    def some(asked: Sequence[Kernel]) -> list[int | None]:
        found = machine.machine_code(asked)
        return [None if kernels(kernel) else address for kernel, address in zip(asked, found, strict=True)]

    patch.setattr(assembly, "machine_code", some)


@pytest.mark.parametrize("name", PROGRAMS)
def test_one_kernel_after_the_other(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    program, given = PROGRAMS[name]()
    whole = LoopProgram(program)
    assert whole.distinct and not any("machine code" in why for _, why in whole.fallbacks)
    for chosen in whole.distinct[:: max(1, len(whole.distinct) // 4)]:
        fail(monkeypatch, lambda kernel, text=chosen.text: kernel.text == text)  # type: ignore[misc]
        judge = Judge(1e-30)
        judge.compare(program, given)
        fast = judge.fast[program]
        told = [f"{what}: {why}" for what, why in fast.fallbacks if (what, why) not in whole.fallbacks]
        assert told and all(f"{chosen.name}: no machine code" in each for each in told)
        assert chosen.text not in {kernel.text for kernel in fast.distinct}
        assert len(fast.distinct) > len(whole.distinct) / 2 or len(whole.distinct) < 8


@pytest.mark.parametrize("error", [Refused("planted"), KeyError("planted")], ids=repr)
@pytest.mark.parametrize("name", ["regression", "transformer"])
def test_a_text_that_cannot_be_written(name: str, error: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    program, given = PROGRAMS[name]()
    made = Emitter.made
    names: list[str] = []

    def refused(self: Emitter) -> Any:
        names.append(self.name)
        if self.name == names[0]:
            raise error
        return made(self)

    monkeypatch.setattr(Emitter, "made", refused)
    judge = Judge(1e-30)
    if isinstance(error, Refused):
        judge.compare(program, given)
        assert (names[0], "planted") in judge.fast[program].fallbacks
        return
    with pytest.raises(AssertionError, match="planted"):  # a test would see it
        judge.compare(program, given)
    judge.compare(program, given)
    assert (names[0], "KeyError('planted')") in judge.fast[program].fallbacks


@pytest.mark.parametrize("name", PROGRAMS)
def test_all_kernels(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    program, given = PROGRAMS[name]()
    fail(monkeypatch, lambda kernel: True)
    judge = Judge(1e-30)
    judge.compare(program, given)
    assert not judge.fast[program].distinct
