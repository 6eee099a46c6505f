"""Every random state that a training run draws from, taken together and put back together.

These are groundup's own generator, Python's ``random`` and NumPy's global one: what is put back makes each of
them go on with the very numbers that it would have given. A checkpoint holds them.
"""

from __future__ import annotations

import random as python_random
from typing import Any

import numpy as np

from groundup import random

__all__ = ["get_random_states", "set_random_states"]


def get_random_states() -> dict[str, Any]:
    """The states of the three global generators.

    >>> import groundup
    >>> from groundup.train.random_states import get_random_states, set_random_states
    >>> states = get_random_states()
    >>> first = groundup.rand(3)
    >>> set_random_states(states)
    >>> groundup.equal(first, groundup.rand(3))
    True
    """
    version, words, spare = python_random.getstate()
    return {
        "groundup": random.get_rng_state(),
        "python": {"version": version, "words": np.array(words, np.uint32), "spare": spare},
        "numpy": np.random.get_state(legacy=False),  # noqa: NPY002 - users may draw from it
    }


def set_random_states(states: dict[str, Any]) -> None:
    """Put back what :func:`get_random_states` gave."""
    random.set_rng_state(states["groundup"])
    python = states["python"]
    python_random.setstate((python["version"], tuple(python["words"].tolist()), python["spare"]))
    np.random.set_state(states["numpy"])  # noqa: NPY002
