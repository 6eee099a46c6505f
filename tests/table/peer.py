"""PyTorch's answers for the table: live where PyTorch is installed, else read from the golden file.

`python -m tests.table.peer` writes the golden file anew; a test says when it has to be.
"""

from __future__ import annotations

import importlib.util
import io
import json
import warnings
import zipfile
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from tests.table.judged import Result, evaluate, kinds
from tests.table.operations import ENTRIES
from tests.table.table import Entry

GOLDEN = Path(__file__).parent / "golden" / "operations.zip"
LIVE = importlib.util.find_spec("torch") is not None


def compared(entry: Entry, kind: str) -> list[int]:
    """The samples that are compared in this kind: at kinks a second derivative means nothing."""
    return [i for i, sample in enumerate(entry.samples()) if sample.smooth or kind != "second"]


def expected(entry: Entry, kind: str) -> list[list[Result]]:
    """PyTorch's results for each compared sample."""
    return asked(entry, kind) if LIVE else golden()[f"{entry.name}|{kind}"]


def asked(entry: Entry, kind: str) -> list[list[Result]]:
    """The results of the PyTorch that is installed."""
    import torch

    torch.set_num_threads(1)
    samples = entry.samples()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what PyTorch deprecates or finds odd is not our affair
        return [evaluate(torch, entry, samples[i], kind) for i in compared(entry, kind)]


@cache
def golden() -> dict[str, list[list[Result]]]:
    """All results in the file: an index of types and shapes, and all numbers in one array."""
    with zipfile.ZipFile(GOLDEN) as file:
        index = json.loads(file.read("index.json"))
        numbers = np.load(io.BytesIO(file.read("numbers.npy")))
    found: dict[str, list[list[Result]]] = {}
    at = 0
    for key, samples in index.items():
        found[key] = []
        for sample in samples:
            results = []
            for dtype, kept, shape in sample:
                size = int(np.prod(shape, dtype=np.int64))
                results.append(Result(dtype, numbers[at : at + size].reshape(shape).astype(kept)))
                at += size
            found[key].append(results)
    return found


def write() -> None:
    """Ask PyTorch for everything, and write the golden file (the same bytes each time)."""
    index: dict[str, Any] = {}
    numbers = []
    for entry in ENTRIES.values():
        for kind in kinds(entry):
            answers = asked(entry, kind)
            index[f"{entry.name}|{kind}"] = [
                [(each.dtype, each.values.dtype.name, each.values.shape) for each in sample] for sample in answers
            ]
            numbers += [each.values.astype(np.float64).ravel() for sample in answers for each in sample]
    packed = io.BytesIO()
    np.save(packed, np.concatenate(numbers))
    GOLDEN.parent.mkdir(exist_ok=True)
    with zipfile.ZipFile(GOLDEN, "w", zipfile.ZIP_LZMA) as file:
        for name, content in (("index.json", json.dumps(index).encode()), ("numbers.npy", packed.getvalue())):
            file.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_LZMA)


if __name__ == "__main__":
    write()
