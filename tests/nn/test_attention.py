"""Attention and normalisation beyond PyTorch's samples: second derivatives, masks, half precision, running averages."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import groundup
from groundup import nn
from groundup.autograd import gradcheck, gradgradcheck
from groundup.nn import functional as F


def test_second_derivatives_of_attention(leaf: Callable[..., Any]) -> None:
    mask = groundup.tensor([[True, False, True], [False, False, False]])
    inputs = (leaf(2, 2), leaf(3, 2), leaf(3, 2))

    def attend(*qkv: Any) -> Any:
        return F.scaled_dot_product_attention(*qkv, attn_mask=mask)

    assert gradcheck(attend, inputs)
    assert gradgradcheck(attend, inputs)


def test_a_query_that_may_see_nothing_gets_zeros(leaf: Callable[..., Any]) -> None:
    q, k, v = leaf(2, 2), leaf(3, 2), leaf(3, 2)
    for mask in (groundup.tensor([[True], [False]]), groundup.tensor([[0.0], [-np.inf]], dtype=groundup.float64)):
        found = F.scaled_dot_product_attention(q, k, v, attn_mask=mask)
        assert found[1].tolist() == [0.0, 0.0]
        found.sum().backward()
        assert q.grad is not None
        assert not np.isnan(q.grad.numpy()).any()


def test_shared_heads_are_not_copied(peer: Any) -> None:
    (q, q_), (k, k_), (v, v_) = (peer.pair(2, heads, 3, 4) for heads in (6, 2, 2))
    ours = F.scaled_dot_product_attention(q, k, v, enable_gqa=True)
    theirs = peer.F.scaled_dot_product_attention(q_, k_, v_, enable_gqa=True)
    peer.same_gradients(ours, theirs, (q, q_), (k, k_), (v, v_))


@pytest.mark.parametrize(
    "settings", [{"kdim": 3, "vdim": 5}, {"kdim": 3, "bias": False}, {"add_bias_kv": True}], ids=str
)
def test_keys_and_values_of_other_sizes(peer: Any, settings: dict[str, Any]) -> None:
    ours = nn.MultiheadAttention(4, 2, batch_first=True, dtype=groundup.float64, **settings)
    theirs = peer.nn.MultiheadAttention(4, 2, batch_first=True, dtype=peer.torch.float64, **settings)
    peer.copy(ours, theirs)
    query, key, value = peer.pair(3, 2, 4), peer.pair(3, 5, ours.kdim), peer.pair(3, 5, ours.vdim)
    for average in (True, False):
        found, weights = ours(query[0], key[0], value[0], average_attn_weights=average)
        expected, their_weights = theirs(query[1], key[1], value[1], average_attn_weights=average)
        peer.same(found, expected)
        peer.same(weights, their_weights)


def test_what_is_wrong_with_masks_and_shapes(raises_alike: Callable[..., str], peer: Any) -> None:
    def both(*shapes: tuple[int, ...], **kwargs: Any) -> None:
        def call(library: Any) -> Callable[[], Any]:
            layer = library.nn.MultiheadAttention(4, 2)
            tensors = [library.zeros(*shape) for shape in shapes]
            masks = {k: library.zeros(*v) if isinstance(v, tuple) else v for k, v in kwargs.items()}
            return lambda: layer(*tensors, **masks)

        raises_alike(call(groundup), call(peer.torch))

    x, y = (3, 5, 4), (2, 5, 4)
    both(x, y, y, attn_mask=(3, 3))
    both(x, y, y, attn_mask=(2, 3, 2))
    both(x, y, y, key_padding_mask=(3, 3))
    both(x, y, y, is_causal=True)
    both(x, y, x)
    both(x, (2, 4), x)
    both((4,), y, y)
    both((3, 5, 6), y, y)


def test_the_mean_of_all_batches(peer: Any) -> None:
    ours, theirs = nn.BatchNorm1d(3, momentum=None), peer.nn.BatchNorm1d(3, momentum=None)
    for n in (4, 2, 7):
        x, x_ = peer.pair(n, 3, dtype="float32")
        peer.same(ours(x), theirs(x_))
    peer.same(ours.running_mean, theirs.running_mean)
    peer.same(ours.running_var, theirs.running_var)
    assert ours.num_batches_tracked.item() == 3


def test_a_large_batch_keeps_its_digits() -> None:
    """Blocks of one pass, merged: far from 0 nothing cancels."""
    random = np.random.default_rng(0)
    x = (1000 + random.standard_normal((5000, 40))).astype(np.float32)
    for given, shape in ((x, (40,)), (x.reshape(50, 100, 40), (100, 40))):
        found = F.layer_norm(groundup.tensor(given), shape).numpy()
        wide = given.astype(np.float64).reshape(len(found), -1) if len(shape) == 2 else given.astype(np.float64)
        expected = (wide - wide.mean(1, keepdims=True)) / np.sqrt(wide.var(1, keepdims=True) + 1e-5)
        assert np.abs(found.reshape(expected.shape) - expected).max() < 2e-4
    mean, var = groundup.zeros(40), groundup.ones(40)
    F.batch_norm(groundup.tensor(x), mean, var, training=True, momentum=1.0)
    wide = x.astype(np.float64)
    assert np.abs(mean.numpy() - wide.mean(0)).max() < 2e-4
    assert np.abs(var.numpy() / wide.var(0, ddof=1) - 1).max() < 1e-5


def test_half_precision_is_measured_in_single() -> None:
    x = groundup.tensor(np.random.default_rng(0).standard_normal((4, 600)), dtype=groundup.float16)
    layer = nn.LayerNorm(600)
    found = layer(x)
    assert found.dtype == groundup.float16
    expected = layer(x.float())
    assert np.abs(found.float().detach().numpy() - expected.detach().numpy()).max() < 2e-3
