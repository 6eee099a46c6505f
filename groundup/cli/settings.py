"""What a run was asked to do, and what its images look like: the ``config.json`` of a run folder.

``Settings`` is the first and ``Form`` the second; both are checked when they are read, as the file may be
damaged. ``train`` writes them, ``predict`` and ``evaluate`` need nothing else to build the model again.
"""

from __future__ import annotations

import argparse
import dataclasses
import math
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from groundup.cli.arguments import MODELS, OPTIMIZERS, SCHEDULERS
from groundup.data import ImageSet
from groundup.train import RunFolder

_RATES = {"adamw": 5e-3, "adam": 5e-3, "rmsprop": 1e-3, "sgd": 0.1}
_CHOICES = {"model": MODELS, "optimizer": OPTIMIZERS, "scheduler": SCHEDULERS}
# Enough passes to see about so many images, which is where the curves of the built-in sets flatten.
_IMAGES_SEEN = {"cnn": 200_000, "mlp": 400_000}
_FEWEST_EPOCHS, _MOST_EPOCHS = 3, {"cnn": 30, "mlp": 60}
_MOST_PIXELS = 2**24  # of a model's image: more is a damaged file


@dataclass(frozen=True)
class Settings:
    """What a run was asked to do. A resumed run keeps all of it."""

    data: str
    root: str | None
    model: str
    epochs: int
    lr: float
    batch_size: int
    optimizer: str
    weight_decay: float
    scheduler: str
    augment: bool
    seed: int
    threads: int
    eager: bool = False

    def __post_init__(self) -> None:
        for name, choices in _CHOICES.items():
            _check(getattr(self, name) in choices, name, getattr(self, name))
        for name, least in (("epochs", 1), ("batch_size", 1), ("seed", 0), ("threads", 1)):
            value = getattr(self, name)
            _check(type(value) is int and least <= value < 2**64, name, value)
        for name in ("lr", "weight_decay"):
            value = getattr(self, name)
            _check(type(value) in (int, float) and math.isfinite(value) and value >= 0, name, value)
        _check(type(self.augment) is bool, "augment", self.augment)
        _check(type(self.eager) is bool, "eager", self.eager)
        _check(type(self.data) is str, "data", self.data)
        _check(self.root is None or type(self.root) is str, "root", self.root)


@dataclass(frozen=True)
class Form:
    """What the images of a set look like, so that others can be brought into the same form.

    ``shape`` is channels, height, width; ``background`` the level (0 to 1) around what the images show, None
    where there is none; ``extent`` the share of the image that this fills in its longer direction, and
    ``centre`` where its centre of mass lies, down and across, as shares of the image. ``ink`` is how far an image
    is from the background on average, from the tenth to the ninetieth of a hundred. ``checksum`` knows the
    training images again.
    """

    shape: tuple[int, int, int]
    classes: tuple[str, ...]
    background: float | None
    extent: float
    centre: tuple[float, float]
    ink: tuple[float, float]
    checksum: int

    def __post_init__(self) -> None:
        whole = len(self.shape) == 3 and all(type(size) is int and size > 0 for size in self.shape)
        _check(whole and self.shape[0] in (1, 3) and math.prod(self.shape) <= _MOST_PIXELS, "shape", self.shape)
        _check(len(self.classes) > 0 and all(type(name) is str for name in self.classes), "classes", self.classes)
        for name, count in (("extent", None), ("background", None), ("centre", 2), ("ink", 2)):
            value = getattr(self, name)
            shares = (value,) if count is None else value
            if value is not None or name != "background":
                right = isinstance(shares, tuple) and len(shares) == (count or 1)
                _check(right and all(type(each) in (int, float) and 0 <= each <= 1 for each in shares), name, value)
        _check(self.extent > 0, "extent", self.extent)
        _check(type(self.checksum) is int, "checksum", self.checksum)


def settle(options: argparse.Namespace, data: ImageSet) -> Settings:
    """The settings of a new run: what the user chose, and for the rest what suits the data."""
    model = options.model or "cnn"
    optimizer = options.optimizer or "adamw"
    count = len(data.train_labels)
    epochs = round(_IMAGES_SEEN[model] / count)
    defaults: dict[str, Any] = {
        "data": location(options.data),
        "root": None if options.root is None else str(Path(options.root).expanduser().resolve()),
        "model": model,
        "epochs": min(max(epochs, _FEWEST_EPOCHS), _MOST_EPOCHS[model]),
        "lr": _RATES[optimizer],
        "batch_size": 64 if count < 20_000 else 128,
        "optimizer": optimizer,
        "weight_decay": 0.01 if optimizer == "adamw" else 0.0,
        "scheduler": "onecycle",
        "augment": True,
        "seed": 0,
        "threads": 1,
        "eager": False,
    }
    chosen = {name: getattr(options, name) for name in defaults if name not in ("data", "root")}
    return Settings(**(defaults | {name: value for name, value in chosen.items() if value is not None}))


def location(data: str | None) -> str:
    """The name of a data set, or a path that holds from any folder."""
    from groundup.data.sets import NAMES

    name = data or "digits"
    known = name.lower().replace("_", "-")
    return known if known in NAMES else str(Path(name).expanduser().resolve())


def changed(options: argparse.Namespace, settings: Settings) -> list[str]:
    """The options that ask for something else than the settings; where the data lie may change."""
    found = []
    for field in dataclasses.fields(Settings):
        asked, kept = getattr(options, field.name), getattr(settings, field.name)
        if field.name == "data" and asked is not None:
            asked = location(asked)
        if field.name != "root" and asked is not None and asked != kept:
            found.append(f"--{field.name.replace('_', '-')} {asked} (it has {kept})")
    return found


def measure(data: ImageSet) -> Form:
    """What the training images look like."""
    images = data.train_images[:2000].astype(np.float32) / data.white
    corners = images[:, :, [0, 0, -1, -1], [0, -1, 0, -1]]
    level = float(np.median(corners))
    even = float(np.mean(np.abs(corners - level) < 0.1)) > 0.8 and not 0.25 < level < 0.75
    ink = np.abs(images - level).max(1)
    extents, centres = [], []
    for each in ink if even else ():
        box = bounding_box(each)
        if box is not None:
            height, width = box[0].stop - box[0].start, box[1].stop - box[1].start
            extents.append(max(height / each.shape[0], width / each.shape[1]))
            centres.append(centre_of_mass(each))
    lightest, heaviest = np.percentile(ink.mean((1, 2)), (10, 90))
    down, across = np.mean(centres, 0) if centres else (0.5, 0.5)
    return Form(
        data.shape,
        data.classes,
        round(level, 3) if extents else None,
        round(float(np.mean(extents)), 3) if extents else 1.0,
        (round(float(down), 3), round(float(across), 3)),
        (round(float(lightest), 3), round(float(heaviest), 3)),
        checksum(data),
    )


def bounding_box(ink: np.ndarray[Any, Any]) -> tuple[slice, slice] | None:
    """The rows and columns that hold all ink above a fifth of the darkest; None where there is none."""
    if ink.size == 0 or not ink.max() > 0:
        return None
    there = ink > 0.2 * ink.max()
    rows, columns = np.flatnonzero(there.any(1)), np.flatnonzero(there.any(0))
    return slice(int(rows[0]), int(rows[-1]) + 1), slice(int(columns[0]), int(columns[-1]) + 1)


def centre_of_mass(ink: np.ndarray[Any, Any]) -> tuple[float, float]:
    """Where the ink lies on average, down and across, as shares of the image."""
    total = float(ink.sum(dtype=np.float64))
    down = float(ink.sum(1, dtype=np.float64) @ (np.arange(ink.shape[0]) + 0.5)) / total
    across = float(ink.sum(0, dtype=np.float64) @ (np.arange(ink.shape[1]) + 0.5)) / total
    return down / ink.shape[0], across / ink.shape[1]


def checksum(data: ImageSet) -> int:
    """A number that differs when the training images or their labels do."""
    import zlib

    images, labels = np.ascontiguousarray(data.train_images), np.ascontiguousarray(data.train_labels)
    return zlib.crc32(labels.data, zlib.crc32(images.data))


def as_config(settings: Settings, form: Form) -> dict[str, Any]:
    """What is written into ``config.json``."""
    import groundup

    return {"groundup": groundup.__version__, "settings": asdict(settings), "images": asdict(form)}


def read_config(run: RunFolder) -> tuple[Settings, Form]:
    """The settings and the form of the images of a run.

    Raises ``ValueError``, naming the file, where something is missing or is not what it should be.
    """
    try:
        settings, images = run.config["settings"], run.config["images"]
        form: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value for name, value in dict(images).items()
        }
        return Settings(**settings), Form(**form)
    except KeyError as error:
        raise ValueError(f"{run.config_file} is damaged: it has no {error}") from None
    except (TypeError, ValueError) as error:
        reason = str(error).replace("Settings.__init__() ", "").replace("Form.__init__() ", "")
        raise ValueError(f"{run.config_file} is damaged: {reason}") from None


def _check(right: bool, name: str, value: object) -> None:
    if not right:
        raise ValueError(f"{name} is {value!r}")
