"""All samples of an operation in one type, counted: passed, listed with a reason, or different."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import torch
from torch.testing._internal.common_methods_invocations import op_db

from tests.samples.convert import NotHere
from tests.samples.find import full_name, ours
from tests.samples.judge import TheirOwn, judge, judge_error, samples, seeds_of_the_cpu
from tests.samples.known import ERRORS, ERRORS_OF_ALL, LOOSER, RANDOM, SAMPLES, Known, reason_for

DTYPES = {name: getattr(torch, name) for name in ("float64", "float32", "int64", "float16", "bfloat16")}


@dataclass
class Result:
    """What came of the samples of one operation."""

    passed: int = 0
    drawn: int = 0  # types and shapes agree; the numbers are random
    left_out: Counter[str] = field(default_factory=Counter)  # complex numbers and the like
    refused: int = 0  # by PyTorch itself
    listed: Counter[Known] = field(default_factory=Counter)
    stale: Counter[Known] = field(default_factory=Counter)  # named by a line, yet the libraries agree
    different: list[str] = field(default_factory=list)

    @property
    def total(self) -> int:
        """All samples."""
        return (
            self.passed + self.drawn + self.left_out.total() + self.refused + self.listed.total() + len(self.different)
        )

    def count(self, problem: str | None, known: Known | None, described: str, drawn: bool = False) -> None:
        """Add the verdict on one sample."""
        if problem is None:
            self.drawn += drawn
            self.passed += not drawn
            if known:
                self.stale[known] += 1
        elif known:
            self.listed[known] += 1
        else:
            self.different.append(f"{problem}   [{described}]")


def entries(names: list[str] | None = None) -> list[Any]:
    """PyTorch's entries that have a counterpart here, all or those named."""
    chosen = [entry for entry in op_db if ours(entry) is not None]
    if names:
        chosen = [entry for entry in chosen if entry.name in names or full_name(entry) in names]
    return chosen


def missing() -> list[str]:
    """The entries without a counterpart."""
    return sorted({full_name(entry) for entry in op_db if ours(entry) is None})


@seeds_of_the_cpu()
def run(entry: Any, dtype: str) -> Result:
    """Every sample of the operation in that type; an empty result where PyTorch does not have the operation in it."""
    result = Result()
    kind = DTYPES[dtype]
    if kind not in entry.supported_dtypes("cpu"):
        return result
    name = full_name(entry)
    drawn = entry.name in RANDOM
    for sample in samples(entry, kind):
        known = reason_for(SAMPLES.get(name, ()), sample)
        try:
            problem = judge(entry, sample, not drawn, LOOSER.get(name, 1.0))
        except NotHere as reason:
            result.left_out[str(reason)] += 1
        except TheirOwn:
            result.refused += 1
        else:
            result.count(problem, known, _described(sample), drawn)
    return result


@seeds_of_the_cpu()
def run_errors(entry: Any) -> Result:
    """Every input that the operation must refuse."""
    result = Result()
    if entry.error_inputs_func is None:
        return result
    torch.manual_seed(0)
    for error_input in entry.error_inputs("cpu"):
        if "out" in error_input.sample_input.kwargs:
            result.left_out["no argument out="] += 1
            continue
        known = reason_for((*ERRORS.get(full_name(entry), ()), *ERRORS_OF_ALL), error_input)
        try:
            problem = judge_error(entry, error_input)
        except NotHere as reason:
            result.left_out[str(reason)] += 1
        except TheirOwn:
            result.refused += 1
        else:
            result.count(problem, known, _described(error_input.sample_input))
    return result


def _described(sample: Any) -> str:
    parts = [_short(each) for each in (sample.input, *sample.args)]
    return ", ".join([*parts, *(f"{name}={_short(value)}" for name, value in sample.kwargs.items())])


def _short(value: Any) -> str:
    if isinstance(value, torch.Tensor):
        step = "" if value.is_contiguous() else f" stride {tuple(value.stride())}"
        return f"{str(value.dtype).removeprefix('torch.')}{tuple(value.shape)}{step}"
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(map(_short, value))}]"
    return repr(value)


def report(names: list[str], dtypes: list[str], errors: bool, show: int) -> None:
    """Run and print, one line for each operation."""
    totals: Counter[str] = Counter()
    for entry in entries(names):
        results = [(dtype, run(entry, dtype)) for dtype in dtypes]
        if errors:
            results.append(("errors", run_errors(entry)))
        for dtype, result in results:
            if not result.total:
                continue
            totals[f"{dtype} passed"] += result.passed
            totals[f"{dtype} different"] += len(result.different)
            totals[f"{dtype} of"] += result.total
            totals[f"{dtype} clean operations"] += bool(result.passed) and not result.different
            if names or result.different:
                counts = f"{result.passed:5} of {result.total:5}, {len(result.different)} different"
                print(f"{full_name(entry):40} {dtype:8} {counts}")
            for line in result.different[:show]:
                print("      ", line[:300])
            for known in result.stale:
                if known not in result.listed:
                    print("       agrees now:", known.reason)
    print(dict(totals))
