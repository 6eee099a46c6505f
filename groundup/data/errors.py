"""What goes wrong with data: a file that is not what it should be, and a download that failed.

The readers, the embedded sets and the downloads raise these two and nothing else of their own, so that a
command can turn each into one line.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class DataError(ValueError):
    """A file or folder cannot be read as data; the message begins with its path.

    >>> raise DataError("scores.csv", "line 3 has 4 fields, line 1 has 5")
    Traceback (most recent call last):
    groundup.data.errors.DataError: scores.csv: line 3 has 4 fields, line 1 has 5
    """

    def __init__(self, path: str | os.PathLike[str], problem: str) -> None:
        super().__init__(f"{os.fspath(path)}: {problem}")
        self.path, self.problem = Path(path), problem

    def __reduce__(self) -> tuple[type, tuple[Path, str]]:
        return type(self), (self.path, self.problem)


class DownloadError(OSError):
    """No mirror gave the file; the message says what each of them did, and what to do instead."""


@contextmanager
def readable(path: Path) -> Iterator[None]:
    """Turn the operating system's refusals to open `path` into a `DataError`."""
    try:
        yield
    except FileNotFoundError:
        raise DataError(path, "no such file") from None
    except IsADirectoryError:
        raise DataError(path, "is a folder, not a file") from None
    except NotADirectoryError:
        raise DataError(path, "is a file, not a folder") from None
    except PermissionError as error:
        if path.is_dir():  # what Windows says of a folder
            raise DataError(path, "is a folder, not a file") from None
        raise DataError(path, f"may not be read ({error.strerror})") from None
