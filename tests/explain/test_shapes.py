"""The layer table: PyTorch's parameters and FLOPs, the same table for both libraries, and a network left as it was."""

from __future__ import annotations

import copy
import re

import numpy as np
import pytest

import groundup
from groundup import explain, nn


def small_cnn(library=groundup):
    layers = library.nn
    return layers.Sequential(
        layers.Conv2d(1, 16, 3, padding=1),
        layers.BatchNorm2d(16),
        layers.ReLU(),
        layers.MaxPool2d(2),
        layers.Flatten(),
        layers.Dropout(0.5),
        layers.Linear(16 * 14 * 14, 10),
    )


def test_the_table() -> None:
    assert str(explain.shapes(small_cnn(), (64, 1, 28, 28))).splitlines() == [
        "layer             output            parameters       FLOPs  new memory",
        "Sequential        (64, 10)",
        "├─ 0 Conv2d       (64, 16, 28, 28)         160  14,450,688    3.06 MiB",
        "├─ 1 BatchNorm2d  (64, 16, 28, 28)          32                3.06 MiB",
        "├─ 2 ReLU         (64, 16, 28, 28)                            3.06 MiB",
        "├─ 3 MaxPool2d    (64, 16, 14, 14)                             784 KiB",
        "├─ 4 Flatten      (64, 3136)",
        "├─ 5 Dropout      (64, 3136)",
        "└─ 6 Linear       (64, 10)              31,370   4,014,080     2.5 KiB",
        "",
        "31,562 parameters, 123 KiB; all of them trained: as much again for gradients",
        "18,464,768 FLOPs forward, about three times as many with backward",
        "input 196 KiB, new memory of all layers 9.96 MiB",
    ]


def test_the_network_is_left_as_it_was() -> None:
    model = small_cnn()
    model[1].eval()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    x = groundup.randn(4, 1, 28, 28)
    random = groundup.get_rng_state()
    explain.shapes(model, x)
    assert groundup.equal(groundup.get_rng_state(), random)
    assert model.training and model[5].training and not model[1].training
    assert all(groundup.equal(value, before[name]) for name, value in model.state_dict().items())
    assert all(p.grad is None for p in model.parameters())
    calls = []
    with pytest.raises(RuntimeError) as caught:
        explain.shapes(model, (4, 3, 28, 28))
    assert "It was 0 (Conv2d), called with (4, 3, 28, 28)." in caught.value.__notes__
    assert model.training and not model[1].training
    model.register_forward_hook(lambda *_: calls.append(1))
    model(x)
    assert calls == [1]


def test_depth_adds_up_what_lies_below() -> None:
    layer = nn.TransformerEncoderLayer(32, 4, 64, batch_first=True)
    model = nn.TransformerEncoder(layer, 2)
    whole, short = explain.shapes(model, (2, 10, 32)), explain.shapes(model, (2, 10, 32), depth=2)
    assert [row[0] for row in short.rows()] == [
        "TransformerEncoder",
        "└─ layers ModuleList",
        "   ├─ 0 TransformerEncoderLayer",
        "   └─ 1 TransformerEncoderLayer",
    ]
    assert short.rows()[2][2:4] == ["8,544", "353,280"]
    assert short.totals() == whole.totals() and short.parameters == sum(p.numel() for p in model.parameters())
    assert "   │  │  └─ out_proj Linear" in [row[0] for row in whole.rows()]
    assert explain.shapes(model, (2, 10, 32), depth=0).rows()[0][2:4] == ["17,088", "706,560"]


class Shared(nn.Module):
    """Calls one layer twice, never calls another, ties a weight, and has a parameter that it multiplies itself."""

    def __init__(self) -> None:
        self.twice = nn.Linear(4, 4)
        self.never = nn.Linear(2, 2)
        self.tied = nn.Linear(4, 4, bias=False)
        self.tied.weight = self.twice.weight
        self.scale = nn.Parameter(groundup.ones(4))
        self.never.requires_grad_(False)

    def forward(self, x, *, deep):
        return {"out": [self.tied(self.twice(self.twice(x))) * self.scale], "deep": deep}


def test_layers_called_twice_never_or_with_shared_weights() -> None:
    found = explain.shapes(Shared(), (3, 4), deep=groundup.zeros(2))
    rows = [row[:4] for row in found.rows()]
    assert rows == [
        ["Shared", "(3, 4), (2,)", "4", "?"],
        ["├─ twice Linear × 2", "(3, 4)", "20", "192"],
        ["├─ never Linear", "not called", "6", ""],
        ["└─ tied Linear", "(3, 4)", "", "96"],
    ]
    assert found.parameters == 30 and found.trained == 24
    text = str(found)
    assert "30 parameters, 120 bytes; 24 of them trained: 96 bytes for gradients" in text
    assert "at least 288 FLOPs" in text and "? is not counted: Shared has parameters of its own" in text


def test_an_embedding_is_given_whole_numbers() -> None:
    model = nn.Sequential(nn.Embedding(10, 4), nn.Linear(4, 2))
    assert explain.shapes(model, (3, 5)).rows()[1][1] == "(3, 5, 4)"
    torch = pytest.importorskip("torch")
    model = torch.nn.Sequential(torch.nn.Embedding(10, 4), torch.nn.Linear(4, 2))
    assert explain.shapes(model, (3, 5)).flops == 240


def test_what_cannot_be_explained_is_refused() -> None:
    with pytest.raises(TypeError, match="takes a module first, got function"):
        explain.shapes(lambda x: x, (3,))
    with pytest.raises(TypeError, match="needs an input too"):
        explain.shapes(nn.ReLU())


def test_in_a_notebook_it_is_a_table() -> None:
    html = explain.shapes(nn.Sequential(nn.Linear(2, 3)), np.zeros((5, 2), np.float32))._repr_html_()
    assert html.count("<tr>") == 3 and "└─ 0 Linear" in html and "9 parameters" in html


# What torch.utils.flop_counter counts (of version 2.13; to start it takes several seconds).
COUNTED = [
    ("Linear", (5, 7), {}, [(3, 4, 5)], 840),
    ("Conv1d", (4, 6, 3), {"dilation": 2}, [(2, 4, 9)], 1440),
    ("Conv2d", (4, 6, 3), {"groups": 2, "stride": 2}, [(2, 4, 9, 9)], 6912),
    ("ConvTranspose2d", (4, 6, 3), {"groups": 2, "stride": 2}, [(2, 4, 9, 9)], 34992),
    ("MultiheadAttention", (8, 2), {"batch_first": True}, [(2, 5, 8), (2, 7, 8), (2, 7, 8)], 8384),
    ("MultiheadAttention", (8, 2), {"kdim": 3, "vdim": 4}, [(5, 2, 8), (7, 2, 3), (7, 2, 4)], 6368),
    ("LSTM", (3, 5, 2), {"bidirectional": True}, [(6, 4, 3)], 44160),
    ("GRU", (3, 5), {}, [(6, 4, 3)], 5760),
    ("LSTMCell", (3, 5), {}, [(4, 3)], 1280),
    ("LayerNorm", (3,), {}, [(4, 3)], 0),
]


@pytest.mark.parametrize(("name", "args", "settings", "shapes", "counted"), COUNTED)
def test_flops_are_what_pytorch_counts(name: str, args: tuple, settings: dict, shapes: list, counted: int) -> None:
    ours = explain.shapes(getattr(nn, name)(*args, **settings), *shapes)
    assert ours.flops == counted
    torch = pytest.importorskip("torch")
    module = getattr(torch.nn, name)(*args, **settings)
    theirs = explain.shapes(module, *shapes)
    assert theirs.flops == counted
    assert ours.parameters == theirs.parameters == sum(p.numel() for p in module.parameters())
    assert [row[1:] for row in ours.rows()] == [row[1:] for row in theirs.rows()]
    assert ours.totals() == theirs.totals()


def test_pytorchs_modules() -> None:
    torch = pytest.importorskip("torch")
    theirs = small_cnn(torch)
    theirs[1].eval()
    before = copy.deepcopy(theirs.state_dict())
    for x in ((64, 1, 28, 28), torch.zeros(64, 1, 28, 28), np.zeros((64, 1, 28, 28), np.float32)):
        assert str(explain.shapes(theirs, x)) == str(explain.shapes(small_cnn(), (64, 1, 28, 28)))
    assert theirs.training and not theirs[1].training
    assert all(torch.equal(value, before[name]) for name, value in theirs.state_dict().items())
    half = theirs.to(torch.bfloat16)
    assert re.search(r"Linear .* 1.25 KiB", str(explain.shapes(half, (64, 1, 28, 28))))
    encoder = torch.nn.TransformerEncoder(torch.nn.TransformerEncoderLayer(8, 2, 16, batch_first=True), 2)
    assert "self_attn MultiheadAttention" in str(explain.shapes(encoder, (2, 3, 8)))
