"""Attention item by item: no scores of all heads, blocks of rows, masked columns left out, and NumPy's values."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

pytest.importorskip("llvmlite")

import groundup
import groundup.nn.functional as F
from groundup import nn
from groundup.compile.loops.items import Nest
from groundup.compile.loops.nests import blocks, runs
from groundup.compile.loops.nests.masks import Masks
from groundup.compile.loops.run import LoopProgram
from tests.compile.loops.judge import judged, random, same

Attention = Callable[..., Any]


def causal(q: Any, k: Any, v: Any) -> Any:
    return F.scaled_dot_product_attention(q, k, v, is_causal=True)


def without_mask(q: Any, k: Any, v: Any) -> Any:
    return F.scaled_dot_product_attention(q, k, v)


def banded(q: Any, k: Any, v: Any) -> Any:
    """A mask that leaves out the first columns too, and all of one row."""
    mask = np.tril(np.ones((q.shape[-2], k.shape[-2]), bool)) & ~np.tri(q.shape[-2], k.shape[-2], -7, dtype=bool)
    mask[3] = False
    return F.scaled_dot_product_attention(q, k, v, groundup.tensor(mask))


def by_hand(q: Any, k: Any, v: Any) -> Any:
    scores = q @ k.transpose(-2, -1) / math.sqrt(q.shape[-1])
    later = groundup.ones(q.shape[-2], k.shape[-2]).tril() == 0
    return F.softmax(scores.masked_fill(later, -math.inf), -1) @ v


def by_adding(q: Any, k: Any, v: Any) -> Any:
    later = groundup.full((q.shape[-2], k.shape[-2]), -math.inf).triu(1)
    return F.softmax(q @ k.mT * 0.3 + later, -1) @ v


def by_einsum(q: Any, k: Any, v: Any) -> Any:
    weights = F.softmax(groundup.einsum("...id,...jd->...ij", q, k), -1)
    return groundup.einsum("...ij,...jd->...id", weights, v)


FORMS = [causal, without_mask, banded, by_hand, by_adding, by_einsum]
MASKED = [causal, by_hand, by_adding]


def gradients(attention: Attention) -> Attention:
    """The result, and the gradients of what it is computed from."""

    def step(*given: Any) -> Any:
        leaves = [each.detach().requires_grad_() for each in given]
        found = attention(*leaves)
        found.square().sum().backward()
        return (found.detach(), *(each.grad for each in leaves))

    return step


def heads(*shape: int, keys: int = 0, dtype: Any = np.float32) -> tuple[Any, ...]:
    """Queries, keys and values."""
    *lead, rows, width = shape
    others = (*lead, keys or rows, width)
    return tuple(random(*each, seed=i, dtype=dtype) for i, each in enumerate((shape, others, others)))


def program(step: Attention, given: tuple[Any, ...]) -> LoopProgram:
    compiled = groundup.compile(step)
    compiled(*given)
    return LoopProgram(compiled.entries[0].program)


def nests(found: LoopProgram) -> list[Nest]:
    return [item for item in found.plan.items if isinstance(item, Nest)]


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Blocks of few rows, and weights that are made again wherever they can be."""
    monkeypatch.setattr(blocks, "SMALL", 1)
    monkeypatch.setattr(blocks, "BLOCK", 4)
    monkeypatch.setattr(runs, "MASKED", 1)
    monkeypatch.setattr(runs, "WHOLE", 1)


SHAPES = [(2, 3, 11, 5), (3, 8, 4), (2, 1, 3, 9, 2)]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("attention", FORMS)
def test_values(attention: Attention, dtype: Any) -> None:
    for shape in SHAPES:
        given = heads(*shape, dtype=dtype)
        judge = judged(gradients(attention), given, given, heads(*shape, dtype=dtype))
        assert all(nests(found) for found in judge.fast.values())


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("attention", FORMS)
def test_values_in_blocks(attention: Attention, dtype: Any) -> None:
    """Forward and backward; with more keys than queries too."""
    for given in (heads(2, 3, 11, 5, dtype=dtype), heads(2, 9, 4, keys=14, dtype=dtype)):
        judge = judged(gradients(attention), given, given)
        assert all(len(nest.blocks) > 1 for found in judge.fast.values() for nest in nests(found))


def mirrored(q: Any, k: Any, v: Any) -> Any:
    """A mask that leaves the last rows the fewest columns."""
    mask = np.tril(np.ones((q.shape[-2], k.shape[-2]), bool))[::-1].copy()
    return F.scaled_dot_product_attention(q, k, v, groundup.tensor(mask))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("attention", [*FORMS, mirrored])
def test_values_of_weights_that_are_kept(attention: Attention, dtype: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Backward reads the weights that forward made: where it looks, in whatever blocks, there is something."""
    monkeypatch.setattr(blocks, "FINE", 4)
    for shape in ((2, 3, 16, 5), (3, 11, 4)):
        given = heads(*shape, dtype=dtype)
        judge = judged(gradients(attention), given, given, heads(*shape, dtype=dtype))
        for found in judge.fast.values():
            forward, back = nests(found)
            assert all(b <= a for a, b in zip(forward.columns(), back.columns(), strict=True))
            spared = sum(forward.columns()) < 0.8 * shape[-2] ** 2
            assert spared == (attention in (*MASKED, banded)), (attention, forward.columns())


def test_scores_of_all_heads_are_not_in_memory() -> None:
    """Forward and backward need less memory than one array of scores, where the weights are long."""
    batch, count, length = 4, 4, 256
    scores = 4 * batch * count * length * length
    given = heads(batch, count, length, 16)
    assert program(gradients(causal), given).block.nbytes < scores
    alone = program(causal, given)
    assert alone.block.nbytes < scores / 4
    assert [nest.name for nest in nests(alone)] == ["attention"]


def test_weights_that_are_returned_are_whole(small: None) -> None:
    def attention(q: Any, k: Any, v: Any) -> Any:
        weights = F.softmax((q @ k.mT).masked_fill(groundup.ones(9, 9).tril() == 0, -math.inf), -1)
        return weights @ v, weights

    given = heads(2, 9, 4)
    judged(attention, given, given)
    (nest,) = nests(program(attention, given))
    assert all(block.columns == 9 for block in nest.blocks)


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("attention", MASKED)
def test_columns_that_are_masked_are_left_out(attention: Attention) -> None:
    """Whatever the form of the mask; sums over rows begin with the last ones, in all columns."""
    forward, backward = nests(program(gradients(attention), heads(2, 2, 12, 4)))
    assert [(each.first, each.last, each.columns) for each in forward.blocks] == [(0, 4, 4), (4, 8, 8), (8, 12, 12)]
    assert [(each.first, each.last, each.columns) for each in backward.blocks] == [(8, 12, 12), (4, 8, 8), (0, 4, 4)]


@pytest.mark.usefixtures("small")
def test_one_column_too_few_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    """The judge tells when a block leaves out what it needs."""
    reach = Masks.reach
    monkeypatch.setattr(Masks, "reach", lambda *given: [each - 1 for each in reach(*given)])
    with pytest.raises(AssertionError, match="off by"):
        judged(gradients(causal), heads(2, 2, 12, 4), heads(2, 2, 12, 4))


def over_heads(q: Any, k: Any, v: Any) -> Any:
    weights = F.softmax(q @ k.mT, -1)
    return (weights + weights.sum(0, keepdim=True)) @ v


def largest_of_all(q: Any, k: Any, v: Any) -> Any:
    scores = q @ k.mT
    return F.softmax(scores - scores.amax(), -1) @ v


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("attention", [over_heads, largest_of_all])
def test_what_looks_at_other_items(attention: Attention) -> None:
    """Scores that are summed over heads, or of which the largest is looked for, are there for all heads."""
    given = heads(3, 8, 4)
    judged(gradients(attention), given, given)


def test_dropout_between() -> None:
    def attention(q: Any, k: Any, v: Any) -> Any:
        return F.scaled_dot_product_attention(q, k, v, dropout_p=0.3, is_causal=True)

    given = heads(2, 2, 9, 4)
    judged(gradients(attention), given, given, heads(2, 2, 9, 4))


@pytest.mark.parametrize("masked", [False, True])
def test_the_layer(masked: bool) -> None:
    groundup.manual_seed(0)
    layer = nn.TransformerEncoderLayer(16, 2, 32, dropout=0.0, batch_first=True)
    mask = nn.Transformer.generate_square_subsequent_mask(10) if masked else None
    target = random(3, 10, 16, seed=5)

    def step(x: Any) -> Any:
        layer.zero_grad()
        loss = (layer(x, src_mask=mask) * target).sum()
        loss.backward()
        return loss.detach(), [each.grad for each in layer.parameters()]

    judge = judged(step, (random(3, 10, 16),), (random(3, 10, 16),), (random(3, 10, 16, seed=1),))
    assert any(len(nests(found)) == 2 for found in judge.fast.values())


@pytest.mark.usefixtures("small")
def test_source_runs_as_it_stands() -> None:
    step, given = gradients(causal), heads(2, 2, 10, 4)
    compiled = groundup.compile(step)
    compiled(*given)
    compiled(*given)
    source = compiled.source("loops")
    assert "def attention(" in source
    assert "for i, j in np.ndindex(2, 2):" in source
    assert "for first, last" in source
    world: dict[str, Any] = {"np": np, "math": math}
    exec(f"import zlib, base64\nf32, f64, i32, i64 = np.float32, np.float64, np.int32, np.int64\n{source}", world)
    found = world["step"](*(each.numpy() for each in given))
    for i, (a, b) in enumerate(zip(found, step(*given), strict=False)):
        same(f"result {i}", a, b.numpy())


def test_threads_and_the_report() -> None:
    """As many threads as there are give the same bits; the report has a line for it."""
    given = heads(2, 3, 70, 16)
    before = groundup.compile.get_num_threads()
    found = []
    try:
        for count in (1, 2):
            groundup.compile.set_num_threads(count)
            compiled = groundup.compile(gradients(causal))
            for _ in range(3):
                results = compiled(*given)
            found.append([each.numpy().tobytes() for each in results])
    finally:
        groundup.compile.set_num_threads(before)
    assert found[0] == found[1]
    lines = [line.split() for line in str(compiled.report()).splitlines()]
    assert {line[0]: line[1] for line in lines if line and line[0].startswith("attention")} == {
        "attention": "1",
        "attention_back": "1",
    }


def test_without_machine_code_it_is_as_before(monkeypatch: pytest.MonkeyPatch) -> None:
    """A kernel of a block that cannot be made lets the whole arrays come back, and no value changes."""
    from groundup.compile.loops import assembly

    made = assembly.Emitter.made

    def fails(self: Any) -> Any:
        if math.prod(self.group.domain) == 64:
            raise ValueError("no such kernel")
        return made(self)

    monkeypatch.setattr(assembly.Emitter, "made", fails)
    found = program(causal, heads(2, 2, 8, 4))
    assert not nests(found)
    monkeypatch.undo()
    given = heads(2, 2, 8, 4)
    same("values", found.run(*(each.numpy() for each in given))[0], causal(*given).numpy())
