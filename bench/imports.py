"""How long an import takes: each in a fresh interpreter, interleaved, the import itself and nothing around
it."""

from __future__ import annotations

import importlib.util
import os
import statistics
import subprocess
import sys

# The budget: `import groundup` may take this much longer than `import numpy`, which it contains.
BUDGET = 0.05


def is_installed(module: str) -> bool:
    return importlib.util.find_spec(module) is not None


def import_seconds(module: str) -> float:
    script = f"import time; start = time.perf_counter(); import {module}; print(time.perf_counter() - start)"
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    command = [sys.executable, "-c", script]
    run = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
    return float(run.stdout)


def medians_of_imports(modules: list[str], rounds: int) -> dict[str, float]:
    """Median seconds of each import; one run of each goes first, to bring the files into memory."""
    for module in modules:
        import_seconds(module)
    samples: dict[str, list[float]] = {module: [] for module in modules}
    for _ in range(rounds):
        for module in modules:
            samples[module].append(import_seconds(module))
    return {module: statistics.median(times) for module, times in samples.items()}
