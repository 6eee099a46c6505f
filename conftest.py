"""What every test run shares: a folder of machine code, hypothesis, processes that divide the tests, absent extras.

The examples in docstrings are collected from the package itself, so this file stands beside it and not in
tests/. It needs pytest and nothing else: the suite also runs where NumPy is all there is.
"""

from __future__ import annotations

import doctest
import importlib.util
import os
import signal
import tempfile
from collections.abc import Generator
from typing import Any

import pytest

# A script that runs the tests in the background has SIGINT ignored, and every process below it inherits that: the
# tests of Ctrl-C need it back.
if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# Without llvmlite compiled functions say once that they run on NumPy, which only the test of that notice asks for.
if importlib.util.find_spec("llvmlite") is None:
    os.environ.setdefault("GROUNDUP_COMPILE", "numpy")

# PyTorch, the peer, reads this and computes with one thread: on small tensors two take four times as long on a busy
# machine, as they wait for each other. The threads of NumPy's OpenBLAS, which are tested, do not depend on it.
os.environ.setdefault("MKL_NUM_THREADS", "1")

try:
    from hypothesis import settings
except ImportError:  # the tests that use it skip themselves
    pass
else:
    # No deadline: a machine shared with others is slow at times, and that is no failure of the code.
    settings.register_profile("dev", deadline=None, max_examples=50)
    # CI searches the same examples every time, so that a red run is red because of its change.
    settings.register_profile("ci", deadline=None, max_examples=50, derandomize=True, print_blob=True)
    settings.load_profile("ci" if os.environ.get("CI") else "dev")


def pytest_configure(config: pytest.Config) -> None:
    """A folder of machine code for this run, empty at first: each kernel is made by the code that is tested, once.

    The processes of pytest-xdist inherit the folder and share it, as do all others that tests start.
    """
    if not hasattr(config, "workerinput"):
        folder = tempfile.TemporaryDirectory(prefix="groundup-tests-")
        os.environ["GROUNDUP_CACHE"] = folder.name
        config.add_cleanup(folder.cleanup)
        if getattr(config.option, "maxworkerrestart", "") is None:  # there is pytest-xdist, and nobody asked for more
            config.option.maxworkerrestart = "0"  # or a test that ends its process does so ten times


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """With `-n`, a file's tests stay in one process, one after the other: some count what those before them found."""
    from xdist.scheduler import LoadFileScheduling

    return LoadFileScheduling(config, log) if config.getvalue("dist") == "load" else None


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, object, object]:
    """Skip an example in a docstring whose optional package is not installed."""
    try:
        return (yield)
    except doctest.UnexpectedException as unexpected:
        error = unexpected.exc_info[1]
        package = getattr(error, "package", None)
        # Only where the package really is absent: a library that wrongly calls for it must fail.
        if type(error).__name__ == "MissingExtra" and package and not _installed(package):
            pytest.skip(f"the example needs {package}")
        raise


def _installed(package: str) -> bool:
    """Whether a distribution such as Pillow can be imported."""
    module = {"Pillow": "PIL", "pillow": "PIL"}.get(package, package)
    return importlib.util.find_spec(module) is not None
