"""``groundup derive``: the gradients of a formula, line by line, beside the code that computes them."""

from __future__ import annotations

import argparse

from groundup import explain
from groundup.cli.outcome import say


def run(options: argparse.Namespace) -> None:
    """Show it."""
    derivation = explain.derive(options.formula, form=options.form)
    say(derivation.latex if options.latex else str(derivation))
