"""Normalisation and attention in the table: rows of the reduce family under functions of ``nn.functional``."""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.table.table import Arg, Entry, Sample, Samples, mask


def _with_weights(
    shape: tuple[int, ...], weights: tuple[int, ...], *before: Any, layout: str = "plain", **kwargs: Any
) -> Any:
    """An input, arguments, and a weight and a bias of the shape `weights`."""

    def make(random: np.random.Generator) -> Sample:
        x, weight, bias = (Arg(random.uniform(-2, 2, each)) for each in (shape, weights, weights))
        return Sample((Arg(x.base, layout), *before, weight, bias), kwargs)

    return make


def _without(shape: tuple[int, ...], *before: Any, layout: str = "plain", **kwargs: Any) -> Any:
    return lambda random: Sample((Arg(random.uniform(-2, 2, shape), layout), *before), kwargs)


def _all(*made: Any) -> Samples:
    return lambda random: [each(random) for each in made]


def _attention(*shapes: Any, **kwargs: Any) -> Any:
    """Queries, keys, values, and a mask, if there is a fourth shape or mask."""

    def make(random: np.random.Generator) -> Sample:
        args = [each if isinstance(each, Arg) else Arg(random.uniform(-2, 2, each)) for each in shapes]
        return Sample(tuple(args), kwargs)

    return make


ROWS = ("normalise", "normalise_back", "normalise_weight")

ENTRIES = [
    Entry(
        "layer_norm",
        _all(
            _with_weights((3, 4), (4,), (4,)),
            _with_weights((2, 3, 2), (3, 2), (3, 2)),
            _with_weights((4,), (4,), (4,)),
            _without((4, 3), (4,), layout="transposed"),
            _without((2, 20), (20,), eps=0.1),
            _without((0, 3), (3,)),
        ),
        path="nn.functional.layer_norm",
        rows=ROWS,
        rtol=10,
    ),
    Entry(
        "rms_norm",
        _all(
            lambda random: Sample((Arg(random.uniform(-2, 2, (3, 4))), (4,), Arg(random.uniform(-2, 2, (4,))))),
            _without((2, 3, 2), (3, 2)),
            _without((2, 18), (18,), eps=0.1),
        ),
        path="nn.functional.rms_norm",
        rows=("normalise", "normalise_back"),
        rtol=10,
    ),
    Entry(
        "batch_norm, training",
        _all(
            _with_weights((3, 2), (2,), None, None, training=True),
            _with_weights((2, 3, 2), (3,), None, None, training=True),
            _with_weights((2, 2, 2, 9), (2,), None, None, training=True),
            _without((4, 3), None, None, training=True, eps=0.1),
        ),
        path="nn.functional.batch_norm",
        rows=("moments", *ROWS),
        rtol=10,
    ),
    Entry(
        "group_norm",
        _all(
            _with_weights((2, 4, 3), (4,), 2),
            _with_weights((2, 4), (4,), 2),
            _with_weights((1, 2, 3, 6), (2,), 1),
            _without((2, 4, 2), 4),
        ),
        path="nn.functional.group_norm",
        rows=ROWS,
        rtol=10,
    ),
    Entry(
        "instance_norm",
        _all(_with_weights((2, 3, 4), (3,), None, None), _without((1, 2, 3, 3))),
        path="nn.functional.instance_norm",
        rows=ROWS,
        rtol=10,
    ),
    Entry(
        "scaled_dot_product_attention",
        _all(
            _attention((3, 2), (4, 2), (4, 3)),
            _attention((2, 1, 3, 2), (2, 4, 2), (2, 2, 4, 1), scale=0.3),
            _attention((3, 2), (3, 2), (3, 2), is_causal=True),
            _attention((3, 2), (4, 2), (4, 2), mask([[1, 0, 1, 1], [0, 0, 0, 0], [1, 1, 1, 0]])),
            _attention((2, 3, 2), (2, 4, 2), (2, 4, 2), mask([1, 0, 1, 1])),
            _attention((3, 2), (4, 2), (4, 2), (3, 4)),
            _attention((2, 4, 3, 2), (2, 2, 3, 2), (2, 2, 3, 2), enable_gqa=True),
        ),
        path="nn.functional.scaled_dot_product_attention",
        rows=("masked_softmax",),
        rtol=10,
        order=1,  # PyTorch's kernel has no second derivative; tests/nn/test_attention.py checks ours
    ),
]
