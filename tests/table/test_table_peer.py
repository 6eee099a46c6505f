"""Values, result types and derivatives of every operation beside PyTorch's: the judge by a peer."""

from __future__ import annotations

import warnings

import pytest

import groundup
from tests.table import peer
from tests.table.judged import difference, evaluate, kinds
from tests.table.operations import ENTRIES


@pytest.mark.parametrize("name", ENTRIES)
def test_the_same_as_pytorch(name: str) -> None:
    entry = ENTRIES[name]
    samples = entry.samples()
    wrong = []
    for kind in kinds(entry):
        for i, theirs in zip(peer.compared(entry, kind), peer.expected(entry, kind), strict=True):
            with warnings.catch_warnings():
                warnings.filterwarnings("ignore", "var\\(\\)|std\\(\\)")
                ours = evaluate(groundup, entry, samples[i], kind)
            assert len(ours) == len(theirs), f"{kind} of {samples[i]}"
            for k, (mine, other) in enumerate(zip(ours, theirs, strict=True)):
                found = difference(mine, other, entry.rtol, kind in ("first", "second"))
                if found:
                    wrong.append(f"{kind} {k} of {name}({samples[i]}): {found}")
    assert not wrong, "\n".join(wrong)


def test_the_golden_file_has_every_entry() -> None:
    """If not: python -m tests.table.peer"""
    wanted = {f"{name}|{kind}": len(peer.compared(e, kind)) for name, e in ENTRIES.items() for kind in kinds(e)}
    assert {key: len(samples) for key, samples in peer.golden().items()} == wanted


@pytest.mark.skipif(not peer.LIVE, reason="PyTorch is not installed")
@pytest.mark.parametrize("name", ["add", "softmax", "getitem", "einsum", "std"])
def test_the_golden_file_is_pytorchs_word(name: str) -> None:
    entry = ENTRIES[name]
    for kind in kinds(entry):
        for written, live in zip(peer.golden()[f"{name}|{kind}"], peer.asked(entry, kind), strict=True):
            for a, b in zip(written, live, strict=True):
                assert not difference(a, b, entry.rtol, kind in ("first", "second"))
