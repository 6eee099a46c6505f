"""Sequences of unequal lengths in one tensor, beside PyTorch's."""

from __future__ import annotations

import numpy as np
import pytest

import groundup
from groundup.nn.utils.rnn import (
    pack_padded_sequence,
    pack_sequence,
    pad_packed_sequence,
    pad_sequence,
    unpad_sequence,
)


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


LENGTHS = [3, 5, 1, 3]


@pytest.mark.parametrize("batch_first", [True, False])
def test_packing_is_pytorchs_and_comes_back(batch_first: bool) -> None:
    torch = pytest.importorskip("torch")
    shape = (4, 6, 2) if batch_first else (6, 4, 2)
    x = groundup.arange(48.0).reshape(shape)
    packed = pack_padded_sequence(x, LENGTHS, batch_first, enforce_sorted=False)
    theirs = torch.nn.utils.rnn.pack_padded_sequence(torch.tensor(x.numpy()), LENGTHS, batch_first, False)
    assert packed.data.tolist() == theirs.data.tolist()
    assert packed.batch_sizes.tolist() == theirs.batch_sizes.tolist()
    padded, lengths = pad_packed_sequence(packed, batch_first, -1.0, total_length=7)
    expected, _ = torch.nn.utils.rnn.pad_packed_sequence(theirs, batch_first, -1.0, total_length=7)
    assert (padded.tolist(), lengths.tolist()) == (expected.tolist(), LENGTHS)


@pytest.mark.parametrize("kind", ["RNN", "LSTM", "GRU"])
@pytest.mark.parametrize("given", [True, False])
def test_recurrent_layers_take_packed_sequences(kind: str, given: bool) -> None:
    torch = pytest.importorskip("torch")
    groundup.manual_seed(0)
    ours = getattr(groundup.nn, kind)(2, 3, num_layers=2, bidirectional=True).double()
    theirs = getattr(torch.nn, kind)(2, 3, num_layers=2, bidirectional=True).double()
    theirs.load_state_dict({name: torch.tensor(value.numpy()) for name, value in ours.state_dict().items()})
    sequences = [groundup.randn(n, 2, dtype=groundup.float64) for n in LENGTHS]
    start = groundup.randn(4, 4, 3, dtype=groundup.float64)
    results = []
    for library, layer, pack in ((groundup, ours, pack_sequence), (torch, theirs, torch.nn.utils.rnn.pack_sequence)):
        inputs = [library.tensor(each.tolist(), dtype=library.float64, requires_grad=True) for each in sequences]
        hx = library.tensor(start.tolist(), dtype=library.float64)
        hx = ((hx, hx) if kind == "LSTM" else hx) if given else None
        output, end = layer(pack(inputs, enforce_sorted=False), hx)
        ends = end if kind == "LSTM" else (end,)
        sum((each * each).sum() for each in (output.data, *ends)).backward()
        found = [output.data, *ends, *(each.grad for each in inputs), *(each.grad for each in layer.parameters())]
        results.append([each.detach().numpy() for each in found])
    for ours_, theirs_ in zip(*results, strict=True):
        np.testing.assert_allclose(ours_, theirs_, rtol=1e-9, atol=1e-12)


def test_what_cannot_be_packed() -> None:
    x = groundup.ones(3, 2)
    with pytest.raises(RuntimeError, match="must be sorted in decreasing order when `enforce_sorted` is True"):
        pack_padded_sequence(x, [1, 3])
    with pytest.raises(RuntimeError, match="equal to batch_size, but got 1 "):
        pack_padded_sequence(x, [1])
    with pytest.raises(RuntimeError, match="has to be greater than 0"):
        pack_padded_sequence(x, groundup.tensor([1, 0]))
    with pytest.raises(RuntimeError, match="have 3 steps, but found 4"):
        pack_padded_sequence(x, [4, 1])
    with pytest.raises(ValueError, match="Expected total_length to be at least"):
        pad_packed_sequence(pack_padded_sequence(x, [3, 1]), total_length=2)
    with pytest.raises(RuntimeError, match="input must have 2 dimensions, got 1"):
        groundup.nn.GRU(2, 3)(pack_padded_sequence(x, [3, 1]))
