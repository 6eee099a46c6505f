"""Sequences of unequal lengths in one tensor, beside PyTorch's."""

from __future__ import annotations

import pytest

import groundup
from groundup.nn.utils.rnn import pad_sequence, unpad_sequence


@pytest.mark.parametrize("side", ["left", "right"])
@pytest.mark.parametrize("batch_first", [True, False])
def test_padding_is_pytorchs(side: str, batch_first: bool) -> None:
    torch = pytest.importorskip("torch")
    lengths = [3, 1, 4]
    ours = pad_sequence([groundup.ones(n, 2) * n for n in lengths], batch_first, -1.0, side)
    theirs = torch.nn.utils.rnn.pad_sequence([torch.ones(n, 2) * n for n in lengths], batch_first, -1.0, side)
    assert ours.tolist() == theirs.tolist()


@pytest.mark.parametrize("batch_first", [True, False])
def test_unpadding_gives_the_sequences_back_and_their_gradients(batch_first: bool) -> None:
    given = [groundup.randn(n, 2, requires_grad=True) for n in (3, 1, 4)]
    found = unpad_sequence(pad_sequence(given, batch_first), groundup.tensor([3, 1, 4]), batch_first)
    assert all(a.equal(b) for a, b in zip(found, given, strict=True))
    sum((each * each).sum() for each in found).backward()
    assert all(each.grad.equal(2 * each) for each in given)


def test_what_cannot_be_padded() -> None:
    with pytest.raises(RuntimeError, match="padding_side to be one of left or right, but got top"):
        pad_sequence([groundup.ones(1)], padding_side="top")
    with pytest.raises(RuntimeError, match="received an empty list of sequences"):
        pad_sequence([])
    with pytest.raises(RuntimeError, match=r"differ in more than their length: \(2, 3\) and \(2, 4\)"):
        pad_sequence([groundup.ones(2, 3), groundup.ones(2, 4)])
