"""Leading axes in programs: products of a sequence of batches are products of one matrix."""

from __future__ import annotations

from typing import Any

import groundup
from groundup import nn
from groundup.nn import functional as F
from tests.compile.passes.traced import lines, random, with_gradient

WEIGHT, BIAS = random(7, 4, seed=1), random(7, seed=2)


def test_a_product_of_what_was_unfolded() -> None:
    found = lines(lambda x: F.linear(x.reshape(2, 3, 4), WEIGHT, BIAS).sum(-1), random(6, 4))
    assert found[0] == "sum_1 = (x @ WEIGHT.T + BIAS).reshape((2, 3, 7)).sum(axis=2)"


def test_reshapes_move_behind_single_elements() -> None:
    def layers(x: Any) -> Any:
        hidden = F.gelu(F.linear(x.reshape(2, 3, 4), WEIGHT, BIAS) * 2)
        return F.linear(hidden, WEIGHT.t())

    found = lines(layers, random(6, 4))
    assert sum("reshape" in line for line in found) == 1
    assert "reshape((2, 3, 4))" in found[-1]
    lines(with_gradient(layers), random(6, 4))


def test_sums_over_folded_axes() -> None:
    found = lines(lambda x: (x.reshape(2, 3, 4) * 2).sum((0, 1)) + (x.reshape(2, 3, 4) * 3).sum(), random(6, 4))
    assert "(3 * x).sum()" in " ".join(found)


def test_what_meets_other_axes_stays() -> None:
    other = random(2, 1, 4)
    function = lambda x: x.reshape(2, 3, 4) * other
    assert lines(function, random(6, 4)) == ["return (x.reshape((2, 3, 4)) * other,)"]
    lines(with_gradient(function), random(6, 4))


def test_a_name_goes_to_the_matrix() -> None:
    def step(x: Any) -> Any:
        hidden = F.linear(x.reshape(2, 3, 4), WEIGHT, BIAS)
        return groundup.tanh(hidden) * groundup.sigmoid(hidden)

    found = lines(step, random(6, 4))
    assert found[0].startswith("hidden = x @ ")


def test_a_transformer_has_matrices_between_its_layers() -> None:
    groundup.manual_seed(0)
    layer = nn.TransformerEncoderLayer(8, 2, 16, dropout=0.0, batch_first=True).double()
    found = lines(with_gradient(lambda x: layer(x)), random(2, 3, 8))
    products = [line for line in found if "_weight" in line and " @ " in line]
    assert products and not any("(2, 3" in line.partition(" @ ")[0] for line in products)


def test_pieces_are_put_together() -> None:
    def unbound(x: Any) -> Any:
        a, b, c = x.unbind(1)
        return a * b.exp() + c * c

    found = lines(with_gradient(unbound), random(4, 3, 2))
    assert any(line.startswith("x_grad = stack(") or "stack(" in line for line in found)
    assert not any("placed" in line for line in found)

    def chunks(x: Any) -> Any:
        a, b = x.chunk(2, dim=-1)
        return a * groundup.sigmoid(b)

    found = lines(with_gradient(chunks), random(4, 6))
    assert any("np.concatenate((" in line for line in found) and not any("placed" in line for line in found)


def test_pieces_that_leave_gaps_or_overlap_are_added() -> None:
    gaps = lines(with_gradient(lambda x: x[:2] * x[3:5].exp()), random(5, 2))
    assert sum("placed" in line for line in gaps) >= 1 and not any("concatenate(" in line for line in gaps)
    both = lines(with_gradient(lambda x: x[:3] * x[2:].exp()), random(5, 2))
    assert not any("concatenate(" in line for line in both)
