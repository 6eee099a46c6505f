"""With NumPy and nothing else the whole library imports, and a network trains in memory.

The optional packages are hidden from a fresh interpreter, so this says the same on a machine that has them.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "groundup"

HIDE_OPTIONAL_PACKAGES = """
import sys

class Hide:
    hidden = {"matplotlib", "numba", "onnx", "PIL", "safetensors", "scipy", "sympy", "threadpoolctl", "tqdm", "torch"}

    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in self.hidden:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, Hide())
"""

TRAIN = """
import groundup
from groundup import nn, optim
from groundup.data import DataLoader, TensorDataset

groundup.manual_seed(0)
x = groundup.randn(256, 10)
y = (x.sum(1) > 0).long()
model = nn.Sequential(nn.Linear(10, 32), nn.ReLU(), nn.Linear(32, 2))
optimizer = optim.Adam(model.parameters(), lr=1e-2)
for epoch in range(20):
    for inputs, target in DataLoader(TensorDataset(x, y), batch_size=32, shuffle=True):
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(model(inputs), target)
        loss.backward()
        optimizer.step()
with groundup.no_grad():
    print((model(x).argmax(1) == y).float().mean().item())
"""


def run_with_numpy_alone(script: str) -> str:
    command = [sys.executable, "-c", HIDE_OPTIONAL_PACKAGES + script]
    run = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False)
    assert run.returncode == 0, run.stderr
    return run.stdout


def test_the_optional_packages_are_hidden() -> None:
    script = "try:\n    import tqdm\nexcept ModuleNotFoundError as error:\n    print(error)\nimport numpy"
    assert run_with_numpy_alone(script) == "No module named 'tqdm'\n"


def test_every_module_imports() -> None:
    files = [path.relative_to(ROOT) for path in PACKAGE.rglob("*.py") if path.stem != "__main__"]
    names = [".".join((file.parent if file.stem == "__init__" else file.with_suffix("")).parts) for file in files]
    run_with_numpy_alone("\n".join(f"import {name}" for name in names))


def test_a_network_trains_in_memory() -> None:
    assert float(run_with_numpy_alone(TRAIN)) > 0.95
