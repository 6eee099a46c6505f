"""Tools that make the invisible visible: broadcasting, einsum, memory, shapes, gradients, scales.

Each gives an object that prints as text in a terminal and draws itself in a notebook. They work on groundup's
tensors and models, and where the object allows it on NumPy arrays and on PyTorch's tensors and modules too.
"""

from __future__ import annotations

import importlib
from typing import Any

# The module that each name is in, loaded when the name is first used. A module has no name that is listed here.
_WHERE = {
    "activation_history": "training",
    "activations": "activity",
    "backward": "walking",
    "broadcast": "broadcasting",
    "depth_study": "depth",
    "derive": "derivation",
    "einsum": "contraction",
    "graph": "graphs",
    "index": "brackets",
    "memory": "layout",
    "shapes": "layers",
}


def __getattr__(name: str) -> Any:
    if name in _WHERE:
        return getattr(importlib.import_module(f"groundup.explain.{_WHERE[name]}"), name)
    raise AttributeError(f"module 'groundup.explain' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *_WHERE])
