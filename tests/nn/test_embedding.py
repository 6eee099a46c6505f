"""Embedding and EmbeddingBag: settings, padding, weights that were made elsewhere; each against PyTorch."""

from __future__ import annotations

from typing import Any

import pytest

import groundup
from groundup import nn


@pytest.mark.parametrize("settings", [{}, {"padding_idx": -1}, {"scale_grad_by_freq": True}], ids=str)
def test_embedding(peer: Any, settings: dict[str, Any]) -> None:
    ours, theirs = nn.Embedding(4, 3, **settings), peer.nn.Embedding(4, 3, **settings)
    peer.same_module(ours, theirs, peer.both([[0, 3, 0], [1, 3, 2]]))


@pytest.mark.parametrize("mode", ["sum", "mean", "max"])
@pytest.mark.parametrize("settings", [{}, {"padding_idx": 1}, {"include_last_offset": True}], ids=str)
def test_bags(peer: Any, mode: str, settings: dict[str, Any]) -> None:
    ours, theirs = nn.EmbeddingBag(4, 3, mode=mode, **settings), peer.nn.EmbeddingBag(4, 3, mode=mode, **settings)
    peer.same_module(ours, theirs, peer.both([0, 3, 0, 1, 3]), peer.both([0, 2, 5] if settings else [0, 2]))
    peer.same_module(ours, theirs, peer.both([[0, 3, 0], [1, 3, 2]]))


@pytest.mark.parametrize(
    ("length", "kind"), [(0.5, 2.0), (0.5, 1.0), (0.4, float("inf")), (1.0, 0.0), (0.3, -1.0), (-1.0, 2.0)]
)
def test_rows_longer_than_allowed_are_shortened(peer: Any, length: float, kind: float) -> None:
    settings = {"max_norm": length, "norm_type": kind}
    ours, theirs = nn.Embedding(4, 3, **settings), peer.nn.Embedding(4, 3, **settings)
    peer.copy(ours, theirs)
    index, their_index = peer.both([1, 2, 1])
    peer.same(ours(index), theirs(their_index))
    peer.same(ours.weight, theirs.weight)


@pytest.mark.parametrize("layer", [nn.Embedding, nn.EmbeddingBag])
def test_a_weight_made_elsewhere(layer: Any) -> None:
    weight = groundup.ones(3, 2)
    frozen, trained = layer.from_pretrained(weight), layer.from_pretrained(weight, freeze=False)
    assert not frozen.weight.requires_grad
    assert trained.weight.requires_grad
    with pytest.raises(AssertionError, match="expected to be 2-dimensional"):
        layer.from_pretrained(groundup.ones(3))
    with pytest.raises(AssertionError, match="Shape of weight does not match"):
        layer(3, 3, _weight=weight)
    with pytest.raises(AssertionError, match="Padding_idx must be within num_embeddings"):
        layer(3, 2, padding_idx=3)
