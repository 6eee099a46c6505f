"""A foundations chapter's worth of code, run on groundup and on PyTorch, prints the same text.

Each file in ``scripts`` is a program for PyTorch, which `python scripts/neuron.py` runs. The test runs the
very same source a second time with ``groundup`` for ``torch`` in its import lines, and compares what was
printed, character for character. Where PyTorch is not installed, what it printed is read from ``golden``.
`python tests/chapter/test_chapter.py` writes that anew.
"""

from __future__ import annotations

import contextlib
import difflib
import importlib.util
import io
import re
import warnings
from pathlib import Path

import pytest

HERE = Path(__file__).parent
SCRIPTS = sorted((HERE / "scripts").glob("*.py"))
HAS_TORCH = importlib.util.find_spec("torch") is not None

# These print results of long float32 sums, whose last bits depend on the order of the additions: a printed
# number may differ by one in its last place. All the others compute with numbers that float32 adds exactly.
ROUNDED = {"activations", "forward", "gradients_by_hand", "layer_classes", "training"}
NUMBER = re.compile(r"-?\d+\.\d*(?:e[+-]\d+)?")

TYPED_STORAGE = re.compile(r"\[torch\.storage\.TypedStorage\(dtype=torch\.(\w+), device=cpu\) of size (\d+)\]")
STORAGE_NAMES = {
    "float32": "FloatStorage",
    "float64": "DoubleStorage",
    "int64": "LongStorage",
    "bool": "BoolStorage",
}


def run(script: Path, library: str) -> str:
    """What a script prints when ``library`` stands where it says torch."""
    lines = script.read_text().split("\n")
    for i, line in enumerate(lines):
        if line == "import torch":
            lines[i] = f"import {library} as torch"
        elif line.startswith(("import torch.", "from torch")):
            lines[i] = line.replace("torch", library, 1)
    printed = io.StringIO()
    namespace = {"__name__": "__main__"}
    with contextlib.redirect_stdout(printed), warnings.catch_warnings():
        if library == "torch":
            warnings.simplefilter("ignore")  # PyTorch calls its own storage() deprecated
        exec(compile("\n".join(lines), script, "exec"), namespace)
    return printed.getvalue().replace("groundup", "torch")


def run_torch(script: Path) -> str:
    """What a script prints on PyTorch, storages named as they have been for most of its life."""
    return TYPED_STORAGE.sub(
        lambda found: f"[torch.{STORAGE_NAMES[found[1]]} of size {found[2]}]", run(script, "torch")
    )


def golden(script: Path) -> Path:
    return HERE / "golden" / f"{script.stem}.txt"


def difference(ours: str, theirs: str, rounded: bool) -> str:
    """The lines in which two texts differ, as a diff; empty when they agree."""
    if rounded:
        ours = align(ours, theirs)
    lines = difflib.unified_diff(theirs.splitlines(), ours.splitlines(), "torch", "groundup", lineterm="", n=1)
    return "\n".join(lines)


def align(ours: str, theirs: str) -> str:
    """``ours``, its numbers that are off by at most one in the last place replaced by those of ``theirs``."""
    numbers = [found.group() for found in NUMBER.finditer(theirs)]
    if len(numbers) != len(NUMBER.findall(ours)):
        return ours
    turn = iter(numbers)
    return NUMBER.sub(lambda found: nearest(found.group(), next(turn)), ours)


def nearest(ours: str, theirs: str) -> str:
    mantissa, _, exponent = theirs.partition("e")
    last_place = 10.0 ** (int(exponent or 0) - len(mantissa.partition(".")[2]))
    same_form = len(ours.lstrip("-")) == len(theirs.lstrip("-"))
    close = abs(float(ours) - float(theirs)) <= 1.01 * last_place
    return theirs if same_form and close else ours


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.stem)
def test_prints_what_pytorch_prints(script):
    theirs = run_torch(script) if HAS_TORCH else golden(script).read_text()
    found = difference(run(script, "groundup"), theirs, script.stem in ROUNDED)
    assert not found, f"{script.name} prints something else on groundup:\n{found}"


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.stem)
def test_the_stored_text_is_what_pytorch_prints(script):
    pytest.importorskip("torch")
    found = difference(golden(script).read_text(), run_torch(script), script.stem in ROUNDED)
    assert not found, f"run `python {Path(__file__).name}` to store what PyTorch prints now:\n{found}"


def test_modules_need_no_base_class_of_ones_own(tmp_path):
    """PyTorch needs the ``Module`` of modules.py; groundup runs and prints the same with ``nn.Module`` itself."""
    source = (HERE / "scripts" / "modules.py").read_text()
    start, end = source.index("class Module(nn.Module):"), source.index("class Model(Module):")
    shortened = source[:start] + "Module = nn.Module\n" + source[end:].replace("        super().__init__()\n", "")
    script = tmp_path / "modules.py"
    script.write_text(shortened)
    assert "super()" not in shortened[start:]
    assert run(script, "groundup") == golden(script).read_text()


def test_every_stored_text_has_its_script():
    assert {path.stem for path in (HERE / "golden").glob("*.txt")} == {script.stem for script in SCRIPTS}


@pytest.mark.parametrize(
    ("ours", "theirs", "rounded", "same"),
    [
        ("loss 0.1234\n", "loss 0.1234\n", False, True),
        ("loss 0.1235\n", "loss 0.1234\n", False, False),
        ("loss 0.1235\n", "loss 0.1234\n", True, True),
        ("loss 0.1236\n", "loss 0.1234\n", True, False),
        ("1.234e-05 0.98", "1.235e-05 0.98", True, True),
        ("1.234e-05 0.98", "1.234e-04 0.98", True, False),
        ("tensor(-0.0000)", "tensor(0.0001)", True, True),
        ("tensor(1.)", "tensor(2.5)", True, False),
        ("[1.0, 2.0]", "[1.0,  2.0]", True, False),
        ("1.0 2.0 3.0", "1.0 2.0", True, False),
        ("Size([3, 1])", "Size([3, 2])", True, False),
    ],
)
def test_the_comparison_tells_rounding_from_a_difference(ours, theirs, rounded, same):
    assert (difference(ours, theirs, rounded) == "") is same


def test_a_script_runs_on_the_library_it_is_given(tmp_path):
    script = tmp_path / "script.py"
    script.write_text("import torch\nfrom torch import float32\nprint(torch.__name__, float32)\n")
    assert run(script, "groundup") == "torch torch.float32\n"
    script.write_text("import torch\nprint(torch.__file__)\n")
    assert "/torch/__init__.py" in run(script, "groundup").replace("\\", "/")


def store() -> None:
    """Write what PyTorch prints for every script."""
    (HERE / "golden").mkdir(exist_ok=True)
    for script in SCRIPTS:
        golden(script).write_text(run_torch(script))
        print("stored", golden(script).relative_to(HERE))


if __name__ == "__main__":
    store()
