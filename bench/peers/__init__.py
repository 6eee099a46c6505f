"""The ways to run a workload, by name: a library and how it is used there. Each runs in a process of its own.

The part before the dash is the library: `torch` stands for all that begin with it. A library that is not installed
is said to be absent, and nothing of it is asked of whoever installs groundup.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any

from bench.peers.base import Absent, Made
from bench.workloads.base import Workload

# The name of a version, and the module and function that make it.
VERSIONS = {
    "groundup-compiled": ("groundup", "compiled"),
    "groundup-steps": ("groundup", "steps"),
    "groundup-eager": ("groundup", "eager"),
    "numpy": ("numpy", "by_hand"),
    "torch-eager": ("torch", "eager"),
    "torch-fused": ("torch", "fused"),
    "torch-channels-last": ("torch", "channels_last"),
    "torch-compile": ("torch", "compiled"),
    "torch-compile-loss": ("torch", "compiled_loss"),
    "jax-jit": ("jax", "jit"),
    "jax-scan": ("jax", "scan"),
    "tinygrad-jit": ("tinygrad", "jit"),
    "autograd": ("autograd", "eager"),
    "onnxruntime": ("onnxruntime", "session"),
}

# Several steps in one call: another question than what one call costs.
MANY_STEPS = ("groundup-steps", "jax-scan")
EAGER = ("torch-eager", "torch-fused", "torch-channels-last")
SLOW_TO_START = ("torch-compile", "torch-compile-loss", "tinygrad-jit", "jax-jit", "jax-scan")
COMPILED = ("torch-compile", "torch-compile-loss", "jax-jit", "tinygrad-jit", "onnxruntime")


def chosen(names: list[str]) -> list[str]:
    """The versions that are meant by names of versions and of libraries; all without names."""
    for name in names:
        if not any(_meant(version, name) for version in VERSIONS):
            raise ValueError(f"no version is called {name!r}; there are {', '.join(VERSIONS)}")
    return [version for version in VERSIONS if not names or any(_meant(version, name) for name in names)]


def maker(version: str, threads: int) -> Callable[[Workload], Made]:
    """What makes workloads ready in this version; imports its library, which may raise Absent."""
    name, function = VERSIONS[version]
    try:
        module: Any = importlib.import_module(f"bench.peers.{name}")
    except ModuleNotFoundError as error:
        raise Absent(f"{error.name} is not installed") from error
    module.prepare(threads)
    make: Callable[[Workload], Made] = getattr(module, function)
    return make


def _meant(version: str, name: str) -> bool:
    return version == name or version.startswith(f"{name}-")
