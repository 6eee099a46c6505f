"""``groundup predict``: what a trained model sees in pictures, as a table or as JSON."""

from __future__ import annotations

import argparse
import json
import math
from typing import Any

import numpy as np

from groundup.autograd import no_grad
from groundup.cli.outcome import complain, described, say
from groundup.cli.picture import prepare
from groundup.cli.settings import Form
from groundup.cli.trained import load_model
from groundup.data import DataError, read_image
from groundup.data.images import require_pillow
from groundup.functions.creation import from_numpy
from groundup.nn import Module

Array = np.ndarray[Any, Any]


def run(options: argparse.Namespace) -> None:
    """Read the pictures, show what they are, and then raise if some could not be read."""
    require_pillow("groundup predict")
    model, _, form = load_model(options.run)
    seen, failures = [], []
    for path in options.images:
        try:
            seen.append((path, _chances(model, form, path)))
        except DataError as error:
            failures.append(described(error))
    if options.json:
        say(json.dumps([_record(path, chances, form.classes) for path, chances in seen], indent=2, ensure_ascii=False))
    elif seen:
        say(_table(seen, form.classes, options.top))
    for failure in failures[:-1]:
        complain(f"error: {failure}")
    if failures:
        raise ValueError(failures[-1])


def _chances(model: Module, form: Form, path: str) -> Array:
    """The probability of each class for the picture in a file."""
    pixels = read_image(path, mode="L" if form.shape[0] == 1 else "RGB")
    try:
        image = prepare(pixels, form)
    except ValueError as error:
        raise DataError(path, str(error)) from None
    with no_grad():
        chances = model(from_numpy(np.ascontiguousarray(image[None]))).softmax(1).numpy()[0]
    if not all(map(math.isfinite, chances)):
        raise ValueError("the model gives no numbers: its weights are not finite")
    return chances.astype(np.float64)


def _ranked(chances: Array) -> list[int]:
    return [int(place) for place in np.argsort(-chances, kind="stable")]


def _record(path: str, chances: Array, classes: tuple[str, ...]) -> dict[str, Any]:
    best = _ranked(chances)[0]
    every = {name: round(float(chance), 6) for name, chance in zip(classes, chances, strict=True)}
    return {"image": path, "class": classes[best], "probability": every[classes[best]], "probabilities": every}


def _table(seen: list[tuple[str, Array]], classes: tuple[str, ...], top: int) -> str:
    rows = [("image", "class", "probability", "next" if top > 1 else "")]
    for path, chances in seen:
        best, *others = _ranked(chances)[:top]
        rest = ", ".join(f"{classes[place]} {chances[place]:.1%}" for place in others)
        rows.append((path, classes[best], f"{chances[best]:.1%}", rest))
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    lines = [
        f"{image.ljust(widths[0])}  {name.ljust(widths[1])}  {chance.rjust(widths[2])}  {rest}".rstrip()
        for image, name, chance, rest in rows
    ]
    return "\n".join(lines)
