"""The page of the documentation that tells what PyTorch's samples found: `docs/operations.md`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from tests.samples.find import full_name
from tests.samples.run import Result, entries, missing, run, run_errors

PAGE = Path(__file__).resolve().parents[2] / "docs" / "operations.md"
COLUMNS = ("float64", "float32", "int64", "errors")
Results = Mapping[tuple[str, str], Result]

HEAD = """# Operations, judged by PyTorch's own samples

PyTorch tests its operations on lists of samples (`torch.testing._internal.common_methods_invocations.op_db`).
The same samples are run on groundup: a sample passes if the values, the types, the shapes and, for floating types, the
gradients are PyTorch's. The last column is of inputs that must be refused, with PyTorch's type of error and its first
line. This page is written by the run:

    python -m tests.samples --table docs/operations.md
"""


def page(results: Results) -> str:
    """The whole page in Markdown."""
    names = list(dict.fromkeys(name for name, _ in results))
    parts = [HEAD, _summary(results), "## Each operation", _table(results, names), "## Listed differences"]
    parts += [_differences(results, names), "## Operations of PyTorch's list that are not here", _absent()]
    return "\n\n".join(part.strip() for part in parts) + "\n"


def _summary(results: Results) -> str:
    lines = ["| | samples | passed | random: type and shape | listed | complex and the like | operations that pass |"]
    lines.append("| --- | --- | --- | --- | --- | --- | --- |")
    for column in COLUMNS:
        found = [result for (_, kind), result in results.items() if kind == column and result.total]
        passing = sum(bool(result.passed) and not result.different for result in found)
        counts = [
            sum(result.total for result in found),
            sum(result.passed for result in found),
            sum(result.drawn for result in found),
            sum(result.listed.total() for result in found),
            sum(result.left_out.total() + result.refused for result in found),
        ]
        lines.append(f"| {column} | {' | '.join(f'{count:,}' for count in counts)} | {passing} |")
    return "\n".join(lines)


def _table(results: Results, names: list[str]) -> str:
    lines = [f"| operation | {' | '.join(COLUMNS)} |", "| --- |" + " --- |" * len(COLUMNS)]
    for name in names:
        cells = [_cell(results[name, column]) if (name, column) in results else "" for column in COLUMNS]
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _cell(result: Result) -> str:
    """`9` if all nine pass, `7 of 9` if some do not."""
    if not result.total:
        return ""
    agreed = result.passed + result.drawn
    return str(agreed) if agreed == result.total else f"{agreed} of {result.total}"


def _differences(results: Results, names: list[str]) -> str:
    lines = []
    for name in names:
        reasons = [
            known.reason for column in COLUMNS if (name, column) in results for known in results[name, column].listed
        ]
        lines += [f"- **{name}**: {reason}" for reason in dict.fromkeys(reasons)]
    return "\n".join(lines)


def _absent() -> str:
    return ", ".join(f"`{name}`" for name in missing())


def run_all() -> dict[tuple[str, str], Result]:
    """Every operation in every column."""
    return {
        (full_name(entry), column): run_errors(entry) if column == "errors" else run(entry, column)
        for entry in entries()
        for column in COLUMNS
    }
