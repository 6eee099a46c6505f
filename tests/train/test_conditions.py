"""What a run depends on: the random states and the fingerprint."""

from __future__ import annotations

import json
import random

import numpy as np

import groundup
from groundup.train import fingerprint, get_random_states, set_random_states
from groundup.train.fingerprint import differences


def draws() -> list[float]:
    """From every generator, with a normal number whose twin Python and NumPy keep for the next draw."""
    return [
        random.random(),
        random.gauss(0, 1),
        float(np.random.normal()),
        float(np.random.random()),
        groundup.rand(1).item(),
        groundup.randn(1).item(),
    ]


def test_the_states_go_on_where_they_were() -> None:
    draws()
    states = get_random_states()
    first = draws() + draws()
    set_random_states(states)
    assert draws() + draws() == first


def test_the_fingerprint_is_the_same_twice_and_plain_text() -> None:
    assert fingerprint() == fingerprint() == json.loads(json.dumps(fingerprint()))
    assert fingerprint()["groundup"] == groundup.__version__
    assert fingerprint()["numpy"] == np.__version__
    assert "unknown" not in fingerprint()["blas"]


def test_differences_in_words() -> None:
    now = fingerprint()
    assert differences(now, now) == []
    assert differences(now, now | {"mode": "compiled"}) == ["mode was eager and is compiled"]
    assert differences({}, {"mode": "eager"}) == ["mode was not recorded and is eager"]
