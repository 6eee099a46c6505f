"""Each training image turned, stretched, slanted and shifted a little, anew every time it comes.

The network then sees no image twice, and learns what stays the same. A callback does it, and draws from
groundup's generator, so that a resumed run sees the very same images.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from groundup.functions import creation
from groundup.train import Callback
from groundup.train.learner import Learner

Array = np.ndarray[Any, Any]

TURN, STRETCH, SLANT, SHIFT = 0.15, 0.1, 0.1, 0.08


class RandomWarp(Callback):
    """Draws a small affine map for each image of a batch; what comes in from outside is ``background``."""

    def __init__(self, background: float | None = 0.0) -> None:
        self.background = background or 0.0

    def before_batch(self, learner: Learner) -> None:
        (images,) = learner.inputs
        pixels = images.numpy()
        warped = warp(pixels - np.float32(self.background), random_maps(len(pixels)))
        learner.inputs = (creation.from_numpy(warped + np.float32(self.background)),)


def random_maps(count: int) -> Array:
    """``count`` affine maps (count, 2, 3), from places in the new image to places in the old.

    Places are measured from the middle, in half heights and half widths of the image. A map turns by up to
    ``TURN`` radians, stretches each axis by up to ``STRETCH``, slants by up to ``SLANT``, and shifts by up to
    ``SHIFT`` of the whole size.
    """
    turn, tall, wide, slant, down, across = creation.rand(6, count).numpy() * 2 - 1
    cosine, sine = np.cos(TURN * turn), np.sin(TURN * turn)
    tall, wide, slant = 1 + STRETCH * tall, 1 + STRETCH * wide, SLANT * slant
    maps = np.empty((count, 2, 3), np.float32)
    maps[:, 0] = np.stack([tall * cosine + slant * sine, wide * sine, 2 * SHIFT * down], 1)
    maps[:, 1] = np.stack([slant * cosine - tall * sine, wide * cosine, 2 * SHIFT * across], 1)
    return maps


def warp(images: Array, maps: Array) -> Array:
    """Images (N, C, H, W) under the maps of :func:`random_maps`, between pixels by linear interpolation."""
    count, channels, height, width = images.shape
    rows = (np.arange(height, dtype=np.float32) + 0.5) * (2 / height) - 1
    columns = (np.arange(width, dtype=np.float32) + 0.5) * (2 / width) - 1
    here = np.stack([*(axis.ravel() for axis in np.meshgrid(rows, columns, indexing="ij")), np.ones(height * width)])
    there = maps @ here.astype(np.float32)
    # In a frame of zeros, one pixel wide before and two after, every neighbour exists.
    y = np.clip((there[:, 0] + 1) * (height / 2) + 0.5, 0, height + 1)
    x = np.clip((there[:, 1] + 1) * (width / 2) + 0.5, 0, width + 1)
    framed = np.zeros((count, channels, height + 3, width + 3), np.float32)
    framed[:, :, 1 : height + 1, 1 : width + 1] = images
    top, left = y.astype(np.intp), x.astype(np.intp)
    below, right = (y - top)[:, None], (x - left)[:, None]
    first = top * (width + 3) + left + np.arange(count)[:, None] * (channels * (height + 3) * (width + 3))
    first = first[:, None] + np.arange(channels)[:, None] * ((height + 3) * (width + 3))
    pixels = framed.ravel()
    upper = pixels[first] * (1 - right) + pixels[first + 1] * right
    first += width + 3
    lower = pixels[first] * (1 - right) + pixels[first + 1] * right
    mixed: Array = upper + (lower - upper) * below
    return mixed.reshape(images.shape).astype(np.float32, copy=False)
