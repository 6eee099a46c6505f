"""``groundup study``: experiments of the foundations, repeated on this machine."""

from __future__ import annotations

import argparse

from groundup import explain
from groundup.cli.outcome import say
from groundup.train.figures import require_matplotlib, save_figure


def run(options: argparse.Namespace) -> None:
    """The study of that name; `init` is the only one so far."""
    require_matplotlib("groundup study")
    study = explain.depth_study(options.layers, options.width, seed=options.seed)
    save_figure(study.figure(), options.plot)
    say(f"{study}\n\nplot: {options.plot}")
