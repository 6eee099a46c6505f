"""What the README shows is what happens: its examples run, and its files and commands are there."""

from __future__ import annotations

import doctest
import importlib
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
README = ROOT / "README.md"
TEXT = README.read_text(encoding="utf-8")


def test_the_examples_print_what_they_show() -> None:
    flags = doctest.NORMALIZE_WHITESPACE
    found = doctest.testfile(str(README), module_relative=False, optionflags=flags, encoding="utf-8")
    assert found.attempted > 10 and found.failed == 0


@pytest.mark.parametrize("link", re.findall(r"\]\(([^)#:]+)\)", TEXT))
def test_a_link_leads_somewhere(link: str) -> None:
    assert (ROOT / link).exists()


@pytest.mark.parametrize("room", re.findall(r"^\| `(groundup[.\w]*)` \|", TEXT, flags=re.MULTILINE))
def test_a_room_of_the_table_is_there(room: str) -> None:
    assert importlib.import_module(room).__doc__


def test_the_figures_of_the_samples_are_those_of_the_run() -> None:
    page = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    samples, passed, *_, operations = re.search(r"^\| float64 \|(.*)\|$", page, flags=re.MULTILINE)[1].split("|")
    said = " ".join(TEXT.split())
    assert f"all samples of {operations.strip()} operations" in said
    assert f"{passed.strip()} samples of {samples.strip()} by comparison" in said
