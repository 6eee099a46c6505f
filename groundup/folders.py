"""Where the library keeps what it can fetch or make again: data sets and machine code."""

from __future__ import annotations

import os
import sys
from pathlib import Path


def cache_folder() -> Path:
    """GROUNDUP_CACHE, else ``groundup`` in the system's folder for caches."""
    chosen = os.environ.get("GROUNDUP_CACHE")
    if chosen:
        return Path(chosen).expanduser()
    if sys.platform == "win32":
        local = os.environ.get("LOCALAPPDATA")
        return (Path(local) if local else Path.home() / "AppData" / "Local") / "groundup" / "cache"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "groundup"
    base = os.environ.get("XDG_CACHE_HOME", "")
    # The specification says to ignore a relative path.
    return (Path(base) if os.path.isabs(base) else Path.home() / ".cache") / "groundup"
