"""Programs that are kept on disk: the same bits as planned ones, and no other program is ever taken for one's own."""

from __future__ import annotations

import gc
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import groundup
import groundup.nn.functional as F
from groundup import nn, optim
from groundup.compile.graph import Graph
from groundup.compile.loops import cache, machine
from groundup.compile.loops.run import LoopProgram
from groundup.compile.program import Later

pytest.importorskip("llvmlite")

from groundup.compile.loops.recalled import Recalled


@pytest.fixture(autouse=True)
def planned_anew() -> Iterator[None]:
    """Here it is looked for, unlike in other modules."""
    yield


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache; files of the library that have just been changed do not keep anything from being kept."""
    monkeypatch.setenv("GROUNDUP_CACHE", str(tmp_path))
    monkeypatch.setattr(groundup, "_imported", time.time() + 60)
    return tmp_path / "kernels"


def _of(compiled: Any, which: int = 0) -> Any:
    """The program in loops of an entry."""
    return compiled.entries[which].runner.__self__


def _reads_rows(size: int = 5) -> tuple[Any, Callable[[], Any], Any]:
    groundup.manual_seed(0)
    table = nn.Embedding(size, 4)
    opt = optim.SGD(table.parameters(), lr=0.1, momentum=0.9)

    def step(rows: Any) -> Any:
        loss = table(rows).square().sum()
        opt.zero_grad()
        loss.backward()
        opt.step()
        return loss.detach()

    return step, lambda: [table.weight, table.weight.grad], (groundup.tensor([1, 3, 1]),)


def _adam() -> tuple[Any, Callable[[], Any], Any]:
    groundup.manual_seed(0)
    model = nn.Sequential(nn.Linear(6, 8), nn.GELU(), nn.LayerNorm(8), nn.Linear(8, 3))
    opt = optim.AdamW(model.parameters(), lr=0.01)

    def step(x: Any, y: Any) -> Any:
        loss = F.cross_entropy(model(x), y)
        opt.zero_grad()
        loss.backward()
        opt.step()
        return {"loss": loss.detach(), "number": 2, "same": x}

    return (
        step,
        lambda: [each for p in model.parameters() for each in (p, p.grad, *opt.state[p].values())],
        (groundup.randn(20, 6), groundup.randint(0, 3, (20,))),
    )


def _convolution() -> tuple[Any, Callable[[], Any], Any]:
    groundup.manual_seed(0)
    model = nn.Sequential(nn.Conv2d(1, 4, 3, stride=2), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(36, 3))
    opt = optim.SGD(model.parameters(), lr=0.1)

    def step(x: Any) -> Any:
        loss = model(x).logsumexp(1).mean()
        opt.zero_grad()
        loss.backward()
        opt.step()
        return loss.detach()

    return step, lambda: [each for p in model.parameters() for each in (p, p.grad)], (groundup.randn(16, 1, 14, 14),)


def _views() -> tuple[Any, Callable[[], Any], Any]:
    total = groundup.zeros(3)

    def step(x: Any) -> Any:
        total.add_(x.sum(0))
        return x.t(), (x * 2)[1:], groundup.arange(3.0), total, x.mean()

    return step, lambda: [total], (groundup.arange(12.0).reshape(4, 3),)


def _attention() -> tuple[Any, Callable[[], Any], Any]:
    groundup.manual_seed(0)
    layer = nn.Linear(8, 24)
    opt = optim.SGD(layer.parameters(), lr=0.1)

    def step(x: Any) -> Any:
        parts = layer(x).view(2, 70, 3, 2, 4).permute(2, 0, 3, 1, 4).unbind(0)
        loss = F.scaled_dot_product_attention(*parts, is_causal=True).square().sum()
        opt.zero_grad()
        loss.backward()
        opt.step()
        return loss.detach()

    return step, lambda: [each for p in layer.parameters() for each in (p, p.grad)], (groundup.randn(2, 70, 8),)


STEPS = {"rows": _reads_rows, "adam": _adam, "convolution": _convolution, "views": _views, "attention": _attention}


def _bits(things: Any) -> list[Any]:
    if isinstance(things, dict):
        things = list(things.values())
    if isinstance(things, (list, tuple)):
        return [bits for each in things for bits in _bits(each)]
    return [things.numpy(force=True).tobytes() if isinstance(things, groundup.Tensor) else things]


def _run(name: str) -> tuple[list[Any], Any]:
    step, state, args = STEPS[name]()
    compiled = groundup.compile(step)
    found = []
    for _ in range(5):
        found += _bits(compiled(*args)) + _bits(state())
    return found, compiled


@pytest.mark.parametrize("name", STEPS)
def test_the_same_bits_as_the_program_that_was_planned(name: str) -> None:
    planned, first = _run(name)
    recalled, second = _run(name)
    assert type(_of(first)) is LoopProgram and type(_of(second)) is Recalled
    assert recalled == planned
    assert "graph" not in vars(second.entries[0].program), "it was simplified"


def test_numbers_are_read_at_each_call() -> None:
    lrs = []
    for kind in (LoopProgram, Recalled):
        groundup.manual_seed(0)
        w = groundup.ones(3, requires_grad=True)
        opt = optim.SGD([w], lr=0.1)

        def step(x: Any) -> Any:
            opt.zero_grad()  # noqa: B023
            (w * x).sum().backward()  # noqa: B023
            opt.step()  # noqa: B023

        compiled = groundup.compile(step)
        for lr in (0.1, 0.1, 0.5, 0.25):
            opt.param_groups[0]["lr"] = lr
            compiled(groundup.ones(3))
        assert {type(_of(compiled, i)) for i in range(len(compiled.entries))} >= {kind}
        lrs.append(w.tolist())
    assert lrs[0] == lrs[1] == pytest.approx([0.05] * 3)


def test_a_wrong_index_has_the_words_that_it_has_otherwise() -> None:
    words = []
    for kind in (LoopProgram, Recalled):
        step, _, args = _reads_rows()
        compiled = groundup.compile(step)
        for _ in range(3):
            compiled(*args)
        assert type(_of(compiled)) is kind
        with pytest.raises(IndexError) as raised:
            compiled(groundup.tensor([1, 7, 1]))
        words.append(str(raised.value))
        compiled(*args)
    assert words[0] == words[1]
    assert "7" in words[0]


def test_many_steps_in_one_call() -> None:
    found = []
    for _ in range(2):
        step, state, args = _adam()
        compiled = groundup.compile(lambda x, y, step=step: step(x, y)["loss"], steps=4)
        batches = [each.expand(4, *each.shape) for each in args]
        found.append([*_bits([compiled(*batches) for _ in range(3)]), *_bits(state())])
    assert found[0] == found[1]


def test_what_is_shown_is_what_a_planned_one_shows(tmp_path: Path) -> None:
    shown = []
    for kind in (LoopProgram, Recalled):
        _, compiled = _run("adam")
        assert type(_of(compiled)) is kind
        compiled.save(tmp_path / "step.py", kind="loops")
        report = compiled.report().splitlines()
        shown.append(
            [
                compiled.source(),
                compiled.source("loops"),
                str(compiled.graph),
                (tmp_path / "step.py").read_text(),
                sorted(line.split("  ")[0] for line in report if "%" in line),
            ]
        )
    assert shown[0] == shown[1]


def test_a_first_step_of_an_optimiser_is_neither_simplified_nor_looked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    step, _, args = _adam()
    compiled = groundup.compile(step)
    compiled(*args)
    (entry,) = compiled.entries
    assert isinstance(entry.program, Later)
    assert not {"graph", "numbers"} & vars(entry.program).keys()
    assert "cross_entropy" in compiled.source() or "log_softmax" in compiled.source()


# What is not kept


def _kept(folder: Path) -> list[Path]:
    return [each for each in folder.iterdir() if b'"needed"' in each.read_bytes()] if folder.exists() else []


def test_what_numpy_has_a_part_in_is_not_kept(folder: Path) -> None:
    for function in (lambda x: x.sort()[0] + 1, lambda x: F.dropout(x, 0.5) * 2, lambda x: x.to(groundup.float16) + x):
        compiled = groundup.compile(function)
        compiled(groundup.ones(4))
        assert compiled.source()
    assert not _kept(folder)


def test_what_the_caller_can_differentiate_is_not_kept(folder: Path) -> None:
    w = groundup.ones(3, requires_grad=True)
    groundup.compile(lambda x: (x * w).sum())(groundup.ones(3)).backward()
    assert w.grad.tolist() == [1, 1, 1]
    assert not _kept(folder)


def test_what_runs_on_numpy_is_not_looked_for(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    monkeypatch.setattr(cache, "load", asked.append)
    with groundup.compile.reading("numpy"):
        assert groundup.compile(lambda x: x + x)(groundup.ones(3)).tolist() == [2, 2, 2]
    assert not asked and not folder.exists()


def test_a_kernel_without_machine_code_is_not_kept(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from groundup.compile.loops import assembly

    monkeypatch.setattr(assembly, "machine_code", lambda kernels: [None for _ in kernels])
    assert groundup.compile(lambda x: x * 3 + 1)(groundup.ones(3)).tolist() == [4, 4, 4]
    assert not _kept(folder)


def test_addresses_are_not_kept(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A kernel that was given a whole number as large as an address is may have been given one."""
    from groundup.compile.loops import recalled

    monkeypatch.setattr(recalled, "LARGEST", 3)
    assert groundup.compile(lambda x: x * 3 + 1)(groundup.ones(5)).tolist() == [4] * 5
    assert not _kept(folder)


# Damage


def _damages(content: bytes) -> Iterator[bytes]:
    yield b""
    yield content[:4]
    yield content[: len(content) // 2]
    yield content[:-8]
    yield content + bytes(8)
    yield content.replace(b'"kernels"', b'"kernel_"')
    yield content.replace(b'"numbers": [', b'"numbers": [")(", ')
    yield content.replace(b'"size": ', b'"size": "a", "s": ')
    yield (1 << 60).to_bytes(8, "little") + content[8:]


@pytest.mark.parametrize("which", range(9))
def test_what_is_not_as_it_must_be_is_planned_anew_and_replaced(folder: Path, which: int) -> None:
    planned, _ = _run("rows")
    (kept,) = _kept(folder)
    content = cache.load(kept.name)
    assert content is not None
    damaged = list(_damages(content))[which]
    assert damaged != content
    cache.save(kept.name, damaged)  # with a checksum that is right
    found, compiled = _run("rows")
    assert found == planned and type(_of(compiled)) is LoopProgram
    assert cache.load(kept.name) == content
    found, compiled = _run("rows")
    assert found == planned and type(_of(compiled)) is Recalled


def test_a_file_that_is_damaged_is_replaced(folder: Path) -> None:
    planned, _ = _run("rows")
    (kept,) = _kept(folder)
    content = bytearray(kept.read_bytes())
    content[-1] ^= 1
    kept.write_bytes(content)
    found, compiled = _run("rows")
    assert found == planned and type(_of(compiled)) is LoopProgram
    assert _kept(folder) == [kept] and kept.read_bytes() != content


def test_a_kernel_that_is_gone_is_made_again(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    planned, _ = _run("rows")
    (kept,) = _kept(folder)
    for kind in (LoopProgram, Recalled):
        for each in folder.iterdir():
            if each != kept and kind is LoopProgram:
                each.unlink()
        monkeypatch.setattr(machine, "_addresses", {})
        monkeypatch.setattr(machine, "_places", {})
        found, compiled = _run("rows")
        assert found == planned and type(_of(compiled)) is kind


# Interrupts


def test_a_program_whose_writing_was_interrupted_is_written_from_the_beginning(monkeypatch: pytest.MonkeyPatch) -> None:
    from groundup.compile import program as module

    right = module.simplified

    def interrupted(graph: Graph) -> Graph:
        right(graph).statements.pop()
        raise KeyboardInterrupt

    _, _ = _run("views")
    _, compiled = _run("views")
    with monkeypatch.context() as patch:
        patch.setattr(module, "simplified", interrupted)
        with pytest.raises(KeyboardInterrupt):
            compiled.source()
    _, another = _run("views")
    assert compiled.source().splitlines()[1:] == another.source().splitlines()[1:]


# Processes

TRAINING = """
import hashlib, sys, time
import groundup
groundup._imported = time.time() + 60
import groundup.nn.functional as F
from groundup import nn, optim
groundup.manual_seed(0)
model = nn.Sequential(nn.Linear(6, 8), nn.GELU(), nn.Linear(8, 3))
opt = optim.AdamW(model.parameters())
x, y = groundup.randn(20, 6), groundup.randint(0, 3, (20,))
@groundup.compile
def step(x, y):
    loss = F.cross_entropy(model(x), y)
    opt.zero_grad()
    loss.backward()
    opt.step()
    return loss.detach()
digest = hashlib.sha256()
for _ in range(6):
    digest.update(step(x, y).numpy().tobytes())
for each in model.parameters():
    digest.update(each.numpy(force=True).tobytes())
print(digest.hexdigest(), type(step.entries[0].runner.__self__).__name__, "groundup.compile.loops.plan" in sys.modules)
"""


def _processes(count: int) -> list[list[str]]:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    running = [
        subprocess.Popen([sys.executable, "-c", TRAINING], stdout=subprocess.PIPE, text=True, env=environment)
        for _ in range(count)
    ]
    return [each.communicate(timeout=120)[0].split() for each in running]


def test_processes_that_start_at_once_and_later_ones_train_alike(folder: Path) -> None:
    found = _processes(3)
    assert len({each[0] for each in found}) == 1
    ((bits, kind, has_planned),) = _processes(1)
    assert bits == found[0][0]
    assert (kind, has_planned) == ("Recalled", "False"), "a second process neither plans nor imports what does"
    assert len(_kept(folder)) == 1 and not list(folder.glob("*.tmp"))
    (kept,) = _kept(folder)
    kept.write_bytes(kept.read_bytes()[:-1])
    ((bits, kind, _),) = _processes(1)
    assert (bits, kind) == (found[0][0], "LoopProgram")


def test_arrays_that_a_function_lets_go_are_let_go_while_it_is_traced() -> None:
    import tracemalloc

    def many(x: Any) -> Any:
        for _ in range(40):
            x = x * 0.5 + 1
        return x.sum()

    x = groundup.ones(1 << 18)  # a megabyte
    with groundup.compile.reading("numpy"):
        compiled = groundup.compile(many)
        gc.collect()
        tracemalloc.start()
        try:
            compiled(x)
            _, most = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    assert most < 6 * x.nbytes
