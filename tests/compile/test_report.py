"""The report of a compiled function: what it counts is true, and making it changes nothing."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest

import groundup
from groundup import nn, optim
from groundup.errors import MissingExtra
from groundup.nn import functional as F
from tests.compile.loops.judge import random

pytest.importorskip("llvmlite")

from groundup.compile.loops import assembly
from groundup.compile.loops.costs import Cost, cost_of
from groundup.compile.loops.items import Product
from groundup.compile.loops.layout import Buffer
from groundup.compile.loops.machine import Kernel
from groundup.compile.loops.made import Made
from tests.compile.loops.test_fallbacks import fail


def network() -> tuple[Any, Any, Any, tuple[Any, Any]]:
    model = nn.Sequential(nn.Linear(10, 5), nn.ReLU(), nn.Dropout(0.5), nn.Linear(5, 1))
    optimizer = optim.SGD(model.parameters(), lr=0.1, momentum=0.9)

    @groundup.compile
    def step(x: Any, y: Any) -> Any:
        optimizer.zero_grad()
        loss = F.mse_loss(model(x), y)
        loss.backward()
        optimizer.step()
        return loss.detach()

    arguments = random(20, 10), random(20, 1)
    for _ in range(3):
        step(*arguments)
    return step, model, optimizer, arguments


def lines_of(report: str) -> dict[str, list[str]]:
    """The cells behind the name of each line of a table."""
    found = [re.split(r"  +", line.strip()) for line in report.split("\n")]
    return {name: cells for name, *cells in found}


def test_the_lines() -> None:
    step, *_ = network()
    report = step.report()
    assert report.startswith("step, measured on one thread\n")
    assert re.search(r"calls +time +of all +bytes +FLOPs +of the limit\n", report)
    lines = lines_of(report)
    product = lines["(20, 10) @ (10, 5)"]
    assert (product[0] == "1" and product[3:5] == ["1.2 kB", "2 k"]) or product[3:5] == ["1.4 kB", "2 k"]
    calls = sum(len(each) if isinstance(each, list) else 1 for each in step.entries[0].runner.__self__.steps)
    assert lines["all of these"][0] == str(calls)
    assert {"around them, in Python", "together, called with arrays"} <= lines.keys()
    assert re.search(r"\nleft to NumPy: \w+: ", report), "the mask of dropout is drawn by NumPy"
    assert re.search(r"\n\d+ kernels; arrays between them: [\d.]+ k?B in [\d.]+ k?B\n", report)
    assert re.search(r"\nlimits: copies of .*B/s in the cache and .*B/s in memory, products of .*FLOP/s", report)


def test_it_changes_nothing() -> None:
    """Neither arrays nor random numbers, nor what the program does next."""
    (step, model, _, arguments), (other, _, _, others) = [_seeded() for _ in range(2)]
    before = [p.detach().clone() for p in model.parameters()]
    state = np.asarray(groundup.get_rng_state())
    step.report()
    assert np.array_equal(np.asarray(groundup.get_rng_state()), state)
    assert all((a == b).all() for a, b in zip(before, model.parameters(), strict=True))
    place = groundup.get_rng_state()
    losses = [step(*arguments).item() for _ in range(3)]
    groundup.set_rng_state(place)
    assert losses == [other(*others).item() for _ in range(3)]


def _seeded() -> Any:
    groundup.manual_seed(0)
    return network()


def test_costs_of_a_kernel() -> None:
    text = (
        "def f(a, b, out, columns, factor, begin, end):\n"
        "    for i in range(begin, end):\n"
        "        total = f32(0.0)\n"
        "        for j in range(columns):\n"
        "            total = plus_f32(total, a[i * columns + j] * b[j])\n"
        "        out[i] = exp_f32(total) / factor\n"
    )
    a, b, out = (Buffer(np.dtype(np.float32), size, "temporary") for size in (60, 6, 10))
    kernel = Kernel("f", text, ("float32*", "float32*", "float32*", "int", "float32"))
    # Of each element a product and a sum, of each row a function and a quotient; b is read again and again.
    assert cost_of(Made(kernel, [(a, 0), (b, 0), (out, 0), 6, 2.0], 10)) == Cost(4 * (60 + 6 + 10), 2 * 60 + 2 * 10)


def test_costs_of_panels_and_of_writing_in_place() -> None:
    text = (
        "def f(a, sum, size, panels, begin, end):\n"
        "    for panel in range(begin, end):\n"
        "        for i in range(panel * size // panels, (panel + 1) * size // panels):\n"
        "            a[i] = a[i] + f64(1.0)\n"
        "            sum[panel] = plus_f64(sum[panel], a[i])\n"
    )
    a, total = (Buffer(np.dtype(np.float64), size, "temporary") for size in (100, 3))
    kernel = Kernel("f", text, ("float64*", "float64*", "int", "int"))
    assert cost_of(Made(kernel, [(a, 0), (total, 0), 100, 3], 3)) == Cost(8 * (100 + 100 + 3 + 3), 200)


def test_costs_of_products() -> None:
    """Of every product of a program, from its shapes."""
    step, *_ = network()
    program = step.entries[0].runner.__self__
    products = [made for each in program.steps if isinstance(each, list) for made in each if isinstance(made, Product)]
    assert len(products) == 5
    for product in products:
        (m, k), n = product.a.shape, product.b.shape[-1]
        assert cost_of(product) == Cost(4 * (m * k + k * n + m * n), 2 * m * k * n)


@pytest.mark.parametrize(("stride", "padding", "channels"), [(1, 0, 3), (2, 1, 16), (1, 1, 5)])
def test_costs_of_convolutions_of_many_images(stride: int, padding: int, channels: int) -> None:
    """A product and a sum for each image, place, and tap that is not in the border."""
    shapes = (16, channels, 9, 8), (6, channels, 3, 3)
    x, weight = (groundup.ones(*shape, requires_grad=True) for shape in shapes)

    def step(x: Any, weight: Any) -> Any:
        out = F.conv2d(x, weight, None, stride, padding)
        return out.detach(), *groundup.autograd.grad((out * out).sum(), (x, weight))

    compiled = groundup.compile(step)
    with groundup.compile.reading("loops"):
        for _ in range(2):
            out, *_ = compiled(x, weight)
    calls = [made for each in compiled.entries[0].runner.__self__.steps for made in each if isinstance(made, Made)]
    costs = [cost_of(made) for made in calls if made.kernel.name.startswith(("link_images", "link_products"))]
    assert [each.flops for each in costs] == [2 * int(out.sum())] * 3
    arrays = 4 * (x.numel() + out.numel())
    assert [each.bytes > arrays for each in costs] == [False, True, False]  # the weight's gradient has partial results


def test_a_length_that_nobody_knows() -> None:
    text = (
        "def f(a, ends, out, begin, end):\n"
        "    for i in range(begin, end):\n"
        "        for j in range(ends[i]):\n"
        "            for k in range(7):\n"
        "                out[i] += a[j]\n"
    )
    a, ends, out = (Buffer(np.dtype(kind), size, "temporary") for kind, size in (("f4", 90), ("i8", 10), ("f4", 10)))
    kernel = Kernel("f", text, ("float32*", "int64*", "float32*"))
    assert cost_of(Made(kernel, [(a, 0), (ends, 0), (out, 0)], 10)) == Cost(4 * 90 + 8 * 10 + 4 * 20, 90)


def test_gradients_outside_have_a_table_too() -> None:
    weight = random(4, 3).requires_grad_()

    @groundup.compile
    def forward(x: Any) -> Any:
        return (x @ weight).tanh().sum()

    for _ in range(2):
        forward(random(5, 4)).backward()
    report = forward.report()
    assert report.count("measured on one thread") == 2 and "forward_backward" in report


def test_what_runs_on_numpy_says_why() -> None:
    double = groundup.compile(lambda x: x + x)
    with groundup.compile.reading("numpy"):
        double(random(3)), double(random(3))
    assert double.report().startswith("lambda_1 runs on NumPy, as it was asked to. In loops it would be:\n")


def test_a_kernel_without_machine_code_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    fail(monkeypatch, lambda kernel: "relu" in kernel.name)
    step, *_ = network()
    report = step.report()
    named = [line for line in report.split("\n") if line.startswith("left to NumPy: ") and "relu" in line]
    assert named and all(line.endswith(": no machine code") for line in named)
    assert "relu (by NumPy)" in lines_of(report)


def test_without_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(kernels: Any) -> Any:
        raise MissingExtra("making machine code", "llvmlite", "compile")

    double = groundup.compile(lambda x: x + x)
    with groundup.compile.reading("numpy"):
        double(random(3))
    monkeypatch.setattr(assembly, "machine_code", missing)
    assert double.report().startswith("lambda_1 runs on NumPy: making machine code needs")
