"""The scripts are run by test_chapter.py, each on the library that it names there, and imported by nobody."""

from __future__ import annotations

collect_ignore = ["scripts"]
