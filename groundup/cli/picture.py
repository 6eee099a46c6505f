"""A user's picture brought into the form of the images that a model was trained on.

The size, the side on which the light is, the margin and the place of what a picture shows are made those of
the training images, because a network knows nothing else.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from groundup.cli.settings import Form, bounding_box, centre_of_mass

Array = np.ndarray[Any, Any]


def prepare(pixels: Array, form: Form) -> Array:
    """uint8 pixels (C, h, w) as float32 (C, H, W) of the model's shape, between 0 and 1.

    A picture of that very size stays as it is, but for light and dark, which are exchanged where its edge is
    on the other side than the training images' background. Others are cut out along what they show, scaled
    and moved to where training images have it; if those have no even background, the whole picture is scaled.

    Raises ``ValueError`` for a picture that shows nothing.
    """
    channels, height, width = form.shape
    image = pixels.astype(np.float32) / 255
    edge = np.concatenate([image[:, [0, -1], :].reshape(channels, -1), image[:, :, [0, -1]].reshape(channels, -1)], 1)
    level = float(np.median(edge))
    if form.background is None:
        return _scaled(image, (height, width))
    if float(image.max() - image.min()) < 0.02:
        raise ValueError("shows nothing: all of it has one colour")
    if abs(level - form.background) > 0.5:
        image, level = 1 - image, 1 - level
    if image.shape[1:] == (height, width):
        return image
    ink = image - level if form.background < 0.5 else level - image
    ink = np.clip(ink, 0, None)
    ink /= max(float(ink.max()), 1e-6)
    placed = _placed(ink, form)
    return placed if form.background < 0.5 else 1 - placed


def _placed(ink: Array, form: Form) -> Array:
    """Ink (C, h, w), cut out, on a canvas of the model's proportions, scaled to the model's size."""
    _, height, width = form.shape
    box = bounding_box(ink.max(0))
    if box is None:
        raise ValueError("shows nothing: all of it has one colour")
    cut = ink[:, box[0], box[1]]
    # The canvas is so large that what was cut out fills the usual share of it.
    pixel = max(cut.shape[1] / height, cut.shape[2] / width) / form.extent
    canvas = [max(round(height * pixel), cut.shape[1]), max(round(width * pixel), cut.shape[2])]
    centre = centre_of_mass(cut.max(0))
    start = []
    for axis in (0, 1):
        size = cut.shape[axis + 1]
        wanted = form.centre[axis] * canvas[axis] - centre[axis] * size
        start.append(min(max(round(wanted), 0), canvas[axis] - size))
    whole = np.zeros((len(cut), *canvas), np.float32)
    whole[:, start[0] : start[0] + cut.shape[1], start[1] : start[1] + cut.shape[2]] = cut
    small = _scaled(whole, (height, width))
    return _inked(small / max(float(small.max()), 1e-6), form)


def _inked(ink: Array, form: Form) -> Array:
    """Ink made as heavy as training images have it, by a power, where a thin pen leaves little of it in a pixel."""
    lightest, heaviest = form.ink
    goal = min(max(float(ink.mean()), lightest), heaviest)
    low, high = 1 / 3, 3.0
    for _ in range(12):  # halve the interval of powers until it makes no difference
        power = (low + high) / 2
        low, high = (power, high) if float((ink**power).mean()) > goal else (low, power)
    weighed: Array = ink ** np.float32((low + high) / 2)
    return weighed


def _scaled(image: Array, size: tuple[int, int]) -> Array:
    """Channels, height and width at another size; each new pixel is the mean of the old ones in its place."""
    from PIL import Image

    if image.shape[1:] == size:
        return image
    rows, columns = size
    scaled = [
        np.asarray(Image.fromarray(channel, "F").resize((columns, rows), _filter(image, size)), np.float32)
        for channel in np.ascontiguousarray(image)
    ]
    return np.clip(np.stack(scaled), 0, 1)


def _filter(image: Array, size: tuple[int, int]) -> Any:
    from PIL import Image

    smaller = image.shape[1] >= size[0] and image.shape[2] >= size[1]
    return Image.Resampling.BOX if smaller else Image.Resampling.BILINEAR
