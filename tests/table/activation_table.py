"""The activations' part of the table: elementwise functions that only networks use."""

from __future__ import annotations

import numpy as np

from tests.table.table import ALL, NUMBERS, SPECIAL, Arg, Entry, Sample, at, on, some, unary

ANY = (-2.0, 2.0)
WIDE = (-5.0, 5.0)
POSITIVE = (0.2, 3.0)
INSIDE = (-0.9, 0.9)
EVERY = SPECIAL
NUMBERED = SPECIAL[:-1]  # for nan PyTorch's slopes depend on the length of the tensor


def _prelu(random: np.random.Generator) -> list[Sample]:
    def made(shape: tuple[int, ...], weights: tuple[int, ...], layout: str = "plain") -> Sample:
        return Sample((Arg(random.uniform(-2, 2, shape), layout), Arg(random.uniform(0.1, 0.9, weights))))

    return [
        made((), ()),
        made((3,), (1,)),
        made((2, 3), (3,)),
        made((3, 2), (3,), "transposed"),
        made((2, 3, 2, 2), (3,)),
        made((0, 3), (3,)),
        Sample((Arg(np.array(EVERY)), Arg(np.array([0.25]))), smooth=False),
    ]


ENTRIES = [
    Entry("sigmoid", unary(ANY, *EVERY, 800, -800), rows=("sigmoid",), dtypes=ALL),
    Entry("logsigmoid", unary(ANY, *EVERY, 800, -800), path="nn.functional.logsigmoid", rows=("log_sigmoid",)),
    Entry("softplus", unary(ANY, *EVERY, 19, 21, 800), path="nn.functional.softplus", rows=("softplus",)),
    Entry(
        "softplus, beta",
        unary((-1, 3), beta=2.5, threshold=4),
        path="nn.functional.softplus",
        rows=("softplus",),
    ),
    Entry("relu", unary(ANY, *EVERY), rows=("relu",), dtypes=NUMBERS),
    Entry("leaky_relu", unary(ANY, *EVERY), path="nn.functional.leaky_relu", rows=("leaky_relu",)),
    Entry("leaky_relu, slope", unary(ANY, negative_slope=0.3), path="nn.functional.leaky_relu"),
    Entry("gelu", unary(ANY, *EVERY, 30, -30), path="nn.functional.gelu", rows=("gelu",)),
    Entry(
        "gelu, tanh",
        unary(ANY, 0.0, 1.0, -3.0, 30.0, approximate="tanh"),
        path="nn.functional.gelu",
        rows=("gelu_tanh",),
    ),
    Entry("prelu", _prelu, path="nn.functional.prelu", rows=("leaky_relu",)),
    Entry("rrelu", unary(ANY, *EVERY), path="nn.functional.rrelu", rows=("leaky_relu",)),
    Entry("relu6", unary((-2, 8), *NUMBERED, 6.0), path="nn.functional.relu6", rows=("hardtanh",), dtypes=NUMBERS),
    Entry("elu", unary(ANY, *NUMBERED, 800, -800), path="nn.functional.elu", rows=("elu",)),
    Entry("elu, alpha", unary(ANY, alpha=0.3), path="nn.functional.elu", rows=("elu",)),
    Entry("celu", unary(ANY, *NUMBERED, alpha=0.5), path="nn.functional.celu", rows=("elu",)),
    Entry("selu", unary(ANY, *NUMBERED), path="nn.functional.selu", rows=("elu",)),
    Entry("silu", unary(WIDE, *EVERY, 800, -800), path="nn.functional.silu", rows=("silu",)),
    Entry("mish", unary(WIDE, *EVERY, 800, -800, 19.0, 21.0), path="nn.functional.mish", rows=("mish",)),
    Entry("softsign", unary(ANY, *EVERY), path="nn.functional.softsign", rows=("div", "abs")),
    Entry("tanhshrink", unary(ANY, *EVERY), path="nn.functional.tanhshrink", rows=("tanh", "sub")),
    Entry("hardtanh", unary(ANY, *NUMBERED), path="nn.functional.hardtanh", rows=("hardtanh",)),
    Entry("hardtanh, bounds", unary(WIDE, min_val=-3, max_val=2), path="nn.functional.hardtanh", dtypes=NUMBERS),
    Entry(
        "hardsigmoid",
        unary(WIDE, *NUMBERED, 3.0, -3.0),
        path="nn.functional.hardsigmoid",
        rows=("hardsigmoid",),
        order=1,
        rtol=100,  # PyTorch has a sixth in float32
    ),
    Entry("hardswish", unary(WIDE, *NUMBERED, 3.0, -3.0), path="nn.functional.hardswish", rows=("hardswish",)),
    Entry("hardshrink", unary(ANY, *NUMBERED, 0.5, -0.5), path="nn.functional.hardshrink", rows=("hardshrink",)),
    Entry("softshrink", unary(ANY, *NUMBERED, 0.5, -0.5), path="nn.functional.softshrink", rows=("softshrink",)),
    Entry("hardshrink, lambd", unary(ANY, lambd=1.1), path="nn.functional.hardshrink"),
    Entry("softshrink, lambd", unary(ANY, lambd=1.1), path="nn.functional.softshrink"),
    Entry(
        "threshold",
        some(on(2, 3)(0.1, 20.0), on(2, 3, layout="transposed")(-0.5, 1.0), at(*EVERY)(0.0, 3.0), at(0.5)(0.5, 3.0)),
        path="nn.functional.threshold",
        rows=("threshold",),
    ),
    Entry(
        "glu",
        some(on(4)(), on(2, 6)(), on(6, 2, layout="transposed")(1), on(4, 3)(dim=0), on(2, 4, 3)(-2), on(0, 4)()),
        path="nn.functional.glu",
        rows=("sigmoid", "mul"),
    ),
    Entry("softmin", unary(ANY, dim=-1), path="nn.functional.softmin", rows=("softmax", "neg")),
]
