"""``groundup evaluate``: the accuracy of a trained model on held-out images, and what it takes for what."""

from __future__ import annotations

import argparse
import json
from typing import Any

import numpy as np

from groundup import data
from groundup.cli.outcome import say
from groundup.cli.report import Result, read_test
from groundup.cli.settings import Form
from groundup.cli.trained import load_model
from groundup.train import Learner

Array = np.ndarray[Any, Any]


def run(options: argparse.Namespace) -> None:
    """Measure the model on the held-out images of its own data, or of others of the same form."""
    model, settings, form = load_model(options.run)
    root = options.root if options.data is not None or options.root is not None else settings.root
    images = data.load(options.data or settings.data, root)
    _check(images, form, options.run)
    result = read_test(Learner(model), images)
    confusion = result.confusion(len(form.classes))
    if options.json:
        say(json.dumps(_record(images, result, confusion), ensure_ascii=False))
    else:
        say(_text(images, result, confusion))


def _check(images: data.ImageSet, form: Form, run: str) -> None:
    """Refuse images that the model does not take."""
    if images.shape != form.shape:
        sizes = [" x ".join(map(str, shape)) for shape in (images.shape, form.shape)]
        raise ValueError(f"the images of {images.name} are {sizes[0]}, and the model of {run} takes {sizes[1]}")
    if images.classes != form.classes:
        names = [", ".join(each) for each in (images.classes, form.classes)]
        raise ValueError(f"{images.name} has the classes {names[0]}, and the model of {run} knows {names[1]}")


def _record(images: data.ImageSet, result: Result, confusion: Array) -> dict[str, Any]:
    return {
        "data": images.name,
        "images": len(result.labels),
        "right": result.right,
        "accuracy": result.accuracy,
        "loss": result.loss,
        "classes": list(images.classes),
        "confusion": confusion.tolist(),
    }


def _text(images: data.ImageSet, result: Result, confusion: Array) -> str:
    return (
        f"{result.accuracy:.2%} of the {len(result.labels):,} held-out images of {images.name} are read right: "
        f"{result.right:,} (loss {result.loss:.4f})\n\n"
        f"true class (down), answer (across), and the share of each class that is read right\n"
        f"{_confusion(confusion, images.classes)}"
    )


def _confusion(counts: Array, classes: tuple[str, ...]) -> str:
    """The counts as a table, with a point for none, so that the mistakes stand out."""
    shares = [f"{row[place] / row.sum():.1%}" if row.sum() else "no images" for place, row in enumerate(counts)]
    heads = [name if len(name) <= 6 else f"{name[:5]}." for name in classes]
    width = max(max(map(len, heads)), len(str(counts.max())))
    label = max(map(len, classes))
    lines = [" " * label + "".join(f"  {head:>{width}}" for head in heads)]
    for name, row, share in zip(classes, counts, shares, strict=True):
        cells = "".join(f"  {count or '.':>{width}}" for count in row.tolist())
        lines.append(f"{name:>{label}}{cells}   {share:>6}")
    return "\n".join(lines)
