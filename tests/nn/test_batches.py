"""Batches of 0 and of 1, in both precisions, with images and scores that are not contiguous: PyTorch's results."""

from __future__ import annotations

from typing import Any

import pytest

import groundup
from groundup import nn

LAYERS: dict[str, Any] = {
    "conv": lambda nn: nn.Conv2d(4, 6, (3, 2), stride=(2, 1), padding=(1, 0), dilation=(1, 2), groups=2),
    "max pool": lambda nn: nn.MaxPool2d(3, 2, 1, ceil_mode=True),
    "avg pool": lambda nn: nn.AvgPool2d(3, 2, 1, ceil_mode=True, count_include_pad=False),
    "adaptive pool": lambda nn: nn.AdaptiveAvgPool2d((4, 3)),
    "global pool": lambda nn: nn.AdaptiveAvgPool2d(1),
    "flatten": lambda nn: nn.Flatten(),
    "linear": lambda nn: nn.Linear(4, 3),
}


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("batch", [0, 1])
@pytest.mark.parametrize("name", LAYERS)
def test_layers(peer: Any, name: str, batch: int, dtype: str) -> None:
    ours, theirs = (LAYERS[name](library).to(getattr(root, dtype)) for library, root in
                    ((nn, groundup), (peer.nn, peer.torch)))  # fmt: skip
    x, their_x = peer.pair(9, 4, 8, batch, dtype=dtype)
    order = (3, 0, 2, 1) if name == "linear" else (3, 1, 0, 2)
    peer.copy(ours, theirs)
    parameters = list(zip(ours.parameters(), theirs.parameters(), strict=True))
    peer.same_gradients(ours(x.permute(order)), theirs(their_x.permute(order)), (x, their_x), *parameters)


@pytest.mark.parametrize("reduction", ["none", "mean", "sum"])
@pytest.mark.parametrize("settings", [{}, {"label_smoothing": 0.1}, {"ignore_index": 2}])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("batch", [0, 1])
def test_cross_entropy(peer: Any, batch: int, dtype: str, settings: dict[str, Any], reduction: str) -> None:
    x, their_x = peer.pair(5, batch, dtype=dtype)
    target = [2] * batch
    ours = nn.functional.cross_entropy(
        x.t(), groundup.tensor(target, dtype=groundup.int64), reduction=reduction, **settings
    )
    theirs = peer.F.cross_entropy(
        their_x.t(), peer.torch.tensor(target, dtype=peer.torch.int64), reduction=reduction, **settings
    )
    peer.same_gradients(ours, theirs, (x, their_x))
