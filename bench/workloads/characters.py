"""W5: a transformer that predicts characters, trained with AdamW."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from bench.workloads.base import Array, Workload, normal, uniform
from bench.workloads.rules import Rule

CHARACTERS, CONTEXT, WIDTH, HEADS, DEPTH = 65, 64, 128, 4, 4
IN_A_BLOCK = 12  # arrays of weights


def w5(batch: int = 16) -> Workload:
    rng = np.random.default_rng(0)
    positions = batch * CONTEXT
    in_a_block = 12 * WIDTH * WIDTH + 2 * CONTEXT * WIDTH  # the four layers, and the two products of attention
    return Workload(
        name="W5",
        title=f"{batch} x {CONTEXT} characters, transformer of width {WIDTH}, {HEADS} heads, {DEPTH} layers, AdamW",
        flops=2.0 * 3 * positions * (DEPTH * in_a_block + WIDTH * CHARACTERS),
        weights=_weights(rng),
        batch=(rng.integers(0, CHARACTERS, (batch, CONTEXT)), rng.integers(0, CHARACTERS, (batch, CONTEXT))),
        modules=modules,
        loss=loss,
        rule=Rule("AdamW", rate=1e-3, decay=0.01),
        checked=3,
        tolerance=1e-3,
        needs=("attention",),
    )


def _weights(rng: np.random.Generator) -> list[Array]:
    found = [normal(rng, CHARACTERS, WIDTH) * np.float32(0.1), normal(rng, CONTEXT, WIDTH) * np.float32(0.1)]
    for _ in range(DEPTH):
        for n_in, n_out in ((WIDTH, 3 * WIDTH), (WIDTH, WIDTH), (WIDTH, 4 * WIDTH), (4 * WIDTH, WIDTH)):
            if n_out > WIDTH:  # before attention, and before the two layers
                found += _norm()
            found += [uniform(rng, n_in, n_out, n_in), uniform(rng, n_in, n_out)]
    return [*found, *_norm(), uniform(rng, WIDTH, CHARACTERS, WIDTH), uniform(rng, WIDTH, CHARACTERS)]


def _norm() -> list[Array]:
    return [np.ones(WIDTH, np.float32), np.zeros(WIDTH, np.float32)]


def modules(T: Any) -> tuple[Any, Callable[..., Any]]:
    nn, F = T.nn, T.nn.functional

    class Block(nn.Module):  # type: ignore[name-defined]
        def __init__(self) -> None:
            super().__init__()
            self.before_attention, self.qkv = nn.LayerNorm(WIDTH), nn.Linear(WIDTH, 3 * WIDTH)
            self.together = nn.Linear(WIDTH, WIDTH)
            self.before_layers, self.up = nn.LayerNorm(WIDTH), nn.Linear(WIDTH, 4 * WIDTH)
            self.down = nn.Linear(4 * WIDTH, WIDTH)

        def forward(self, x: Any) -> Any:
            n = x.shape[0]
            qkv = self.qkv(self.before_attention(x)).view(n, CONTEXT, 3, HEADS, WIDTH // HEADS)
            q, k, v = qkv.permute(2, 0, 3, 1, 4).unbind(0)
            heads = F.scaled_dot_product_attention(q, k, v, is_causal=True)
            x = x + self.together(heads.transpose(1, 2).reshape(n, CONTEXT, WIDTH))
            return x + self.down(F.gelu(self.up(self.before_layers(x))))

    class Transformer(nn.Module):  # type: ignore[name-defined]
        def __init__(self) -> None:
            super().__init__()
            self.characters = nn.Embedding(CHARACTERS, WIDTH)
            self.positions = nn.Embedding(CONTEXT, WIDTH)
            self.blocks = nn.Sequential(*[Block() for _ in range(DEPTH)])
            self.norm, self.head = nn.LayerNorm(WIDTH), nn.Linear(WIDTH, CHARACTERS)

        def forward(self, characters: Any) -> Any:
            x = self.characters(characters) + self.positions.weight
            return self.head(self.norm(self.blocks(x)))

    model = Transformer()
    return model, lambda x, y: F.cross_entropy(model(x).reshape(-1, CHARACTERS), y.reshape(-1))


def loss(ops: Any, weights: Any, x: Any, y: Any) -> Any:
    n = x.shape[0]
    h = (ops.embed(weights[0], x) + weights[1]).reshape(n * CONTEXT, WIDTH)
    for i in range(2, 2 + DEPTH * IN_A_BLOCK, IN_A_BLOCK):
        g1, b1, wq, bq, wt, bt, g2, b2, wu, bu, wd, bd = weights[i : i + IN_A_BLOCK]
        qkv = ops.linear(ops.layer_norm(h, g1, b1), wq, bq).reshape(n, CONTEXT, 3, HEADS, WIDTH // HEADS)
        h = h + ops.linear(ops.attention(qkv).reshape(n * CONTEXT, WIDTH), wt, bt)
        h = h + ops.linear(ops.gelu(ops.linear(ops.layer_norm(h, g2, b2), wu, bu)), wd, bd)
    gain, bias, w, b = weights[-4:]
    return ops.cross_entropy(ops.linear(ops.layer_norm(h, gain, bias), w, b), y.reshape(-1))
