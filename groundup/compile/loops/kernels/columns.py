"""Convolution around its matrix product: windows laid out as columns, columns added back onto images, the bias.

A table of taps says for each place in the window where it first lies along each axis, and which windows have it
inside the image: first, low, high for depth, height and width. One- and two-dimensional images have axes of length 1.
"""

from __future__ import annotations

from typing import Any

TAP = 9  # numbers in the table for each place in the window; kernels, which are printed whole, write it out


def columns_of_images(
    x: Any, columns: Any, taps: Any, start: int, places: int, channels: int,
    image_step: int, channel_step: int, plane_step: int, row_step: int, pixel_step: int,
    stride_down: int, stride_along: int, stride_across: int, depth: int, height: int, width: int,
    begin: int, end: int,
) -> None:  # fmt: skip
    """Each row of columns holds one place in the window for all windows of an image; units are such rows."""
    for row in range(begin, end):
        tap = row % places * 9
        channel = row // places % channels
        image = row // places // channels
        low, high = taps[tap + 7], taps[tap + 8]
        corner = start + image * image_step + channel * channel_step
        move = stride_across * pixel_step
        target = row * depth * height * width
        for i in range(depth):
            for j in range(height):
                if i < taps[tap + 1] or i >= taps[tap + 2] or j < taps[tap + 4] or j >= taps[tap + 5]:
                    for k in range(width):
                        columns[target + k] = 0
                else:
                    source = corner + (i * stride_down + taps[tap]) * plane_step
                    source += (j * stride_along + taps[tap + 3]) * row_step + taps[tap + 6] * pixel_step
                    for k in range(low):
                        columns[target + k] = 0
                    if move == 1:
                        for k in range(low, high):
                            columns[target + k] = x[source + k]
                    else:
                        for k in range(low, high):
                            columns[target + k] = x[source + k * move]
                    for k in range(high, width):
                        columns[target + k] = 0
                target += width


def columns_of_small_images(
    x: Any, columns: Any, pixels: Any, nothing: Any, start: int, size: int, channels: int,
    image_step: int, channel_step: int, begin: int, end: int,
) -> None:  # fmt: skip
    """The same where lines are short: a table says for each tap and window where its pixel lies, -1 in the border.

    Units are channels of images, of which each fills `size` elements of the columns.
    """
    zero = nothing[0]
    for channel in range(begin, end):
        corner = start + channel // channels * image_step + channel % channels * channel_step
        target = channel * size
        for k in range(size):
            pixel = pixels[k]
            columns[target + k] = x[corner + pixel] if pixel >= 0 else zero


def columns_of_batch(
    x: Any, columns: Any, taps: Any, places: int, batch: int,
    channel_step: int, plane_step: int, row_step: int, pixel_step: int,
    stride_down: int, stride_along: int, stride_across: int, depth: int, height: int, width: int,
    begin: int, end: int,
) -> None:  # fmt: skip
    """The same with the batch innermost, where many images are small; units are lines of windows within rows."""
    lines = depth * height
    for row in range(begin // lines, (end + lines - 1) // lines):
        tap = row % places * 9
        corner = row // places * channel_step
        low, high = taps[tap + 7], taps[tap + 8]
        for line in range(max(begin - row * lines, 0), min(end - row * lines, lines)):
            i, j = line // height, line % height
            target = (row * lines + line) * width * batch
            if i < taps[tap + 1] or i >= taps[tap + 2] or j < taps[tap + 4] or j >= taps[tap + 5]:
                for k in range(width * batch):
                    columns[target + k] = 0
            else:
                source = corner + (i * stride_down + taps[tap]) * plane_step
                source += (j * stride_along + taps[tap + 3]) * row_step + taps[tap + 6] * pixel_step
                for k in range(low * batch):
                    columns[target + k] = 0
                for k in range(low, high):
                    pixel = source + k * stride_across * pixel_step
                    for image in range(batch):
                        columns[target + k * batch + image] = x[pixel + image]
                for k in range(high * batch, width * batch):
                    columns[target + k] = 0


def images_of_columns(
    columns: Any, x: Any, taps: Any, places: int, image_depth: int, image_height: int, image_width: int,
    stride_down: int, stride_along: int, stride_across: int, depth: int, height: int, width: int,
    begin: int, end: int,
) -> None:  # fmt: skip
    """Every element of the columns added to the pixel that it was read from; units are channels of images."""
    volume = image_depth * image_height * image_width
    for channel in range(begin, end):
        corner = channel * volume
        for pixel in range(volume):
            x[corner + pixel] = 0
        for place in range(places):
            tap = place * 9
            low, high = taps[tap + 7], taps[tap + 8]
            for i in range(taps[tap + 1], taps[tap + 2]):
                for j in range(taps[tap + 4], taps[tap + 5]):
                    source = (((channel * places + place) * depth + i) * height + j) * width
                    target = corner + taps[tap + 6]
                    target += (i * stride_down + taps[tap]) * image_height * image_width
                    target += (j * stride_along + taps[tap + 3]) * image_width
                    if stride_across == 1:
                        for k in range(low, high):
                            x[target + k] += columns[source + k]
                    else:
                        for k in range(low, high):
                            x[target + k * stride_across] += columns[source + k]


def batch_of_columns(
    columns: Any, x: Any, taps: Any, places: int, batch: int, image_depth: int, image_height: int, image_width: int,
    stride_down: int, stride_along: int, stride_across: int, depth: int, height: int, width: int,
    begin: int, end: int,
) -> None:  # fmt: skip
    """The same with the batch innermost; units are lines of pixels, each of which gathers what belongs to it."""
    for line in range(begin, end):
        down = line // image_height % image_depth
        along = line % image_height
        channel = line // image_height // image_depth
        corner = line * image_width * batch
        for pixel in range(image_width * batch):
            x[corner + pixel] = 0
        for place in range(places):
            tap = place * 9
            from_top, from_side = down - taps[tap], along - taps[tap + 3]
            if from_top >= 0 and from_side >= 0 and from_top % stride_down == 0 and from_side % stride_along == 0:
                i, j = from_top // stride_down, from_side // stride_along
                if taps[tap + 1] <= i < taps[tap + 2] and taps[tap + 4] <= j < taps[tap + 5]:
                    source = (((channel * places + place) * depth + i) * height + j) * width * batch
                    for k in range(taps[tap + 7], taps[tap + 8]):
                        target = corner + (k * stride_across + taps[tap + 6]) * batch
                        for image in range(batch):
                            x[target + image] += columns[source + k * batch + image]


def spread_bias(bias: Any, out: Any, channels: int, width: int, begin: int, end: int) -> None:
    """Each row filled with the bias of its channel, for a product to be added to; units are rows."""
    for row in range(begin, end):
        value = bias[row % channels]
        for k in range(width):
            out[row * width + k] = value


def sum_panels(parts: Any, out: Any, panels: int, size: int, begin: int, end: int) -> None:
    """The sum of `panels` arrays that lie behind one another; units are blocks of 64 elements."""
    for k in range(begin * 64, min(end * 64, size)):
        out[k] = parts[k]
    for panel in range(1, panels):
        for k in range(begin * 64, min(end * 64, size)):
            out[k] += parts[panel * size + k]
