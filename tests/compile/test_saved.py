"""Saved programs run in a process that has no groundup, and give its numbers there."""

from __future__ import annotations

import pickle
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import groundup
from groundup import atomic, nn, optim
from groundup.compile.entry import Entry
from groundup.compile.recorded import Pull
from groundup.compile.saving.file import file_of
from groundup.nn import functional as F
from tests.compile.loops.judge import random, same

# Runs what it finds in a folder: every file's functions on the arguments beside it. Without groundup and what it
# compiles with; and, where kernels are only to be read as Python, with decorators that do nothing for Numba.
RUNNER = """
import importlib, pathlib, pickle, sys, types

class Absent:
    def find_spec(self, name, *rest):
        if name.partition(".")[0] in ("groundup", "torch", "scipy", *sys.argv[2:]):
            raise ImportError(f"{name} is not to be had")

sys.meta_path.insert(0, Absent())
if "numba" in sys.argv[2:]:
    undone = types.ModuleType("numba")
    undone.njit = lambda **settings: lambda function: function
    sys.modules["numba"] = undone
folder = pathlib.Path(sys.argv[1])
sys.path.insert(0, str(folder))
for given in sorted(folder.glob("*.given")):
    module = importlib.import_module(given.stem)
    found = []
    for name, arguments in pickle.loads(given.read_bytes()):
        found.append((getattr(module, name)(*arguments), arguments))
    given.with_suffix(".found").write_bytes(pickle.dumps(found))
"""


def training(model: Any, optimizer: Any, loss: Callable[..., Any]) -> Callable[..., Any]:
    def step(x: Any, y: Any) -> Any:
        optimizer.zero_grad()
        value = loss(model(x), y)
        value.backward()
        optimizer.step()
        return value.detach()

    return step


def classes(*shape: int, of: int) -> Any:
    return groundup.from_numpy(np.random.default_rng(0).integers(0, of, shape))


def two_layers() -> Any:
    model = nn.Sequential(nn.Linear(10, 5), nn.ReLU(), nn.Linear(5, 1))
    return training(model, optim.SGD(model.parameters(), lr=0.1), F.mse_loss), (random(20, 10), random(20, 1))


def adam() -> Any:
    model = nn.Sequential(nn.Linear(8, 6), nn.Tanh(), nn.Linear(6, 6), nn.Tanh(), nn.Linear(6, 1))
    return training(model, optim.Adam(model.parameters()), F.mse_loss), (random(7, 8), random(7, 1))


def classifier() -> Any:
    model = nn.Sequential(nn.Linear(12, 6), nn.ReLU(), nn.Linear(6, 4))
    optimizer = optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    return training(model, optimizer, F.cross_entropy), (random(9, 12), classes(9, of=4))


def convolutions() -> Any:
    model = nn.Sequential(
        nn.Conv2d(1, 4, 3, stride=2, padding=1, bias=False), nn.BatchNorm2d(4), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Linear(16, 3),
    )  # fmt: skip
    return training(model, optim.AdamW(model.parameters()), F.cross_entropy), (random(3, 1, 8, 8), classes(3, of=3))


class Block(nn.Module):
    """A transformer in little."""

    def __init__(self) -> None:
        super().__init__()
        self.table = nn.Embedding(11, 8)
        self.before, self.behind = nn.LayerNorm(8), nn.LayerNorm(8)
        self.mixed, self.joined = nn.Linear(8, 24), nn.Linear(8, 8)
        self.up, self.down = nn.Linear(8, 16), nn.Linear(16, 11)

    def forward(self, index: Any) -> Any:
        x = self.table(index)
        parts = self.mixed(self.before(x)).view(2, 5, 3, 2, 4).permute(2, 0, 3, 1, 4).unbind(0)
        x = x + self.joined(F.scaled_dot_product_attention(*parts, is_causal=True).transpose(1, 2).reshape(2, 5, 8))
        return self.down(F.gelu(self.up(self.behind(x))))


def transformer() -> Any:
    def loss(out: Any, y: Any) -> Any:
        return F.cross_entropy(out.reshape(-1, 11), y.reshape(-1))

    model = Block()
    return training(model, optim.SGD(model.parameters(), lr=0.1), loss), (classes(2, 5, of=11), classes(2, 5, of=11))


def dropout() -> Any:
    model = nn.Sequential(nn.Linear(6, 30), nn.Dropout(0.3), nn.Linear(30, 1))

    def loss(out: Any, y: Any) -> Any:
        return F.mse_loss(out + groundup.randn(12, 1) * 0.1, y)

    return training(model, optim.SGD(model.parameters(), lr=0.1), loss), (random(12, 6), random(12, 1))


def gradient_outside() -> Any:
    weight = random(4, 3).requires_grad_()

    def forward(x: Any) -> Any:
        return (x @ weight).tanh().square().sum()

    return forward, (random(5, 4),)


def views_and_numpy() -> Any:
    """Slices, broadcasts, steps, what has no kernel, arrays without axes, and names that functions have too."""
    table = groundup.from_numpy(np.random.default_rng(3).standard_normal((40, 30)).astype(np.float32))

    def step(x: Any) -> Any:
        softmax = F.softmax(x, -1)
        sign = softmax.sign() * x.flip(0)
        sorted_, _ = x.sort(dim=1)
        x[1:3, ::2] = 0.5
        return (
            softmax,
            sign,
            sorted_ * 2,
            x.t() @ x,
            x[2, 1],
            x[:, None, 1:3].expand(6, 2, 2).sum(1),
            (x * table[:6, :4]),
        )

    return step, (random(6, 4),)


CASES = {
    each.__name__: each
    for each in (two_layers, adam, classifier, convolutions, transformer, dropout, gradient_outside, views_and_numpy)
}


class Told:
    """What programs were called with, and what came of it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.calls: list[tuple[str, list[Any]]] = []
        self.results: list[tuple[Any, list[Any]]] = []
        told = self

        def execute(self: Entry, state: Any, arrays: Any, numbers: Any) -> Any:
            return told.run(self.program, [*arrays, *numbers])

        def pull(self: Pull, *arrays: Any) -> Any:
            return told.run(self.program, [np.asarray(each, order="C") for each in arrays])

        monkeypatch.setattr(Entry, "execute", execute)
        monkeypatch.setattr(Pull, "__call__", pull)

    def run(self, program: Any, arguments: list[Any]) -> Any:
        """Run a program by NumPy, on arguments that are remembered as they were."""
        self.calls.append((program.name, [np.copy(a) if isinstance(a, np.ndarray) else a for a in arguments]))
        with np.errstate(all="ignore"):
            found = program.run(*arguments)
        after = [np.copy(a) if isinstance(a, np.ndarray) else a for a in arguments]
        self.results.append((tuple(map(np.copy, found)), after))
        return found


def saved(folder: Path, name: str, kind: str, monkeypatch: pytest.MonkeyPatch) -> Told:
    """The file of a case, the arguments of a call, and what groundup makes of them."""
    groundup.manual_seed(0)
    step, arguments = CASES[name]()
    compiled = groundup.compile(step)
    with groundup.compile.reading("numpy"):  # so that it runs by `execute`
        for _ in range(2):
            compiled(*arguments)
    with monkeypatch.context() as patch:
        told = Told(patch)
        compiled.save(folder / f"{name}.py", kind)
        for _ in range(2):
            found = compiled(*arguments)
            if isinstance(found, groundup.Tensor) and found.requires_grad:
                found.backward()
    (folder / f"{name}.given").write_bytes(pickle.dumps(told.calls))
    return told


def judged(folder: Path, names: list[str], kind: str, monkeypatch: pytest.MonkeyPatch, *absent: str) -> None:
    """Save the cases, run the files elsewhere, compare."""
    told = {name: saved(folder, name, kind, monkeypatch) for name in names}
    command = [sys.executable, "-c", RUNNER, str(folder), *absent]
    done = subprocess.run(command, capture_output=True, text=True, timeout=240)
    assert done.returncode == 0, done.stderr
    for name in names:
        found = pickle.loads((folder / f"{name}.found").read_bytes())
        assert len(found) == len(told[name].calls) == (4 if name == "gradient_outside" else 2)
        for (results, after), (wanted, wanted_after) in zip(found, told[name].results, strict=True):
            assert len(results) == len(wanted)
            for i, (a, b) in enumerate(zip([*results, *after], [*wanted, *wanted_after], strict=True)):
                same(f"{i} of {name}", a, b)


def test_numpy_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    judged(tmp_path, [*CASES], "numpy", monkeypatch, "numba", "llvmlite")


def test_loops_read_as_python(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The kernels of every case, as they stand, without a compiler."""
    pytest.importorskip("llvmlite")
    judged(tmp_path, [*CASES], "loops", monkeypatch, "numba", "llvmlite")


def test_loops_in_which_kernels_fell_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What has no machine code stands there as NumPy."""
    pytest.importorskip("llvmlite")
    from tests.compile.loops.test_fallbacks import fail

    fail(monkeypatch, lambda kernel: "relu" in kernel.name or "where" in kernel.name)
    judged(tmp_path, ["two_layers"], "loops", monkeypatch, "numba", "llvmlite")
    assert "def relu_by_numpy(" in (tmp_path / "two_layers.py").read_text()


def test_loops_by_numba(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("numba")
    pytest.importorskip("llvmlite")
    judged(tmp_path, ["classifier"], "loops", monkeypatch)


def test_a_file_says_what_its_caller_must_know() -> None:
    step, arguments = classifier()
    compiled = groundup.compile(step)
    for _ in range(3):
        compiled(*arguments)
    head = compile(file_of(compiled.entries[0], "numpy"), "saved", "exec").co_consts[0]
    assert "step(x, y, weight_0, bias_0, weight_2, bias_2," in head
    assert "    weight_0                  float32 (6, 12)  written in place" in head
    assert "    lr                        number" in head
    returned = head[head.index("returns") :]
    assert "    value          float32 ()\n" in returned
    assert "    bias_2_grad    float32 (4,)     a gradient\n" in returned


def test_the_text_of_loops_is_that_of_the_file() -> None:
    pytest.importorskip("llvmlite")
    step, arguments = two_layers()
    compiled = groundup.compile(step)
    for _ in range(2):
        compiled(*arguments)
    text, source = file_of(compiled.entries[0], "loops"), compiled.source("loops")
    for kernel in source.split("\n\n")[:-1]:
        assert kernel.strip("\n") in text
    assert source.rstrip("\n").split("\n")[-1] in text


def test_what_a_file_does_not_take(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("llvmlite")
    step, arguments = two_layers()
    compiled = groundup.compile(step)
    with pytest.raises(RuntimeError, match="has not been traced yet"):
        compiled.save(tmp_path / "step.py")
    compiled(*arguments)
    with pytest.raises(ValueError, match="is written as 'numpy' or as 'loops', not as 'c'"):
        compiled.save(tmp_path / "step.py", "c")
    world: dict[str, Any] = {}
    monkeypatch.setitem(sys.modules, "numba", SimpleNamespace(njit=lambda **settings: lambda function: function))
    exec(file_of(compiled.entries[0], "loops"), world)
    given = [np.ones(v.shape, v.dtype) for v in compiled.graph.inputs]
    with pytest.raises(ValueError, match=r"x must be an array of float32 of shape \(20, 10\)"):
        world["step"](given[0].astype(np.float64), *given[1:], 0.1)
    with pytest.raises(ValueError, match="weight_0 is written in place and must be contiguous"):
        world["step"](*given[:2], np.asfortranarray(given[2]), *given[3:], 0.1)
    world["step"](np.asfortranarray(given[0]), *given[1:], 0.1)


def test_a_file_appears_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    step, arguments = two_layers()
    compiled = groundup.compile(step)
    compiled(*arguments)
    path = tmp_path / "step.py"
    path.write_text("before")
    monkeypatch.setattr(atomic.os, "fsync", lambda handle: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        compiled.save(path)
    assert path.read_text() == "before" and [*tmp_path.iterdir()] == [path]


@pytest.mark.parametrize("kind", ["numpy", "loops"])
def test_memory_that_means_nothing_is_not_written_out(kind: str) -> None:
    """A mask of dropout is drawn into fresh memory, which holds whatever was there before."""
    pytest.importorskip("llvmlite")
    step, arguments = dropout()
    compiled = groundup.compile(step)
    with groundup.compile.reading("numpy"):
        for _ in range(2):
            compiled(*arguments)
    text = file_of(compiled.entries[0], kind)
    assert "b85decode" not in text and "= np.array([" not in text.split("class Generator")[0]
