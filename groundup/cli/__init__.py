"""The command ``groundup``: train a network, use it and measure it, without writing a line of Python.

``main`` reads the arguments and hands them to the module of the command, which loads the library only then,
so that ``--help`` answers at once. Nothing stands on this room.
"""

from __future__ import annotations

import importlib
from collections.abc import Sequence

from groundup.cli.arguments import make_parser
from groundup.cli.outcome import guarded

__all__ = ["main"]


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command with these arguments (by default the process's) and return its exit code.

    0 is success; 2 a mistake or a failure, told in one line on the standard error; 130 Ctrl-C, and 128 plus
    the number of any other signal that ended the command.

    >>> main(["--version"])
    groundup 0.1.0
    0
    """
    return guarded(lambda: _run(argv))


def _run(argv: Sequence[str] | None) -> None:
    parser = make_parser()
    options = parser.parse_args(argv)
    if options.command is None:
        parser.print_help()
    else:
        importlib.import_module(f"groundup.cli.{options.command}").run(options)
