"""Attention: every query takes a weighted mean of the values, weighted by how well it agrees with their keys.

``scaled_dot_product_attention`` is a product, a softmax over what the mask leaves, and a second product. The layers
of ``nn.attention`` and ``nn.transformer`` stand on it. Vaswani et al., "Attention is all you need" (2017).
"""

from __future__ import annotations

import math
from typing import Any

from groundup import dtypes
from groundup.autograd import apply
from groundup.functions import contract, creation, elementwise, view
from groundup.nn.functional.stochastic import dropout
from groundup.ops import ROWS
from groundup.tensor import Tensor

linear = contract.linear


def scaled_dot_product_attention(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attn_mask: Tensor | None = None,
    dropout_p: float = 0.0,
    is_causal: bool = False,
    *,
    scale: float | None = None,
    enable_gqa: bool = False,
) -> Tensor:
    """softmax(query @ key.T * scale + mask) @ value over the last two dimensions; others are batch dimensions.

    Queries (..., L, E), keys (..., S, E), values (..., S, Ev) give (..., L, Ev). ``attn_mask`` broadcasts to
    (..., L, S): bools say which places take part, numbers are added. ``is_causal`` lets query i see the keys up to i.
    ``scale`` is 1 / sqrt(E) if it is None. With ``enable_gqa`` several heads of queries share one of keys. A query
    that may see nothing gets zeros.

    >>> import groundup
    >>> x = groundup.eye(2)
    >>> groundup.nn.functional.scaled_dot_product_attention(x, x, x, is_causal=True)
    tensor([[1.0000, 0.0000],
            [0.3302, 0.6698]])
    """
    _check(query, key, value, attn_mask, is_causal)
    if is_causal:
        attn_mask = creation.ones(query.shape[-2], key.shape[-2], dtype=dtypes.bool_).tril()
    if enable_gqa:
        return _grouped(query, key, value, attn_mask, dropout_p, scale)
    return _attend(query, key, value, attn_mask, dropout_p, scale)[0]


def _attend(
    query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None, dropout_p: float, scale: float | None
) -> tuple[Tensor, Tensor]:
    """The result, and the weights behind it."""
    scaled = query * (1 / math.sqrt(query.shape[-1]) if scale is None else scale)
    scores = contract.matmul(scaled, view.transpose(key, -2, -1))
    keep: Any = True
    if mask is not None:
        if mask.dtype == dtypes.bool_:
            keep = mask
        else:
            scores = scores + mask
    weights = apply(ROWS["masked_softmax"], scores, keep)
    if dropout_p:
        weights = dropout(weights, dropout_p)
    return contract.matmul(weights, value), weights


def _grouped(
    query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None, dropout_p: float, scale: float | None
) -> Tensor:
    """Each head of keys and values serves several of queries: as a batch dimension more, so that none is copied."""
    heads, shared = query.shape[-3], key.shape[-3]
    if value.shape[-3] != shared or shared == 0 or heads % shared:
        raise RuntimeError(
            "Number of heads in key and value must divide the number of heads in query\n"
            f"  query has {heads}, key {shared}, value {value.shape[-3]}"
        )
    split = (shared, heads // shared)
    if mask is not None and mask.dim() > 2:
        mask = mask.unflatten(-3, split) if mask.shape[-3] == heads else mask.unsqueeze(-3)
    found, _ = _attend(query.unflatten(-3, split), key.unsqueeze(-3), value.unsqueeze(-3), mask, dropout_p, scale)
    return found.flatten(-4, -3)


def _check(query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None, is_causal: bool) -> None:
    if is_causal and mask is not None:
        raise RuntimeError(
            "_scaled_dot_product_attention: Explicit attn_mask should not be set when is_causal=True\n"
            "  combine the two: attn_mask & groundup.ones(L, S, dtype=groundup.bool).tril()"
        )
    if not query.dtype == key.dtype == value.dtype:
        raise RuntimeError(
            "Expected query, key, and value to have the same dtype, but got "
            f"query.dtype: {query.dtype.c_name} key.dtype: {key.dtype.c_name} and "
            f"value.dtype: {value.dtype.c_name} instead."
        )
    if min(query.dim(), key.dim(), value.dim()) < 2:
        raise RuntimeError(
            "Expected query, key, and value to all be  at least 2 dimensional, but got "
            f"query.dim: {query.dim()} key.dim: {key.dim()} and value.dim: {value.dim()} instead."
        )
    if mask is not None and mask.dtype not in (dtypes.bool_, dtypes.float32, query.dtype):
        raise RuntimeError(
            "Expected attn_mask dtype to be bool or float or to match query dtype, but got "
            f"attn_mask.dtype: {mask.dtype.c_name} and  query.dtype: {query.dtype.c_name} instead."
        )


def multi_head_attention_forward(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    embed_dim_to_check: int,
    num_heads: int,
    in_proj_weight: Tensor | None,
    in_proj_bias: Tensor | None,
    bias_k: Tensor | None,
    bias_v: Tensor | None,
    add_zero_attn: bool,
    dropout_p: float,
    out_proj_weight: Tensor,
    out_proj_bias: Tensor | None,
    training: bool = True,
    key_padding_mask: Tensor | None = None,
    need_weights: bool = True,
    attn_mask: Tensor | None = None,
    use_separate_proj_weight: bool = False,
    q_proj_weight: Tensor | None = None,
    k_proj_weight: Tensor | None = None,
    v_proj_weight: Tensor | None = None,
    static_k: Tensor | None = None,
    static_v: Tensor | None = None,
    average_attn_weights: bool = True,
    is_causal: bool = False,
) -> tuple[Tensor, Tensor | None]:
    """Attention in ``num_heads`` parts of the features, between two linear layers.

    Queries (L, N, E), keys and values (S, N, ...), or without N. The masks say True where a key must NOT be seen, or
    are added to the scores: ``attn_mask`` (L, S) or (N * heads, L, S), ``key_padding_mask`` (N, S). Gives the result
    (L, N, E) and, if they are needed, the weights: (N, L, S), or for each head. A query that may see nothing gets
    zeros, where PyTorch has nan.
    """
    batched = query.dim() == 3
    _check_shapes(query, key, value, embed_dim_to_check, num_heads, key_padding_mask, attn_mask)
    if is_causal and attn_mask is None:
        raise RuntimeError(
            "Need attn_mask if specifying the is_causal hint. "
            "You may use the Transformer module method `generate_square_subsequent_mask` to create this mask."
        )
    weights = (q_proj_weight, k_proj_weight, v_proj_weight) if use_separate_proj_weight else in_proj_weight
    projected = _projected(query, key, value, weights, in_proj_bias)
    q, k, v = (x if batched else x.unsqueeze(1) for x in projected)
    batch = q.shape[1]
    if bias_k is not None and bias_v is not None:
        k = view.cat([k, bias_k.expand(1, batch, -1)])
        v = view.cat([v, bias_v.expand(1, batch, -1)])
    q, k, v = (_by_head(x, num_heads) for x in (q, k, v))
    k = k if static_k is None else _static("static_k", static_k, k, batch, num_heads)
    v = v if static_v is None else _static("static_v", static_v, v, batch, num_heads)
    if add_zero_attn:
        k, v = (view.cat([x, x.new_zeros(batch, num_heads, 1, x.shape[-1])], 2) for x in (k, v))
    mask = _mask(attn_mask, key_padding_mask, batch, num_heads, k.shape[2], q.dtype)
    found, attention = _attend(q, k, v, mask, dropout_p if training else 0.0, None)
    found = found.permute(2, 0, 1, 3).reshape(q.shape[2], batch, embed_dim_to_check)
    output = linear(found if batched else found.squeeze(1), out_proj_weight, out_proj_bias)
    if not need_weights:
        return output, None
    if average_attn_weights:
        attention = attention.mean(1)
    return output, attention if batched else attention.squeeze(0)


def _projected(query: Tensor, key: Tensor, value: Tensor, weights: Any, bias: Tensor | None) -> tuple[Any, ...]:
    """Query, key and value after their linear layers: in one product where they are the same tensor."""
    if isinstance(weights, tuple):
        biases = (None, None, None) if bias is None else bias.chunk(3)
        return tuple(linear(x, w, b) for x, w, b in zip((query, key, value), weights, biases, strict=True))
    if query is key and key is value:
        return linear(query, weights, bias).chunk(3, -1)
    size = query.shape[-1]
    if key is value:
        first, rest = weights.split([size, 2 * size])
        one, others = (None, None) if bias is None else bias.split([size, 2 * size])
        return linear(query, first, one), *linear(key, rest, others).chunk(2, -1)
    return _projected(query, key, value, tuple(weights.chunk(3)), bias)


def _by_head(x: Tensor, heads: int) -> Tensor:
    """(length, batch, features) as (batch, heads, length, features of a head)."""
    return x.unflatten(-1, (heads, x.shape[-1] // heads)).permute(1, 2, 0, 3)


def _static(name: str, given: Tensor, made: Tensor, batch: int, heads: int) -> Tensor:
    """Keys or values that the caller brings, (batch * heads, length, features of a head)."""
    if given.shape[0] != batch * heads:
        raise AssertionError(f"expecting {name}.size(0) of {batch * heads}, but got {given.shape[0]}")
    if given.shape[2] != made.shape[3]:
        raise AssertionError(f"expecting {name}.size(2) of {made.shape[3]}, but got {given.shape[2]}")
    return given.unflatten(0, (batch, heads))


def _mask(
    attn_mask: Tensor | None, padding: Tensor | None, batch: int, heads: int, length: int, dtype: Any
) -> Tensor | None:
    """Both masks as one that broadcasts to (batch, heads, L, S): bools that say what is kept, or numbers to add.

    Keys that were added behind the given ones (a bias, a zero) are always seen.
    """
    masks = []
    if attn_mask is not None:
        mask = attn_mask.unflatten(0, (batch, heads)) if attn_mask.dim() == 3 and attn_mask.shape[0] != 1 else attn_mask
        masks.append(mask)
    if padding is not None:
        masks.append(padding.reshape(-1, 1, 1, padding.shape[-1]))
    if not masks:
        return None
    masks = [view.pad(mask, (0, length - mask.shape[-1])) if mask.shape[-1] < length else mask for mask in masks]
    if all(mask.dtype == dtypes.bool_ for mask in masks):
        return ~(masks[0] if len(masks) == 1 else masks[0] | masks[1])
    added = [
        elementwise.where(mask, creation.tensor(-math.inf, dtype=dtype), creation.tensor(0.0, dtype=dtype))
        if mask.dtype == dtypes.bool_
        else mask
        for mask in masks
    ]
    return added[0] if len(added) == 1 else added[0] + added[1]


def _check_shapes(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    embed_dim: int,
    heads: int,
    padding: Tensor | None,
    attn_mask: Tensor | None,
) -> None:
    rank = query.dim()
    if rank not in (2, 3):
        raise AssertionError(
            f"query should be unbatched 2D or batched 3D tensor but received {rank}-D query tensor\n"
            "  queries have the shape (length, batch, features), or (batch, length, features) with batch_first=True"
        )
    if not key.dim() == value.dim() == rank:
        kind = "batched (3-D)" if rank == 3 else "unbatched (2-D)"
        raise AssertionError(
            f"For {kind} `query`, expected `key` and `value` to be {rank}-D "
            f"but found {key.dim()}-D and {value.dim()}-D tensors respectively"
        )
    if query.shape[-1] != embed_dim:
        raise AssertionError(f"was expecting embedding dimension of {embed_dim}, but got {query.shape[-1]}")
    if embed_dim % heads:
        raise AssertionError(f"embed_dim {embed_dim} not divisible by num_heads {heads}")
    if key.shape[:-1] != value.shape[:-1]:
        raise AssertionError(f"key shape {key.shape!r} does not match value shape {value.shape!r}")
    batch = query.shape[1] if rank == 3 else 1
    for name, mask in (("attn_mask", attn_mask), ("key_padding_mask", padding)):
        if mask is not None and mask.dtype != dtypes.bool_ and not mask.is_floating_point():
            raise AssertionError(f"only bool and floating types of {name} are supported")
    if padding is not None and rank == 3 and tuple(padding.shape) != (batch, key.shape[0]):
        which = 0 if padding.shape[0] != batch else 1
        wanted = (batch, key.shape[0])[which]
        raise AssertionError(f"Expected key_padded_mask.shape[{which}] to be {wanted}, but got {padding.shape[which]}")
    if attn_mask is None:
        return
    lengths = (query.shape[0], key.shape[0])
    wanted_shape = lengths if attn_mask.dim() == 2 else (batch * heads, *lengths)
    if attn_mask.dim() not in (2, 3):
        raise RuntimeError(f"attn_mask's dimension {attn_mask.dim()} is not supported")
    if tuple(attn_mask.shape) != wanted_shape:
        raise RuntimeError(
            f"The shape of the {attn_mask.dim()}D attn_mask is {attn_mask.shape!r}, but should be {wanted_shape}."
        )
