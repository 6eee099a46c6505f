"""``groundup info``: versions, machine and data sets, as a report of a problem should contain them."""

from __future__ import annotations

import argparse
import importlib.metadata
import os

from groundup.cli.outcome import say
from groundup.data import cache_folder
from groundup.train import fingerprint

_OPTIONAL = (
    "safetensors",
    "tqdm",
    "Pillow",
    "matplotlib",
    "threadpoolctl",
    "llvmlite",
    "numba",
    "scipy",
    "onnx",
    "sympy",
    "igraph",
)


def run(options: argparse.Namespace) -> None:
    """Show it."""
    rows = {name: value for name, value in fingerprint().items() if name != "mode"}
    rows |= {name: _version(name) for name in _OPTIONAL}
    rows["GROUNDUP_DATA"] = os.environ.get("GROUNDUP_DATA") or "not set"
    rows["fetched data"] = str(cache_folder())
    width = max(map(len, rows))
    say("\n".join(f"{name.ljust(width)}  {value}" for name, value in rows.items()))


def _version(package: str) -> str:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return "not installed"
