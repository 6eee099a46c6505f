"""The processes that a measurement runs in: one for each version, held to a number of threads, asked in turn."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Any

# What sets the threads of the libraries' pools.
THREAD_VARIABLES = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "NUMEXPR_NUM_THREADS",
    "NUMBA_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
    "CPU_COUNT",
    "THREADS",
)
# Two idle processors of a virtual machine may lie on one real one, for some time after both have work again. So long a
# version with more than one thread runs before it is timed.
WARM = 0.1
# Settings of one's own that would make OpenBLAS another one than users have.
NOT_PASSED_ON = ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE", "PYTHONDONTWRITEBYTECODE")


class Ended(Exception):
    """A process that was asked and had ended."""


class Process:
    """One worker: the version that it runs, and why it cannot, if so."""

    def __init__(self, version: str, threads: int, settings: dict[str, str] | None = None) -> None:
        self.version = version
        self.warm = WARM if threads > 1 else 0.0
        self.absent = ""
        self.answers: dict[str, Any] = {}
        self.errors = tempfile.TemporaryFile()
        command = [sys.executable, "-m", "bench.worker", version, str(threads)]
        environment = {name: value for name, value in os.environ.items() if name not in NOT_PASSED_ON}
        environment |= dict.fromkeys(THREAD_VARIABLES, str(threads)) | (settings or {})
        self.process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.errors,
            text=True,
            env=environment,
            cwd=Path(__file__).resolve().parents[1],
        )

    def greet(self) -> None:
        """Wait until the library has been imported."""
        try:
            answer = self._read()
        except Ended as error:
            answer = {"absent": str(error)}
        self.answers |= answer
        self.absent = answer.get("absent", "")

    def ask(self, do: str, **request: Any) -> dict[str, Any]:
        """Have something done; the answer may be a problem, or say that it cannot be had."""
        if self.process.stdin is None or self.process.poll() is not None:
            return {"problem": f"the process of {self.version} has ended"}
        try:
            self.process.stdin.write(json.dumps({"do": do, **request}) + "\n")
            self.process.stdin.flush()
            return self._read()
        except (Ended, BrokenPipeError) as error:
            return {"problem": str(error)}

    def seconds(self, count: int) -> float:
        """The time of so many calls."""
        answer = self.ask("time", count=count, warm=self.warm)
        if "seconds" not in answer:
            raise Ended(f"{self.version}: {answer['problem']}")
        return float(answer["seconds"])

    def end(self) -> None:
        if self.process.stdin is not None:
            self.process.stdin.close()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        if self.process.stdout is not None:
            self.process.stdout.close()
        self.errors.close()

    def _read(self) -> dict[str, Any]:
        line = self.process.stdout.readline() if self.process.stdout else ""
        if not line:
            raise Ended(f"the process of {self.version} ended with code {self.process.wait()}{self._last_words()}")
        found: dict[str, Any] = json.loads(line)
        return found

    def _last_words(self) -> str:
        self.errors.seek(0)
        lines = self.errors.read().decode("utf-8", "replace").split("\n")
        return "".join(f": {line}" for line in [line for line in lines if line.strip()][-1:])


class Fleet:
    """Processes of several versions, started together and ended together."""

    def __init__(self, versions: list[str], threads: int, settings: dict[str, str] | None = None) -> None:
        self.threads = threads
        self.all = [Process(version, threads, settings) for version in versions]
        for process in self.all:
            process.greet()
        self.ready = [process for process in self.all if not process.absent]

    def __enter__(self) -> Fleet:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        for process in self.all:
            process.end()
